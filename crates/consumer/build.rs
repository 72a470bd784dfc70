//! Generates the types of `proto/consumer.proto` without protoc.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=../../proto");
    let files = protox::compile(["consumer.proto"], ["../../proto"])?;
    prost_build::Config::new().compile_fds(files)?;
    Ok(())
}
