//! What is over: whether anything of it is left, in memory or on disk.

use super::LiveError;
use super::child::Child;
use super::destruction::{self, Loot, store_files};
use super::memory;
use super::stage::Stage;
use super::views::Views;
use privacy::{Party, Principal, Scanner};
use std::path::Path;
use std::time::Duration;
use store::forensics::Relic;

/// How long it may take until nothing of a delivered message is left: what is closed is freed and keys live for a
/// second, on a machine that does other things too.
const GONE_WITHIN: Duration = Duration::from_secs(12);

const OVER: &str = "after delivery";
const EXPIRED: &str = "after retention";

const DELIVERED: &str = "what was delivered is destroyed";
const RETAINED: &str = "what is older than the retention period is destroyed";

/// When all has arrived: nothing of it is left, in memory or on disk, and no key that would open what was.
pub(super) fn look_after(stage: &Stage, telling: &[Relic], views: &mut Views) -> Result<(), LiveError> {
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
    child: &Child,
    dir: &Path,
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

/// When everything has been said and read, and processes have died and come back.
pub(super) fn look_at_the_end(stage: &Stage, views: &mut Views) -> Result<(), LiveError> {
    let (content, all) = (stage.content_scanner()?, stage.scanner()?);
    let parties = stage.processes().into_iter().map(|(party, ..)| party);
    for party in parties.filter(|party| party.principal() != Principal::Consumer) {
        gone(stage, &party, "at the end", DELIVERED, (&content, &all), views)?;
    }
    Ok(())
}

/// And what was never delivered, and is too old.
pub(super) fn look_after_retention(stage: &Stage, views: &mut Views) -> Result<(), LiveError> {
    let (content, all) = (stage.content_scanner()?, stage.scanner()?);
    let party = Party::new(Principal::Onprem, "node/1");
    gone(stage, &party, EXPIRED, RETAINED, (&content, &all), views)
}
