//! Crashes in the middle of deletions: images of a node's store at random moments, opened again, and real
//! `kill -9`. Whatever was deleted before is gone.

use super::business::{Desk, until};
use super::cast::MANY;
use super::destruction::{Loot, key_file, read_with_files, read_with_memory, store_files};
use super::stage::Stage;
use super::views::Views;
use super::{LiveError, files};
use kernel::{Rng, Table, Transaction};
use privacy::{Canary, DataClass, Scanner};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::forensics::{self, Relic};
use store::{Options, Store};

/// A row of the audit's own, to make a store write so much that it compacts.
const VOLUME: Table = Table::state("audit");
const VOLUME_BYTES: usize = 256 << 10;

/// So many rows are tried with every window: of the key file after each crash, of files and memory in the end. All of
/// them are tried with the key that they name.
const TRIED_WITH_ALL: usize = 8;

/// How many points, and of what kind.
pub(super) struct Plan {
    /// Moments at which a node is frozen and its files are copied.
    pub(super) images: u32,
    /// Real kills, of node and relay in turn.
    pub(super) kills: u32,
}

/// The files of a node as a crash would leave them, and what was deleted before.
struct Image {
    dir: PathBuf,
    gone: BTreeSet<usize>,
}

/// Messages one after the other, for as long as crashes are wanted.
struct Sending {
    stop: Arc<AtomicBool>,
    /// The names of messages, by number.
    names: Arc<Mutex<Vec<(usize, String)>>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Crashes everything at random while messages are sent and deleted. Gives the number of points tried.
pub(super) fn run(stage: &mut Stage, plan: &Plan, views: &mut Views) -> Result<u32, LiveError> {
    let seed = live::entropy().map_err(LiveError::Entropy)?;
    let mut rng = Rng::for_entity(&seed, "crashes");
    let (business, _) = MANY;
    let desk = stage.desks.get(business).cloned().unwrap_or_default();
    let sending = Sending::start(stage, desk.clone())?;
    let node_dir = stage.dir.join("node/0");

    until("messages to flow", || sending.delivered(&desk).len() >= 3)?;
    let mut images = Vec::new();
    for index in 0..plan.images {
        std::thread::sleep(Duration::from_millis(5 + u64::from(rng.bytes::<1>()[0]) / 4));
        // Known before the moment of the crash, so deleted before it.
        let gone = sending.delivered(&desk);
        let dir = stage.dir.join(format!("images/{index}"));
        let node = stage.nodes.first().ok_or(LiveError::Late("a node"))?;
        node.child.freeze()?;
        let copied = files::copy(&node_dir.join("store"), &dir.join("store"));
        node.child.thaw()?;
        copied?;
        images.push(Image { dir, gone });
    }
    for kill in 0..plan.kills {
        std::thread::sleep(Duration::from_millis(50 + u64::from(rng.bytes::<1>()[0])));
        if kill % 2 == 0 {
            kill_node(stage, kill, views)?;
        } else {
            kill_relay(stage, kill, views)?;
        }
    }
    sending.finish(&desk)?;
    let all_gone = sending.delivered(&desk);
    if all_gone.len() < 3 {
        views.broken("the search sees what is there", "hardly a message was delivered between the crashes");
    }

    let mut told = Told::new(&stage.cast.many)?;
    // What any image holds is what the disk held at some time.
    for image in &images {
        told.add(&store_files(&image.dir)?);
    }
    let deleted = images.iter().map(|image| told.of(&image.gone).len()).sum::<usize>();
    if plan.images > 0 && deleted == 0 {
        views.broken("the search sees what is there", "no row of a deleted message was in any crash's files");
    }
    for image in &images {
        reopen(&image.dir)?;
        for number in told.opened(&store_files(&image.dir)?, &image.gone) {
            let crash = image.dir.file_name().unwrap_or_default().to_string_lossy();
            let detail = format!("message {number}, deleted before crash {crash}, can be opened after it");
            views.broken("deletion is destruction, whenever the process dies", detail);
        }
    }
    // And where the real process went on: with every key in its files and in its memory.
    let gone = until("the keys of deleted rows to be destroyed", || {
        store_files(&node_dir).is_ok_and(|files| told.opened(&files, &all_gone).is_empty())
    });
    if gone.is_err() {
        views.broken("deletion is destruction", "deleted messages of node/0 can be opened long after");
    }
    if let Some(node) = stage.nodes.first() {
        let content = stage.content_scanner()?;
        let some = told.some(&all_gone);
        let mut opened = read_with_memory(&some, &node.child, &content)?;
        opened.extend(read_with_files(&some, &store_files(&node_dir)?, &content));
        for finding in opened {
            views.broken("deletion is destruction", format!("a key of node/0 opens {finding}"));
        }
    }
    compacted(stage, &images, views)?;
    Ok(plan.images + plan.kills)
}

/// Opens a store as the program would after a crash, and closes it.
fn reopen(dir: &Path) -> Result<(), LiveError> {
    Store::open(&dir.join("store"), Options::default())?.close();
    Ok(())
}

/// `kill -9` of the node, a look at what is left, and a new start.
fn kill_node(stage: &mut Stage, kill: u32, views: &mut Views) -> Result<(), LiveError> {
    let Some(node) = stage.nodes.first_mut() else { return Ok(()) };
    node.child.kill_nine()?;
    look_at_the_dead(stage, "node/0", kill, views)?;
    let Some(node) = stage.nodes.first_mut() else { return Ok(()) };
    node.child.restart()?;
    node.child.wait_for("its address again", |line| line.get("base_url").is_some()).map(drop)
}

/// And of the relay. Its endpoints notice after some seconds.
pub(super) fn kill_relay(stage: &mut Stage, kill: u32, views: &mut Views) -> Result<(), LiveError> {
    stage.relay.kill_nine()?;
    look_at_the_dead(stage, "relay/0", kill, views)?;
    stage.relay.restart()?;
    stage.relay.wait_for("its address again", |line| line.get("relay").is_some()).map(drop)
}

fn look_at_the_dead(stage: &Stage, victim: &str, kill: u32, views: &mut Views) -> Result<(), LiveError> {
    let scanner = stage.scanner()?;
    match stage.processes().into_iter().find(|(party, ..)| party.name() == victim) {
        Some((party, _, dir)) => {
            let view = format!("files after kill -9, number {}", kill + 1);
            views.search_files(&scanner, &party, &view, &dir).map(drop)
        }
        None => Ok(()),
    }
}

/// Writes so much to a copy of the node's store that its files are compacted, and looks at them.
fn compacted(stage: &Stage, images: &[Image], views: &mut Views) -> Result<(), LiveError> {
    let Some(image) = images.last() else { return Ok(()) };
    let small = Options { write_buffer_bytes: 64 << 10, ..Options::default() };
    let store = Store::open(&image.dir.join("store"), small)?;
    let party = store.partition("audit");
    for revision in 0..12 {
        let mut transaction = Transaction::default();
        transaction.swap(VOLUME, "volume", revision, vec![0x5a; VOLUME_BYTES]);
        party.commit(transaction).wait()?;
    }
    store.close();
    let scanner = stage.scanner()?;
    if let Some((party, ..)) = stage.processes().into_iter().find(|(party, ..)| party.name() == "node/0") {
        views.search_files(&scanner, &party, "files after compaction", &image.dir)?;
    }
    Ok(())
}

/// Sealed rows that once could be opened, and which message each holds.
struct Told {
    many: Scanner,
    rows: BTreeMap<Relic, usize>,
    /// All rows that were tried.
    seen: BTreeSet<Relic>,
}

impl Told {
    fn new(many: &str) -> Result<Self, LiveError> {
        let many = Scanner::new([Canary::new("many", DataClass::Content, many)])?;
        Ok(Self { many, rows: BTreeMap::new(), seen: BTreeSet::new() })
    }

