//! Who carries a message and who can read it: the route, with everybody who stands beside it.
//!
//! Drawn twice, across for a screen and downwards for a phone; the style shows one of them. What is written in a box comes
//! from the report: a relay that can read is drawn so.

use super::icons::Icon;
use super::words;
use crate::{Report, State};
use report::plot::escape;

/// A box.
struct Place {
    principal: &'static str,
    x: f64,
    y: f64,
    width: f64,
    /// Beside the route, not on it.
    beside: bool,
}

const fn on(principal: &'static str, x: f64, y: f64, width: f64) -> Place {
    Place { principal, x, y, width, beside: false }
}

const fn beside(principal: &'static str, x: f64, y: f64, width: f64) -> Place {
    Place { principal, x, y, width, beside: true }
}

const HEIGHT: f64 = 84.0;

const ACROSS: [Place; 7] = [
    on("consumer", 0.0, 132.0, 214.0),
    on("transport", 310.0, 132.0, 214.0),
    on("cloud", 620.0, 132.0, 214.0),
    on("business", 930.0, 132.0, 214.0),
    beside("operator", 465.0, 0.0, 214.0),
    beside("network", 155.0, 264.0, 214.0),
    beside("onprem", 775.0, 264.0, 214.0),
];

const DOWN: [Place; 7] = [
    on("consumer", 0.0, 0.0, 340.0),
    on("transport", 0.0, 140.0, 340.0),
    on("cloud", 0.0, 280.0, 340.0),
    on("business", 0.0, 420.0, 340.0),
    beside("network", 0.0, 552.0, 340.0),
    beside("operator", 0.0, 652.0, 340.0),
    beside("onprem", 0.0, 752.0, 340.0),
];

/// The drawing, with what it says in words.
pub(super) fn figure(report: &Report) -> String {
    let across = format!(
        "{}{}{}{}{}",
        // Logs of relay and node go up, packets are seen from below, and a business may run node and server itself.
        thread("M417 132C417 60 432 42 465 42M727 132C727 60 712 42 679 42"),
        thread("M262 186V264M262 252H560Q572 252 572 240V186"),
        thread("M727 216V240Q727 252 739 252H1025Q1037 252 1037 240V216M882 252V264"),
        route("M214 174H930"),
        [(262.0, "QUIC"), (572.0, "QUIC"), (882.0, "HTTPS")]
            .map(|(x, name)| letter((x, 174.0), (x, 154.0), name, x < 600.0))
            .concat(),
    );
    let down = format!(
        "{}{}",
        route("M48 84V420"),
        [(112.0, "QUIC"), (252.0, "QUIC"), (392.0, "HTTPS")]
            .map(|(y, name)| letter((48.0, y), (92.0, y + 4.0), name, y < 300.0))
            .concat()
    );
    format!(
        "<figure class=\"route\">\n<figcaption>The way of a message, in both directions, and who can read it</figcaption>\n{}{}</figure>\n",
        drawing("across", "-2 -2 1148 352", &across, &ACROSS, report),
        drawing("down", "-2 -2 344 840", &down, &DOWN, report),
    )
}

fn drawing(name: &str, field: &str, lines: &str, places: &[Place], report: &Report) -> String {
    let boxes: String = places.iter().map(|place| party(place, report)).collect();
    format!(
        "<svg class=\"{name}\" viewBox=\"{field}\" role=\"img\" aria-label=\"{}\">\n{lines}{boxes}</svg>\n",
        escape(&told(report))
    )
}

/// The same in a sentence, for whoever can't see it.
fn told(report: &Report) -> String {
    let one =
        |place: &Place| format!("{}: {}", words::who(place.principal), reads(place.principal, report).2);
    let all: Vec<String> = ACROSS.iter().map(one).collect();
    format!("From app to relay to node to business. {}.", all.join("; "))
}

fn party(place: &Place, report: &Report) -> String {
    let Place { principal, x, y, width, beside } = *place;
    let (state, icon, word) = reads(principal, report);
    let name = words::who_first(principal);
    format!(
        "<g class=\"party\" data-reads=\"{}\"{}><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{HEIGHT}\" rx=\"12\"/>\
         <text class=\"id\" x=\"{left}\" y=\"{}\">{principal}</text><text class=\"name\" x=\"{left}\" y=\"{}\">{}</text>\
         {}<text class=\"badge\" x=\"{}\" y=\"{}\">{word}</text></g>\n",
        state.name(),
        if beside { " data-beside" } else { "" },
        y + 22.0,
        y + 42.0,
        escape(&name),
        icon.at(x + 15.0, y + 55.0, 17.0),
        x + 38.0,
        y + 68.5,
        left = x + 15.0,
    )
}

/// Whether somebody reads messages. Whoever learns anything that is not for them is shown so, whatever it is.
fn reads(principal: &str, report: &Report) -> (State, Icon, &'static str) {
    let mut cells = report.cells.iter().filter(|cell| cell.principal == principal);
    let leaks = report.found.iter().any(|leak| leak.principal == principal)
        || cells.clone().any(|cell| cell.state() == State::Leak);
    let state = match cells.find(|cell| cell.class == "content") {
        _ if leaks => State::Leak,
        Some(cell) => cell.state(),
        None => State::NotChecked,
    };
    let word = match state {
        State::NotSeen if principal == "network" => "sees packets only",
        State::NotSeen => "can’t read messages",
        State::Seen => "reads its own",
        State::Nothing => "may read its own",
        State::Leak => "learns too much",
        State::NotChecked => "not checked",
    };
    (state, Icon::of(state), word)
}

/// Where messages go.
fn route(path: &str) -> String {
    format!("<path class=\"way\" d=\"{path}\"/>\n")
}

/// Who looks on.
fn thread(path: &str) -> String {
    format!("<path class=\"thread\" d=\"{path}\"/>\n")
}

/// A message on its way: sealed, or open to both ends of the line.
fn letter((x, y): (f64, f64), name: (f64, f64), line: &str, sealed: bool) -> String {
    let (left, top) = (x - 17.0, y - 12.0);
    let sign = if sealed { Icon::Lock } else { Icon::Eye };
    format!(
        "<g class=\"letter\"><rect x=\"{left}\" y=\"{top}\" width=\"34\" height=\"24\" rx=\"4\"/>{}\
         <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{line}</text></g>\n",
        sign.at(x - 7.5, y - 7.5, 15.0),
        name.0,
        name.1
    )
}
