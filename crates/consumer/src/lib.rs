//! The consumer's app: a pure machine and its live shell.
