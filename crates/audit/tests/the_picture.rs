//! The page of an audit: everything is on it, nothing that was found is markup, and a browser draws every cell.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use audit::picture::page;
use audit::{
    Attack, Bits, Blind, CellReport, Construction, Leak, Looked, Matrix, Measured, Processes, Remains,
    Repeat, Report, State, TrialReport, Unequal, Verdict,
};
use privacy::Policy;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const INSTALL: &str = "chromium is missing: `apt install chromium`";

/// What a view can hold at worst.
const HOSTILE: &str = "</pre><script>alert(1)</script><img src=x onerror='alert(2)'>\"&amp;";

/// Cells of the real matrix, as a thorough audit of a sound build leaves them.
fn cells() -> Vec<CellReport> {
    let mut cells = Matrix::new(Policy::of_this_project().unwrap()).cells();
    for cell in &mut cells {
        cell.executed = true;
        cell.missing.clear();
        cell.bytes = 40_213_332;
        if cell.may_learn() {
            // Nobody reports spam yet.
            cell.values = if cell.class == "report" { 0 } else { 1_204 };
            cell.pairs_told_apart = if cell.class == "report" { 0 } else { 60 };
        } else {
            (cell.canaries, cell.pairs) = (12, 60);
            cell.secrets = vec!["business-text".into(), "answer".into()];
        }
        if cell.rule == "packets" {
            cell.measured = Some(Bits { secret: "kind of message".into(), bits: 0.62, of: 2.0 });
        }
    }
    cells
}

fn sound() -> Report {
    let cells = cells();
    let trial = TrialReport {
        name: "answer".into(),
        about: "which of four answers a person picks".into(),
        class: "content".into(),
        pairs: 20,
        views: 260,
        events: 41_000,
        noticed: [("business/0".to_owned(), 20), ("node/0".to_owned(), 19)].into(),
        ..TrialReport::default()
    };
    let what = "reading another business's data with one's own token";
    Report {
        repeat: Repeat {
            command: "blindpost audit --seed 7 --pairs 20".into(),
            seed: 7,
            version: "0.1.0".into(),
        },
        cells_total: cells.len(),
        cells_executed: cells.len(),
        bytes_scanned: 281_493_324,
        pairs_run: 500,
        canaries: 225,
        views: 48,
        seconds: 72.5,
        cells,
        construction: Construction { crates: 20, blind: vec!["relay".into(), "wire".into()], paths: vec![] },
        attacks: vec![Attack { invariant: "tenants_are_strangers", what, attempts: 514, successes: 0 }],
        remains: vec![Remains { what: "delivered and acknowledged", planted: 40, before: 12, after: 0 }],
        live: Some(Processes {
            views: 60,
            bytes: 912_000_000,
            crash_points: 12,
            phases: vec![("conversation".into(), 8.5)],
            walked: 1804,
            not_looked_at: vec!["names of sockets".into()],
        }),
        looked_at: vec![Looked { layer: "as processes", channels: vec!["packets", "memory"] }],
        measured: vec![Measured {
            secret: "text_kind".into(),
            principal: "network".into(),
            bits: 0.62,
            low_bits: 0.58,
            high_bits: 0.66,
            of_bits: 2.0,
            significant: true,
        }],
        trials: vec![trial],
        ..Report::default()
    }
}

/// The relay can tell who answered what.
fn leaky() -> Report {
    let mut report = sound();
    let cell = of(&mut report, "content", "transport");
    (cell.leaks, cell.pairs_unequal) = (1, 20);
    let difference = format!(
        "event 12: `size` differs\n  11 at 1.204000 s: submit to=\"ada\"\n- 12 at 1.310000 s: {HOSTILE}\n+ 12 at 1.310000 s: \
         submit size=200\n"
    );
    let what = format!("relay/0 can tell which of four answers a person picks, with seed 7: {difference}");
    let leak = |layer, principal: &str, class: Option<&str>, what| Leak {
        layer,
        principal: principal.into(),
        class: class.map(Into::into),
        what,
    };
    report.found = vec![
        leak("attack", "anybody", None, "a promise is broken (seed 3)".into()),
        leak("noninterference", "transport", Some("content"), what),
    ];
    report.leaks = report.found.len();
    let unequal = Unequal { party: "relay/0".into(), seed: 7, salt: 1, difference };
    report.trials[0].unequal = vec![unequal];
    report
}

