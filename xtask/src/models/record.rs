//! The tables in `docs/models/README.md`.

use std::fmt::Write as _;

use super::{
    Found,
    catalogue::{Model, Query},
};
use crate::tools;

const BEGIN: &str = "<!-- Made by `cargo xtask models --write`; compared by `cargo xtask models`. -->\n";
const END: &str = "<!-- End of what is made. -->";

/// The page with the tables of what was found in it.
pub(crate) fn with(page: &str, found: &Found) -> Result<String, String> {
    let marks = || format!("the page has no place for the tables, between\n{BEGIN}and\n{END}");
    let (before, rest) = page.split_once(BEGIN).ok_or_else(marks)?;
    let (_, after) = rest.split_once(END).ok_or_else(marks)?;
    Ok(format!("{before}{BEGIN}\n{}\n{END}{after}", tables(found)?))
}

fn tables(found: &Found) -> Result<String, String> {
    let models = &found.catalogue.model;
    let mut out = format!(
        "Verifpal {}, two sessions of every party. `secret x` stands for `confidentiality? x`, and `A → B: x` for\n\
         `authentication? A -> B: x`. The last column names the twins that break this query and no other.\n\n\
         | model | query | claim | result | twins |\n|---|---|---|---|---|\n",
        tools::VERIFPAL
    );
    for model in models {
        for (row, query) in model.query.iter().enumerate() {
            let about = if row == 0 {
                format!("[{}]({}): {}", stem(model), model.file, model.about)
            } else {
                String::new()
            };
            let twins: Vec<&str> = model.twins_of(query).map(|twin| twin.name.as_str()).collect();
            // Formatting to a string does not fail.
            let _ = writeln!(
                out,
                "| {about} | {} | {} | {} | {} |",
                short(&query.query),
                query.claim,
                result(found, &model.file, query)?,
                twins.join(", ")
            );
        }
    }
    out += "\n| model | twin | weakness put in | results |\n|---|---|---|---|\n";
    for model in models {
        for twin in &model.twin {
            let file = model.twin_file(twin);
            let result =
                |query: &Query| Ok(format!("{} {}", short(&query.query), result(found, &file, query)?));
            let results: Vec<String> = model.query.iter().map(result).collect::<Result<_, String>>()?;
            let results = results.join("<br>");
            let _ = writeln!(out, "| {} | {} | {} | {results} |", stem(model), twin.name, twin.weakness);
        }
    }
    Ok(out)
}

fn result(found: &Found, file: &str, query: &Query) -> Result<&'static str, String> {
    let verdict = found.verdicts.get(file).and_then(|all| all.iter().find(|(of, _)| *of == query.query));
    verdict
        .map(|(_, verdict)| verdict.word())
        .ok_or_else(|| format!("{file}: no result of `{}`", query.query))
}

fn stem(model: &Model) -> &str {
    model.file.strip_suffix(".vp").unwrap_or(&model.file)
}

/// A query in fewer letters: the table is wide enough.
fn short(query: &str) -> String {
    let short = query.replace("confidentiality? ", "secret ").replace("authentication? ", "");
    format!("`{}`", short.replace("->", "→"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::models::{
        catalogue::{Catalogue, tests::CATALOGUE},
        verdict::Verdict,
    };

    /// As if everything held everywhere: the tables say what was found, not what was expected.
    fn found() -> Found {
        let catalogue = Catalogue::parse(CATALOGUE).unwrap();
        let verdicts: Vec<(String, Verdict)> =
            catalogue.model[0].query.iter().map(|one| (one.query.clone(), Verdict::Holds)).collect();
        let files = ["talk.vp", "talk-broken-open.vp", "talk-broken-unsigned.vp"];
        let verdicts = files.map(|file| (file.to_owned(), verdicts.clone())).into();
        Found { catalogue, verdicts }
    }

    #[test]
    fn tables_are_put_between_the_marks_and_stay_the_same() {
        let page = format!("before\n{BEGIN}former\n{END}\nafter\n");
        let written = with(&page, &found()).unwrap();
        assert!(written.starts_with("before\n<!--") && written.ends_with("-->\nafter\n"), "{written}");
        assert!(!written.contains("former"));
        assert_eq!(with(&written, &found()).unwrap(), written);
    }

    #[test]
    fn every_query_and_every_twin_has_a_row() {
        let tables = tables(&found()).unwrap();
        for row in [
            "| [talk](talk.vp): a talk | `secret text` | secret | holds | open |",
            "|  | `A → B: text` | authentic | holds | unsigned |",
            "| talk | open | in the clear | `secret text` holds<br>`A → B: text` holds |",
            "| talk | unsigned | not signed | `secret text` holds<br>`A → B: text` holds |",
        ] {
            assert!(tables.contains(row), "{row}\n{tables}");
        }
    }

    #[test]
    fn what_was_not_found_is_not_written() {
        let nothing = Found { verdicts: BTreeMap::new(), ..found() };
        assert_eq!(tables(&nothing).unwrap_err(), "talk.vp: no result of `confidentiality? text`");
    }

    #[test]
    fn a_page_without_the_marks_is_refused() {
        assert!(with("nothing", &found()).is_err());
        assert!(with(BEGIN, &found()).is_err());
    }
}
