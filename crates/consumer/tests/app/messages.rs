//! Texts between people, what their senders hear of them, and what the app answers by itself.

use crate::stage::{ALICE, BOB, Stage, address, number};
use consumer::{Command, Input, Notice, Output, Refusal, Reply, Sent};
use endpoint::{Failure, SendError};
use wire::{BillingClass, EnvelopeKind, ToRelay};

#[test]
fn a_text_is_shown_and_its_sender_hears_how_far_it_came() {
    let mut stage = Stage::new();
    stage.say(ALICE, BOB, "hello");
    let [message] = stage.apps[BOB].messages()[..] else { panic!() };
    assert_eq!(
        (message.content.body.as_text(), message.from, message.sequence),
        (Some("hello"), address(ALICE), 1)
    );
    assert_eq!(stage.apps[ALICE].statuses(), [Sent::Pending, Sent::Accepted, Sent::Delivered, Sent::Read]);
    let about = stage.apps[ALICE].seen.iter().filter_map(|output| match output {
        Output::Status { message_id, .. } => Some(message_id),
        _ => None,
    });
    assert!(about.clone().count() == 4 && about.clone().all(|id| *id == message.content.message_id));
    assert_eq!(stage.apps[BOB].statuses(), [], "a read receipt is nobody's message");
}

#[test]
fn who_keeps_read_receipts_to_himself_is_delivered_to_and_no_more_is_told() {
    let mut stage = Stage::with(|config| config.habits.read_receipts = false);
    stage.say(ALICE, BOB, "hello");
    assert_eq!(stage.apps[BOB].texts(), ["hello"]);
    assert_eq!(stage.apps[ALICE].statuses(), [Sent::Pending, Sent::Accepted, Sent::Delivered]);
    assert_eq!(stage.apps[BOB].count(|frame| matches!(frame, ToRelay::Submit { .. })), 0);
}

#[test]
fn a_note_to_oneself_is_shown_and_nobody_else_learns_of_it() {
    let mut stage = Stage::with(|config| config.habits.reply = Reply::Echo);
    stage.apps[ALICE].said.clear();
    stage.screens_on = false;
    stage.say(ALICE, ALICE, "milk");
    assert_eq!(stage.apps[ALICE].statuses(), [Sent::Pending, Sent::Delivered]);
    stage.restart(ALICE);
    stage.shown(ALICE, 1);
    let [message] = &stage.apps[ALICE].messages()[..1] else { panic!() };
    assert_eq!((message.content.body.as_text(), message.from), (Some("milk"), address(ALICE)));
    assert!(stage.apps[ALICE].texts().iter().all(|text| *text == "milk"));
    assert_eq!(stage.apps[ALICE].statuses().last(), Some(&Sent::Read));
    assert_eq!(stage.apps[ALICE].count(|frame| matches!(frame, ToRelay::Submit { .. })), 0, "and no echo");
    assert_eq!(stage.apps[ALICE].machine.endpoint().unconfirmed(), 0);
    stage.say(ALICE, ALICE, &"x".repeat(70_000));
    assert!(matches!(stage.apps[ALICE].refusals()[..], [Refusal::Endpoint(SendError::TooLong(_))]));
}

#[test]
fn nobody_is_answered_before_the_person_has_seen_it() {
    let mut stage = Stage::with(|config| {
        if config.address == address(BOB) {
            config.habits.reply = Reply::Echo;
        }
    });
    stage.screens_on = false;
    stage.say(ALICE, BOB, "are you there?");
    assert_eq!(stage.apps[BOB].texts(), ["are you there?"]);
    assert!(stage.apps[ALICE].texts().is_empty());
    assert!(!stage.apps[ALICE].statuses().contains(&Sent::Read));
    stage.shown(BOB, 1);
    assert_eq!(stage.apps[ALICE].texts(), ["are you there?"]);
    assert!(stage.apps[ALICE].statuses().contains(&Sent::Read));
}

#[test]
fn the_app_answers_as_it_was_set_to() {
    for (reply, expected) in [
        (Reply::None, vec![]),
        (Reply::Echo, vec!["one", "two"]),
        (Reply::Text("I'm away".into()), vec!["I'm away", "I'm away"]),
    ] {
        let mut stage = Stage::with(|config| {
            if config.address == address(BOB) {
                config.habits.reply = reply.clone();
            }
        });
        stage.say(ALICE, BOB, "one");
        stage.say(ALICE, BOB, "two");
        assert_eq!(stage.apps[ALICE].texts(), expected);
        let read = stage.apps[ALICE].statuses().into_iter().filter(|sent| *sent == Sent::Read).count();
        assert_eq!(read, 2);
        let answered = stage.apps[BOB].statuses().into_iter().filter(|sent| *sent == Sent::Read).count();
        assert_eq!(answered, expected.len(), "an answer is a message like any");
    }
}

