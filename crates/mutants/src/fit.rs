//! Edits find their places in the sound source, or don't.

use crate::mutant::{Edit, Mutants, Place};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Component, Path};

/// A file with all of its edits made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutated {
    /// From the root of the workspace.
    pub file: String,
    /// All of its source.
    pub text: String,
    /// What is whose in it, in order.
    pub placed: Vec<Placed>,
}

/// An edit that is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Whose it is.
    pub mutant: String,
    /// The piece of source that it replaces or follows.
    pub piece: String,
    /// What was put, in bytes of the file with all edits.
    pub range: Range<usize>,
}

/// An edit that can't be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Whose it is.
    pub mutant: String,
    /// Where it should be made.
    pub file: String,
    /// The piece of source that it names.
    pub piece: String,
    /// Why it can't.
    pub why: Why,
}

/// Why an edit can't be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// There is no such file in the workspace, or it is no text.
    NoFile,
    /// The piece is empty, or not in the file so often as it must be: once.
    Occurs(usize),
    /// Another mutant changes some of the same source.
    Overlaps(String),
    /// It never asks whether its mutant was chosen, and would change the sound variant.
    NeverAsks,
}

/// All edits that can't be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfits(pub Vec<Misfit>);

/// An edit with its place in the sound source.
struct Fitted<'a> {
    mutant: &'a str,
    edit: &'a Edit,
    range: Range<usize>,
}

impl Mutants {
    /// Makes all edits, in memory.
    ///
    /// # Errors
    /// All edits that can't be made, with the reason of each.
    pub fn fit(&self) -> Result<Vec<Mutated>, Misfits> {
        let mut by_file: BTreeMap<&str, Vec<(&str, &Edit)>> = BTreeMap::new();
        for mutant in &self.all {
            for edit in &mutant.edits {
                by_file.entry(&edit.file).or_default().push((&mutant.name, edit));
            }
        }
        let (mut mutated, mut misfits) = (Vec::new(), Vec::new());
        for (file, edits) in by_file {
            let sound = read(&self.root, file);
            match sound.map_or_else(|| Err(none_fits(&edits)), |sound| mutate(file, &sound, &edits)) {
                Ok(file) => mutated.push(file),
                Err(more) => misfits.extend(more),
            }
        }
        if misfits.is_empty() { Ok(mutated) } else { Err(Misfits(misfits)) }
    }
}

/// A file of the workspace, and of nowhere else.
fn read(root: &Path, file: &str) -> Option<String> {
    let inside = Path::new(file).components().all(|part| matches!(part, Component::Normal(_)));
    inside.then(|| std::fs::read_to_string(root.join(file)).ok()).flatten()
}

fn none_fits(edits: &[(&str, &Edit)]) -> Vec<Misfit> {
    edits.iter().map(|(mutant, edit)| Misfit::new(mutant, edit, Why::NoFile)).collect()
}

fn mutate(file: &str, sound: &str, edits: &[(&str, &Edit)]) -> Result<Mutated, Vec<Misfit>> {
    let (mut fitted, mut misfits) = (Vec::new(), Vec::new());
    for (mutant, edit) in edits {
        match place(sound, mutant, edit) {
            Ok(range) => fitted.push(Fitted { mutant, edit, range }),
            Err(why) => misfits.push(Misfit::new(mutant, edit, why)),
        }
    }
    // What follows the same piece keeps the order of names.
    fitted.sort_by_key(|fitted| (fitted.range.start, fitted.range.end));
    for (number, one) in (1..).zip(&fitted) {
        let mut others = fitted.iter().skip(number);
        let overlap =
            others.find(|other| one.range.start < other.range.end && other.range.start < one.range.end);
        misfits.extend(
            overlap.map(|other| Misfit::new(other.mutant, other.edit, Why::Overlaps(one.mutant.to_owned()))),
        );
    }
    if misfits.is_empty() { Ok(apply(file, sound, &fitted)) } else { Err(misfits) }
}

/// Where in the sound source an edit is made: what it replaces, or the empty range behind what it follows.
fn place(sound: &str, mutant: &str, edit: &Edit) -> Result<Range<usize>, Why> {
    if !edit.put.contains(&format!("mutant::is(\"{mutant}\")")) {
        return Err(Why::NeverAsks);
    }
    let piece = edit.place.piece();
    let mut found = sound.match_indices(piece).map(|(at, _)| at);
    match (found.next(), found.count()) {
        _ if piece.is_empty() => Err(Why::Occurs(0)),
        (None, _) => Err(Why::Occurs(0)),
        (Some(_), more @ 1..) => Err(Why::Occurs(1 + more)),
        (Some(start), 0) => Ok(match edit.place {
            Place::Replaces(_) => start..start + piece.len(),
            Place::Follows(_) => start + piece.len()..start + piece.len(),
        }),
    }
}