/// Nobody looked at the logs.
fn unchecked() -> Report {
    let mut report = sound();
    let cell = of(&mut report, "secret", "operator");
    cell.executed = false;
    cell.missing = vec!["no view of operator was searched".into()];
    report.cells_executed -= 1;
    report.blind = vec![Blind { layer: "noninterference", what: "node/0 should have noticed <b>".into() }];
    report
}

fn of<'a>(report: &'a mut Report, class: &str, principal: &str) -> &'a mut CellReport {
    let found = report.cells.iter_mut().find(|cell| (&*cell.class, &*cell.principal) == (class, principal));
    found.unwrap()
}

#[test]
fn the_first_sentence_is_the_verdict() {
    for (report, verdict, sentence, numbers) in [
        (sound(), Verdict::Clean, "No leak in what was looked at.", "98 of 98 cells executed, 0 leaks"),
        (
            leaky(),
            Verdict::Leak,
            "The boundary leaks: the relay can learn what messages say, and one more.",
            "98 of 98 cells executed, 2 leaks",
        ),
        (
            unchecked(),
            Verdict::NotChecked,
            "Not everything could be checked.",
            "97 of 98 cells executed, 0 leaks",
        ),
    ] {
        assert_eq!(report.verdict(), verdict);
        let page = page(&report);
        let (_, rest) = page.split_once("<h1>").unwrap();
        let (heading, rest) = rest.split_once("</h1>").unwrap();
        assert!(heading.contains(sentence), "{heading}");
        assert!(rest.contains(numbers));
    }
}

#[test]
fn every_cell_is_there_with_its_evidence() {
    for report in [sound(), leaky(), unchecked()] {
        let page = page(&report);
        assert_eq!(page.matches("<td data-class=").count(), report.cells.len());
        for cell in &report.cells {
            let (class, principal, state) = (&cell.class, &cell.principal, cell.state().name());
            let start = format!(
                "<td data-class=\"{class}\" data-principal=\"{principal}\" data-state=\"{state}\"><a href=\"#{class}-{principal}\">"
            );
            assert_eq!(page.matches(&start).count(), 1, "{start}");
            assert_eq!(page.matches(&format!("<div id=\"{class}-{principal}\"")).count(), 1);
        }
    }
    let page = page(&sound());
    let evidence = |id: &str| {
        let (_, rest) = page.split_once(&format!("<div id=\"{id}\"")).unwrap();
        rest.split_once("</div>").unwrap().0.to_owned()
    };
    let relay = evidence("content-transport");
    for part in [
        "must not learn what messages say, and nothing of it was found",
        "40,213,332 bytes",
        "0 of 12 planted were seen",
        "60 of 60 pairs of runs equal",
        "business-text, answer",
    ] {
        assert!(relay.contains(part), "{part}: {relay}");
    }
    assert!(evidence("timing-network").contains("kind of message: 0.62 of 2 bits"));
    assert!(evidence("routing-cloud").contains("1,204 values seen"));
    assert!(evidence("report-consumer").contains("nothing of the kind"));
}

#[test]
fn every_layer_says_what_it_did() {
    let whole = page(&sound());
    for part in [
        "The relay is made of relay, wire. In the graph of all 20 crates, no way leads",
        "225 random values that occur nowhere else were planted, and 48 views searched",
        "<td>tenants_are_strangers</td><td class=\"n\" data-value=\"514\">514</td>",
        "<td>delivered and acknowledged</td><td class=\"n\" data-value=\"40\">40</td>",
        "<td>business/0, node/0 (19 of 20)</td>",
        "<td>text_kind</td><td>network</td><td class=\"n\" data-value=\"0.62\">0.62</td>",
        "912 MB of packets, files, memory, logs and HTTP were searched in 60 views. With 1,804 requests every route",
        "A process died at 12 points",
        "Not looked at: names of sockets; times of computations",
        "<td>as processes</td><td>packets</td>",
    ] {
        assert!(whole.contains(part), "{part}");
    }
    assert_eq!(page(&Report::default()).matches("Not part of this audit.").count(), 5);
}

