//! What a scenario was read from: it is read again from that, with changes, and written down beside what comes of it.

use std::fmt;
use std::sync::Arc;

/// What a scenario was read from, so that a change is checked as if it stood there.
#[derive(Clone, Default)]
pub(crate) struct Written(Arc<Source>);

/// The file, its text, and what is to be changed of it: keys and values.
#[derive(Clone, Default)]
pub(crate) struct Source {
    pub(crate) file: String,
    pub(crate) text: String,
    pub(crate) changes: Vec<(String, String)>,
}

/// What a scenario was read from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The file's name.
    pub file: &'a str,
    /// What was in it.
    pub text: &'a str,
    /// What was changed of it, in this order: keys and values.
    pub changes: &'a [(String, String)],
}

impl Written {
    /// The same, to change.
    pub(crate) fn source(&self) -> Source {
        Source::clone(&self.0)
    }

    pub(crate) fn origin(&self) -> Origin<'_> {
        let Source { file, text, changes } = &*self.0;
        Origin { file, text, changes }
    }
}

impl From<Source> for Written {
    fn from(source: Source) -> Self {
        Self(Arc::new(source))
    }
}

/// Scenarios are equal that say the same, wherever they stand.
impl PartialEq for Written {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.file)
    }
}
