//! Paths: a version, an object, and perhaps an edge of it.

use crate::escape::decode_component;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::fmt;

/// A path of the Graph API, without its query.
#[derive(Clone, PartialEq, Eq)]
pub struct Path<'a> {
    /// The version that it begins with, or [`Version::DEFAULT`].
    pub version: Version,
    segments: SmallVec<[Cow<'a, str>; 3]>,
}

/// A version of the Graph API, for example `v23.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 23 of `v23.0`.
    pub major: u16,
    /// 0 of `v23.0`.
    pub minor: u16,
}

impl<'a> Path<'a> {
    /// Takes a path apart. Empty segments count for nothing; each of the others is decoded once.
    pub fn parse(path: &'a str) -> Self {
        let mut segments = path.split('/').filter(|segment| !segment.is_empty()).peekable();
        let version = segments.peek().and_then(|first| Version::parse(&decode_component(first)));
        if version.is_some() {
            segments.next();
        }
        let version = version.unwrap_or(Version::DEFAULT);
        Self { version, segments: segments.map(decode_component).collect() }
    }

    /// The segments after the version.
    pub fn segments(&self) -> &[Cow<'a, str>] {
        &self.segments
    }

    /// All after the first `known` segments, for an error.
    pub fn rest(&self, known: usize) -> String {
        self.segments.get(known..).unwrap_or_default().join("/")
    }
}

impl Version {
    /// Of paths that name none.
    pub const DEFAULT: Self = Self { major: 23, minor: 0 };

    /// Reads `v23.0` or `v23`.
    pub fn parse(segment: &str) -> Option<Self> {
        let number = segment.strip_prefix('v')?;
        let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
        let part = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse().ok()).flatten()
        };
        Some(Self { major: part(major)?, minor: part(minor)? })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn versions_are_optional() {
        for (path, version, segments) in [
            ("/v23.0/1/messages", "v23.0", vec!["1", "messages"]),
            ("/v17/1", "v17.0", vec!["1"]),
            ("//1//messages/", "v23.0", vec!["1", "messages"]),
            ("/vx/1", "v23.0", vec!["vx", "1"]),
            ("/v1.2.3/%31%2F", "v23.0", vec!["v1.2.3", "1/"]),
            ("/v70000.0/1", "v23.0", vec!["v70000.0", "1"]),
            ("", "v23.0", vec![]),
        ] {
            let parsed = Path::parse(path);
            assert_eq!(
                (parsed.version.to_string(), parsed.segments()),
                (version.to_owned(), &*borrowed(segments))
            );
        }
    }

    fn borrowed(segments: Vec<&str>) -> Vec<Cow<'_, str>> {
        segments.into_iter().map(Cow::Borrowed).collect()
    }

    proptest! {
        #[test]
        fn no_path_panics(path in ".{0,60}|[v0-9./%a-f]{0,60}") {
            let parsed = Path::parse(&path);
            prop_assert!(parsed.segments().len() <= path.len());
            let _ = parsed.rest(3);
        }

        #[test]
        fn versions_read_back(major in any::<u16>(), minor in any::<u16>()) {
            let version = Version { major, minor };
            prop_assert_eq!(Version::parse(&version.to_string()), Some(version));
        }
    }
}
