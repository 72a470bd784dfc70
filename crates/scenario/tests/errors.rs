//! Whatever is wrong with a file, the error says what, where and what to do.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use scenario::Scenario;

const GOOD: &str = r#"version = 1
name = "small"
duration = "10min"

[[consumers]]
name = "people"
count = 10

[[businesses]]
name = "shop"
count = 2

[[traffic]]
from = "shop"
to = "people"
rate = "2/min in total"
"#;

/// What is said of `GOOD` with a line replaced, or lines added at the end.
fn said(changes: &[(&str, &str)]) -> String {
    let mut text = GOOD.to_owned();
    for (line, other) in changes {
        match line.is_empty() {
            true => text.push_str(other),
            false => {
                assert!(text.contains(line), "{line}");
                text = text.replacen(line, other, 1);
            }
        }
    }
    match Scenario::parse("small.toml", &text) {
        Ok(_) => "fine".into(),
        Err(error) => format!("{error}"),
    }
}

/// One change after the other, and what is said of each.
fn each(changes: &[(&str, &str)]) -> String {
    let lines = changes
        .iter()
        .map(|(line, other)| format!("{}\n  {}", other.trim(), said(&[(line, other)]).replace('\n', "\n  ")));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_good_file_is_fine() {
    assert_eq!(said(&[]), "fine");
}

#[test]
fn misspelt() {
    insta::assert_snapshot!(each(&[
        ("duration", "duraton"),
        ("count = 10", "cuont = 10"),
        ("count = 10", "count = 10\nsuite = \"tripple\""),
        ("count = 10", "count = 10\nsuite = \"signal\""),
        ("count = 10", "count = 10\nonline = { kind = \"alwys\" }"),
        ("count = 10", "count = 10\nonline = { from = \"08:00\" }"),
        ("to = \"people\"", "to = \"poeple\""),
        ("", "\n[network.consumr]\nlatency = \"1ms\"\n"),
    ]));
}

#[test]
fn of_the_wrong_form() {
    insta::assert_snapshot!(each(&[
        ("duration = \"10min\"", "duration = 600"),
        ("duration = \"10min\"", "duration = -600"),
        ("duration = \"10min\"", "duration = \"600\""),
        ("duration = \"10min\"", "duration = \"-10min\""),
        ("duration = \"10min\"", "duration = \"10m\""),
        ("duration = \"10min\"", "duration = true"),
        ("duration = \"10min\"", ""),
        ("count = 10", "count = 0"),
        ("count = 10", "count = 20_000_000"),
        ("count = 10", "count = \"ten\""),
        ("rate = \"2/min in total\"", "rate = \"2/min\""),
        ("rate = \"2/min in total\"", "rate = 2"),
        ("rate = \"2/min in total\"", "rate = \"2/min in total\"\naudience = 1.5"),
        ("rate = \"2/min in total\"", "rate = \"2/min in total\"\nturns = 0"),
        (
            "rate = \"2/min in total\"",
            "rate = \"2/min in total\"\ngap = { kind = \"lognormal\", median = \"2s\" }"
        ),
        ("version = 1", "version = 3"),
        ("version = 1", "consumers = 3"),
        ("name = \"small\"", "name = \"small"),
        ("name = \"small\"", "name = \"small\"\nname = \"large\""),
    ]));
}

#[test]
fn of_populations() {
    insta::assert_snapshot!(each(&[
        ("name = \"small\"", "name = \"My scenario\""),
        ("name = \"shop\"", "name = \"people\""),
        ("name = \"people\"\ncount", "name = \"the people\"\ncount"),
        ("count = 10", "count = 10\nsuite = \"x3dh\""),
        ("count = 10", "count = 10_000_000\ncountry = \"CH\""),
        ("count = 10", "count = 10\nonline = { kind = \"away\", from = \"5min\", until = \"5min\" }"),
        ("count = 10", "count = 10\nonline = { kind = \"sessions\", online = \"0s\", offline = \"0s\" }"),
        ("", "[[businesses]]\nname = \"old\"\ncount = 1\nsuite = \"x3dh\""),
        ("", "[relay]\ncount = 2"),
    ]));
}

#[test]
fn of_traffic() {
    insta::assert_snapshot!(each(&[
        ("rate = \"2/min in total\"", ""),
        (
            "rate = \"2/min in total\"",
            "rate = \"2/min in total\"\nburst = { at = \"10:00\", within = \"1h\" }"
        ),
        ("rate = \"2/min in total\"", "burst = { at = \"10:00\", within = \"2d\" }"),
        ("to = \"people\"", "to = \"shop\""),
        (
            "from = \"shop\"\nto = \"people\"\nrate = \"2/min in total\"",
            "from = \"people\"\nto = \"people\"\nrate = \"2/h per business\""
        ),
        ("rate = \"2/min in total\"", "rate = \"2/min in total\"\naudience = 0"),
        ("rate = \"2/min in total\"", "rate = \"2/min in total\"\nsize = \"5kB\""),
        (
            "rate = \"2/min in total\"",
            "rate = \"2/min in total\"\ngap = { kind = \"uniform\", min = \"9s\", max = \"2s\" }"
        ),
        ("rate = \"2/min in total\"", "rate = \"999999999/ns in total\""),
        ("rate = \"2/min in total\"", "replay = \"nowhere.csv\""),
    ]));
}

#[test]
fn populations_that_answer_for_ever() {
    let always = "\nreply = { probability = 1 }";
    let said =
        said(&[("count = 10", &format!("count = 10{always}")), ("count = 2", &format!("count = 2{always}"))]);
    insta::assert_snapshot!(said);
}

#[test]
fn of_faults_and_adversaries() {
    let fault = |lines: &'static str| ("", lines);
    insta::assert_snapshot!(each(&[
        fault("[[faults]]\nkind = \"partition\"\nparty = \"node/1\"\nfrom = \"2min\"\nuntil = \"1min\""),
        fault("[[faults]]\nkind = \"partition\"\nparty = \"population/shop\"\nfrom = \"2h\"\nuntil = \"3h\""),
        fault("[[faults]]\nkind = \"crash\"\nparty = \"consumer/10\""),
        fault("[[faults]]\nkind = \"crash\"\nparty = \"relay\"\nat = \"1min\"\nevery = \"2/h\""),
        fault("[[faults]]\nkind = \"device-loss\"\nparty = \"relay\"\nat = \"1min\""),
        fault("[[faults]]\nkind = \"clock-skew\"\nparty = \"relay\""),
        fault(
            "[[faults]]\nkind = \"webhook-outage\"\nbusiness = \"shops\"\nfrom = \"1min\"\nuntil = \"2min\""
        ),
        fault("[[faults]]\nkind = \"random\"\nrate = \"1/us\"\nkinds = []"),
        fault("[[faults]]\nkind = \"random\"\nrate = \"1/min\"\nkinds = [\"crash\", \"disk-ful\"]"),
        fault("[[adversaries]]\nkind = \"quantum-computer\"\nat = \"1min\""),
        fault("[[adversaries]]\nkind = \"stolen-device\"\nat = \"1min\""),
        fault("[[adversaries]]\nkind = \"stolen-device\"\nat = \"1min\"\ncount = 11"),
        fault("[[adversaries]]\nkind = \"seized-node\"\nat = \"1h\"\nnode = 1"),
    ]));
}

#[test]
fn a_replay_is_checked_row_by_row() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("small.toml");
    std::fs::write(&file, GOOD.replace("rate = \"2/min in total\"", "replay = \"rows.csv\"")).unwrap();
    let said = |rows: &str| {
        std::fs::write(folder.path().join("rows.csv"), rows).unwrap();
        match Scenario::read(&file) {
            Ok(scenario) => format!("{:?}", scenario.traffic[0].replay.as_ref().unwrap().rows),
            Err(error) => format!("{error}"),
        }
    };
    let rows = "at_s,from,to,bytes\n0.5,0,9,60\n0.5,1,0,4096\r\n\n";
    let good = said(rows);
    assert!(good.starts_with("[ReplayRow { at: 500ms, from: 0, to: 9, bytes: 60 }, ReplayRow"), "{good}");
    insta::assert_snapshot!(
        [
            said(""),
            said("from,to\n"),
            said("at_s,from,to,bytes\n1,0,0\n-1,0,0,5\n1,x,0,5\n1,2,0,5\n1,0,10,5\n1,0,0,0\n5,0,0,9\n4,0,0,9\n600,0,0,9\n"),
        ]
        .join("\n\n")
    );

    let read = Scenario::read(&file);
    assert!(read.is_err());
    std::fs::write(folder.path().join("rows.csv"), rows).unwrap();
    let before = Scenario::read(&file).unwrap().digest();
    std::fs::write(folder.path().join("rows.csv"), rows.replace("4096", "4095")).unwrap();
    assert_ne!(before, Scenario::read(&file).unwrap().digest(), "the digest includes the rows");
}

