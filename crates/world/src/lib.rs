//! The simulator: the same machines in one deterministic loop with virtual time.
