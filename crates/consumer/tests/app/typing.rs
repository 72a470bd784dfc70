//! That somebody is writing: shown for a while, and kept by nobody.

use crate::stage::{ALICE, BOB, SHOP, START, Stage, number};
use consumer::{Command, Output};
use content::{Body, Content, MessageId};
use kernel::Machine as _;
use std::time::Duration;
use wire::ToRelay;

fn typing(stage: &Stage, person: usize) -> Vec<bool> {
    let typing = stage.apps[person].seen.iter().filter_map(|output| match output {
        Output::Typing { typing, .. } => Some(*typing),
        _ => None,
    });
    typing.collect()
}

fn types(stage: &mut Stage) {
    stage.command(ALICE, Command::Typing { to: number(BOB) });
}

#[test]
fn that_somebody_is_writing_is_shown_for_25_seconds() {
    let mut stage = Stage::new();
    types(&mut stage);
    assert_eq!(typing(&stage, BOB), [true]);
    assert_eq!(stage.apps[BOB].machine.wake_at(), Some(START + Duration::from_secs(25)));
    stage.now = START + Duration::from_secs(24);
    stage.wake(BOB);
    assert_eq!(typing(&stage, BOB), [true]);
    stage.now = START + Duration::from_secs(25);
    stage.wake(BOB);
    assert_eq!(typing(&stage, BOB), [true, false]);
    assert!(stage.apps[BOB].machine.wake_at().unwrap() > START + Duration::from_secs(3600));
}

#[test]
fn whoever_goes_on_writing_is_shown_on_and_said_once() {
    let mut stage = Stage::new();
    types(&mut stage);
    stage.now = START + Duration::from_secs(20);
    types(&mut stage);
    stage.now = START + Duration::from_secs(26);
    stage.wake(BOB);
    assert_eq!(typing(&stage, BOB), [true]);
}

#[test]
fn their_next_message_ends_it_and_that_of_others_does_not() {
    let mut stage = Stage::new();
    types(&mut stage);
    let other = Content::new(MessageId::from_random(&[1]), START.as_secs(), Body::text("x"));
    stage.shop_sends(BOB, &other);
    assert_eq!(typing(&stage, BOB), [true]);
    stage.say(ALICE, BOB, "here it is");
    assert_eq!(typing(&stage, BOB), [true, false]);
}

#[test]
fn what_was_being_written_while_the_app_was_away_is_not_shown() {
    let mut stage = Stage::new();
    stage.disconnect(BOB);
    types(&mut stage);
    stage.now = START + Duration::from_secs(60);
    stage.connect(BOB);
    assert_eq!(typing(&stage, BOB), []);
}

#[test]
fn writing_is_followed_by_nobody_kept_by_nobody_and_as_long_as_a_short_text() {
    let mut stage = Stage::new();
    stage.say(ALICE, BOB, "yes");
    let (statuses, rows) = (stage.apps[ALICE].statuses(), stage.rows(BOB).len());
    types(&mut stage);
    assert_eq!((stage.apps[ALICE].statuses(), stage.rows(BOB).len()), (statuses, rows));
    assert!(stage.apps[ALICE].refusals().is_empty());
    let lengths = stage.apps[ALICE].said.iter().filter_map(|frame| match frame {
        ToRelay::Submit { envelope, .. } => Some(envelope.ciphertext.len()),
        _ => None,
    });
    let lengths: Vec<_> = lengths.collect();
    assert!(lengths.len() == 2 && lengths[0] >= lengths[1], "{lengths:?}");
    stage.command(ALICE, Command::Typing { to: number(ALICE) });
    stage.command(ALICE, Command::Typing { to: number(SHOP) });
    assert!(stage.apps[ALICE].refusals().is_empty(), "nor does anybody hear that nobody is there");
}
