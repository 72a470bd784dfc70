//! Prints `docs/privacy.md` with the tables of `policy.toml`, or writes it.
//! `cargo run -p privacy --example policy_table -- --write`
#![allow(clippy::print_stdout, reason = "it prints a page")]

use std::{error::Error, fs};

use privacy::{Policy, page};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/privacy.md");

fn main() -> Result<(), Box<dyn Error>> {
    let page = page::updated(&fs::read_to_string(PAGE)?, &Policy::of_this_project()?)?;
    match std::env::args().nth(1).as_deref() {
        Some("--write") => fs::write(PAGE, page)?,
        Some(unknown) => return Err(format!("`{unknown}` means nothing; `--write` writes the page").into()),
        None => print!("{page}"),
    }
    Ok(())
}
