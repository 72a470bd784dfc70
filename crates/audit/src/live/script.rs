//! What happens, and when it is looked at.

use super::business::{Desk, Manners, until};
use super::cast::EXPIRING;
use super::crash::{self, Plan};
use super::destruction::{self, Loot, store_files};
use super::stage::{SHORT_RETENTION, Stage};
use super::views::{Views, network, operator};
use super::{LiveError, LiveOptions, LiveOutcome, files, memory};
use kernel::Time;
use link::Direction;
use privacy::{Party, Principal, Scanner};
use std::sync::atomic::Ordering;
use std::time::Duration;
use store::forensics::Relic;

/// How long it may take until nothing of a delivered message is left: what is closed is freed and keys live for a
/// second, on a machine that does other things too.
const GONE_WITHIN: Duration = Duration::from_secs(12);

const ALIVE: &str = "messages in flight";
const OVER: &str = "after delivery";
const EXPIRED: &str = "after retention";

const DELIVERED: &str = "what was delivered is destroyed";
const RETAINED: &str = "what is older than the retention period is destroyed";

/// Runs the program and looks at everything.
///
/// # Errors
/// Something could not be checked: nothing is known then.
pub fn run(options: &LiveOptions) -> Result<LiveOutcome, LiveError> {
    let mut clock = Clock { last: live::now(), phases: Vec::new() };
    let mut views = Views::default();
    destruction::control(&options.dir, &mut views)?;
    let mut stage = Stage::start(options)?;
    clock.lap("start");
    let held = speak(&mut stage)?;
    clock.lap("speak");
    let telling = look_in_flight(&stage, &mut views)?;
    clock.lap("look while messages are in flight");
    deliver(&stage, &held, &mut views)?;
    clock.lap("deliver");
    let expires = begin_to_expire(&mut stage)?;
    look_after(&stage, &telling, &mut views)?;
    clock.lap("look after delivery");
    crash::kill_relay(&mut stage, 0, &mut views)?;
    std::thread::sleep(expires.since(live::now()));
    look_after_retention(&stage, &mut views)?;
    clock.lap("look after retention");
    let plan = if options.quick { Plan { images: 4, kills: 1 } } else { Plan { images: 50, kills: 4 } };
    let crash_points = 1 + crash::run(&mut stage, &plan, &mut views)?;
    clock.lap("crash");
    scrape(&stage, &mut views)?;
    if !options.quick {
        look_at_consumers(&stage, &mut views)?;
    }
    end(&mut stage, &mut views)?;
    clock.lap("search what was gathered");
    let (canaries, Views { searched, broken, logs, metrics }) = (stage.canaries(), views);
    Ok(LiveOutcome { canaries, searched, broken, logs, metrics, crash_points, phases: clock.phases })
}

