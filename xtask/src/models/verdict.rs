//! What Verifpal found, read from its report in JSON.

use serde::Deserialize;

use crate::tools;

/// Every party is run this often at the same time, so that what is repeated from one run in another shows.
const SESSIONS: u8 = 2;

/// What became of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// No attack was found, and the search was not cut short.
    Holds,
    Attack(Attack),
}

/// What an attacker achieved, and how Verifpal says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attack {
    kind: Kind,
    conclusion: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A secret is known.
    Read,
    /// What the attacker made was taken for a party's.
    Forged,
    /// What a party sent once was taken twice.
    Repeated,
}

/// What must become of a query.
#[derive(Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) query: &'a str,
    pub(crate) must_hold: bool,
}

/// Queries in the order of the model.
pub(crate) type Verdicts = Vec<(String, Verdict)>;

impl Verdict {
    /// For the table.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Attack(Attack { kind: Kind::Read, .. }) => "read",
            Self::Attack(Attack { kind: Kind::Forged, .. }) => "forged",
            Self::Attack(Attack { kind: Kind::Repeated, .. }) => "repeated",
        }
    }
}

impl Attack {
    /// By Verifpal's sentence about it. Any other sentence is about something that our models don't ask.
    fn parse(conclusion: &str) -> Result<Self, String> {
        let says = |words: &str| conclusion.contains(words);
        let kind = if says("is obtained by Attacker") {
            Kind::Read
        } else if says("sent by Attacker and not by") {
            Kind::Forged
        } else if says("so agreement is not injective") {
            Kind::Repeated
        } else {
            return Err(format!("what kind of attack is this? {conclusion}"));
        };
        Ok(Self { kind, conclusion: conclusion.to_owned() })
    }
}

/// Reads a report about one model. What can't be understood is an error, never a verdict.
pub(crate) fn parse(printed: &[u8]) -> Result<Verdicts, String> {
    let report: Report = serde_json::from_slice(printed)
        .map_err(|error| format!("Verifpal's report can't be read: {error}"))?;
    if report.version != tools::VERIFPAL {
        return Err(format!("this is Verifpal {}, not {}", report.version, tools::VERIFPAL));
    }
    let [model] = report.models.as_slice() else {
        return Err(format!("Verifpal reports about {} models, not one", report.models.len()));
    };
    let analysis = match (&model.analysis, &model.error) {
        (Some(analysis), None) if model.ok => analysis,
        (_, error) => return Err(error.clone().unwrap_or_else(|| "Verifpal did not analyse it".to_owned())),
    };
    if analysis.sessions != SESSIONS {
        return Err(format!("Verifpal ran {} sessions, not {SESSIONS}", analysis.sessions));
    }
    let verdicts: Verdicts = analysis.queries.iter().map(Query::verdict).collect::<Result<_, _>>()?;
    if !agrees(&analysis.code, &verdicts) {
        return Err(format!("Verifpal's code {} and its report of each query differ", analysis.code));
    }
    Ok(verdicts)
}

