//! Does one thing of the ratchet, for `cargo xtask instructions`, which counts its instructions.
#![allow(clippy::print_stderr, reason = "it talks to a person at a terminal")]
fn main() {}