    /// Takes all rows that can be opened with the keys that are there.
    fn add(&mut self, files: &[(PathBuf, Vec<u8>)]) {
        let new = self.new_in(files);
        for (relic, plain) in new.open(files) {
            self.rows.extend(self.number_in(&plain).map(|number| (relic, number)));
        }
        // What no key opens now, none will: keys are made for new rows only.
        self.seen.extend(new.into_relics());
    }

    /// Rows in `files` that were not seen before: most rows are in one image after the other.
    fn new_in(&self, files: &[(PathBuf, Vec<u8>)]) -> Loot {
        let mut loot = Loot::default();
        loot.add(files);
        loot.retain(|relic| !self.seen.contains(relic));
        loot
    }

    /// The rows of some messages.
    fn of(&self, messages: &BTreeSet<usize>) -> Vec<Relic> {
        let rows = self.rows.iter().filter(|(_, number)| messages.contains(number));
        rows.map(|(relic, _)| relic.clone()).collect()
    }

    /// A few of them, from the first to the last.
    fn some(&self, messages: &BTreeSet<usize>) -> Vec<Relic> {
        let rows = self.of(messages);
        let step = rows.len().div_ceil(TRIED_WITH_ALL).max(1);
        rows.into_iter().step_by(step).collect()
    }

