//! An account is the unit of the relay (invariant 12): what concerns two is a message between them. With every endpoint
//! and every number alone in a shard with a disk of its own, nobody can reach across; and all that they get is what
//! they get of one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod person;
mod script;
mod town;

use kernel::{Machine as _, Op, Rng, Seed, Time, Transaction};
use person::assert_handed_once;
use privacy::Principal;
use privacy::surfaces::{Problem, Surfaces};
use relay::{Input, Output, Relay, Shard, Shards};
use script::{MAX_LETTERS, Script};
use std::collections::BTreeSet;
use std::num::NonZeroU32;
use store::Shadow;
use town::{Courier, Town};
use wire::{ConnectionId, LinkEvent, ToRelay};

const SEEDS: u64 = 12;

/// The power fails, letters are lost, repeated and late, connections break: in the end everybody has what was sent,
/// once and in order, and it is counted once. That is so in one shard, in three, and in as many as there are link keys
/// and numbers.
#[test]
fn an_account_is_the_unit_of_the_relay() {
    let mut failures = 0;
    for seed in 0..SEEDS {
        let script = Script::of(seed);
        for count in [NonZeroU32::MIN, NonZeroU32::new(3).unwrap(), script.apart()] {
            let mut town = Town::new(&script, count, Courier::Careless, seed);
            let fate = town.live().unwrap_or_else(|error| panic!("seed {seed}, {count} shards: {error}"));
            assert_eq!(fate, script.fate(), "seed {seed}, {count} shards");
            assert_eq!(town.left(), 0, "seed {seed}, {count} shards");
            assert_handed_once(town.people.iter());
            failures += town.failures;
        }
    }
    assert!(failures > 500, "the power failed {failures} times: it proves little that all was well");
}

/// The script is what everybody has to get; so what it doesn't find is not looked for.
#[test]
fn the_script_has_everything_in_it() {
    let fates: Vec<_> = (0..SEEDS).map(|seed| Script::of(seed).fate()).collect();
    let outcomes: BTreeSet<_> =
        fates.iter().flat_map(|fate| fate.receipts.values().flatten()).map(|o| *o as i32).collect();
    let directions: BTreeSet<_> =
        fates.iter().flat_map(|fate| fate.counted.keys()).map(|meter| meter.1).collect();
    assert_eq!((outcomes.len(), directions.len()), (3, 2));
    assert!(fates.iter().any(|fate| fate.received.values().any(|ids| ids.len() > 2)), "no order to keep");
}

fn goes_wrong(town: &mut Town<'_>) -> bool {
    let fate = town.live();
    fate.is_err() || fate.is_ok_and(|fate| fate != town.script.fate()) || town.left() > 0
}

/// A shard that does at home what is another's reaches across: it does not find what it is for.
#[test]
fn whoever_reaches_across_is_caught() {
    let script = Script::of(1);
    let count = script.apart();
    for who in script.people.iter().filter(|role| !role.absent) {
        let mut town = Town::new(&script, count, Courier::Careless, 1);
        town.proud = Some(Shards::new(Shard(0), count).unwrap().of_endpoint(who.key));
        assert!(goes_wrong(&mut town));
    }
}

/// Exactly once is what the queues are for: with couriers that break their promise, something is lost or there twice.
#[test]
fn letters_that_are_dropped_or_doubled_are_caught() {
    for courier in [Courier::Hasty, Courier::Copyist] {
        let wrong = |seed: &u64| {
            let script = Script::of(*seed);
            goes_wrong(&mut Town::new(&script, script.apart(), courier, *seed))
        };
        assert_eq!((0..4).filter(wrong).count(), 4, "{courier:?}");
    }
}

/// Neither what is for a number's shard that is away grows, nor what is for an endpoint's; and when it is back, nothing
/// was lost.
#[test]
fn what_waits_for_a_shard_that_is_away_does_not_pile_up() {
    let script = Script::to_one(100);
    let count = script.apart();
    let shards = Shards::new(Shard(0), count).unwrap();
    let recipient = &script.people[2];
    for away in [shards.of_number(recipient.numbers[0].number), shards.of_endpoint(recipient.key)] {
        let mut town = Town::new(&script, count, Courier::Careless, 1);
        town.register().unwrap();
        town.away = Some(away);
        for _ in 0..300 {
            town.round();
        }
        // What is taken last may cause one more than there is room for.
        let waiting = town.longest_queue();
        assert!((MAX_LETTERS..=MAX_LETTERS + 1).contains(&waiting), "{waiting} letters");
        town.away = None;
        assert_eq!(town.end().unwrap(), script.fate());
    }
}

