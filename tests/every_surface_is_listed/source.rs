//! Reads the source of what is shipped for whatever leaves a process: log lines, metrics, prints, files, panics.
//!
//! It reads tokens, not text, so that comments, strings and tests are none.

use privacy::surfaces::{Exit, LogEvent, MetricName};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// All that a source file lets out.
#[derive(Default)]
pub(crate) struct Source {
    pub(crate) file: String,
    pub(crate) logs: Vec<(usize, LogEvent)>,
    pub(crate) metrics: Vec<(usize, MetricName)>,
    pub(crate) exits: Vec<(usize, Exit)>,
    /// What can't be compared with a list: a name or a message that is no literal, a span.
    pub(crate) strange: Vec<(usize, String)>,
    module: String,
}

/// The macros that log, with their levels.
const LOGS: [(&str, &str); 5] =
    [("error", "ERROR"), ("warn", "WARN"), ("info", "INFO"), ("debug", "DEBUG"), ("trace", "TRACE")];
const SPANS: [&str; 7] =
    ["span", "event", "error_span", "warn_span", "info_span", "debug_span", "trace_span"];
const METRICS: [&str; 9] = [
    "counter",
    "gauge",
    "histogram",
    "describe_counter",
    "describe_gauge",
    "describe_histogram",
    "absolute_counter",
    "increment_counter",
    "increment_gauge",
];
const PRINTS: [&str; 9] = ["print", "println", "eprint", "eprintln", "dbg", "out", "outln", "err", "errln"];
const PANICS: [&str; 4] = ["panic", "todo", "unimplemented", "unreachable"];
/// With a text of their own these panic with more than the source has.
const ASSERTS: [(&str, usize); 6] = [
    ("assert", 1),
    ("assert_eq", 2),
    ("assert_ne", 2),
    ("debug_assert", 1),
    ("debug_assert_eq", 2),
    ("debug_assert_ne", 2),
];

/// The files of the crates that are shipped, tests and benches left out.
pub(crate) fn files(root: &Path, crates: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for name in crates {
        walk(
            &root.join(format!("crates/{name}/src")),
            |file| file.extension().is_some_and(|of| of == "rs"),
            &mut files,
        );
    }
    let tests: BTreeSet<_> = files.iter().flat_map(|file| test_modules(file)).collect();
    files.retain(|file| !tests.iter().any(|test| file.with_extension("").starts_with(test)));
    files.sort();
    files
}

/// The files in a directory and those in it, as many as are wanted.
pub(crate) fn walk(directory: &Path, wanted: fn(&Path) -> bool, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, wanted, files);
        } else if wanted(&path) {
            files.push(path);
        }
    }
}

/// Paths, without extension, of the modules that a file has for its tests only: `#[cfg(test)] mod name;`.
fn test_modules(file: &Path) -> Vec<PathBuf> {
    let tokens: Vec<_> = parse(&fs::read_to_string(file).unwrap()).into_iter().collect();
    let stem = file.file_stem().unwrap();
    let own = ["lib", "main", "mod"].iter().any(|name| stem == *name);
    let directory = if own { file.parent().unwrap().to_owned() } else { file.with_extension("") };
    let name = |window: &[TokenTree]| match window {
        [_, TokenTree::Group(attribute), keyword, TokenTree::Ident(name), TokenTree::Punct(end)]
            if attribute.to_string() == "[cfg (test)]"
                && keyword.to_string() == "mod"
                && end.as_char() == ';' =>
        {
            Some(directory.join(name.to_string()))
        }
        _ => None,
    };
    tokens.windows(5).filter_map(name).collect()
}

fn parse(text: &str) -> TokenStream {
    text.parse().unwrap()
}

impl Source {
    /// Reads one file of the repository at `root`.
    pub(crate) fn read(root: &Path, path: &Path) -> Self {
        let file = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        Self::parse(&file, &fs::read_to_string(path).unwrap())
    }

