//! What findings mean: which of them are leaks, and whether the search could see at all.
//!
//! A search that finds nothing is either good news or blind. So canaries that a party may see are asked for as well:
//! each [`Presence`] says whether one was there, and [`Judgement::blind`] which views had no byte in them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use serde::Serialize;

use crate::{
    Canary, Cell, DataClass, Finding, Party, Policy, Searched,
    shared_text::{as_str, as_str_or_none},
};

/// What a policy makes of searched views.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Judgement {
    /// Canaries where the policy doesn't allow them.
    pub leaks: Vec<Leak>,
    /// For each canary, each party that may see it.
    pub presence: Vec<Presence>,
    /// Views without a byte: nothing found there proves nothing.
    pub blind: Vec<Blind>,
}

/// A canary in a view of a party that may not see it. The same canary in the same encoding counts once in a view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Leak {
    /// Who could see it.
    pub party: Party,
    /// What the policy says of its principal and the canary's class. `own`: it is somebody else's.
    pub cell: Cell,
    /// Which of the party's views.
    #[serde(serialize_with = "as_str")]
    pub view: Arc<str>,
    /// Which canary, where first (in a file of the view, if it is a directory), and how written.
    pub finding: Finding,
    /// How many times.
    pub times: u64,
}

/// A canary and a party that may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Presence {
    /// The name of the canary.
    #[serde(serialize_with = "as_str")]
    pub canary: Arc<str>,
    /// What it is an example of.
    pub class: DataClass,
    /// Who may see it.
    pub party: Party,
    /// The view in which it was seen, if it was.
    #[serde(serialize_with = "as_str_or_none")]
    pub seen_in: Option<Arc<str>>,
}

/// A view without a byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Blind {
    /// Whose view.
    pub party: Party,
    /// Which of its views.
    #[serde(serialize_with = "as_str")]
    pub view: Arc<str>,
}

/// Why findings can't be judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JudgeError {
    /// A finding names a canary that is not in the list: it can't be said whose it is.
    #[error(
        "`{canary}` was found in {view}, but is not among the canaries: judge with all that were planted"
    )]
    UnknownCanary {
        /// What the finding names.
        canary: Arc<str>,
        /// Where it was found.
        view: Arc<str>,
    },
    /// Findings could not say which of the two they are.
    #[error("two canaries are called `{0}`: give each a name of its own")]
    SameName(Arc<str>),
}

/// Judges `views` by `policy`. `canaries` are all that were planted; parties are those whose views these are.
pub fn judge(policy: &Policy, canaries: &[Canary], views: &[Searched]) -> Result<Judgement, JudgeError> {
    let by_name = by_name(canaries)?;
    let mut leaks: BTreeMap<_, Leak> = BTreeMap::new();
    let mut seen: BTreeMap<(Arc<str>, &Party), Arc<str>> = BTreeMap::new();
    for searched in views {
        for finding in &searched.findings {
            let canary = by_name.get(&*finding.canary).ok_or_else(|| JudgeError::UnknownCanary {
                canary: finding.canary.clone(),
                view: searched.view.clone(),
            })?;
            seen.entry((finding.canary.clone(), &searched.party)).or_insert_with(|| finding.view.clone());
            if !policy.permits(&searched.party, canary) {
                let within = finding.inside.map(|inside| inside.compression);
                let written = (&finding.canary, finding.encoding, within);
                let key = (&searched.party, &searched.view, &finding.view, written);
                let cell = policy.cell(searched.party.principal(), canary.class());
                let first = || Leak {
                    party: searched.party.clone(),
                    cell,
                    view: searched.view.clone(),
                    finding: finding.clone(),
                    times: 0,
                };
                leaks.entry(key).or_insert_with(first).add(finding);
            }
        }
    }
    let parties: BTreeSet<_> = views.iter().map(|searched| &searched.party).collect();
    let presence = parties.iter().flat_map(|&party| {
        canaries.iter().filter(|canary| policy.permits(party, canary)).map(|canary| Presence {
            canary: canary.name().clone(),
            class: canary.class(),
            party: party.clone(),
            seen_in: seen.get(&(canary.name().clone(), party)).cloned(),
        })
    });
    let blind = views.iter().filter(|searched| searched.bytes == 0);
    Ok(Judgement {
        presence: presence.collect(),
        blind: blind.map(|at| Blind { party: at.party.clone(), view: at.view.clone() }).collect(),
        leaks: leaks.into_values().collect(),
    })
}

impl Judgement {
    /// Canaries that a party may see and didn't. Whether each had to be there is for the caller to say.
    pub fn unseen(&self) -> impl Iterator<Item = &Presence> {
        self.presence.iter().filter(|presence| presence.seen_in.is_none())
    }
}

