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
    Ok(format!("{before}{BEGIN}\n{}\n{END}{after}", tables(&found.catalogue.model)))
}

fn tables(models: &[Model]) -> String {
    let mut out = format!(
        "Verifpal {}, two sessions of every party. `secret x` is `confidentiality? x`, `A → B: x` is\n\
         `authentication? A -> B: x`. The last column names the twins that break that query and no other.\n\n\
         | model | query | claim | result | fails in |\n|---|---|---|---|---|\n",
        tools::VERIFPAL
    );
    for model in models {
        for query in &model.query {
            let twins: Vec<&str> = model.twins_of(query).map(|twin| twin.name.as_str()).collect();
            // Formatting to a string does not fail.
            let _ = writeln!(
                out,
                "| [{}]({}) | {} | {} | holds | {} |",
                stem(model),
                model.file,
                short(&query.query),
                query.claim,
                twins.join(", ")
            );
        }
    }
    out += "\n| twin | weakness put in | attack on | still holds |\n|---|---|---|---|\n";
    for model in models {
        for twin in &model.twin {
            let holds = |query: &&Query| !twin.breaks.contains(&query.query);
            let others: Vec<String> =
                model.query.iter().filter(holds).map(|query| short(&query.query)).collect();
            let broken: Vec<String> = twin.breaks.iter().map(|query| short(query)).collect();
            let _ = writeln!(
                out,
                "| {}: {} | {} | {} | {} |",
                stem(model),
                twin.name,
                twin.weakness,
                broken.join("; "),
                if others.is_empty() { "–".to_owned() } else { others.join("; ") }
            );
        }
    }
    out
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
    use super::*;
    use crate::models::catalogue::{Catalogue, tests::CATALOGUE};

    fn found() -> Found {
        Found { catalogue: Catalogue::parse(CATALOGUE).unwrap() }
    }

    #[test]
    fn tables_are_put_between_the_marks_and_stay_the_same() {
        let page = format!("before\n{BEGIN}old\n{END}\nafter\n");
        let written = with(&page, &found()).unwrap();
        assert!(written.starts_with("before\n<!--") && written.ends_with("-->\nafter\n"), "{written}");
        assert!(!written.contains("old"));
        assert_eq!(with(&written, &found()).unwrap(), written);
    }

    #[test]
    fn every_query_and_every_twin_has_a_row() {
        let tables = tables(&found().catalogue.model);
        for row in [
            "| [talk](talk.vp) | `secret text` | secret | holds | open |",
            "| [talk](talk.vp) | `A → B: text` | authentic | holds | unsigned |",
            "| talk: open | in the clear | `secret text` | `A → B: text` |",
            "| talk: unsigned | not signed | `A → B: text` | `secret text` |",
        ] {
            assert!(tables.contains(row), "{row}\n{tables}");
        }
    }

    #[test]
    fn a_page_without_the_marks_is_refused() {
        assert!(with("nothing", &found()).is_err());
        assert!(with(BEGIN, &found()).is_err());
    }
}