struct Clock {
    last: Time,
    phases: Vec<(&'static str, Duration)>,
}

impl Clock {
    fn lap(&mut self, phase: &'static str) {
        let now = live::now();
        self.phases.push((phase, now.since(self.last)));
        self.last = now;
    }
}

/// Names of messages that nobody has yet, by the position of their business.
type Held = Vec<(usize, String)>;

/// Everybody says something, and nothing of it arrives: webhooks are not answered, and phones are frozen.
fn speak(stage: &mut Stage) -> Result<Held, LiveError> {
    for (index, desk) in stage.desks.iter().enumerate() {
        desk.behave(if index == EXPIRING.0 { Manners::Acknowledge } else { Manners::Hold });
    }
    for talk in &stage.cast.conversations {
        let Some(business) = stage.cast.businesses.get(talk.business) else { continue };
        if let Some(consumer) = stage.consumers.get_mut(talk.consumer) {
            consumer.say(&format!("{} {}", business.number, talk.up))?;
        }
    }
    let talks = &stage.cast.conversations;
    let desks = &stage.desks;
    until("all texts of consumers to be posted", || {
        talks.iter().all(|talk| desks.get(talk.business).is_some_and(|desk| desk.has_text(&talk.up)))
    })?;
    for (index, consumer) in stage.consumers.iter().enumerate() {
        if index != EXPIRING.1 {
            consumer.freeze()?;
        }
    }
    let mut held = Held::new();
    for talk in &stage.cast.conversations {
        let name = send(stage, talk.business, talk.consumer, &talk.down, Some(&talk.note))?;
        held.push((talk.business, name));
    }
    until("all messages to be taken by the relay", || {
        held.iter().all(|(at, name)| desks.get(*at).is_some_and(|desk| desk.knows(name, "sent")))
    })?;
    Ok(held)
}

/// A message of a business over HTTP. Gives its name.
fn send(
    stage: &Stage,
    business: usize,
    consumer: usize,
    text: &str,
    note: Option<&str>,
) -> Result<String, LiveError> {
    let missing = LiveError::Late("a conversation");
    let (Some(to), Some(desk)) = (stage.cast.consumers.get(consumer), stage.desks.get(business)) else {
        return Err(missing);
    };
    let Some(business) = stage.cast.businesses.get(business) else { return Err(missing) };
    let Some(node) = stage.nodes.iter().find(|node| node.child.name == business.node) else {
        return Err(missing);
    };
    let path = format!("/v23.0/{}/messages", business.phone_number_id);
    let mut body = serde_json::json!({
        "messaging_product": "whatsapp", "to": to.number.to_string(), "type": "text", "text": { "body": text },
    });
    if let (Some(note), Some(body)) = (note, body.as_object_mut()) {
        body.insert("biz_opaque_callback_data".into(), note.into());
    }
    let answer = desk.call(node.api, "POST", &path, &business.token, Some(&body))?;
    answer.message().ok_or(LiveError::Refused { status: answer.status })
}

/// While nothing has arrived: the nodes must have it, or the search is blind; nobody else may.
fn look_in_flight(stage: &Stage, views: &mut Views) -> Result<Vec<Relic>, LiveError> {
    let scanner = stage.scanner()?;
    let mut telling = Vec::new();
    for (party, child, dir) in stage.processes() {
        if party.principal() == Principal::Consumer {
            continue;
        }
        if !memory::dumps_no_memory(child.pid()) {
            views.broken("no core dump holds memory", format!("one of {} would", party.name()));
        }
        let view = format!("memory, {ALIVE}");
        let seen = views.search_memory(&scanner, &party, &view, child)?;
        views.search_files(&scanner, &party, &format!("files, {ALIVE}"), &dir)?;
        if party.name() != "node/0" {
            continue;
        }
        for what in ["text to the consumer", "text to the business", "callback data", "token"] {
            views.must_find(&seen, what);
        }
        // And whoever has the files can open rows now, or the attack is none.
        let content = stage.content_scanner()?;
        let files = store_files(&dir)?;
        let mut loot = Loot::default();
        loot.add(&files);
        telling = loot.telling(&files, &content);
        let with_keys = destruction::read_with_files(&telling, &files, &content);
        for what in ["text to the consumer", "text to the business"] {
            if !with_keys.iter().any(|finding| finding.canary.starts_with(what)) {
                views.broken("the search sees what is there", format!("the key file opens no {what}"));
            }
        }
    }
    Ok(telling)
}

/// Everything arrives, is read, and marked as read; and some calls that must fail.
fn deliver(stage: &Stage, held: &Held, views: &mut Views) -> Result<(), LiveError> {
    stage.desks.iter().for_each(|desk| desk.behave(Manners::Acknowledge));
    for consumer in &stage.consumers {
        consumer.thaw()?;
    }
    let desks = &stage.desks;
    until("all messages to be read", || {
        held.iter().all(|(at, name)| desks.get(*at).is_some_and(|desk| desk.knows(name, "read")))
    })?;
    for (business, desk) in stage.cast.businesses.iter().zip(&stage.desks) {
        let Some(node) = stage.nodes.iter().find(|node| node.child.name == business.node) else { continue };
        let path = format!("/v23.0/{}/messages", business.phone_number_id);
        for (wamid, _) in desk.heard().texts {
            let read = serde_json::json!({
                "messaging_product": "whatsapp", "status": "read", "message_id": wamid,
            });
            desk.call(node.api, "POST", &path, &business.token, Some(&read))?;
        }
        desk.call(node.api, "GET", &format!("/v23.0/{}", business.phone_number_id), &business.token, None)?;
        let nobody = desk.call(node.api, "GET", &path, "EAA-of-nobody", None)?;
        refused(views, nobody.status, "a token of nobody");
    }
    trespass(stage, views)
}

/// Each business asks for what is another's, with its own token. What it asked for it knew.
fn trespass(stage: &Stage, views: &mut Views) -> Result<(), LiveError> {
    let scanner = stage.scanner()?;
    for business in &stage.cast.businesses {
        let Some(node) = stage.nodes.iter().find(|node| node.child.name == business.node) else { continue };
        for other in stage.cast.businesses.iter().filter(|other| other.name != business.name) {
            let stranger = Desk::default();
            let number = format!("/v23.0/{}", other.phone_number_id);
            let messages = format!("{number}/messages");
            let read = serde_json::json!({
                "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.HBgA",
            });
            for (method, path, body) in [("GET", &number, None), ("POST", &messages, Some(&read))] {
                let answer = stranger.call(node.api, method, path, &business.token, body)?;
                refused(views, answer.status, "what is another's");
            }
            let party = Party::new(Principal::Business, business.name);
            let view = format!("answers about {}", other.name);
            let asked = format!("phone number id of {}", other.name);
            views.search_but(&scanner, &party, &view, &stranger.http.bytes(), &asked);
        }
    }
    Ok(())
}

fn refused(views: &mut Views, status: u16, what: &str) {
    if status < 400 {
        views.broken("tenants are strangers", format!("{what} was answered {status}"));
    }
}

/// When all has arrived: nothing of it is left, in memory or on disk, and no key that would open what was.
fn look_after(stage: &Stage, telling: &[Relic], views: &mut Views) -> Result<(), LiveError> {
    let content = stage.content_scanner()?;
    let scanner = stage.scanner()?;
    for (party, child, dir) in stage.processes() {
        // The third business's node has a message yet to expire.
        if party.principal() == Principal::Consumer || party.principal() == Principal::Onprem {
            continue;
        }
        gone(stage, &party, OVER, DELIVERED, (&content, &scanner), views)?;
        if party.name() == "node/0" {
            destroyed(telling, child, &dir, &content, DELIVERED, views)?;
        }
    }
    Ok(())
}

/// Waits until content is gone from memory and from what can be opened on disk; then looks at all.
fn gone(
    stage: &Stage,
    party: &Party,
    when: &str,
    promise: &'static str,
    (content, all): (&Scanner, &Scanner),
    views: &mut Views,
) -> Result<(), LiveError> {
    let processes = stage.processes();
    let Some((_, child, dir)) = processes.iter().find(|(other, ..)| other == party) else { return Ok(()) };
    let deadline = live::now() + GONE_WITHIN;
    loop {
        let mut left = 0;
        memory::read(child.name, child.pid(), |_, piece| left += content.stream().feed(piece).len())?;
        if left == 0 || live::now() > deadline {
            break;
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    let seen = views.search_memory(all, party, &format!("memory, {when}"), child)?;
    views.must_not_find(promise, &seen);
    let mut loot = Loot::default();
    let opened = loop {
        let files = store_files(dir)?;
        loot.add(&files);
        let opened = loot.read(&files, content);
        if opened.is_empty() || live::now() > deadline {
            break opened;
        }
        std::thread::sleep(Duration::from_millis(300));
    };
    for finding in opened {
        views.broken(promise, format!("keys of {} open a row: {finding}", party.name()));
    }
    views.search_files(all, party, &format!("files, {when}"), dir)?;
    Ok(())
}

/// Rows that told something are closed for good: with every key in the files, and in memory.
fn destroyed(
    telling: &[Relic],
    child: &super::child::Child,
    dir: &std::path::Path,
    content: &Scanner,
    promise: &'static str,
    views: &mut Views,
) -> Result<(), LiveError> {
    let deadline = live::now() + GONE_WITHIN;
    loop {
        let mut opened = destruction::read_with_files(telling, &store_files(dir)?, content);
        opened.extend(destruction::read_with_memory(telling, child, content)?);
        if opened.is_empty() {
            return Ok(());
        }
        if live::now() > deadline {
            for finding in opened {
                views.broken(promise, format!("a key is left that opens {finding}"));
            }
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// A phone that is gone for good, and a server that refuses. Gives the time at which what they should have had is
/// too old.
fn begin_to_expire(stage: &mut Stage) -> Result<Time, LiveError> {
    let (business, consumer) = EXPIRING;
    let (text, desk) = (stage.cast.expiring.clone(), stage.desks.get(business).cloned().unwrap_or_default());
    desk.behave(Manners::Refuse);
    let number = stage.cast.businesses.get(business).map(|business| business.number).unwrap_or_default();
    if let Some(consumer) = stage.consumers.get_mut(consumer) {
        consumer.say(&format!("{number} {text}"))?;
        until("a text to be refused", || desk.has_text(&text))?;
        consumer.kill_nine()?;
    }
    send(stage, business, consumer, &text, None)?;
    Ok(live::now() + Duration::from_secs(SHORT_RETENTION))
}

fn look_after_retention(stage: &Stage, views: &mut Views) -> Result<(), LiveError> {
    let (content, all) = (stage.content_scanner()?, stage.scanner()?);
    let party = Party::new(Principal::Onprem, "node/1");
    gone(stage, &party, EXPIRED, RETAINED, (&content, &all), views)
}

/// What each process counts.
fn scrape(stage: &Stage, views: &mut Views) -> Result<(), LiveError> {
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
fn look_at_consumers(stage: &Stage, views: &mut Views) -> Result<(), LiveError> {
    let scanner = stage.scanner()?;
    for (party, child, _) in stage.processes() {
        let alive = party.name() != super::cast::CONSUMERS[EXPIRING.1];
        if party.principal() == Principal::Consumer && alive {
            views.search_memory(&scanner, &party, "memory", child)?;
        }
    }
    Ok(())
}

/// Everybody stops; what was gathered on the way is searched for all that is known by now.
fn end(stage: &mut Stage, views: &mut Views) -> Result<(), LiveError> {
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
    let received = stage.frames.received.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
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
        let undeclared = |names: std::collections::BTreeSet<String>, declared: &[&str]| {
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
