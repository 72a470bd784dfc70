//! Everything that must pass, in one command: `cargo xtask test`.

fn main() {}
