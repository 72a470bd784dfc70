//! Folders of other systems: what leaks is found, and whatever could not be checked is said, bit by bit.

use std::fs;

use proptest::{collection::vec, prelude::*};
use tempfile::TempDir;

use super::*;

const POLICY: &str = r#"
[vocabulary]
principals = ["person", "server", "operator"]
classes = ["words", "phone"]
[matrix.words]
person = "own"
server = "no"
operator = "no"
[matrix.phone]
person = "own"
server = "yes"
operator = "no"
"#;

const VIEWS: &str = r#"
version = 1
[[views]]
party = "ada"
principal = "person"
name = "screen"
file = "screen.txt"
bytes = 28
sha256 = "e9cc57f1a36e9be6ef6d0bb1aba3b2e7a4da2f4bd0d87dfb3bd3c0de5f2e1e55"
[[views]]
party = "server"
principal = "server"
name = "files"
dir = "server"
bytes = 20
[[views]]
party = "operator"
principal = "operator"
name = "log"
file = "operator.log"
bytes = 8
[[canaries]]
name = "greeting"
class = "words"
text = "heron-5c1f7a90"
owners = ["ada"]
[[canaries]]
name = "ada's number"
class = "phone"
number = 4915112345678
owners = ["ada"]
[[pairs]]
name = "the words"
class = "words"
owners = ["ada"]
masked = ["body"]
renamed = ["ids[].id"]
[[pairs.views]]
party = "server"
principal = "server"
name = "requests"
left = "left.jsonl"
right = "right.jsonl"
[[pairs.views]]
party = "ada"
principal = "person"
name = "screen"
left = "ada-left.jsonl"
right = "ada-right.jsonl"
"#;

/// A folder in which all is well.
fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let digest = {
        use sha2::{Digest, Sha256};
        hex::encode(Sha256::digest(SCREEN))
    };
    let put = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    fs::create_dir(dir.path().join("server")).unwrap();
    put(
        "views.toml",
        &VIEWS.replace("e9cc57f1a36e9be6ef6d0bb1aba3b2e7a4da2f4bd0d87dfb3bd3c0de5f2e1e55", &digest),
    );
    put("screen.txt", SCREEN);
    put("server/queue", "to 4915112345678 abc");
    put("operator.log", "started\n");
    put("left.jsonl", "{\"time\": 1, \"event\": \"send\", \"body\": \"abcd\", \"ids\": [{\"id\": \"x\"}]}\n");
    put(
        "right.jsonl",
        "{\"time\": 1, \"event\": \"send\", \"ids\": [{\"id\": \"y\"}], \"body\": \"efgh\"}\n",
    );
    put("ada-left.jsonl", "{\"event\": \"show\", \"text\": \"yes\"}");
    put("ada-right.jsonl", "{\"event\": \"show\", \"text\": \"no\"}");
    dir
}

const SCREEN: &str = "heron-5c1f7a90 4915112345678";

fn audited(change: impl FnOnce(&Path)) -> FolderReport {
    let dir = folder();
    change(dir.path());
    audit(dir.path(), POLICY).unwrap()
}

/// That there is no answer, and why.
fn not_checked(change: impl FnOnce(&Path)) -> String {
    let report = audited(change);
    assert_eq!(report.verdict(), Verdict::CouldNotCheck, "{report}");
    report.unchecked.iter().map(Unchecked::to_string).collect::<Vec<_>>().join("\n")
}

fn edit(name: &'static str, from: &'static str, to: &'static str) -> impl FnOnce(&Path) {
    move |dir| {
        let path = dir.join(name);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{name} has no `{from}`");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }
}

fn refused(from: &'static str, to: &'static str) -> String {
    let dir = folder();
    edit("views.toml", from, to)(dir.path());
    audit(dir.path(), POLICY).unwrap_err().to_string()
}

#[test]
fn a_folder_in_order_is_clean() {
    let report = audited(|_| {});
    assert_eq!(report.verdict(), Verdict::Clean, "{report}");
    assert_eq!((report.views.len(), report.seen.len(), report.compared), (3, 3, 1));
    assert!(report.to_string().ends_with("Clean: the policy is kept.\n"), "{report}");
}

#[test]
fn leaks_are_named_and_reported_for_machines() {
    let report = audited(|dir| {
        fs::write(dir.join("operator.log"), "68657265 heron-5c1f7a90").unwrap();
        fs::write(dir.join("server/heron-5c1f7a90"), "").unwrap();
    });
    assert_eq!(report.verdict(), Verdict::Leak);
    let leaks: Vec<_> = report.leaks.iter().map(ToString::to_string).collect();
    assert_eq!(
        leaks,
        [
            "operator (operator) has canary `greeting` (words) in log at byte 9, raw; the policy says `no`",
            "server (server) has in its view `files` canary `greeting` (words) in name of heron-5c1f7a90 at byte 0, raw; the policy says `no`",
        ]
    );
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["verdict"], "leak");
    assert_eq!(json["leaks"][0]["party"]["name"], "operator");
    assert_eq!(json["leaks"][0]["finding"]["encoding"], "raw");
    // The log is longer than it was, too.
    assert_eq!(json["unchecked"][0]["view"]["view"], "log");
}