impl Leak {
    fn add(&mut self, finding: &Finding) {
        self.times += 1;
        if finding.offset < self.finding.offset {
            self.finding = finding.clone();
        }
    }
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { party, cell, view, finding, times } = self;
        write!(f, "{party} has ")?;
        if *view != finding.view {
            write!(f, "in its view `{view}` ")?;
        }
        write!(f, "{finding}")?;
        if *times > 1 {
            write!(f, ", {times} times")?;
        }
        match cell {
            Cell::Own => write!(f, "; the policy says `own`, and it isn't {}'s", party.name()),
            cell => write!(f, "; the policy says `{cell}`"),
        }
    }
}

impl fmt::Display for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { canary, class, party, seen_in } = self;
        match seen_in {
            Some(view) => write!(f, "{party} may see canary `{canary}` ({class}) and did, in {view}"),
            None => write!(f, "{party} may see canary `{canary}` ({class}), but it is in none of its views"),
        }
    }
}

impl fmt::Display for Blind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "view `{}` of {} is empty: nothing was searched", self.view, self.party)
    }
}

fn by_name(canaries: &[Canary]) -> Result<BTreeMap<&str, &Canary>, JudgeError> {
    let mut by_name = BTreeMap::new();
    for canary in canaries {
        if by_name.insert(&**canary.name(), canary).is_some() {
            return Err(JudgeError::SameName(canary.name().clone()));
        }
    }
    Ok(by_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Principal, Scanner};

    const TEXT: &str = "the heron stands in shallow water";
    const TOKEN: &str = "EAAG0f4b1c2d3e4f5a6b";

    fn canaries() -> [Canary; 2] {
        [
            Canary::new("text", DataClass::Content, TEXT).of(["business/0", "cloud/0"]),
            Canary::new("token", DataClass::Secret, TOKEN).of(["business/1"]),
        ]
    }

    fn searched(party: (Principal, &str), view: &str, bytes: &str) -> Searched {
        let mut stream = Scanner::new(canaries()).unwrap().view(view);
        Searched {
            party: Party::new(party.0, party.1),
            view: view.into(),
            findings: stream.feed(bytes.as_bytes()),
            bytes: stream.scanned(),
        }
    }

    fn judged(views: &[Searched]) -> Judgement {
        judge(&Policy::of_this_project().unwrap(), &canaries(), views).unwrap()
    }

    fn leaks(judgement: &Judgement) -> Vec<String> {
        judgement.leaks.iter().map(Leak::to_string).collect()
    }

    #[test]
    fn a_canary_where_the_policy_says_no_is_a_leak_with_everything_named() {
        let log = format!("{TEXT} and again {TEXT}");
        let judgement = judged(&[searched((Principal::Operator, "operator"), "log", &log)]);
        assert_eq!(
            leaks(&judgement),
            [
                "operator (operator) has canary `text` (content) in log at byte 0, raw, 2 times; the policy says `no`"
            ]
        );
    }

    #[test]
    fn own_is_the_owners_and_nobody_elses() {
        let seen = |name| judged(&[searched((Principal::Business, name), "webhooks", TEXT)]);
        assert_eq!(leaks(&seen("business/0")), [""; 0]);
        assert_eq!(
            leaks(&seen("business/1")),
            ["business/1 (business) has canary `text` (content) in webhooks at byte 0, raw; \
                 the policy says `own`, and it isn't business/1's"]
        );
    }

    #[test]
    fn what_may_be_seen_is_asked_for() {
        let judgement = judged(&[
            searched((Principal::Business, "business/0"), "webhooks", TEXT),
            searched((Principal::Business, "business/1"), "webhooks", "nothing"),
            searched((Principal::Operator, "operator"), "log", "nothing"),
        ]);
        let presence: Vec<_> = judgement.presence.iter().map(Presence::to_string).collect();
        assert_eq!(
            presence,
            [
                "business/0 (business) may see canary `text` (content) and did, in webhooks",
                "business/1 (business) may see canary `token` (secret), but it is in none of its views",
            ]
        );
        assert_eq!(judgement.unseen().count(), 1);
        assert_eq!(judgement.blind, []);
    }

    #[test]
    fn an_empty_view_is_blind() {
        let judgement = judged(&[searched((Principal::Operator, "operator"), "log", "")]);
        assert_eq!(
            judgement.blind[0].to_string(),
            "view `log` of operator (operator) is empty: nothing was searched"
        );
    }

    #[test]
    fn a_finding_of_a_canary_that_was_not_planted_is_no_answer() {
        let policy = Policy::of_this_project().unwrap();
        let views = [searched((Principal::Cloud, "cloud/0"), "memory", TEXT)];
        let [text, token] = canaries();
        assert_eq!(
            judge(&policy, std::slice::from_ref(&token), &views).unwrap_err(),
            JudgeError::UnknownCanary { canary: "text".into(), view: "memory".into() }
        );
        assert_eq!(
            judge(&policy, &[text.clone(), text], &views).unwrap_err(),
            JudgeError::SameName("text".into())
        );
    }
}
