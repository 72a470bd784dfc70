//! The front door: crate `cli`, in memory that is wiped when it is freed.

use std::process::ExitCode;

#[global_allocator]
static MEMORY: live::WipingAllocator = live::wiping_allocator();

fn main() -> ExitCode {
    cli::main()
}
