//! `cargo xtask models`: what the symbolic models in `docs/models` claim, checked by Verifpal. Each claim has a twin,
//! the same model with a weakness put in, in which it must fail: a query that can't fail says nothing.

mod catalogue;
mod record;
mod verdict;

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use catalogue::{Catalogue, Model, Twin};
use verdict::{Expected, Verdicts};

use crate::step::{Failure, Step, program, root, target};
use crate::tools;

const DIRECTORY: &str = "docs/models";

/// A model takes seconds. One that takes longer than this has grown too large to be run before every commit.
const LIMIT: Duration = Duration::from_secs(180);

/// Runs all models and twins, and compares what is found with `models.toml` and with what the page says.
pub(crate) fn compare() -> Result<(), Failure> {
    let verifpal = tools::verifpal()?;
    Step::new("symbolic models").check("cargo xtask models", || {
        let found = run(&verifpal)?;
        let page = read(&page())?;
        if record::with(&page, &found)? != page {
            return Err(format!(
                "{DIRECTORY}/README.md says something else than what was found just now: \
                 cargo xtask models --write"
            ));
        }
        Ok(found.summary())
    })
}

/// Runs all models and twins, and if all is as `models.toml` says, writes it to the page.
pub(crate) fn write() -> Result<(), Failure> {
    let verifpal = tools::verifpal()?;
    Step::new("symbolic models").check("cargo xtask models --write", || {
        let found = run(&verifpal)?;
        let page = record::with(&read(&page())?, &found)?;
        fs::write(root().join(self::page()), page).map_err(|error| format!("{}: {error}", self::page()))?;
        Ok(format!("{}\nwritten to {}", found.summary(), self::page()))
    })
}

/// What was found, if it is what was expected.
#[derive(Debug)]
pub(crate) struct Found {
    catalogue: Catalogue,
    /// By file name, of models and twins.
    verdicts: BTreeMap<String, Verdicts>,
}

impl Found {
    fn summary(&self) -> String {
        let models = &self.catalogue.model;
        let queries: usize = models.iter().map(|model| model.query.len()).sum();
        let twins: usize = models.iter().map(|model| model.twin.len()).sum();
        format!(
            "{queries} queries of {} models hold; {twins} twins fail where they must, and only there",
            models.len()
        )
    }
}

fn run(verifpal: &str) -> Result<Found, String> {
    let sources = sources()?;
    let catalogue = Catalogue::parse(&read(&format!("{DIRECTORY}/models.toml"))?)?;
    let mistakes = catalogue.mistakes(&sources);
    if !mistakes.is_empty() {
        return Err(mistakes.join("\n"));
    }
    let weakened = target().join("models");
    fs::create_dir_all(&weakened).map_err(|error| format!("{}: {error}", weakened.display()))?;

    let mut verdicts = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut check = |name: &str, file: &Path, expected: &[Expected<'_>]| match verify(verifpal, file) {
        Ok(found) => {
            let words: Vec<&str> = found.iter().map(|(_, verdict)| verdict.word()).collect();
            println!("{name}: {}", words.join(", "));
            wrong.extend(verdict::differences(name, expected, &found));
            verdicts.insert(name.to_owned(), found);
        }
        Err(why) => wrong.push(format!("{name}: {why}")),
    };
    for model in &catalogue.model {
        check(&model.file, &root().join(DIRECTORY).join(&model.file), &expected(model, None));
        for twin in &model.twin {
            let source = sources.get(&model.file).map(String::as_str).unwrap_or_default();
            let name = model.twin_file(twin);
            let file = weakened.join(&name);
            fs::write(&file, twin.weaken(source)?).map_err(|error| format!("{}: {error}", file.display()))?;
            check(&name, &file, &expected(model, Some(twin)));
        }
    }
    match wrong.is_empty() {
        true => Ok(Found { catalogue, verdicts }),
        false => Err(format!("{}\n\nThe twins are in {}.", wrong.join("\n"), weakened.display())),
    }
}

fn verify(verifpal: &str, file: &Path) -> Result<Verdicts, String> {
    let verify = program(verifpal, &["verify", &file.to_string_lossy(), "--format", "json"]);
    verdict::parse(&verify.printed_within(LIMIT)?)
}

/// What each query of a model, or of a twin of it, must come to.
fn expected<'a>(model: &'a Model, twin: Option<&Twin>) -> Vec<Expected<'a>> {
    let is_broken = |query: &String| twin.is_some_and(|twin| twin.breaks.contains(query));
    let expected = |query: &'a String| Expected { query, must_hold: !is_broken(query) };
    model.query.iter().map(|one| expected(&one.query)).collect()
}

/// The models that there are: file name, text.
fn sources() -> Result<BTreeMap<String, String>, String> {
    let failed = |error: std::io::Error| format!("{DIRECTORY}: {error}");
    let mut sources = BTreeMap::new();
    for entry in fs::read_dir(root().join(DIRECTORY)).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".vp") {
            let text = read(&format!("{DIRECTORY}/{name}"))?;
            sources.insert(name, text);
        }
    }
    Ok(sources)
}

fn read(file: &str) -> Result<String, String> {
    fs::read_to_string(root().join(file)).map_err(|error| format!("{file}: {error}"))
}

fn page() -> String {
    format!("{DIRECTORY}/README.md")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without Verifpal: that every model is listed, every query has its twin, and every change fits.
    #[test]
    fn the_catalogue_is_complete() {
        let catalogue = Catalogue::parse(&read("docs/models/models.toml").unwrap()).unwrap();
        assert_eq!(catalogue.mistakes(&sources().unwrap()), Vec::<String>::new());
    }

    #[test]
    fn a_twin_must_fail_where_it_says_and_hold_elsewhere() {
        let catalogue = Catalogue::parse(catalogue::tests::CATALOGUE).unwrap();
        let model = &catalogue.model[0];
        let holds: Vec<bool> = expected(model, None).iter().map(|one| one.must_hold).collect();
        assert_eq!(holds, [true, true]);
        let holds: Vec<bool> =
            expected(model, Some(&model.twin[1])).iter().map(|one| one.must_hold).collect();
        assert_eq!(holds, [true, false]);
    }
}
