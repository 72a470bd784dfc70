//! What was shown, what was not, and that every message is seen once whatever ends the app in between.

use crate::stage::{ALICE, BOB, Stage};
use consumer::{Reply, Sent};

fn sequences(stage: &Stage) -> Vec<u64> {
    stage.apps[BOB].messages().into_iter().map(|message| message.sequence).collect()
}

#[test]
fn what_the_screen_has_not_confirmed_is_shown_again_after_a_restart() {
    let mut stage = Stage::new();
    stage.screens_on = false;
    for text in ["one", "two", "three"] {
        stage.say(ALICE, BOB, text);
    }
    stage.shown(BOB, 1);
    stage.restart(BOB);
    assert_eq!(stage.apps[BOB].texts(), ["one", "two", "three", "two", "three"]);
    assert_eq!(sequences(&stage), [1, 2, 3, 2, 3], "under the number that it had");
}

#[test]
fn what_the_screen_has_confirmed_is_never_shown_again() {
    let mut stage = Stage::new();
    stage.say(ALICE, BOB, "one");
    stage.restart(BOB);
    stage.connect(BOB);
    stage.restart(BOB);
    assert_eq!(stage.apps[BOB].texts(), ["one"]);
}

#[test]
fn one_confirmation_covers_all_up_to_it() {
    let mut stage = Stage::new();
    stage.screens_on = false;
    for text in ["one", "two", "three"] {
        stage.say(ALICE, BOB, text);
    }
    stage.shown(BOB, 2);
    let read =
        |stage: &Stage| stage.apps[ALICE].statuses().into_iter().filter(|sent| *sent == Sent::Read).count();
    assert_eq!(read(&stage), 2);
    stage.shown(BOB, 3);
    assert_eq!(read(&stage), 3);
}

#[test]
fn a_confirmation_that_comes_twice_or_late_changes_nothing() {
    let mut stage = Stage::with(|config| config.habits.reply = Reply::None);
    stage.screens_on = false;
    stage.say(ALICE, BOB, "one");
    stage.say(ALICE, BOB, "two");
    assert!(stage.shown(BOB, 2));
    for through in [2, 1, 0] {
        assert!(!stage.shown(BOB, through), "{through}");
    }
    let read = stage.apps[ALICE].statuses().into_iter().filter(|sent| *sent == Sent::Read).count();
    assert_eq!(read, 2);
}

#[test]
fn a_confirmation_of_what_never_came_confirms_what_did() {
    let mut stage = Stage::new();
    stage.screens_on = false;
    assert!(!stage.shown(BOB, 40), "nothing has come yet");
    stage.say(ALICE, BOB, "one");
    stage.shown(BOB, u64::MAX);
    stage.say(ALICE, BOB, "two");
    assert_eq!(sequences(&stage), [1, 2], "and the next one has the next number");
    stage.restart(BOB);
    assert_eq!(stage.apps[BOB].texts(), ["one", "two", "two"]);
}

#[test]
fn numbers_go_on_after_a_restart_even_if_nothing_is_left_to_show() {
    let mut stage = Stage::new();
    stage.say(ALICE, BOB, "one");
    stage.say(ALICE, BOB, "two");
    stage.restart(BOB);
    stage.connect(BOB);
    stage.say(ALICE, BOB, "three");
    assert_eq!(sequences(&stage), [1, 2, 3]);
}

#[test]
fn a_receipt_and_an_answer_survive_the_app_that_owed_them() {
    let mut stage = Stage::with(|config| config.habits.reply = Reply::None);
    stage.apps[BOB].config.habits.reply = Reply::Echo;
    stage.restart(BOB);
    stage.connect(BOB);
    stage.screens_on = false;
    stage.say(ALICE, BOB, "hello");
    stage.disconnect(BOB);
    // Seen while there is no connection; the app ends before there is one.
    stage.shown(BOB, 1);
    stage.restart(BOB);
    assert!(!stage.apps[ALICE].statuses().contains(&Sent::Read));
    stage.connect(BOB);
    assert!(stage.apps[ALICE].statuses().contains(&Sent::Read));
    assert_eq!(stage.apps[ALICE].texts(), ["hello"]);
}

#[test]
fn an_app_that_restarts_within_a_conversation_goes_on_in_it() {
    let mut stage = Stage::new();
    for round in 0..6 {
        let (from, to) = if round % 2 == 0 { (ALICE, BOB) } else { (BOB, ALICE) };
        stage.say(from, to, &format!("round {round}"));
        stage.restart(to);
        stage.connect(to);
    }
    assert_eq!(stage.apps[BOB].texts(), ["round 0", "round 2", "round 4"]);
    assert_eq!(stage.apps[ALICE].texts(), ["round 1", "round 3", "round 5"]);
    assert!(stage.apps.iter().all(|app| app.machine.endpoint().sessions() == 1));
}
