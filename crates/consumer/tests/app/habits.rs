//! What the person has set, also while the app runs, and reading where that is theirs to say.

use crate::stage::{ALICE, BOB, SHOP, Stage, address, number};
use consumer::{Command, Habits, Messages, Output, Reading, Reply, Sent};
use content::{Body, Content, MessageId};
use wire::ToRelay;

/// Bob says himself what he has read.
fn stage() -> Stage {
    let mut stage = Stage::with(|config| {
        if config.address == address(BOB) {
            config.habits.reading = Reading::WhenTold;
        }
    });
    stage.screens_on = true;
    stage
}

fn read(stage: &Stage) -> Vec<MessageId> {
    let read = stage.apps[ALICE].seen.iter().filter_map(|output| match output {
        Output::Status { message_id, sent: Sent::Read } => Some(message_id.clone()),
        _ => None,
    });
    read.collect()
}

fn shown(stage: &Stage) -> Vec<MessageId> {
    stage.apps[BOB].messages().iter().map(|message| message.content.message_id.clone()).collect()
}

#[test]
fn what_is_set_while_the_app_runs_holds_from_then_on() {
    let mut stage = Stage::new();
    stage.say(ALICE, BOB, "one");
    let name = Some("Bob".parse().unwrap());
    let reply = Reply::Text("I'm away".into());
    let habits = Habits { reply, read_receipts: false, name, reading: Reading::AtOnce };
    stage.command(BOB, Command::Change(habits.clone()));
    assert_eq!(*stage.apps[BOB].machine.habits(), habits);
    stage.say(ALICE, BOB, "two");
    assert_eq!(stage.apps[ALICE].texts(), ["I'm away"]);
    let context = &stage.apps[ALICE].messages()[0].content.context;
    assert_eq!(context.sender_name.as_ref().unwrap().as_str(), "Bob");
    assert_eq!(read(&stage).len(), 1, "of the first only");
}

#[test]
fn where_the_person_says_what_they_read_nobody_hears_it_before() {
    let mut stage = stage();
    for text in ["one", "two", "three"] {
        stage.say(ALICE, BOB, text);
    }
    assert_eq!(read(&stage), []);
    let ids = shown(&stage);
    stage.command(BOB, Command::Read(Messages::These(vec![ids[1].clone()])));
    assert_eq!(read(&stage), ids[1..2]);
    stage.restart(BOB);
    stage.connect(BOB);
    stage.command(BOB, Command::Read(Messages::All));
    assert_eq!(read(&stage), [ids[1].clone(), ids[0].clone(), ids[2].clone()]);
    let said = stage.apps[BOB].said.len();
    for again in [Messages::All, Messages::These(ids)] {
        stage.command(BOB, Command::Read(again));
    }
    assert_eq!(stage.apps[BOB].said.len(), said, "each once");
    assert!(stage.rows(BOB).iter().all(|row| row.table.name() != "unread"));
}

#[test]
fn what_was_read_without_receipts_is_read_and_nobody_hears() {
    let mut stage = stage();
    stage.say(ALICE, BOB, "one");
    let habits = |read_receipts| Habits { reading: Reading::WhenTold, read_receipts, ..Habits::default() };
    stage.command(BOB, Command::Change(habits(false)));
    stage.command(BOB, Command::Read(Messages::All));
    stage.command(BOB, Command::Change(habits(true)));
    stage.command(BOB, Command::Read(Messages::All));
    assert_eq!(read(&stage), []);
}

#[test]
fn a_receipt_of_many_is_as_long_as_any_short_message() {
    let mut stage = stage();
    for count in 0..20 {
        let id = MessageId::from_random(&[count; 10]);
        stage.shop_sends(BOB, &Content::new(id, 1_790_000_000, Body::text("x")));
    }
    let lengths = |stage: &mut Stage, command: Command| {
        let before = stage.apps[BOB].said.len();
        stage.command(BOB, command);
        let submitted = stage.apps[BOB].said[before..].iter().filter_map(|frame| match frame {
            ToRelay::Submit { envelope, .. } => Some(envelope.ciphertext.len()),
            _ => None,
        });
        submitted.collect::<Vec<_>>()
    };
    let text = lengths(&mut stage, Command::say(number(SHOP), "yes"));
    let receipts = lengths(&mut stage, Command::Read(Messages::All));
    assert_eq!(receipts, [text[0]; 3]);
}

/// Whoever may write may write much, and the person need never read it.
#[test]
fn of_more_than_a_thousand_unread_messages_the_oldest_are_let_go() {
    let mut stage = stage();
    for count in 0..1003_u32 {
        let id = MessageId::from_random(&count.to_be_bytes());
        stage.shop_sends(BOB, &Content::new(id, 1_790_000_000, Body::text("x")));
    }
    assert_eq!(stage.rows(BOB).iter().filter(|row| row.table.name() == "unread").count(), 1000);
    stage.command(BOB, Command::Read(Messages::All));
    let read = stage.shop_heard().iter().flat_map(|content| match &content.body {
        Body::Read(ids) => ids.clone(),
        _ => Vec::new(),
    });
    let read: Vec<_> = read.collect();
    assert_eq!((read.len(), &read[0]), (1000, &MessageId::from_random(&3_u32.to_be_bytes())));
}
