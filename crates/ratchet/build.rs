//! Compiles `proto/signal.proto` without protoc.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let schemas = "../../proto";
    println!("cargo:rerun-if-changed={schemas}/signal.proto");
    println!("cargo:rerun-if-changed={schemas}/options.proto");
    // Only the data classes come from options.proto; nothing of it is needed at run time.
    let descriptors = protox::Compiler::new([schemas])?.open_file("signal.proto")?.file_descriptor_set();
    // As `Bytes` the fields of a received message are parts of it, not copies.
    prost_build::Config::new().bytes(["."]).compile_fds(descriptors)?;
    Ok(())
}
