//! The live shell: the wall clock, entropy, and the loop that persists before it releases.