#[test]
fn what_a_consumer_sends_is_billed_as_service() {
    let mut stage = Stage::new();
    stage.say(ALICE, BOB, "hello");
    let envelopes = stage.apps.iter().flat_map(|app| &app.said).filter_map(|frame| match frame {
        ToRelay::Submit { envelope, .. } => Some((envelope.kind, envelope.billing_class)),
        _ => None,
    });
    assert_eq!(
        envelopes.collect::<Vec<_>>(),
        [(EnvelopeKind::Prekey, BillingClass::Service), (EnvelopeKind::Ratchet, BillingClass::Service)]
    );
}

#[test]
fn a_number_that_nobody_has_is_a_failure_and_not_a_wait() {
    let mut stage = Stage::new();
    stage.say(ALICE, 7, "anybody?");
    assert_eq!(stage.apps[ALICE].statuses(), [Sent::Pending, Sent::Failed(Failure::UnknownRecipient)]);
    assert_eq!(stage.apps[ALICE].machine.endpoint().unconfirmed(), 0);
}

#[test]
fn a_text_that_is_too_long_is_refused_and_nothing_is_kept_of_it() {
    let mut stage = Stage::new();
    let rows = stage.rows(ALICE).len();
    stage.say(ALICE, BOB, &"x".repeat(70_000));
    assert!(matches!(stage.apps[ALICE].refusals()[..], [Refusal::Endpoint(SendError::TooLong(_))]));
    assert_eq!(stage.apps[ALICE].statuses(), []);
    assert_eq!(stage.rows(ALICE).len(), rows);
}

#[test]
fn a_delivered_text_is_on_no_disk_of_its_sender() {
    let mut stage = Stage::new();
    stage.screens_on = false;
    stage.say(ALICE, BOB, "canary-5f3a");
    let holds = |stage: &mut Stage, person| {
        let rows = stage.rows(person);
        rows.iter().any(|row| row.value.windows(11).any(|window| window == b"canary-5f3a"))
    };
    assert!(!holds(&mut stage, ALICE));
    assert!(holds(&mut stage, BOB), "until it was seen");
    stage.shown(BOB, 1);
    assert!(!holds(&mut stage, BOB));
}

#[test]
fn nothing_of_a_message_is_in_debug_output() {
    let mut stage = Stage::new();
    stage.say(ALICE, BOB, "between us");
    let command = Input::Command(Command::say(number(BOB), "between us"));
    let shown = format!("{:?} {:?} {command:?}", stage.apps[ALICE].seen, stage.apps[BOB].seen);
    assert!(shown.contains("Shown(#1)") && shown.contains("Send(…)"), "{shown}");
    assert!(!shown.contains("between") && !shown.contains("49151100"), "{shown}");
}

#[test]
fn a_message_that_comes_again_in_another_envelope_is_shown_once() {
    let mut stage = Stage::new();
    stage.say(ALICE, BOB, "before");
    // Alice's app is put back to a moment at which the message had not left.
    stage.disconnect(ALICE);
    stage.say(ALICE, BOB, "once");
    let copy = stage.apps[ALICE].disk.clone();
    stage.connect(ALICE);
    assert_eq!(stage.apps[BOB].texts(), ["before", "once"]);
    stage.apps[ALICE].disk = copy;
    stage.restart(ALICE);
    stage.restart(BOB);
    stage.connect(BOB);
    stage.connect(ALICE);
    let told = |stage: &Stage, person: usize| {
        stage.apps[person].notices().iter().filter(|notice| **notice == Notice::StartedOver).count()
    };
    assert_eq!((told(&stage, ALICE), told(&stage, BOB)), (1, 0));
    stage.say(ALICE, BOB, "after");
    stage.say(BOB, ALICE, "readable");
    assert_eq!(stage.apps[BOB].texts(), ["before", "once", "after"]);
    assert_eq!(stage.apps[ALICE].texts(), ["readable"]);
    assert_eq!(stage.apps[ALICE].machine.endpoint().unconfirmed(), 0, "it has heard that it arrived");
}
