//! Generates the types of `proto/content.proto` without protoc.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=../../proto");
    let files = protox::compile(["content.proto"], ["../../proto"])?;
    // What they hold is not for logs: `Debug` of a message is `Content`'s, and shows its kind.
    prost_build::Config::new().skip_debug(["."]).compile_fds(files)?;
    Ok(())
}