/// A shard that was put back to an older copy, or emptied, lacks what the others have forgotten, and the others lack what
/// it has: they find out, and nothing that goes between them is swallowed.
#[test]
fn a_shard_of_another_past_is_found_out() {
    let script = Script::of(1);
    let count = NonZeroU32::new(2).unwrap();
    for (shard, is_empty) in [(Shard(0), false), (Shard(1), false), (Shard(0), true), (Shard(1), true)] {
        let mut town = Town::new(&script, count, Courier::Careless, 1);
        town.register().unwrap();
        let copy = if is_empty { Shadow::default() } else { town.copy(shard) };
        for _ in 0..3 {
            town.round();
        }
        assert_eq!(town.misfits, [], "as long as all goes well");
        town.put_back(shard, copy);
        for _ in 0..200 {
            town.round();
        }
        let found = town.misfits.iter().any(|(one, other)| one != other);
        assert!(found, "{shard:?} {is_empty}");
    }
}

/// A shard has rows of its own and no others: with another number of shards they would not be found, so they are refused.
#[test]
fn a_shard_refuses_the_rows_of_another() {
    let script = Script::of(1);
    let mut town = Town::new(&script, NonZeroU32::MIN, Courier::Careless, 1);
    town.register().unwrap();
    let rows = town.rows(Shard(0));
    for this in 0..7 {
        let shards = Shards::new(Shard(this), NonZeroU32::new(7).unwrap()).unwrap();
        let refused = Relay::restore(script.config(shards), rows.clone()).err().unwrap();
        assert!(refused.reason.contains("another shard"), "{refused}");
    }
}

/// Whoever comes to the wrong shard leaves nothing there: else it could not start again.
#[test]
fn an_endpoint_at_the_wrong_shard_is_sent_away() {
    let script = Script::of(1);
    let (who, connection) = (script.people[0].key, ConnectionId(1));
    let count = NonZeroU32::new(2).unwrap();
    let home = Shards::new(Shard(0), count).unwrap().of_endpoint(who);
    let mut rng = Rng::for_entity(&Seed::from_number(1), "shard");
    for this in [Shard(0), Shard(1)] {
        let config = script.config(Shards::new(this, count).unwrap());
        let mut shard = Relay::restore(config, Vec::new()).unwrap();
        let hello = ToRelay::Hello { delivered: wire::Position::default(), gateway: true };
        let mut happens = |event| shard.handle(Time::from_secs(1), Input::Link(event), &mut rng);
        let _ = happens(LinkEvent::Up { connection, peer: who });
        let effects = happens(LinkEvent::Frame { connection, frame: hello });
        let sent_away = effects.outputs == [Output::Close(connection)] && effects.transaction.is_empty();
        assert_eq!(sent_away, this != home);
    }
}

/// Every row of every table, those of letters too, is on the list of surfaces.
#[test]
fn every_row_of_a_shard_is_listed() {
    let surfaces = Surfaces::of_this_project().unwrap();
    let (mut tables, mut problems) = (BTreeSet::new(), Vec::new());
    for seed in 0..3 {
        let script = Script::of(seed);
        let mut town = Town::new(&script, script.apart(), Courier::Careless, seed);
        town.look = Box::new(|transaction| {
            for (table, key, value) in written(transaction) {
                tables.insert(table);
                let found = surfaces.check_row(Principal::Transport, table, key, value);
                problems.extend(found.iter().map(Problem::to_string));
            }
        });
        town.live().unwrap();
    }
    assert_eq!(problems, Vec::<String>::new());
    // Nobody in the town has what is too large for a message: tests/blobs.rs looks at that.
    tables.insert("blobs");
    assert_eq!(tables, Relay::TABLES.iter().map(|table| table.name()).collect());
}

fn written(transaction: &Transaction) -> impl Iterator<Item = (&'static str, &[u8], &[u8])> {
    transaction.ops().iter().filter_map(|op| match op {
        Op::Swap { table, key, value, .. } | Op::Append { table, key, value, .. } => {
            Some((table.name(), &key[..], &value[..]))
        }
        _ => None,
    })
}
