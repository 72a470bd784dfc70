//! Lists, page by page: cursors name the first and the last item of a page and say nothing else.

use crate::error::GraphError;
use crate::params::Params;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

/// How many items a page has (Graph API documentation, "Paginated results").
const USUAL: usize = 25;
const LARGEST: usize = 100;

/// The longest cursor: it names an id.
const LONGEST_CURSOR: usize = 128;

/// Which part of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    limit: usize,
    from: From,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum From {
    Start,
    /// The items after this one.
    After(String),
    /// The items before this one.
    Before(String),
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// The items.
    pub data: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paging: Option<Paging>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Paging {
    cursors: Cursors,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Cursors {
    before: String,
    after: String,
}

impl PageRequest {
    /// What `limit`, `after` and `before` say. Of the two cursors `after` counts.
    ///
    /// # Errors
    /// One of them can't be.
    pub fn of(params: &Params<'_>) -> Result<Self, GraphError> {
        let limit = params.get("limit").map(|limit| limit.integer()).transpose()?;
        let limit = limit.map_or(USUAL, |limit| usize::try_from(limit).unwrap_or(LARGEST));
        let item = |name| match params.get(name).map(|cursor| cursor.text()).transpose()? {
            None | Some("") => Ok(None),
            Some(cursor) => from_cursor(cursor).map(Some).ok_or_else(invalid_cursor),
        };
        let from = match (item("after")?, item("before")?) {
            (Some(after), _) => From::After(after),
            (None, Some(before)) => From::Before(before),
            (None, None) => From::Start,
        };
        Ok(Self { limit: limit.clamp(1, LARGEST), from })
    }

    /// The page of `all` that is asked for; `key` names an item. A cursor whose item is gone begins again.
    pub fn of_list<'a, T>(&self, all: &'a [T], key: impl Fn(&T) -> &str) -> Page<&'a T> {
        let at = |name: &str| all.iter().position(|item| key(item) == name);
        let shown = match &self.from {
            From::Start => all.get(..self.limit),
            From::After(name) => {
                let rest = all.get(at(name).map_or(0, |at| at + 1)..).unwrap_or_default();
                Some(rest.get(..self.limit).unwrap_or(rest))
            }
            From::Before(name) => {
                let end = at(name).unwrap_or(0);
                all.get(end.saturating_sub(self.limit)..end)
            }
        };
        let shown = shown.unwrap_or(all);
        let cursors = shown.first().zip(shown.last());
        let cursors =
            cursors.map(|(first, last)| Cursors { before: cursor(key(first)), after: cursor(key(last)) });
        Page { data: shown.iter().collect(), paging: cursors.map(|cursors| Paging { cursors }) }
    }
}

impl<T> Page<T> {
    /// A whole list, where Graph has no pages.
    pub fn whole(data: Vec<T>) -> Self {
        Self { data, paging: None }
    }

    /// The same page of something else.
    pub fn map<U>(self, of: impl FnMut(T) -> U) -> Page<U> {
        Page { data: self.data.into_iter().map(of).collect(), paging: self.paging }
    }
}

fn cursor(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

fn from_cursor(cursor: &str) -> Option<String> {
    if cursor.len() > LONGEST_CURSOR {
        return None;
    }
    String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}

fn invalid_cursor() -> GraphError {
    GraphError::invalid("Invalid cursor.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn page(query: &str) -> Result<PageRequest, GraphError> {
        PageRequest::of(&Params::parse(query, None, b"").ok().unwrap())
    }

    #[test]
    fn limits_are_limits() {
        for (query, limit) in [("", 25), ("limit=0", 1), ("limit=7", 7), ("limit=999999999999", 100)] {
            assert_eq!(page(query).unwrap().limit, limit);
        }
        for bad in ["limit=x", "limit=-1", "after=%00", "before=A", "after=_w"] {
            assert!(page(bad).is_err(), "{bad}");
        }
        assert!(page(&format!("after={}", "A".repeat(1000))).is_err());
    }

    proptest! {
        /// Page by page, forwards and backwards, everything is seen once and in order.
        #[test]
        fn pages_are_the_list(count in 0..60usize, limit in 1..20usize) {
            let all: Vec<String> = (0..count).map(|at| format!("{at:03}")).collect();
            let (mut query, mut seen) = (format!("limit={limit}"), Vec::new());
            loop {
                let page = page(&query).unwrap().of_list(&all, |item| item);
                seen.extend(page.data.iter().map(|item| (*item).clone()));
                let Some(Paging { cursors }) = page.paging else { break };
                query = format!("limit={limit}&after={}", cursors.after);
            }
            prop_assert_eq!(&seen, &all);
            let mut backwards = Vec::new();
            if let Some(last) = all.last() {
                query = format!("limit={limit}&before={}", cursor(last));
                backwards.push(last.clone());
                loop {
                    let page = page(&query).unwrap().of_list(&all, |item| item);
                    backwards.extend(page.data.iter().rev().map(|item| (*item).clone()));
                    let Some(Paging { cursors }) = page.paging else { break };
                    query = format!("limit={limit}&before={}", cursors.before);
                }
            }
            backwards.reverse();
            prop_assert_eq!(backwards, all);
        }

        #[test]
        fn no_cursor_panics(text in ".{0,60}") {
            let _ = from_cursor(&text);
        }
    }
}
