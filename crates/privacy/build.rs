//! Writes down the messages of `proto/`, with their labels, for the checks of real bytes.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=../../proto");
    #[cfg(feature = "policy")]
    describe()?;
    Ok(())
}

#[cfg(feature = "policy")]
fn describe() -> Result<(), Box<dyn std::error::Error>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir("../../proto")? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "proto") {
            files.extend(path.file_name().map(std::path::PathBuf::from));
        }
    }
    files.sort();
    let mut compiler = protox::Compiler::new(["../../proto"])?;
    compiler.include_imports(true).open_files(files)?;
    // This keeps the options that say what a field tells; prost's own types would lose them.
    let descriptors = compiler.encode_file_descriptor_set();
    let out = std::env::var_os("OUT_DIR").ok_or("no OUT_DIR")?;
    std::fs::write(std::path::Path::new(&out).join("proto.bin"), descriptors)?;
    Ok(())
}