    /// Which of the messages can be opened: each row with the key that it names, and some with every other.
    fn opened(&self, files: &[(PathBuf, Vec<u8>)], messages: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut loot = self.new_in(files);
        loot.extend(&self.of(messages));
        let named = loot.open(files).into_iter().map(|(_, plain)| plain);
        let some = self.some(messages);
        let tried = forensics::opened(key_file(files), 8, &some);
        let opened = named.chain(tried).filter_map(|plain| self.number_in(&plain));
        opened.filter(|number| messages.contains(number)).collect()
    }

    /// Which of the many messages this is.
    fn number_in(&self, plain: &[u8]) -> Option<usize> {
        let found = self.many.stream().feed(plain);
        let at = usize::try_from(found.first()?.offset).ok()?;
        let digits = plain.get(at..)?.split(|byte| *byte == b'-').nth(1)?.get(..5)?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }
}

impl Sending {
    fn start(stage: &Stage, desk: Desk) -> Result<Self, LiveError> {
        let (business, consumer) = MANY;
        let missing = LiveError::Late("a conversation");
        let (Some(business), Some(consumer), Some(node)) =
            (stage.cast.businesses.get(business), stage.cast.consumers.get(consumer), stage.nodes.first())
        else {
            return Err(missing);
        };
        let path = format!("/v23.0/{}/messages", business.phone_number_id);
        let (token, many, to) = (business.token.clone(), stage.cast.many.clone(), consumer.number);
        let (stop, names) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (stopped, named, api): (_, _, SocketAddr) = (Arc::clone(&stop), Arc::clone(&names), node.api);
        let thread = std::thread::spawn(move || {
            for number in 0..99_999 {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let body = serde_json::json!({
                    "messaging_product": "whatsapp", "to": to.to_string(), "type": "text",
                    "text": { "body": format!("{many}-{number:05}") },
                });
                // While the node is dead nobody answers; whether the message was taken is not known then.
                match desk
                    .call(api, "POST", &path, &token, Some(&body))
                    .ok()
                    .and_then(|answer| answer.message())
                {
                    Some(name) => {
                        named.lock().unwrap_or_else(PoisonError::into_inner).push((number, name));
                    }
                    None => std::thread::sleep(Duration::from_millis(20)),
                }
            }
        });
        Ok(Self { stop, names, thread: Some(thread) })
    }

    /// The numbers of messages that the business heard were delivered: the node deleted what they say before it
    /// told.
    fn delivered(&self, desk: &Desk) -> BTreeSet<usize> {
        let heard = desk.heard();
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let delivered = |name: &String| heard.statuses.contains(&(name.clone(), "delivered".to_owned()));
        names.iter().filter(|(_, name)| delivered(name)).map(|(number, _)| *number).collect()
    }

    /// No more messages; waits until all have been seen.
    fn finish(&self, desk: &Desk) -> Result<(), LiveError> {
        self.stop.store(true, Ordering::SeqCst);
        until("all messages to be read", || {
            let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            names.iter().all(|(_, name)| desk.knows(name, "read"))
        })
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