#[test]
fn a_replay_is_read_as_other_programs_write_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("small.toml");
    std::fs::write(&file, GOOD.replace("rate = \"2/min in total\"", "replay = \"rows.csv\"")).unwrap();
    let read = |rows: &[u8]| {
        std::fs::write(folder.path().join("rows.csv"), rows).unwrap();
        Scenario::read(&file)
    };
    let scenario =
        read(b"\"at_s\",\"from\",\"to\",\"bytes\"\n0.1234567891234567,0,9,60\n1e2,\"1\",0,5\n").unwrap();
    let rows = &scenario.traffic[0].replay.as_ref().unwrap().rows;
    assert_eq!(rows[0].at.as_nanos(), 123_456_789);
    assert_eq!((rows[1].at.as_secs(), rows[1].from), (100, 1));

    let error = read(b"at_s,from,to,bytes\n1,0,0,5\n2,0,\xff,5\n").unwrap_err().to_string();
    assert!(error.contains("line 3 is not UTF-8"), "{error}");

    let wrong = ["at_s,from,to,bytes\n", &"1,0,x,5\n".repeat(300_000)].concat();
    let error = read(wrong.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("and 299980 more rows are wrong"), "{error}");
    assert_eq!(error.matches("`x` is not a number").count(), 20);
}

