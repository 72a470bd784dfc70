//! The fuzz target that the binary is named after.
#![no_main]

use std::sync::LazyLock;

use ratchet_fuzz::targets::Target;

static TARGET: LazyLock<Target> = LazyLock::new(|| ratchet_fuzz::target(env!("CARGO_BIN_NAME")));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (*TARGET)(bytes));
