//! What was seen by whom, searched.

use super::child::Child;
use super::{Broken, LiveError, files, memory};
use privacy::{Finding, Party, Principal, Scanner, Searched};
use std::collections::BTreeSet;
use std::path::Path;

/// Views that were searched, and promises that were found broken.
#[derive(Default)]
pub(super) struct Views {
    pub(super) searched: Vec<Searched>,
    pub(super) broken: Vec<Broken>,
    /// Log lines of everybody.
    pub(super) logs: Vec<String>,
    /// What was answered to those who ask for metrics.
    pub(super) metrics: Vec<String>,
}

impl Views {
    /// Searches pieces of a view; each is a stream of its own. Gives the view.
    pub(super) fn search<'a>(
        &mut self,
        scanner: &Scanner,
        party: &Party,
        view: &str,
        pieces: impl IntoIterator<Item = (String, &'a [u8])>,
    ) -> Searched {
        let mut kept = Kept::default();
        let mut bytes = 0;
        for (name, piece) in pieces {
            bytes += piece.len() as u64;
            kept.add(scanner.view(&name).feed(piece));
        }
        self.add(party, view, bytes, kept)
    }

    /// One piece.
    pub(super) fn search_one(
        &mut self,
        scanner: &Scanner,
        party: &Party,
        view: &str,
        bytes: &[u8],
    ) -> Searched {
        self.search(scanner, party, view, [(view.to_owned(), bytes)])
    }

    /// One piece, in which one canary stands because the party itself put it there.
    pub(super) fn search_but(
        &mut self,
        scanner: &Scanner,
        party: &Party,
        view: &str,
        bytes: &[u8],
        known: &[String],
    ) {
        let mut kept = Kept::default();
        let findings = scanner.view(view).feed(bytes);
        kept.add(
            findings
                .into_iter()
                .filter(|finding| !known.iter().any(|known| *finding.canary == **known))
                .collect(),
        );
        self.add(party, view, bytes.len() as u64, kept);
    }

    /// All files below a directory, and their names.
    pub(super) fn search_files(
        &mut self,
        scanner: &Scanner,
        party: &Party,
        view: &str,
        dir: &Path,
    ) -> Result<Searched, LiveError> {
        let contents = files::contents(dir)?;
        let names: Vec<_> = contents.iter().map(|(path, _)| path.to_string_lossy().into_owned()).collect();
        let paths: Vec<_> = contents.iter().map(|(path, _)| path.clone()).collect();
        for unknown in files::unknown(party.name(), &paths) {
            self.broken("only known files", format!("{} has a file {unknown:?}, {view}", party.name()));
        }
        let named = names.iter().map(|name| (format!("name of {name}"), name.as_bytes()));
        let contents = contents.iter().zip(&names).map(|((_, bytes), name)| (name.clone(), bytes.as_slice()));
        Ok(self.search(scanner, party, view, named.chain(contents)))
    }

    /// The memory of a process.
    pub(super) fn search_memory(
        &mut self,
        scanner: &Scanner,
        party: &Party,
        view: &str,
        child: &Child,
    ) -> Result<Searched, LiveError> {
        let mut kept = Kept::default();
        // A region is read piece by piece, and may hold what stands across the border of two.
        let mut stream = scanner.view("");
        let mut region = String::new();
        let bytes = memory::read(child.name, child.pid(), |name, piece| {
            if region != name {
                name.clone_into(&mut region);
                stream = scanner.view(name);
            }
            kept.add(stream.feed(piece));
        })?;
        Ok(self.add(party, view, bytes, kept))
    }

    /// A promise is broken.
    pub(super) fn broken(&mut self, promise: &'static str, detail: impl Into<String>) {
        let broken = Broken { promise, detail: detail.into() };
        if !self.broken.contains(&broken) {
            self.broken.push(broken);
        }
    }

    /// A search that finds nothing anywhere proves nothing: here it has to find something.
    pub(super) fn must_find(&mut self, searched: &Searched, what: &str) {
        if !searched.findings.iter().any(|finding| finding.canary.starts_with(what)) {
            let (party, view) = (&searched.party, &searched.view);
            self.broken("the search sees what is there", format!("no {what} in {view} of {party}"));
        }
    }

    /// Here it must find nothing of content, though who has this view may see it: its time is over.
    pub(super) fn must_not_find(&mut self, promise: &'static str, searched: &Searched) {
        let (party, view) = (&searched.party, &searched.view);
        let over =
            |finding: &&Finding| ["text ", "callback "].iter().any(|kind| finding.canary.starts_with(kind));
        for finding in searched.findings.iter().filter(over) {
            self.broken(promise, format!("{view} of {party}: {finding}"));
        }
    }

    fn add(&mut self, party: &Party, view: &str, bytes: u64, kept: Kept) -> Searched {
        let searched = Searched { party: party.clone(), view: view.into(), bytes, findings: kept.findings };
        if bytes == 0 {
            self.broken("every view has something in it", format!("{view} of {party} is empty"));
        }
        self.searched.push(searched.clone());
        searched
    }
}

/// Findings, of each kind and place one: a process has its token in a hundred places.
#[derive(Default)]
struct Kept {
    seen: BTreeSet<(std::sync::Arc<str>, std::sync::Arc<str>, String)>,
    findings: Vec<Finding>,
}

impl Kept {
    fn add(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            let kind = (finding.canary.clone(), finding.view.clone(), finding.encoding.to_string());
            if self.seen.insert(kind) {
                self.findings.push(finding);
            }
        }
    }
}

/// Whoever reads logs, metrics and reports.
pub(super) fn operator() -> Party {
    Party::new(Principal::Operator, "operator")
}

/// Whoever is on the wire.
pub(super) fn network() -> Party {
    Party::new(Principal::Network, "network")
}
