//! Of two files of a crate at most one knows the other: what each is about can be read without the rest of a circle.
//!
//! A file knows another if a path in it (`crate::…`, `super::…`, `self::…`, in a `use` or anywhere else) leads to
//! something in there, through re-exports or directly; tests, comments and macros from elsewhere are left out. A module
//! and the files in its folder are one room: it is made of them, so that it knows them doesn't count.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A module that is a file: the names on the way to it, none for the root of the crate.
type Module = Vec<String>;

#[test]
fn no_two_files_know_each_other_in_a_circle() {
    let mut found = Vec::new();
    for directory in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("crates")).unwrap() {
        let directory = directory.unwrap();
        let name = directory.file_name().into_string().unwrap();
        let circles = Crate::read(&directory.path().join("src")).circles();
        found.extend(circles.into_iter().map(|circle| format!("{name}: {}", circle.join(", "))));
    }
    assert_eq!(found, Vec::<String>::new());
}

/// A checker that finds nothing proves nothing.
#[test]
fn a_circle_is_found_wherever_a_path_may_stand() {
    let circles = |files: &[(&str, &str)]| Crate::of(files).circles();
    let pair = [vec!["a".to_owned(), "b".to_owned()]];
    for (a, b) in [
        ("use crate::b::B;", "use crate::a::A;"),
        ("fn f() { crate::b::g() }", "use super::a::{self, A};"),
        ("use crate::{c::C, b::{B as Other}};", "type T = Vec<super::a::A>;"),
        ("mod inner { use super::super::b::B; }", "fn g() -> crate::a::A {}"),
        ("use crate::B;", "use crate::{A as First};"),
    ] {
        let root = "mod a; mod b; mod c; pub use a::A; pub use self::b::B;";
        assert_eq!(circles(&[("", root), ("a", a), ("b", b), ("c", "")]), pair, "{a} {b}");
    }
}

#[test]
fn what_is_no_circle_is_not_taken_for_one() {
    for files in [
        // One way only.
        &[("", "mod a; mod b;"), ("a", "use crate::b::B;"), ("b", "pub struct B;")][..],
        // In tests, strings and comments.
        &[
            ("", "mod a; mod b;"),
            ("a", "use crate::b::B;"),
            (
                "b",
                "/// [`A`](crate::a::A)\nconst S: &str = \"crate::a\"; #[cfg(test)] mod tests { use crate::a::A; }",
            ),
        ],
        // A module and what it is made of.
        &[("", "mod a;"), ("a", "mod part; use part::P; use self::part::Q;"), ("a/part", "use super::A;")],
        // Items of the root are nobody's circle.
        &[("", "mod a; pub struct Options; fn f() { a::g() }"), ("a", "use crate::Options;")],
    ] {
        assert_eq!(Crate::of(files).circles(), Vec::<Vec<String>>::new(), "{files:?}");
    }
}

/// The files of a crate, as what they say of each other.
struct Crate {
    /// Of each file the paths in it, from the root of the crate.
    paths: BTreeMap<Module, BTreeSet<Module>>,
    /// What a file has under a name that is from elsewhere.
    reexports: BTreeMap<(Module, String), Module>,
}

impl Crate {
    fn read(source: &Path) -> Self {
        let mut texts = Vec::new();
        walk(source, &mut Vec::new(), &mut texts);
        Self::new(texts)
    }

    fn of(files: &[(&str, &str)]) -> Self {
        let module =
            |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        Self::new(files.iter().map(|(path, text)| (module(path), (*text).to_owned())).collect())
    }

    fn new(texts: Vec<(Module, String)>) -> Self {
        let mut it = Self { paths: BTreeMap::new(), reexports: BTreeMap::new() };
        for (module, text) in texts {
            let mut reader = Reader {
                file: module.clone(),
                at: module.clone(),
                found: BTreeSet::new(),
                names: Vec::new(),
            };
            reader.tokens(&text.parse::<TokenStream>().unwrap().into_iter().collect::<Vec<_>>());
            // A binary beside a library has the same root.
            it.paths.entry(module.clone()).or_default().extend(reader.found);
            it.reexports.extend(reader.names.into_iter().map(|(name, to)| ((module.clone(), name), to)));
        }
        it
    }

    /// The file that a path leads to.
    fn file_of(&self, path: &[String]) -> Module {
        let mut path = path.to_vec();
        // A re-export of a re-export of …; the limit is for those that lead nowhere.
        for _ in 0..8 {
            let file =
                (0..=path.len()).rev().map(|end| &path[..end]).find(|head| self.paths.contains_key(*head));
            let file = file.unwrap_or_default().to_vec();
            let Some(name) = path.get(file.len()) else { return file };
            match self.reexports.get(&(file.clone(), name.clone())) {
                Some(to) if *to != path => path = [to.as_slice(), &path[file.len() + 1..]].concat(),
                _ => return file,
            }
        }
        path
    }

    /// Sets of files that lead to each other, each sorted.
    fn circles(&self) -> Vec<Vec<String>> {
        let knows: BTreeMap<&Module, BTreeSet<Module>> = self
            .paths
            .iter()
            .map(|(file, paths)| {
                let others = paths.iter().map(|path| self.file_of(path));
                (file, others.filter(|other| !other.starts_with(file)).collect())
            })
            .collect();
        let reach = |from: &Module| {
            let (mut reached, mut next) = (BTreeSet::new(), vec![from.clone()]);
            while let Some(file) = next.pop() {
                for other in knows.get(&file).into_iter().flatten() {
                    if reached.insert(other.clone()) {
                        next.push(other.clone());
                    }
                }
            }
            reached
        };
        let reached: BTreeMap<&Module, BTreeSet<Module>> =
            self.paths.keys().map(|file| (file, reach(file))).collect();
        let circles: BTreeSet<Vec<String>> = reached
            .iter()
            .filter(|(file, others)| others.contains(**file))
            .map(|(file, others)| {
                let both = others
                    .iter()
                    .filter(|other| reached.get(*other).is_some_and(|back| back.contains(*file)));
                both.map(|module| module.join("/")).collect()
            })
            .collect();
        circles.into_iter().collect()
    }
}