    /// Reads `text` as if it were in `file`.
    pub(crate) fn parse(file: &str, text: &str) -> Self {
        let mut source = Self { file: file.to_owned(), module: module(file), ..Self::default() };
        source.tokens(parse(text));
        source
    }

    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at += self.token(&tokens[at..]);
        }
    }

    /// Looks at the first token; says how many are done with.
    fn token(&mut self, tokens: &[TokenTree]) -> usize {
        match tokens {
            // #[cfg(test)] and the item after it, up to its block or its end.
            [TokenTree::Punct(hash), TokenTree::Group(attribute), rest @ ..]
                if hash.as_char() == '#' && attribute.to_string() == "[cfg (test)]" =>
            {
                2 + item(rest)
            }
            [TokenTree::Ident(name), TokenTree::Punct(bang), TokenTree::Group(arguments), ..]
                if bang.as_char() == '!' =>
            {
                self.macro_call(&name.to_string(), name.span().start().line, arguments);
                self.tokens(arguments.stream());
                3
            }
            [TokenTree::Ident(name), rest @ ..] => {
                self.function(&name.to_string(), name.span().start().line, rest);
                1
            }
            [TokenTree::Group(group), ..] => {
                self.tokens(group.stream());
                1
            }
            _ => 1,
        }
    }

    fn macro_call(&mut self, name: &str, line: usize, arguments: &Group) {
        let arguments = split(arguments.stream());
        if let Some((_, level)) = LOGS.iter().find(|(log, _)| *log == name) {
            self.log(line, level, &arguments);
        } else if SPANS.contains(&name) {
            self.strange.push((line, format!("`{name}!`: spans and free events are on no list")));
        } else if METRICS.contains(&name) {
            self.metric(line, &arguments);
        } else if PRINTS.contains(&name) {
            self.exits.push((line, Exit::Print));
        } else if PANICS.contains(&name) && has_holes(&arguments) {
            self.exits.push((line, Exit::Panic));
        } else if let Some((_, own)) = ASSERTS.iter().find(|(assert, _)| *assert == name)
            && (has_holes(arguments.get(*own..).unwrap_or_default()) || *own == 2)
        {
            // `assert_eq!` shows both sides, whatever its text.
            self.exits.push((line, Exit::Panic));
        }
    }

    /// `target: …, name = value, ?name, %name, "text", …`.
    fn log(&mut self, line: usize, level: &str, arguments: &[Vec<TokenTree>]) {
        let mut event = LogEvent {
            target: self.module.clone(),
            level: level.to_owned(),
            text: String::new(),
            fields: Vec::new(),
        };
        for argument in arguments {
            match argument.as_slice() {
                [TokenTree::Literal(text)] if event.text.is_empty() => {
                    event.text = literal(&text.to_string())
                }
                // What fills the holes of the text.
                _ if !event.text.is_empty() => {}
                [TokenTree::Ident(name), TokenTree::Punct(colon), ..] if colon.as_char() == ':' => {
                    return self.strange.push((line, format!("a log line with its own `{name}`")));
                }
                [TokenTree::Group(_), ..] => {
                    return self.strange.push((line, "a log line with fields in braces".into()));
                }
                field => event.fields.extend(field_name(field)),
            }
        }
        if event.text.is_empty() {
            return self.strange.push((line, "a log line whose text is no literal".into()));
        }
        self.logs.push((line, event));
    }

    /// `"name", "label" => value, …`.
    fn metric(&mut self, line: usize, arguments: &[Vec<TokenTree>]) {
        let Some([TokenTree::Literal(name)]) = arguments.first().map(Vec::as_slice) else {
            self.strange.push((line, "a metric whose name is no literal".into()));
            return;
        };
        let mut labels = Vec::new();
        for argument in arguments.iter().skip(1) {
            match argument.as_slice() {
                [TokenTree::Literal(label), TokenTree::Punct(equals), ..] if equals.as_char() == '=' => {
                    labels.push(literal(&label.to_string()));
                }
                // The text of a description.
                [TokenTree::Literal(_)] => {}
                _ => self.strange.push((line, "a metric whose label is no literal".into())),
            }
        }
        labels.sort();
        self.metrics.push((line, MetricName { name: literal(&name.to_string()), labels }));
    }

    /// Functions that write to standard output or error, or make files.
    fn function(&mut self, name: &str, line: usize, rest: &[TokenTree]) {
        let call = |at: usize| matches!(rest.get(at), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
        let path = |of: &[&str]| {
            matches!(rest, [TokenTree::Punct(_), TokenTree::Punct(_), TokenTree::Ident(function), ..]
                if of.iter().any(|name| function == name))
        };
        match name {
            "stdout" | "stderr" if call(0) => self.exits.push((line, Exit::Print)),
            // As a value: a writer that is made later.
            "io" if path(&["stdout", "stderr"]) && !call(3) => self.exits.push((line, Exit::Print)),
            "fs" if path(&["write", "copy"]) => self.exits.push((line, Exit::Write)),
            "File" if path(&["create", "create_new", "options"]) => self.exits.push((line, Exit::Write)),
            "OpenOptions" if path(&["new"]) => self.exits.push((line, Exit::Write)),
            // `link`'s own.
            "write_new_file" | "replace_file" if call(0) => self.exits.push((line, Exit::Write)),
            _ => {}
        }
    }
}

/// `relay::shell` of `crates/relay/src/shell.rs`.
fn module(file: &str) -> String {
    let path = file.trim_start_matches("crates/").trim_end_matches(".rs").replacen("/src", "", 1);
    let path = path.trim_end_matches("/lib").trim_end_matches("/main").trim_end_matches("/mod");
    path.replace('/', "::")
}

/// How many tokens an item has: up to its block, or its semicolon.
fn item(tokens: &[TokenTree]) -> usize {
    let ends =
        |token: &TokenTree| is_block(token) || matches!(token, TokenTree::Punct(end) if end.as_char() == ';');
    tokens.iter().position(ends).map_or(tokens.len(), |at| at + 1)
}

fn is_block(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// The arguments of a macro, at the commas that are not within brackets.
fn split(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let comma = |token: &TokenTree| matches!(token, TokenTree::Punct(comma) if comma.as_char() == ',');
    tokens.split(comma).map(<[_]>::to_vec).filter(|argument| !argument.is_empty()).collect()
}

/// `name = …`, `?name`, `%a.name`: the name that the field gets.
fn field_name(field: &[TokenTree]) -> Option<String> {
    let equals = field.iter().position(|token| matches!(token, TokenTree::Punct(p) if p.as_char() == '='));
    let name = &field[..equals.unwrap_or(field.len())];
    let text: String = name.iter().map(ToString::to_string).collect();
    let text = text.trim_start_matches(['?', '%']).to_owned();
    (!text.is_empty()).then_some(text)
}

/// The text of a literal, without quotes.
fn literal(token: &str) -> String {
    token.trim_start_matches('r').trim_matches('#').trim_matches('"').to_owned()
}

/// True if a text is made of more than the source has.
fn has_holes(arguments: &[Vec<TokenTree>]) -> bool {
    match arguments {
        [] => false,
        [only] if only.len() == 1 => {
            let text = only[0].to_string();
            !text.contains('"') || text.replace("{{", "").contains('{')
        }
        _ => true,
    }
}