#[test]
fn runs_that_can_be_told_apart_are_a_leak() {
    let report = audited(edit("right.jsonl", "efgh", "efghi"));
    assert_eq!(report.verdict(), Verdict::Leak);
    let text = report.to_string();
    assert!(
        text.contains(
            "server (server) can tell the runs of pair `the words` (words) apart by its view `requests`"
        ),
        "{text}"
    );
    assert!(text.contains("event 0: `body` differs"), "{text}");
    assert_eq!(audited(edit("right.jsonl", "\"time\": 1", "\"time\": 2")).verdict(), Verdict::Leak);
}

#[test]
fn a_view_that_is_not_whole_is_no_answer() {
    let why = not_checked(|dir| fs::write(dir.join("operator.log"), "start").unwrap());
    assert!(
        why.contains("view `log` of operator (operator): views.toml says that it has 8 bytes, but it has 5"),
        "{why}"
    );
    let why = not_checked(|dir| fs::write(dir.join("operator.log"), "").unwrap());
    assert!(why.contains("8 bytes, but it has 0"), "{why}");
    let why = not_checked(|dir| {
        fs::write(dir.join("operator.log"), "").unwrap();
        edit("views.toml", "bytes = 8", "bytes = 0")(dir);
    });
    assert!(why.contains("it is empty: nothing was searched"), "{why}");
    let why = not_checked(|dir| fs::remove_file(dir.join("operator.log")).unwrap());
    assert!(why.contains("can't read operator.log"), "{why}");
    let why = not_checked(|dir| fs::remove_dir_all(dir.join("server")).unwrap());
    assert!(why.contains("can't read server"), "{why}");
    let why = not_checked(edit("screen.txt", " 4915", "\n4915"));
    assert!(why.contains("its SHA-256 is"), "{why}");
}

#[test]
fn a_view_may_be_known_to_be_empty() {
    let report = audited(|dir| {
        fs::write(dir.join("operator.log"), "").unwrap();
        edit("views.toml", "bytes = 8", "bytes = 0\nempty = true")(dir);
    });
    assert_eq!(report.verdict(), Verdict::Clean, "{report}");
}