#[test]
fn what_was_found_is_text() {
    let mut report = leaky();
    report.blind.push(Blind { layer: "canary", what: HOSTILE.into() });
    report.repeat.command = HOSTILE.into();
    report.trials[0].about = HOSTILE.into();
    report.construction.paths = vec![vec!["relay".into(), HOSTILE.into()]];
    let cell = of(&mut report, "secret", "operator");
    (cell.executed, cell.missing, cell.rule) = (false, vec![HOSTILE.into()], HOSTILE.into());
    // A policy of somebody else has other names.
    let cell = of(&mut report, "statistic", "onprem");
    (cell.class, cell.principal) = (HOSTILE.into(), HOSTILE.into());
    report.found.push(Leak {
        layer: "label",
        principal: HOSTILE.into(),
        class: Some(HOSTILE.into()),
        what: HOSTILE.into(),
    });
    let page = page(&report);
    assert!(!page.contains("<script>alert") && !page.contains("<img") && !page.contains("</pre><script"));
    assert!(page.contains("&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert_eq!(page.matches("<script>").count(), 1);
}

#[test]
fn a_broken_promise_is_in_no_cell_and_is_shown() {
    let mut report = leaky();
    assert!(page(&report).contains("<a href=\"#leaks\">1 leak in no cell</a>"));
    report.found.truncate(1);
    let page = page(&report);
    assert!(page.contains("The boundary leaks: a promise is broken."));
    assert!(page.contains("A promise is broken</h3>\n<p>a promise is broken (seed 3)</p>"));
    assert!(!self::page(&sound()).contains("in no cell"));
}

#[test]
fn a_difference_is_shown_line_by_line() {
    let page = page(&leaky());
    assert!(page.contains("<p>relay/0 can tell which of four answers a person picks, with seed 7: event 12"));
    assert!(page.contains("<span class=\"both\">  11 at 1.204000 s: submit to=&quot;ada&quot;\n</span>"));
    assert!(page.contains("<span class=\"one\">- 12 at 1.310000 s: &lt;/pre&gt;"));
    assert!(page.contains("<span class=\"other\">+ 12 at 1.310000 s: submit size=200\n</span>"));
}

#[test]
fn nothing_is_fetched() {
    for report in [sound(), leaky(), unchecked(), Report::default()] {
        let page = page(&report);
        let fetches = ["src=\"", "url(", "@import", "fetch(", "href=\"http", "<link rel=\"stylesheet"];
        assert!(fetches.iter().all(|fetch| !page.contains(fetch)));
    }
}

/// Asks the browser what it has drawn; stands in no page but those of this test.
const PROBE: &str = r##"<script>{
  const visible = (element) => {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    return box.width > 8 && box.height > 8 && style.visibility === "visible" && Number(style.opacity) > 0;
  };
  const cells = [...document.querySelectorAll(".matrix td[data-class]")].map((cell) => ({
    class: cell.dataset.class, principal: cell.dataset.principal, state: cell.dataset.state,
    visible: visible(cell) && visible(cell.querySelector(".state")), text: cell.innerText,
    sign: visible(cell.querySelector("svg.icon")), inside: cell.scrollWidth <= cell.clientWidth + 1,
  }));
  const link = document.querySelector(".matrix td[data-principal=transport] a");
  const card = document.getElementById("card");
  link.click();
  const chosen = { visible: visible(card), text: card.innerText };
  dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
  const closed = !visible(card);
  link.focus();
  link.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  const focused = document.activeElement.parentElement.dataset;
  const drawings = [...document.querySelectorAll(".route svg")].filter(visible).map((svg) => {
    const parties = [...svg.querySelectorAll(".party")];
    const fits = parties.every((party) => {
      const box = party.querySelector("rect").getBoundingClientRect();
      return [...party.querySelectorAll("text")].every((text) => text.getBoundingClientRect().right <= box.right);
    });
    return { name: svg.getAttribute("class"), parties: parties.length, fits };
  });
  const probe = document.createElement("script");
  probe.type = "application/json";
  probe.id = "probe";
  probe.textContent = JSON.stringify({ errors, cells, chosen, closed, drawings,
    next: `${focused.class} ${focused.principal}`, wide: document.documentElement.scrollWidth > innerWidth });
  document.body.append(probe);
}</script>"##;

/// The page stays there, for whoever wants to look at it.
fn write(name: &str, report: &Report) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("picture-{name}.html"));
    fs::write(&file, page(report).replace("</body>", &format!("{PROBE}</body>"))).unwrap();
    file
}

