//! Crashes in the middle of deletions: images of a node's store at random moments, opened again, and real
//! `kill -9`. Whatever was deleted before is gone.

use super::business::until;
use super::cast::MANY;
use super::destruction::{read_with_files, read_with_memory, store_files};
use super::sending::Sending;
use super::stage::Stage;
use super::told::Told;
use super::views::Views;
use super::{LiveError, files};
use kernel::{Rng, Table, Transaction};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;
use store::{Options, Store};

/// A row of the audit's own, to make a store write so much that it compacts.
const VOLUME: Table = Table::state("audit");
const VOLUME_BYTES: usize = 256 << 10;

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
    let mut open_before = 0;
    for image in &images {
        // A key lives a little longer than its rows: what was deleted a moment before can still be opened here, or the
        // search would prove nothing.
        open_before += told.opened(&store_files(&image.dir)?, &image.gone).len();
        reopen(&image.dir)?;
        for number in told.opened(&store_files(&image.dir)?, &image.gone) {
            let crash = image.dir.file_name().unwrap_or_default().to_string_lossy();
            let detail = format!("message {number}, deleted before crash {crash}, can be opened after it");
            views.broken("deletion is destruction, whenever the process dies", detail);
        }
    }
    if open_before == 0 {
        views.broken(
            "the search sees what is there",
            "nothing that was deleted before a crash could be opened",
        );
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

/// And of the relay.
pub(super) fn kill_relay(stage: &mut Stage, kill: u32, views: &mut Views) -> Result<(), LiveError> {
    stage.relay.kill_nine()?;
    look_at_the_dead(stage, "relay/0", kill, views)?;
    stage.relay.restart()?;
    stage.relay.wait_for("its address again", |line| line.get("relay").is_some())?;
    stage.frames.hang_up();
    Ok(())
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
