/// The variable that names the fault.
const CHOICE: &str = "BLINDPOST_MUTANT";

/// True if this process has this fault. A process has one at most, and none if nobody has chosen.
pub fn is(name: &str) -> bool {
    static CHOSEN: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    let chosen = CHOSEN.get_or_init(|| match choice(std::env::var(CHOICE).ok()) {
        Ok(chosen) => chosen,
        Err(unknown) => {
            eprintln!("{CHOICE}: {unknown}");
            std::process::exit(2)
        }
    });
    chosen.as_deref() == Some(name)
}

/// A name that is none of a mutant would make the sound variant pass for one.
fn choice(named: Option<String>) -> Result<Option<String>, String> {
    match named {
        Some(name) if !NAMES.contains(&name.as_str()) => Err(format!("there is no mutant `{name}`")),
        named => Ok(named),
    }
}