/// Reads the paths in a file.
struct Reader {
    file: Module,
    /// The module that the tokens are in: the file's, or one within it.
    at: Module,
    found: BTreeSet<Module>,
    names: Vec<(String, Module)>,
}

impl Reader {
    fn tokens(&mut self, tokens: &[TokenTree]) {
        let mut at = 0;
        while at < tokens.len() {
            at += self.token(&tokens[at..]);
        }
    }

    /// Looks at the first token; says how many are done with.
    fn token(&mut self, tokens: &[TokenTree]) -> usize {
        match tokens {
            [TokenTree::Punct(hash), TokenTree::Group(attribute), rest @ ..]
                if hash.as_char() == '#' && attribute.to_string() == "[cfg (test)]" =>
            {
                2 + item(rest)
            }
            // Attributes, documentation among them.
            [TokenTree::Punct(hash), TokenTree::Group(_), ..] if hash.as_char() == '#' => 2,
            [TokenTree::Ident(keyword), rest @ ..] if keyword == "use" => {
                let end = rest.iter().position(|token| is(token, ';')).unwrap_or(rest.len());
                self.tree(&rest[..end], Vec::new());
                1 + end
            }
            [TokenTree::Ident(keyword), TokenTree::Ident(name), TokenTree::Group(body), ..]
                if keyword == "mod" && body.delimiter() == Delimiter::Brace =>
            {
                self.at.push(name.to_string());
                self.tokens(&body.stream().into_iter().collect::<Vec<_>>());
                self.at.pop();
                3
            }
            [TokenTree::Ident(first), ..]
                if ["crate", "super", "self"].iter().any(|start| first == start) =>
            {
                let (path, length) = path(tokens);
                if path.len() > 1 {
                    self.found.extend(self.absolute(&path));
                }
                length
            }
            [TokenTree::Group(group), ..] => {
                self.tokens(&group.stream().into_iter().collect::<Vec<_>>());
                1
            }
            _ => 1,
        }
    }

    /// What a `use` brings in: `a::{b, c as d}` behind `before`.
    fn tree(&mut self, tokens: &[TokenTree], before: Vec<String>) {
        let (names, length) = path(tokens);
        let whole = [before, names].concat();
        match &tokens[length..] {
            [TokenTree::Group(group)] => {
                let inner: Vec<_> = group.stream().into_iter().collect();
                inner.split(|token| is(token, ',')).filter(|part| !part.is_empty()).for_each(|part| {
                    self.tree(part, whole.clone());
                });
            }
            rest => {
                let is_self = whole.len() > 1 && whole.last().is_some_and(|last| last == "self");
                let whole = if is_self { whole[..whole.len() - 1].to_vec() } else { whole };
                let name = match rest {
                    [TokenTree::Ident(keyword), TokenTree::Ident(name)] if keyword == "as" => {
                        Some(name.to_string())
                    }
                    _ => whole.last().cloned(),
                };
                if let Some(path) = self.absolute(&whole) {
                    self.found.insert(path);
                }
                // A name without `crate`, `super` or `self` is another crate's or that of a module here.
                let here = || [self.at.as_slice(), &whole].concat();
                let path = self.absolute(&whole).unwrap_or_else(here);
                if self.at == self.file {
                    self.names.extend(name.map(|name| (name, path)));
                }
            }
        }
    }

    /// The path from the root of the crate, if it says where it begins.
    fn absolute(&self, path: &[String]) -> Option<Module> {
        let mut base = self.at.clone();
        let mut rest = path;
        match path.first().map(String::as_str) {
            Some("crate") => {
                base.clear();
                rest = &path[1..];
            }
            Some("super" | "self") => {
                while let Some(("super" | "self", after)) =
                    rest.split_first().map(|(first, after)| (first.as_str(), after))
                {
                    if rest[0] == "super" {
                        base.pop();
                    }
                    rest = after;
                }
            }
            _ => return None,
        }
        Some([base.as_slice(), rest].concat())
    }
}

/// The names of a path at the beginning, and how many tokens it has.
fn path(tokens: &[TokenTree]) -> (Vec<String>, usize) {
    let (mut names, mut at) = (Vec::new(), 0);
    while let Some(TokenTree::Ident(name)) = tokens.get(at) {
        names.push(name.to_string());
        at += 1;
        match tokens.get(at..at + 2) {
            Some([one, two]) if is(one, ':') && is(two, ':') => at += 2,
            _ => break,
        }
    }
    (names, at)
}

/// How many tokens an item has: up to its block, or its semicolon.
fn item(tokens: &[TokenTree]) -> usize {
    let ends = |token: &TokenTree| {
        is(token, ';') || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
    };
    tokens.iter().position(ends).map_or(tokens.len(), |at| at + 1)
}

fn is(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

/// The files below a directory, by module.
fn walk(directory: &Path, within: &mut Module, texts: &mut Vec<(Module, String)>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            within.push(stem);
            walk(&path, within, texts);
            within.pop();
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let mut module = within.clone();
            if !["lib", "main", "mod"].contains(&stem.as_str()) {
                module.push(stem);
            }
            texts.push((module, fs::read_to_string(&path).unwrap()));
        }
    }
}
