//! `docs/models/models.toml`: what each model claims, and the twins.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// All models.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Catalogue {
    pub(crate) model: Vec<Model>,
}

/// A model, all of whose queries must hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Model {
    /// In `docs/models`.
    pub(crate) file: String,
    /// What happens in it, for the table.
    pub(crate) about: String,
    /// In the order of the file.
    pub(crate) query: Vec<Query>,
    #[serde(default)]
    pub(crate) twin: Vec<Twin>,
}

/// A query, as Verifpal prints it, and what it means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    pub(crate) query: String,
    pub(crate) claim: String,
}

/// The model with a weakness put in. It is made from the model's text, so that the two can't drift apart.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Twin {
    pub(crate) name: String,
    /// In words, for the table.
    pub(crate) weakness: String,
    /// The queries that must fail; all others must hold.
    pub(crate) breaks: Vec<String>,
    pub(crate) change: Vec<Change>,
}

/// A piece of the model's text, which is there once, and what stands there instead.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    pub(crate) from: String,
    pub(crate) to: String,
}

impl Catalogue {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| format!("models.toml: {error}"))
    }

    /// What is wrong with the list itself, given the models that there are. Empty if nothing is.
    pub(crate) fn mistakes(&self, sources: &BTreeMap<String, String>) -> Vec<String> {
        let listed: BTreeSet<&String> = self.model.iter().map(|model| &model.file).collect();
        let mut mistakes: Vec<String> = sources
            .keys()
            .filter(|file| !listed.contains(file))
            .map(|file| format!("{file} is not in models.toml"))
            .collect();
        if listed.len() < self.model.len() {
            mistakes.push("models.toml has a file twice".to_owned());
        }
        for model in &self.model {
            match sources.get(&model.file) {
                Some(source) => mistakes.extend(model.mistakes(source)),
                None => mistakes.push(format!("{}: there is no such file", model.file)),
            }
        }
        mistakes
    }
}

impl Model {
    /// Where a twin is written to.
    pub(crate) fn twin_file(&self, twin: &Twin) -> String {
        let stem = self.file.strip_suffix(".vp").unwrap_or(&self.file);
        format!("{stem}-broken-{}.vp", twin.name)
    }

    /// The twins that break nothing but this query.
    pub(crate) fn twins_of<'a>(&'a self, query: &'a Query) -> impl Iterator<Item = &'a Twin> {
        self.twin.iter().filter(|twin| twin.breaks.iter().eq([&query.query]))
    }

    fn mistakes(&self, source: &str) -> Vec<String> {
        let mut mistakes = Vec::new();
        let mut wrong = |what: String| mistakes.push(format!("{}: {what}", self.file));
        if self.query.is_empty() {
            wrong("no query".to_owned());
        }
        for query in &self.query {
            if self.twins_of(query).next().is_none() {
                wrong(format!("no twin breaks `{}` and nothing else", query.query));
            }
        }
        let mut names = BTreeSet::new();
        for twin in &self.twin {
            if !names.insert(&twin.name) {
                wrong(format!("two twins are named {}", twin.name));
            }
            if twin.breaks.is_empty() {
                wrong(format!("twin {} breaks nothing", twin.name));
            }
            for broken in &twin.breaks {
                if !self.query.iter().any(|query| query.query == *broken) {
                    wrong(format!("twin {} breaks `{broken}`, which is no query of it", twin.name));
                }
            }
            if let Err(why) = twin.weaken(source) {
                wrong(why);
            }
        }
        mistakes
    }
}

impl Twin {
    /// The model's text with the weakness in it.
    pub(crate) fn weaken(&self, source: &str) -> Result<String, String> {
        let wrong = |what: &str| Err(format!("twin {}: {what}", self.name));
        let mut text = source.to_owned();
        for Change { from, to } in &self.change {
            match source.matches(from.as_str()).count() {
                1 if !from.is_empty() => text = text.replacen(from.as_str(), to, 1),
                times => return wrong(&format!("`{from}` is in the model {times} times, not once")),
            }
        }
        match text == source {
            true => wrong("it changes nothing"),
            false => Ok(text),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const CATALOGUE: &str = r#"
        [[model]]
        file = "talk.vp"
        about = "a talk"
        [[model.query]]
        query = "confidentiality? text"
        claim = "secret"
        [[model.query]]
        query = "authentication? A -> B: text"
        claim = "authentic"
        [[model.twin]]
        name = "open"
        weakness = "in the clear"
        breaks = ["confidentiality? text"]
        change = [{ from = "sealed", to = "plain" }]
        [[model.twin]]
        name = "unsigned"
        weakness = "not signed"
        breaks = ["authentication? A -> B: text"]
        change = [{ from = "signed", to = "" }]
    "#;

    const SOURCE: &str = "a text, sealed, by A, with a proof: signed";

    fn mistakes(catalogue: &str, sources: &[(&str, &str)]) -> String {
        let sources = sources.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
        Catalogue::parse(catalogue).unwrap().mistakes(&sources).join("\n")
    }

    #[test]
    fn a_complete_catalogue_has_no_mistake() {
        assert_eq!(mistakes(CATALOGUE, &[("talk.vp", SOURCE)]), "");
    }

    #[test]
    fn a_model_that_is_not_listed_is_a_mistake_and_a_listed_one_that_is_not_there() {
        let said = mistakes(CATALOGUE, &[("other.vp", "")]);
        assert_eq!(said, "other.vp is not in models.toml\ntalk.vp: there is no such file");
    }

    #[test]
    fn a_query_without_a_twin_of_its_own_is_a_mistake() {
        let both = CATALOGUE.replace(
            "breaks = [\"confidentiality? text\"]",
            "breaks = [\"confidentiality? text\", \"authentication? A -> B: text\"]",
        );
        let said = mistakes(&both, &[("talk.vp", SOURCE)]);
        assert_eq!(said, "talk.vp: no twin breaks `confidentiality? text` and nothing else");
    }

    #[test]
    fn a_twin_that_breaks_what_is_no_query_is_a_mistake() {
        let other = CATALOGUE.replace("breaks = [\"conf", "breaks = [\"freshness? text\", \"conf");
        let said = mistakes(&other, &[("talk.vp", SOURCE)]);
        assert!(said.contains("twin open breaks `freshness? text`, which is no query of it"), "{said}");
    }

    #[test]
    fn a_change_fits_once_and_changes_something() {
        let twice = mistakes(CATALOGUE, &[("talk.vp", "sealed and sealed, signed")]);
        assert_eq!(twice, "talk.vp: twin open: `sealed` is in the model 2 times, not once");
        let nothing = CATALOGUE.replace("to = \"plain\"", "to = \"sealed\"");
        assert_eq!(mistakes(&nothing, &[("talk.vp", SOURCE)]), "talk.vp: twin open: it changes nothing");
    }

    #[test]
    fn a_twin_is_the_model_with_the_change() {
        let catalogue = Catalogue::parse(CATALOGUE).unwrap();
        let twin = &catalogue.model[0].twin[0];
        assert_eq!(twin.weaken(SOURCE).unwrap(), "a text, plain, by A, with a proof: signed");
        assert_eq!(catalogue.model[0].twin_file(twin), "talk-broken-open.vp");
    }

    #[test]
    fn a_key_that_nobody_knows_is_refused() {
        assert!(Catalogue::parse(&CATALOGUE.replace("weakness", "weeknes")).is_err());
    }
}
