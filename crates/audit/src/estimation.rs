//! By estimation: what sizes and times tell, in bits, as both ends pad by default.

use crate::leak::{Answer, LeakError, Observe, Padding, Question, Secret, VIEWS, ask};
use crate::matrix::{Bits, Leak, Matrix};
use privacy::leak::Settings;
use privacy::{Cell, Principal};
use serde::Serialize;
use std::num::NonZeroUsize;

/// What is asked: secrets that one bucket holds must not show in sizes; of the others it is said how much they do.
const QUESTIONS: [(Secret, Observe, Bound); 5] = [
    (Secret::ShortKind, Observe::Size, Bound::Nothing),
    (Secret::ReplyChoice, Observe::Size, Bound::Nothing),
    (Secret::TextKind, Observe::Size, Bound::ForOperator),
    (Secret::TextLength, Observe::Size, Bound::ForOperator),
    (Secret::Presence, Observe::Timing, Bound::ForOperator),
];

/// So much is more than chance and guessing make of nothing.
const NOTICEABLE_BITS: f64 = 0.05;

/// Who may learn nothing at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    /// Nobody whose cell says no.
    Nothing,
    /// The operator; to others sizes and times show what they show.
    ForOperator,
}

/// What a view told of a secret.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// Which secret.
    pub secret: String,
    /// Whose view.
    pub principal: String,
    /// Mutual information, in bits.
    pub bits: f64,
    /// The lower end of its interval.
    pub low_bits: f64,
    /// The upper end.
    pub high_bits: f64,
    /// What there was to learn, in bits.
    pub of_bits: f64,
    /// Whether it is more than chance.
    pub significant: bool,
}

/// Measures, and reports what shows and must not.
///
/// # Errors
/// [`LeakError`].
pub(crate) fn measure(
    matrix: &mut Matrix,
    seed: u64,
    samples: usize,
    threads: NonZeroUsize,
    progress: &dyn Fn(u64, u64),
) -> Result<Vec<Measured>, LeakError> {
    let mut all = Vec::new();
    for (number, (secret, observe, bound)) in (0..).zip(QUESTIONS) {
        progress(number, QUESTIONS.len() as u64);
        let question = Question {
            secret,
            views: VIEWS.to_vec(),
            observe,
            paddings: vec![Padding::Bucket],
            consumers: 40,
            samples,
            settings: Settings { seed, ..Settings::default() },
            threads,
        };
        for answer in ask(&question, &|_| {})? {
            all.extend(take(&answer, bound, matrix));
        }
    }
    Ok(all)
}

fn take(answer: &Answer, bound: Bound, matrix: &mut Matrix) -> Option<Measured> {
    let estimate = &answer.rows.first()?.estimate;
    let (principal, class) = (answer.view, answer.secret.class());
    let measured = Measured {
        secret: answer.secret.to_string(),
        principal: principal.name().into(),
        bits: estimate.information.bits,
        low_bits: estimate.information.low_bits,
        high_bits: estimate.information.high_bits,
        of_bits: estimate.secret_bits,
        significant: estimate.significant,
    };
    let bits = Bits { secret: measured.secret.clone(), bits: measured.bits, of: measured.of_bits };
    let forbidden = !matches!(matrix.policy().cell(principal, class), Cell::Yes | Cell::Own);
    let bounded = bound == Bound::Nothing || principal == Principal::Operator;
    if forbidden {
        matrix.measured(principal, class, bits);
    }
    if forbidden && bounded && measured.significant && measured.low_bits > NOTICEABLE_BITS {
        matrix.leak(Leak {
            layer: "estimation",
            principal: principal.name().into(),
            class: Some(class.name().into()),
            what: format!(
                "{:.2} bits of {} ({:.2} to {:.2} of {:.2}) in what it sees",
                measured.bits, measured.secret, measured.low_bits, measured.high_bits, measured.of_bits
            ),
        });
    }
    Some(measured)
}
