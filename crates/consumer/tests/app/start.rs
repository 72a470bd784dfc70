//! Starting, registering, and being online or not.

use crate::stage::{ALICE, BOB, START, Stage};
use consumer::{Consumer, Notice, Sent};
use endpoint::SendError;
use kernel::{Machine as _, Time};
use wire::ToRelay;

#[test]
fn a_new_app_wakes_at_once_makes_its_keys_and_shows_nothing() {
    let mut stage = Stage::asleep(|_| {});
    assert_eq!(stage.apps[ALICE].machine.wake_at(), Some(Time::EPOCH));
    assert!(stage.wake(ALICE));
    assert!(stage.rows(ALICE).iter().any(|row| row.table.name() == "accounts"));
    assert!(stage.apps[ALICE].seen.is_empty() && stage.apps[ALICE].said.is_empty());
    let next = stage.apps[ALICE].machine.wake_at().unwrap();
    let rotation = stage.apps[ALICE].config.policy.key_rotation;
    assert!(
        next >= START + rotation / 2 && next <= START + rotation,
        "and nothing to wait for but other keys"
    );
}

#[test]
fn waking_again_or_too_early_is_harmless() {
    let mut stage = Stage::new();
    assert!(!stage.wake(ALICE));
    stage.say(ALICE, BOB, "hello");
    let said = stage.apps[ALICE].said.len();
    assert!(!stage.wake(ALICE));
    assert_eq!(stage.apps[ALICE].said.len(), said);
}

#[test]
fn the_person_hears_once_that_the_relay_has_the_keys() {
    let mut stage = Stage::new();
    assert_eq!(stage.apps[ALICE].notices(), [Notice::Online, Notice::Registered]);
    stage.disconnect(ALICE);
    stage.connect(ALICE);
    stage.restart(ALICE);
    stage.connect(ALICE);
    let registered = stage.apps[ALICE].notices().into_iter().filter(|notice| *notice == Notice::Registered);
    assert_eq!(registered.count(), 1);
    assert_eq!(stage.apps[ALICE].count(|frame| matches!(frame, ToRelay::Publish(_))), 1);
}

#[test]
fn an_app_that_ended_before_it_registered_registers_with_the_same_keys() {
    let mut stage = Stage::asleep(|_| {});
    stage.wake(ALICE);
    let identity = |stage: &Stage| {
        let app = &stage.apps[ALICE];
        app.machine.endpoint().identity(app.config.address).unwrap()
    };
    let first = identity(&stage);
    stage.restart(ALICE);
    stage.connect(ALICE);
    assert_eq!(identity(&stage), first);
    assert!(stage.apps[ALICE].notices().contains(&Notice::Registered));
}

#[test]
fn being_online_and_offline_is_said_as_it_changes() {
    let mut stage = Stage::new();
    stage.disconnect(ALICE);
    stage.connect(ALICE);
    let told: Vec<_> = stage.apps[ALICE].notices();
    assert_eq!(told, [Notice::Online, Notice::Registered, Notice::Offline, Notice::Online]);
    assert!(stage.apps[ALICE].machine.endpoint().is_online());
}

#[test]
fn an_app_that_has_not_started_has_no_number_to_write_from() {
    let mut stage = Stage::asleep(|_| {});
    stage.say(ALICE, BOB, "too early");
    assert_eq!(stage.apps[ALICE].notices(), [Notice::NotSent(SendError::UnknownAccount)]);
    assert_eq!(stage.apps[ALICE].statuses(), []);
}

#[test]
fn what_was_written_offline_goes_out_later_and_through_restarts() {
    let mut stage = Stage::new();
    stage.disconnect(ALICE);
    stage.say(ALICE, BOB, "one");
    stage.say(ALICE, BOB, "two");
    assert_eq!(stage.apps[ALICE].statuses(), [Sent::Pending; 2]);
    stage.restart(ALICE);
    assert!(stage.apps[BOB].texts().is_empty());
    stage.connect(ALICE);
    assert_eq!(stage.apps[BOB].texts(), ["one", "two"], "in the order in which they were written");
    assert_eq!(stage.apps[ALICE].machine.endpoint().unconfirmed(), 0);
}

#[test]
fn what_the_recipient_never_gets_is_given_up_after_the_retention_period() {
    let mut stage = Stage::new();
    stage.disconnect(ALICE);
    stage.say(ALICE, BOB, "too late");
    let expires = START + stage.apps[ALICE].config.policy.retention;
    while stage.now < expires {
        assert_eq!(stage.apps[ALICE].statuses(), [Sent::Pending]);
        stage.now = stage.apps[ALICE].machine.wake_at().unwrap();
        stage.wake(ALICE);
    }
    assert_eq!(stage.now, expires);
    assert_eq!(stage.apps[ALICE].statuses(), [Sent::Pending, Sent::Failed(endpoint::Failure::Expired)]);
    assert!(stage.rows(ALICE).iter().all(|row| row.table.name() != "unconfirmed"));
    stage.connect(ALICE);
    assert!(stage.apps[BOB].texts().is_empty());
}

#[test]
fn a_row_that_is_not_an_apps_is_named_by_its_table_only() {
    let mut stage = Stage::new();
    stage.screens_on = false;
    stage.say(BOB, ALICE, "hello");
    for table in ["unshown", "accounts"] {
        let mut rows = stage.rows(ALICE);
        let row = rows.iter_mut().find(|row| row.table.name() == table).unwrap();
        row.value = vec![0xff; 7].into();
        let error = stage.restored(ALICE, rows).err().unwrap();
        assert_eq!(error.table, table);
        assert!(!error.to_string().contains("4915110000000"), "{error}");
    }
    assert!(Consumer::TABLES.iter().any(|table| table.name() == "shown"));
}
