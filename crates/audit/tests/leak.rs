//! What views of real parties tell, and what padding does about it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use audit::leak::{Answer, Observe, PADDINGS, Padding, Question, Row, Secret, ask, page, plots};
use privacy::Principal;
use privacy::leak::Settings;
use std::cell::Cell;
use std::num::NonZeroUsize;

fn question(secret: Secret, view: Principal, observe: Observe, paddings: &[Padding]) -> Question {
    Question {
        secret,
        views: vec![view, Principal::Operator],
        observe,
        paddings: paddings.to_vec(),
        consumers: 40,
        samples: 300,
        settings: Settings { permutations: 199, resamples: 50, ..Settings::default() },
        threads: NonZeroUsize::MIN,
    }
}

fn answers(secret: Secret, view: Principal, observe: Observe, paddings: &[Padding]) -> [Answer; 2] {
    let answers = ask(&question(secret, view, observe, paddings), &|_| {}).unwrap();
    answers.try_into().unwrap()
}

fn bits(row: &Row) -> f64 {
    row.estimate.information.bits
}

#[test]
fn buckets_hide_kinds_that_fit_one_and_no_padding_hides_least() {
    let [transport, operator] = answers(Secret::ShortKind, Principal::Transport, Observe::Size, &PADDINGS);
    let [none, pow2, bucket] = transport.rows.as_slice() else { panic!("a row for each padding") };
    assert!(bits(none) > bits(pow2) + 0.1 && bits(pow2) > 0.5, "{transport:?}");
    assert!(none.estimate.significant && pow2.estimate.significant);
    assert!(!bucket.estimate.significant && bits(bucket) < 0.02, "{bucket:?}");
    // No guesser does better than without looking, and without padding both do much better.
    let risk = |row: &Row| row.estimate.risk;
    assert!((risk(bucket).frequency - risk(bucket).prior).abs() < 0.05);
    assert!(risk(none).frequency.max(risk(none).nearest) < risk(none).prior / 2.0);
    // What that costs.
    assert!(none.cost.overhead_bytes == 0.0 && none.cost.bytes_per_message > 100.0);
    assert!(bucket.cost.bytes_per_message >= 256.0 && bucket.cost.overhead_percent > 20.0);
    assert!(pow2.cost.bytes_per_message < bucket.cost.bytes_per_message);
    // Statistics tell nothing at all.
    assert!(operator.rows.iter().all(|row| bits(row) == 0.0 && !row.estimate.significant));
    assert_eq!((operator.policy_told(), operator.rows[0].channel.is_none()), ("must not learn it", true));
}

#[test]
fn buckets_do_not_hide_kinds_that_need_another() {
    let [transport, _] = answers(Secret::TextKind, Principal::Transport, Observe::Size, &[Padding::Bucket]);
    let [bucket] = transport.rows.as_slice() else { panic!("a row") };
    assert!(bucket.estimate.significant && bits(bucket) > 0.3 && bits(bucket) < 0.8, "{bucket:?}");
    assert!(bucket.cost.overhead_bytes > 50.0, "costs are compared with no padding, asked for or not");
}

#[test]
fn the_way_from_the_consumer_is_padded_too() {
    let [network, _] =
        answers(Secret::ReplyChoice, Principal::Network, Observe::Size, &[Padding::None, Padding::Bucket]);
    assert!(bits(&network.rows[0]) > 0.2 && network.rows[0].estimate.significant);
    assert!(bits(&network.rows[1]) < 0.02 && !network.rows[1].estimate.significant, "{network:?}");
}

#[test]
fn no_padding_hides_when_somebody_is_there() {
    let [transport, _] = answers(Secret::Presence, Principal::Transport, Observe::Timing, &[Padding::Bucket]);
    let [bucket] = transport.rows.as_slice() else { panic!("a row") };
    assert!(bits(bucket) > 0.7 * bucket.estimate.secret_bits && bucket.estimate.risk.nearest < 0.05);
    assert_eq!(transport.policy_told(), "may learn it");
    let channel = bucket.channel.as_ref().unwrap();
    assert_eq!(
        channel.rows.iter().map(|(secret, _)| secret.as_str()).collect::<Vec<_>>(),
        ["offline", "online"]
    );
}

#[test]
fn a_receipt_shows_by_its_time_and_without_padding_by_its_size() {
    let [network, operator] =
        answers(Secret::Read, Principal::Network, Observe::Size, &[Padding::None, Padding::Bucket]);
    assert!(bits(&network.rows[0]) > bits(&network.rows[1]) + 0.1, "{network:?}");
    assert!(operator.rows.iter().all(|row| !row.estimate.significant));
    let [business, _] = answers(Secret::Read, Principal::Business, Observe::Timing, &[Padding::Bucket]);
    assert!(business.rows[0].estimate.risk.nearest < 0.01, "the business is told");
}

/// What is read from answers is all there: JSON, plots, a page.
#[test]
fn the_same_question_has_the_same_answer_and_it_can_be_drawn() {
    let ask_again = |threads: usize| {
        let two = [Padding::None, Padding::Bucket];
        let mut question = question(Secret::TextLength, Principal::Cloud, Observe::All, &two);
        question.threads = NonZeroUsize::new(threads).unwrap();
        question.samples = 200;
        let furthest = Cell::new(0.0_f64);
        let answers = ask(&question, &|progress| {
            assert!(progress.done >= furthest.get() && progress.done <= 1.0, "{progress:?}");
            furthest.set(progress.done);
        });
        assert!(furthest.get() > 0.5);
        answers.unwrap()
    };
    let answers = ask_again(1);
    let json = serde_json::to_value(&answers).unwrap();
    assert_eq!(json, serde_json::to_value(ask_again(2)).unwrap());
    assert_eq!((&json[0]["secret"], &json[0]["view"]), (&"text_length".into(), &"cloud".into()));
    let row = &json[0]["rows"][1];
    assert_eq!((&row["padding"], &row["samples"]), (&"bucket".into(), &200.into()));
    assert!(row["information"]["p_value"].as_f64().unwrap() < 0.01 && row["significant"] == true);

    let groups = plots(&answers);
    // Bits, bytes and two channels; of the operator bits and two channels of the dashboards.
    assert_eq!(groups.iter().map(Vec::len).collect::<Vec<_>>(), [4, 3]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("page.html");
    std::fs::write(&file, page(&answers, "test").to_html()).unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains("cloud may learn it; operator must not learn it."), "{text}");
    assert_eq!(text.matches("data-plot=").count(), 7);
}