fn apply(file: &str, sound: &str, fitted: &[Fitted<'_>]) -> Mutated {
    let (mut text, mut placed, mut done) = (String::new(), Vec::new(), 0);
    for Fitted { mutant, edit, range } in fitted {
        text.push_str(sound.get(done..range.start).unwrap_or_default());
        if matches!(edit.place, Place::Follows(_)) {
            text.push('\n');
        }
        let start = text.len();
        text.push_str(edit.put.trim_end());
        placed.push(Placed {
            mutant: (*mutant).to_owned(),
            piece: edit.place.piece().to_owned(),
            range: start..text.len(),
        });
        done = range.end;
    }
    text.push_str(sound.get(done..).unwrap_or_default());
    Mutated { file: file.to_owned(), text, placed }
}

impl Misfit {
    fn new(mutant: &str, edit: &Edit, why: Why) -> Self {
        Self { mutant: mutant.to_owned(), file: edit.file.clone(), piece: edit.place.piece().to_owned(), why }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mutant, file, piece, why } = self;
        write!(f, "the mutant `{mutant}` does not fit {file}: ")?;
        match why {
            Why::NoFile => write!(f, "there is no such file; it has edits at")?,
            Why::Occurs(times) => write!(f, "{times} times, and not once, it has the piece")?,
            Why::Overlaps(other) => write!(f, "`{other}` changes it, too, at")?,
            Why::NeverAsks => {
                write!(
                    f,
                    "an edit that never asks `kernel::mutant::is(\"{mutant}\")` changes the sound variant, at"
                )?;
            }
        }
        write!(f, "\n    {piece}")
    }
}

impl fmt::Display for Misfits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for misfit in &self.0 {
            writeln!(f, "{misfit}")?;
        }
        write!(f, "\nSee crates/audit/mutants, and \"Mutants\" in CONTRIBUTING.md.")
    }
}

impl std::error::Error for Misfits {}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "fn f() {\n    one();\n    two();\n    two();\n    three(4);\n}\n";

    fn edit(place: Place, put: &str) -> Edit {
        Edit { file: "a.rs".into(), place, put: put.into() }
    }

    fn follows(piece: &str, mutant: &str) -> Edit {
        edit(Place::Follows(piece.into()), &format!("    if mutant::is(\"{mutant}\") {{ bad() }}\n"))
    }

    fn replaces(piece: &str, mutant: &str) -> Edit {
        edit(Place::Replaces(piece.into()), &format!("if !mutant::is(\"{mutant}\") {{ {piece} }}"))
    }

    fn why(edits: &[(&str, &Edit)]) -> Vec<(String, Why)> {
        let misfits = mutate("a.rs", SOUND, edits).err().unwrap_or_default();
        misfits.into_iter().map(|misfit| (misfit.mutant, misfit.why)).collect()
    }

    #[test]
    fn edits_are_made_where_their_pieces_are() {
        let (a, b, c) = (follows("  one();\n", "a"), follows("one();", "b"), replaces("three(4)", "c"));
        let mutated = mutate("a.rs", SOUND, &[("a", &a), ("b", &b), ("c", &c)]).unwrap_or_else(|_| panic!());
        assert_eq!(
            mutated.text,
            "fn f() {\n    one();\n    if mutant::is(\"a\") { bad() }\n    if mutant::is(\"b\") { bad() }\n    \
             two();\n    two();\n    if !mutant::is(\"c\") { three(4) };\n}\n"
        );
        let put: Vec<_> = mutated.placed.iter().map(|placed| &mutated.text[placed.range.clone()]).collect();
        assert_eq!(put, [a.put.trim_end(), b.put.trim_end(), &c.put]);
    }

    #[test]
    fn a_piece_that_is_not_there_or_there_twice_is_refused() {
        assert_eq!(why(&[("a", &follows("four();", "a"))]), [("a".into(), Why::Occurs(0))]);
        assert_eq!(why(&[("a", &follows("two();", "a"))]), [("a".into(), Why::Occurs(2))]);
        assert_eq!(why(&[("a", &follows(" \n", "a"))]), [("a".into(), Why::Occurs(0))]);
    }

    #[test]
    fn edits_that_overlap_are_refused_and_neighbours_are_not() {
        let inside = follows("three(", "b");
        let overlap = [("b".into(), Why::Overlaps("a".into()))];
        assert_eq!(why(&[("a", &replaces("three(4);", "a")), ("b", &inside)]), overlap);
        assert_eq!(why(&[("a", &replaces("three(", "a")), ("b", &replaces("(4)", "b"))]), overlap);
        assert_eq!(why(&[("a", &replaces("one();", "a")), ("b", &replaces("one();", "b"))]), overlap);
        assert_eq!(why(&[("a", &replaces("three(4);", "a")), ("b", &follows("three(4);", "b"))]), []);
    }

    #[test]
    fn an_edit_that_would_change_the_sound_variant_is_refused() {
        let always = edit(Place::Follows("one();".into()), "bad();");
        assert_eq!(why(&[("a", &always)]), [("a".into(), Why::NeverAsks)]);
        let anothers = follows("one();", "b");
        assert_eq!(why(&[("a", &anothers)]), [("a".into(), Why::NeverAsks)]);
    }
}
