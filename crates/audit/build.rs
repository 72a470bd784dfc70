//! Takes down what this build was made of: which of our crates link which, as their manifests say.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=..");
    let mut crates = Vec::new();
    for entry in fs::read_dir("..")? {
        let manifest = entry?.path().join("Cargo.toml");
        println!("cargo:rerun-if-changed={}", manifest.display());
        let manifest: toml::Table = fs::read_to_string(&manifest)?.parse()?;
        let name =
            manifest.get("package").and_then(|package| package.get("name")).and_then(toml::Value::as_str);
        crates.push((name.ok_or("a manifest names no package")?.to_owned(), links(&manifest)));
    }
    crates.sort();
    let mut code = "const LINKS: &[(&str, &[&str])] = &[\n".to_owned();
    for (name, links) in crates {
        writeln!(code, "    ({name:?}, &{links:?}),")?;
    }
    code.push_str("];\n");
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("links.rs"), code)?;
    Ok(())
}

/// Everything that is linked, on whatever platform and with whatever features.
fn links(manifest: &toml::Table) -> Vec<String> {
    let targets = manifest
        .get("target")
        .and_then(toml::Value::as_table)
        .into_iter()
        .flat_map(|targets| targets.values());
    let tables = targets.filter_map(toml::Value::as_table).chain([manifest]);
    let sections = tables.flat_map(|table| [table.get("dependencies"), table.get("build-dependencies")]);
    let named = sections.flatten().filter_map(toml::Value::as_table).flat_map(|section| section.iter());
    let mut names: Vec<String> = named
        .map(|(name, value)| value.get("package").and_then(toml::Value::as_str).unwrap_or(name).to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}