/// How what was found differs from what is expected. Empty if it doesn't.
pub(crate) fn differences(name: &str, expected: &[Expected<'_>], found: &Verdicts) -> Vec<String> {
    let wanted: Vec<&str> = expected.iter().map(|one| one.query).collect();
    let asked: Vec<&str> = found.iter().map(|(query, _)| query.as_str()).collect();
    if wanted != asked {
        return vec![format!("{name}: its queries are {asked:?}, models.toml has {wanted:?}")];
    }
    let differs = |(expected, (query, verdict)): (&Expected<'_>, &(String, Verdict))| match verdict {
        Verdict::Attack(Attack { conclusion, .. }) if expected.must_hold => {
            Some(format!("{name}: `{query}` must hold, but there is an attack: {conclusion}"))
        }
        Verdict::Holds if !expected.must_hold => {
            Some(format!("{name}: `{query}` must fail, but no attack was found"))
        }
        _ => None,
    };
    expected.iter().zip(found).filter_map(differs).collect()
}

/// The report as far as it is read. Verifpal adds keys between versions, so others are let be.
#[derive(Deserialize)]
struct Report {
    version: String,
    models: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    ok: bool,
    error: Option<String>,
    analysis: Option<Analysis>,
}

#[derive(Deserialize)]
struct Analysis {
    sessions: u8,
    /// A letter and a digit for each query: 1 is an attack.
    code: String,
    queries: Vec<Query>,
}

#[derive(Deserialize)]
struct Query {
    query: String,
    /// An attack was found.
    resolved: bool,
    conclusion: String,
    envelope: Envelope,
}

#[derive(Deserialize)]
struct Envelope {
    exhausted: bool,
}

impl Query {
    fn verdict(&self) -> Result<(String, Verdict), String> {
        let verdict = match (self.resolved, self.envelope.exhausted) {
            (true, _) => Verdict::Attack(Attack::parse(&self.conclusion)?),
            (false, true) => Verdict::Holds,
            (false, false) => return Err(format!("the search for `{}` was cut short", self.query)),
        };
        Ok((self.query.clone(), verdict))
    }
}

/// The same said twice in a report: that nobody misreads one of them.
fn agrees(code: &str, verdicts: &Verdicts) -> bool {
    let expected: String = verdicts
        .iter()
        .map(|(query, verdict)| {
            let letter = query.chars().next().unwrap_or('?');
            format!("{letter}{}", u8::from(*verdict != Verdict::Holds))
        })
        .collect();
    code == expected
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report as Verifpal 1.6.7 prints it, shortened.
    const REPORT: &str = r#"{"version":"1.6.7","ok":true,"models":[{"file":"t.vp","ok":true,"analysis":{
        "model":"t.vp","attacker":"active","sessions":2,"code":"c1a0","attacks":1,"elapsedMs":5,"assumptions":[],
        "queries":[
        {"query":"confidentiality? text","kind":"confidentiality","resolved":true,"envelope":{"sessions":2,
         "truncations":[],"exhausted":true,"summary":""},"summary":"…","steps":[],
         "conclusion":"text (text) is obtained by Attacker.","preconditions":[],"variants":1},
        {"query":"authentication? A -> B: e","kind":"authentication","resolved":false,"envelope":{"sessions":2,
         "truncations":[],"exhausted":true,"summary":""},"summary":"","steps":[],"conclusion":"",
         "preconditions":[],"variants":1}]},"diagram":[]}]}"#;

    fn parsed(report: &str) -> Result<Verdicts, String> {
        parse(report.as_bytes())
    }

    fn expected(secret: bool, authentic: bool) -> [Expected<'static>; 2] {
        [
            Expected { query: "confidentiality? text", must_hold: secret },
            Expected { query: "authentication? A -> B: e", must_hold: authentic },
        ]
    }

    #[test]
    fn a_report_is_read() {
        let verdicts = parsed(REPORT).unwrap();
        let conclusion = "text (text) is obtained by Attacker.".to_owned();
        let attack = Verdict::Attack(Attack { kind: Kind::Read, conclusion });
        assert_eq!(
            verdicts,
            [
                ("confidentiality? text".to_owned(), attack),
                ("authentication? A -> B: e".to_owned(), Verdict::Holds)
            ]
        );
    }

    #[test]
    fn what_is_not_understood_is_no_verdict() {
        for (from, to, why) in [
            ("1.6.7", "2.0.0", "this is Verifpal 2.0.0, not 1.6.7"),
            ("\"sessions\":2,\"code\"", "\"sessions\":1,\"code\"", "Verifpal ran 1 sessions, not 2"),
            ("c1a0", "c0a0", "code c0a0 and its report of each query differ"),
            ("c1a0", "c1", "code c1 and its report of each query differ"),
            ("\"resolved\":true", "\"resolved\":1", "can't be read"),
            ("\"resolved\":false", "\"solved\":false", "can't be read"),
            ("\"ok\":true,\"analysis\"", "\"ok\":false,\"analysis\"", "did not analyse it"),
            ("\"ok\":true,\"analysis\"", "\"ok\":true,\"error\":\"line 3\",\"analysis\"", "line 3"),
        ] {
            assert!(REPORT.contains(from), "{from}");
            let error = parsed(&REPORT.replacen(from, to, 1)).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        assert!(parsed("").is_err());
        assert!(parsed(r#"{"version":"1.6.7","ok":true,"models":[]}"#).unwrap_err().contains("0 models"));
        let failed = r#"{"version":"1.6.7","ok":false,"models":[{"file":"t.vp","ok":false,"error":"no"}]}"#;
        assert_eq!(parsed(failed).unwrap_err(), "no");
    }

    #[test]
    fn attacks_are_told_apart() {
        let word = |conclusion| Attack::parse(conclusion).map(|attack| Verdict::Attack(attack).word());
        assert_eq!(word("text (text) is obtained by Attacker."), Ok("read"));
        let forged =
            "e (nil), sent by Attacker and not by A, is successfully used in HASH(e) within B's state.";
        assert_eq!(word(forged), Ok("forged"));
        let twice = "e (…), which A sent in another session and not in this one, is successfully used in HASH(e) \
                     within B's state: A sent it once, B accepts it twice, so agreement is not injective.";
        assert_eq!(word(twice), Ok("repeated"));
        assert!(word("x and y are not equivalent.").is_err());
    }

    #[test]
    fn a_search_that_was_cut_short_does_not_hold() {
        let cut = REPORT.replace("\"exhausted\":true", "\"exhausted\":false");
        let error = parsed(&cut).unwrap_err();
        assert_eq!(error, "the search for `authentication? A -> B: e` was cut short");
    }

    #[test]
    fn what_is_as_expected_differs_in_nothing() {
        let found = parsed(REPORT).unwrap();
        assert_eq!(differences("t.vp", &expected(false, true), &found), Vec::<String>::new());
    }

    #[test]
    fn an_attack_where_it_must_hold_is_named_and_a_twin_that_does_not_fail() {
        let found = parsed(REPORT).unwrap();
        assert_eq!(
            differences("t.vp", &expected(true, false), &found),
            [
                "t.vp: `confidentiality? text` must hold, but there is an attack: text (text) is obtained by \
                 Attacker.",
                "t.vp: `authentication? A -> B: e` must fail, but no attack was found"
            ]
        );
    }

    #[test]
    fn other_queries_than_the_catalogue_has_are_a_difference() {
        let found = parsed(REPORT).unwrap();
        let [one, _] = expected(false, true);
        assert!(differences("t.vp", &[one], &found)[0].contains("its queries are"));
        let [one, two] = expected(false, true);
        assert!(differences("t.vp", &[two, one], &found)[0].contains("its queries are"));
    }
}
