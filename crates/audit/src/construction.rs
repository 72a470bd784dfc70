//! By construction: who links no code that could read a message can't read one.

use crate::matrix::{Leak, Matrix};
use privacy::{DataClass, Principal};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

include!(concat!(env!("OUT_DIR"), "/links.rs"));

/// What the transport is made of.
const BLIND: [&str; 6] = ["kernel", "link", "live", "relay", "store", "wire"];

/// What can read a message.
const READS: [&str; 3] = ["content", "endpoint", "ratchet"];

/// What was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Construction {
    /// Our crates in this build.
    pub crates: usize,
    /// Those from which nothing may lead to what reads messages.
    pub blind: Vec<String>,
    /// A way from one of them to one of these, where there is one.
    pub paths: Vec<Vec<String>>,
}

/// Looks for a way from the transport to what reads messages.
pub(crate) fn check(matrix: &mut Matrix) -> Construction {
    let links: BTreeMap<&str, &[&str]> = LINKS.iter().copied().collect();
    let ways = BLIND.iter().flat_map(|from| READS.map(|to| way(&links, from, to)));
    let paths: Vec<Vec<String>> = ways.flatten().collect();
    for path in &paths {
        matrix.leak(Leak {
            layer: "construction",
            principal: Principal::Transport.name().into(),
            class: Some(DataClass::Content.name().into()),
            what: format!("links what reads messages: {}", path.join(" -> ")),
        });
    }
    // The same search must find the way that there is.
    if way(&links, "consumer", "ratchet").is_none() {
        matrix.blind("construction", "no way was found from consumer to ratchet, where there is one");
    }
    Construction { crates: LINKS.len(), blind: BLIND.map(str::to_owned).to_vec(), paths }
}

/// The shortest way from one crate to another.
fn way(links: &BTreeMap<&str, &[&str]>, from: &str, to: &str) -> Option<Vec<String>> {
    let mut waiting = VecDeque::from([vec![from.to_owned()]]);
    let mut seen = BTreeSet::from([from.to_owned()]);
    while let Some(path) = waiting.pop_front() {
        let here = path.last().map_or("", String::as_str);
        for next in links.get(here).into_iter().flat_map(|links| links.iter()) {
            let longer = [path.as_slice(), &[(*next).to_owned()]].concat();
            if *next == to {
                return Some(longer);
            }
            if seen.insert((*next).to_owned()) {
                waiting.push_back(longer);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use privacy::Policy;

    #[test]
    fn the_transport_links_nothing_that_reads() {
        let mut matrix = Matrix::new(Policy::of_this_project().unwrap());
        let construction = check(&mut matrix);
        assert!(construction.crates > 10);
        assert_eq!(construction.paths, Vec::<Vec<String>>::new());
    }

    #[test]
    fn a_way_around_is_found() {
        let links =
            BTreeMap::from([("relay", &["store"][..]), ("store", &["content"]), ("content", &["ratchet"])]);
        assert_eq!(way(&links, "relay", "ratchet").unwrap(), ["relay", "store", "content", "ratchet"]);
        assert_eq!(way(&links, "content", "relay"), None);
    }
}