#[cfg(unix)]
#[test]
fn a_link_is_no_answer() {
    let why = not_checked(|dir| {
        fs::remove_file(dir.join("operator.log")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", dir.join("operator.log")).unwrap();
    });
    assert!(why.contains("operator.log is not a plain file"), "{why}");
    let why = not_checked(|dir| std::os::unix::fs::symlink("/etc", dir.join("server/link")).unwrap());
    assert!(why.contains("link is not a plain file"), "{why}");
}

#[test]
fn a_file_that_nobody_listed_is_no_answer() {
    let why = not_checked(|dir| fs::write(dir.join("forgotten.log"), "x").unwrap());
    assert!(why.contains("forgotten.log is in the folder, but views.toml doesn't say whose it is"), "{why}");
}

#[test]
fn a_search_that_may_be_blind_is_no_answer() {
    let why = not_checked(edit("server/queue", "4915112345678", "0000000000000"));
    assert!(
        why.contains("server (server) may see canary `ada's number` (phone), but it is in none of its views"),
        "{why}"
    );
    let why = not_checked(|dir| {
        edit(
            "views.toml",
            "class = \"words\"\ntext = \"heron-5c1f7a90\"\nowners = [\"ada\"]",
            "class = \"words\"\ntext = \"an other heron\"",
        )(dir);
    });
    assert!(why.contains("nobody may see canary `greeting` whose views are here"), "{why}");
    let report = audited(|dir| {
        edit("server/queue", "4915112345678", "0000000000000")(dir);
        edit("views.toml", "number = 4915112345678", "number = 4915112345678\nexpected = false")(dir);
    });
    assert_eq!(report.verdict(), Verdict::Clean, "{report}");
}

#[test]
fn a_comparison_that_may_be_blind_is_no_answer() {
    let why = not_checked(edit("ada-right.jsonl", "no", "yes"));
    assert!(why.contains("are the same to everybody who may learn the secret: was it varied?"), "{why}");
    let why = not_checked(edit("views.toml", "masked = [\"body\"]", "masked = [\"body\", \"boddy\"]"));
    assert!(why.contains("masks or renames `boddy`, which is in none of its events"), "{why}");
    let why = not_checked(|dir| fs::write(dir.join("left.jsonl"), "\n").unwrap());
    assert!(why.contains("left.jsonl: it has no events"), "{why}");
    let why = not_checked(edit("left.jsonl", "}\n", ""));
    assert!(why.contains("left.jsonl: line 1: EOF"), "{why}");
}

#[test]
fn a_manifest_that_means_nothing_is_refused() {
    let has = |message: String, expected: &str| assert!(message.contains(expected), "{message}");
    has(refused("version = 1", "version = 2"), "`version = 2` is not known");
    has(refused("bytes = 8", "byte = 8"), "unknown field `byte`");
    has(refused("bytes = 8", ""), "missing field `bytes`");
    has(
        refused("principal = \"operator\"", "principal = \"op\""),
        "view `log` of `operator` has `principal = \"op\"`",
    );
    has(
        refused("class = \"words\"", "class = \"word\""),
        "canary `greeting` has `class = \"word\"`, which is not in the policy; it has words, phone",
    );
    has(refused("operator.log", "../operator.log"), "must be a path below the folder");
    has(refused("operator.log", "/etc/passwd"), "must be a path below the folder");
    has(refused("text = \"heron-5c1f7a90\"", "text = \"\""), "canary `greeting` has fewer than 8 bytes");
    has(refused("text = \"heron-5c1f7a90\"", "hex = \"0x\""), "`hex`");
    has(refused("text = \"heron-5c1f7a90\"", ""), "it must have one of `text`");
    has(refused("name = \"ada's number\"", "name = \"greeting\""), "two canaries are called `greeting`");
    has(refused("number = 4915112345678", "number = -1"), "invalid value");
    has(refused("masked = [\"body\"]", "masked = [\"ids[].id\"]"), "both masked and renamed");
    let dir = folder();
    has(audit(dir.path(), "matrix = 1").unwrap_err().to_string(), "the policy: the policy can't be read");
    fs::write(dir.path().join(MANIFEST), "version = 1").unwrap();
    has(audit(dir.path(), POLICY).unwrap_err().to_string(), "nothing would be checked");
    fs::remove_file(dir.path().join(MANIFEST)).unwrap();
    has(audit(dir.path(), POLICY).unwrap_err().to_string(), "a folder of views needs a views.toml");
}

#[test]
fn the_manifest_in_the_documents_is_one() {
    let policy = "
        vocabulary = { principals = [\"server\", \"operator\"], classes = [\"content\"] }
        matrix.content = { server = \"no\", operator = \"no\" }";
    let policy = Policy::parse(policy).unwrap();
    let page = include_str!("../../../../docs/auditing-others.md");
    let (_, rest) = page.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    Manifest::parse(example, &policy).unwrap();
}

proptest! {
    #[test]
    fn any_text_is_a_manifest_or_an_error(cut in 0..VIEWS.len(), noise in vec(any::<char>(), 0..30)) {
        let policy = Policy::parse(POLICY).unwrap();
        let noise: String = noise.into_iter().collect();
        let _ = Manifest::parse(&noise, &policy);
        let _ = Manifest::parse(&format!("{}{noise}{}", &VIEWS[..cut], &VIEWS[cut..]), &policy);
        // Cut off before the first canary it has nothing to look for.
        let end = cut.min(VIEWS.find("[[canaries]]").unwrap());
        prop_assert!(Manifest::parse(&VIEWS[..end], &policy).is_err());
    }
}