#[test]
fn nobody_writes_from_one_relay_to_another_in_a_replay() {
    let folder = tempfile::tempdir().unwrap();
    let text = GOOD.replace("rate = \"2/min in total\"", "replay = \"rows.csv\"");
    let file = folder.path().join("small.toml");
    std::fs::write(&file, format!("{text}[relay]\ncount = 2\n[node]\ncount = 2\n")).unwrap();
    std::fs::write(folder.path().join("rows.csv"), "at_s,from,to,bytes\n1,0,2,9\n2,1,3,9\n3,1,2,9\n")
        .unwrap();
    let error = Scenario::read(&file).unwrap_err();
    let lines: Vec<usize> = error.problems().iter().map(|problem| problem.line_and_column().0).collect();
    assert_eq!(lines, [4], "{error}");
}

#[test]
fn all_problems_are_said_at_once_in_their_order() {
    let text = GOOD.replace("count = 10", "cuont = 10").replace("10min", "10").replace("2/min in total", "2");
    let error = Scenario::parse("small.toml", &text).unwrap_err();
    let lines: Vec<usize> = error.problems().iter().map(|problem| problem.line_and_column().0).collect();
    assert_eq!(lines, [3, 5, 7, 16], "{error}");
}

#[test]
fn a_terminal_shows_the_lines() {
    let text = GOOD.replace("count = 10", "cuont = 10\ncount = 10").replace("10min", "10");
    let error = Scenario::parse("small.toml", &text).unwrap_err();
    insta::assert_snapshot!(format!("{error:#}"));
    let related: Vec<_> = miette::Diagnostic::related(&error).unwrap().collect();
    let labels: Vec<_> = related.iter().flat_map(|problem| problem.labels().unwrap()).collect();
    let spans = labels.iter().map(|label| &text[label.offset()..label.offset() + label.len()]);
    assert_eq!(spans.collect::<Vec<_>>(), ["\"10\"", "cuont"]);
}

#[test]
fn a_file_that_is_not_there() {
    let error = Scenario::read(std::path::Path::new("nowhere/small.toml")).unwrap_err();
    assert!(error.to_string().starts_with("nowhere/small.toml:1:1: can't read this file: "), "{error}");
}

#[test]
fn of_parties() {
    insta::assert_snapshot!(each(&[
        ("", "[device]\nkey_rotation = \"59s\""),
        ("", "[node]\nkey_rotation = \"0s\""),
        ("", "[measurements]\nevery = \"1us\""),
        ("count = 10", "count = 10\nonline = { kind = \"sessions\", online = \"1ns\", offline = \"1ns\" }"),
    ]));
}

#[test]
fn of_a_very_long_line_only_the_part_around_the_mistake_is_shown() {
    let text = format!("version = 1\nname = \"{}\" nonsense\n", "x".repeat(100_000));
    let said = format!("{:#}", Scenario::parse("long.toml", &text).unwrap_err());
    assert!(said.len() < 1_500 && said.contains("nonsense"), "{} bytes: {said:.300}", said.len());
}
