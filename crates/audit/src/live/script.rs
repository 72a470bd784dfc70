//! What happens, and when it is looked at.

use super::business::{Manners, until};
use super::cast::EXPIRING;
use super::crash::{self, Plan};
use super::destruction::{self, Loot, store_files};
use super::stage::{SHORT_RETENTION, Stage};
use super::texts::send;
use super::trespass::{refused, trespass};
use super::views::Views;
use super::{LiveError, LiveOptions, LiveOutcome, gathered, memory, named, over};
use crate::looked::NAMED;
use kernel::Time;
use privacy::Principal;
use std::time::Duration;
use store::forensics::Relic;

const ALIVE: &str = "messages in flight";

/// Runs the program and looks at everything.
///
/// # Errors
/// Something could not be checked: nothing is known then.
pub fn run(options: &LiveOptions) -> Result<LiveOutcome, LiveError> {
    let mut clock = Clock { last: live::now(), phases: Vec::new() };
    let mut views = Views::default();
    destruction::control(&options.dir, &mut views)?;
    let named::Looked { traced, walked } = named::look(options, &mut views)?;
    clock.lap("walk over every route, look at names");
    let mut stage = Stage::start(options, None)?;
    clock.lap("start");
    let held = speak(&mut stage)?;
    clock.lap("speak");
    let telling = look_in_flight(&stage, &mut views)?;
    clock.lap("look while messages are in flight");
    deliver(&stage, &held, &mut views)?;
    clock.lap("deliver");
    let expires = begin_to_expire(&mut stage)?;
    over::look_after(&stage, &telling, &mut views)?;
    clock.lap("look after delivery");
    crash::kill_relay(&mut stage, 0, &mut views)?;
    std::thread::sleep(expires.since(live::now()));
    over::look_after_retention(&stage, &mut views)?;
    clock.lap("look after retention");
    let plan = if options.quick { Plan { images: 4, kills: 1 } } else { Plan { images: 50, kills: 4 } };
    let crash_points = 1 + crash::run(&mut stage, &plan, &mut views)?;
    clock.lap("crash");
    gathered::scrape(&stage, &mut views)?;
    if !options.quick {
        over::look_at_the_end(&stage, &mut views)?;
        gathered::look_at_consumers(&stage, &mut views)?;
    }
    gathered::end(&mut stage, &mut views)?;
    clock.lap("search what was gathered");
    gathered::report(&stage, &mut views)?;
    let (canaries, Views { searched, broken, logs, metrics }) = (stage.canaries(), views);
    let not_looked_at = if traced { Vec::new() } else { vec![NAMED] };
    let phases = clock.phases;
    Ok(LiveOutcome { canaries, searched, broken, logs, metrics, crash_points, phases, walked, not_looked_at })
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
    let submissions = || stage.frames.ids().submissions;
    let (mut held, before) = (Held::new(), submissions());
    for talk in &stage.cast.conversations {
        let name = send(stage, talk.business, talk.consumer, &talk.down, Some(&talk.note))?;
        held.push((talk.business, name));
    }
    // No webhook says so: in each conversation the text that is not acknowledged comes first.
    let sent = held.len() as u64;
    until("all messages to be submitted to the relay", || submissions() >= before + sent)?;
    Ok(held)
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
        if loot.reuses_a_nonce() {
            views.broken("no nonce is used twice", format!("two rows of {} are sealed alike", party.name()));
        }
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