fn open(page: &Path, theme: &str, size: &str) -> Value {
    let profile = tempfile::tempdir().unwrap();
    let mut command = Command::new("chromium");
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"])
        .args(["--disable-quic", "--no-first-run", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync"])
        .arg(format!("--window-size={size}"))
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}#theme={theme}", page.display()));
    let output =
        command.output().unwrap_or_else(|error| panic!("can't start {command:?}: {error}; {INSTALL}"));
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{log}");
    let console: Vec<&str> = log.lines().filter(|line| line.contains(":CONSOLE")).collect();
    assert!(console.is_empty(), "the console has messages: {console:?}");
    let dom = String::from_utf8(output.stdout).unwrap();
    assert!(dom.contains(&format!("data-theme=\"{theme}\"")));
    let (_, probe) = dom.split_once("<script type=\"application/json\" id=\"probe\">").expect(&dom);
    serde_json::from_str(probe.split_once("</script>").unwrap().0).unwrap()
}

/// Every cell of the report is drawn, with its word, and no other.
fn drawn(report: &Report, probe: &Value) {
    assert_eq!(probe["errors"], Value::Array(vec![]));
    let drawn = probe["cells"].as_array().unwrap();
    assert_eq!(drawn.len(), report.cells.len());
    for (cell, drawn) in report.cells.iter().zip(drawn) {
        let is = |key: &str| drawn[key].as_str().unwrap();
        let state = cell.state();
        assert_eq!(
            (is("class"), is("principal"), is("state")),
            (&*cell.class, &*cell.principal, state.name())
        );
        assert!(drawn["visible"] == true && drawn["sign"] == true && drawn["inside"] == true, "{drawn}");
        assert!(is("text").contains(state.word()) && is("text").contains(&*cell.rule), "{drawn}");
        match state {
            State::NotSeen => {
                assert!(is("text").contains("MB searched") && is("text").contains("60 pairs equal"))
            }
            State::Leak => assert!(is("text").contains("20 of 60 pairs differ")),
            State::NotChecked => assert!(is("text").contains("no view of operator was searched")),
            State::Seen => assert!(is("text").contains("1,204 values")),
            State::Nothing => assert_eq!(cell.class, "report"),
        }
    }
}

#[test]
fn a_browser_draws_every_cell() {
    for (name, report) in [("sound", sound()), ("leaky", leaky()), ("unchecked", unchecked())] {
        let page = write(name, &report);
        let windows =
            [("light", "1440,900", "across"), ("dark", "1010,700", "across"), ("dark", "500,900", "down")];
        for (theme, size, drawing) in windows {
            let probe = open(&page, theme, size);
            drawn(&report, &probe);
            assert_eq!(
                probe["drawings"],
                serde_json::json!([{ "name": drawing, "parties": 7, "fits": true }])
            );
            assert_eq!((&probe["wide"], &probe["closed"]), (&false.into(), &true.into()), "{name} {size}");
            let chosen = &probe["chosen"];
            let text = chosen["text"].as_str().unwrap();
            assert!(chosen["visible"] == true && text.contains("must not learn what messages say"), "{text}");
            assert_eq!(probe["next"], "content cloud");
        }
    }
}

#[test]
fn a_cell_that_is_not_drawn_is_missed() {
    let page = write("hidden", &sound());
    let hidden = "<style>[data-class=secret][data-principal=cloud] .state { display: none }\
        [data-class=routing][data-principal=network] { visibility: hidden }</style></head>";
    fs::write(&page, fs::read_to_string(&page).unwrap().replace("</head>", hidden)).unwrap();
    let probe = open(&page, "light", "1440,900");
    let cells = probe["cells"].as_array().unwrap().iter();
    let missed = cells.filter(|cell| cell["visible"] == false);
    let missed: Vec<_> = missed.map(|cell| [&cell["class"], &cell["principal"]]).collect();
    assert_eq!(missed, [["secret", "cloud"], ["routing", "network"]]);
}
