//! What was gathered on the way, searched in the end for all that is known by then.

use super::business::Desk;
use super::stage::Stage;
use super::views::{Views, network, operator};
use super::{LiveError, files};
use link::Direction;
use privacy::{Party, Principal, Scanner};
use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// What each process counts.
pub(super) fn scrape(stage: &Stage, views: &mut Views) -> Result<(), LiveError> {
    let scanner = stage.scanner()?;
    let nodes = stage.nodes.iter().map(|node| (node.child.name, node.metrics));
    for (name, address) in std::iter::once(("relay/0", stage.relay_metrics)).chain(nodes) {
        let scraper = Desk::default();
        let answer = scraper.call(address, "GET", "/metrics", "none", None)?;
        if answer.status != 200 {
            views.broken("every view has something in it", format!("{name} serves no metrics"));
        }
        let bytes = scraper.http.bytes();
        if !bytes.windows(10).any(|window| window == b"blindpost_") {
            views.broken("every view has something in it", format!("{name} counts nothing"));
        }
        views.search_one(&scanner, &operator(), &format!("metrics of {name}"), &bytes);
        views.metrics.push(answer.text);
    }
    Ok(())
}

/// A phone knows its own conversations and nobody else's.
pub(super) fn look_at_consumers(stage: &Stage, views: &mut Views) -> Result<(), LiveError> {
    let scanner = stage.scanner()?;
    for (party, child, _) in stage.processes() {
        if party.principal() == Principal::Consumer && child.is_alive() {
            views.search_memory(&scanner, &party, "memory", child)?;
        }
    }
    Ok(())
}

/// Everybody stops; what was gathered on the way is searched for all that is known by now.
pub(super) fn end(stage: &mut Stage, views: &mut Views) -> Result<(), LiveError> {
    for consumer in &mut stage.consumers {
        consumer.stop()?;
    }
    for node in &mut stage.nodes {
        node.child.stop()?;
    }
    stage.relay.stop()?;
    let scanner = stage.scanner()?;
    for (party, child, dir) in stage.processes() {
        let log = child.err.bytes();
        views.search_one(&scanner, &operator(), &format!("log of {}", party.name()), &log);
        views.logs.extend(String::from_utf8_lossy(&log).lines().map(str::to_owned));
        // For the person who starts the party, whose own it is: a node prints its businesses' tokens there.
        views.search_one(&scanner, &party, "standard output", &child.out.bytes());
        views.search_files(&scanner, &party, "files, stopped", &dir)?;
    }
    let packets = [("to", &stage.packets.to_relay), ("from", &stage.packets.from_relay)];
    for (way, packets) in packets {
        views.search_one(&scanner, &network(), &format!("packets {way} the relay"), &packets.bytes());
    }
    frames(stage, &scanner, views);
    http(stage, &scanner, views);
    for path in stage.before.at_home()? {
        views.broken("only known files", format!("{} turned up in the working directory", path.display()));
    }
    let new = stage.before.new_files();
    let new = new.iter().map(|(path, bytes)| (path.display().to_string(), bytes.as_slice()));
    // Other programs leave files too, or nobody does: how much there is says nothing.
    let none = std::iter::once(("nothing new".to_owned(), b"nothing".as_slice()));
    views.search(&scanner, &operator(), "new files on this machine", none.chain(new));
    let home = files::contents(&stage.dir.join("home"))?;
    let home = home.iter().map(|(path, bytes)| (path.display().to_string(), bytes.as_slice()));
    let none = std::iter::once(("nothing new".to_owned(), b"nothing".as_slice()));
    views.search(&scanner, &operator(), "files in the working directory", none.chain(home));
    Ok(())
}

/// What is told of this run: it must name findings without showing them.
pub(super) fn report(stage: &Stage, views: &mut Views) -> Result<(), LiveError> {
    let scanner = stage.scanner()?;
    let report = format!("{:?}\n{:?}\n{:?}", stage.canaries(), views.searched, views.broken);
    views.search_one(&scanner, &operator(), "report of this run", report.as_bytes());
    Ok(())
}

fn frames(stage: &Stage, scanner: &Scanner, views: &mut Views) {
    let relay = Party::new(Principal::Transport, "relay/0");
    for (view, way) in
        [("frames to the relay", Direction::ToRelay), ("frames from the relay", Direction::ToEndpoint)]
    {
        let streams = stage.frames.streams(way);
        let pieces = streams.iter().enumerate();
        let pieces = pieces.map(|(index, bytes)| (format!("{view}, connection {index}"), bytes.as_slice()));
        let seen = views.search(scanner, &relay, view, pieces);
        views.must_find(&seen, "number of consumer");
    }
    for (count, who) in [(&stage.frames.gateways, "nodes"), (&stage.frames.consumers, "consumers")] {
        if count.load(Ordering::Relaxed) < 2 {
            views.broken("every view has something in it", format!("no frames on connections of {who}"));
        }
    }
    let received = stage.frames.received.lock().unwrap_or_else(PoisonError::into_inner);
    for (party, ..) in stage.processes() {
        if let Some(bytes) = received.get(party.name()) {
            views.search_one(scanner, &party, "frames from the relay", bytes);
        }
    }
}

/// Headers of webhooks: HTTP's own, and what Meta documents.
const WEBHOOK_HEADERS: [&str; 6] =
    ["content-length", "content-type", "host", "user-agent", "x-hub-signature", "x-hub-signature-256"];
/// Headers of answers: HTTP's own, and what the Graph API says.
const ANSWER_HEADERS: [&str; 12] = [
    "access-control-allow-origin",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "date",
    "expires",
    "facebook-api-version",
    "pragma",
    "www-authenticate",
    "x-fb-request-id",
    "x-fb-trace-id",
];

fn http(stage: &Stage, scanner: &Scanner, views: &mut Views) {
    for (business, desk) in stage.cast.businesses.iter().zip(&stage.desks) {
        let bytes = desk.http.bytes();
        let seen = Party::new(Principal::Business, business.name);
        let seen = views.search_one(scanner, &seen, "HTTP, both ways", &bytes);
        views.must_find(&seen, "text to the business");
        if let Some(node) = stage.nodes.iter().find(|node| node.child.name == business.node) {
            let party = Party::new(node.principal, business.node);
            views.search_one(scanner, &party, &format!("HTTP with {}", business.name), &bytes);
        }
        let heard = desk.heard();
        let undeclared = |names: BTreeSet<String>, declared: &[&str]| {
            names.into_iter().filter(|name| !declared.contains(&name.as_str())).collect::<Vec<_>>()
        };
        for name in undeclared(heard.webhook_headers, &WEBHOOK_HEADERS) {
            views.broken("only declared headers", format!("a webhook has {name:?}"));
        }
        for name in undeclared(heard.answer_headers, &ANSWER_HEADERS) {
            views.broken("only declared headers", format!("an answer of the API has {name:?}"));
        }
    }
}
