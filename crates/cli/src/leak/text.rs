//! Answers about leakage as a person reads them in a terminal: a table for each, or a line (`--brief`).

use ::audit::leak::{Answer, Observe, Secret, VIEWS, name_of};
use privacy::Principal;
use std::fmt::Write as _;

/// Which secrets and views there are.
pub(super) fn list() -> String {
    let mut text = String::from("secrets:\n");
    for secret in Secret::ALL {
        let _ = writeln!(text, "  {:<14} {}", secret.name(), secret.told());
    }
    let _ = writeln!(text, "views:\n  {}", VIEWS.map(Principal::name).join(", "));
    text
}

/// An answer as a person reads it.
pub(super) fn text_of(answer: &Answer) -> String {
    let Some(first) = answer.rows.first() else { return String::new() };
    let mut text = format!(
        "{}: {}\n  {} sees {} of {} messages; the policy says that it {}\n  the secret has {:.2} bits; who \
         guesses without looking is wrong {:.1} % of the time\n\n",
        answer.secret,
        answer.secret.told(),
        answer.view,
        match answer.observe {
            Observe::Size => "sizes",
            Observe::Timing => "times",
            Observe::All => "sizes and times",
        },
        first.estimate.samples,
        answer.policy_told(),
        first.estimate.secret_bits,
        100.0 * first.estimate.risk.prior,
    );
    let _ = writeln!(
        text,
        "  padding  bits [95 %]            p      significant  min-entropy  wrong: frequency  neighbours  bytes  for padding"
    );
    for row in &answer.rows {
        let (found, risk) = (row.estimate.information, row.estimate.risk);
        let _ = writeln!(
            text,
            "  {:<8} {:<5.3} [{:<5.3}, {:<5.3}]  {:<5.3}  {:<11}  {:>11.3}  {:>14.1} %  {:>8.1} %  {:>5.0}  {:>+5.0} ({:+.0} %)",
            name_of(row.padding),
            found.bits,
            found.low_bits,
            found.high_bits,
            found.p_value,
            if row.estimate.significant { "yes" } else { "no" },
            row.estimate.min_entropy.held_out_bits,
            100.0 * risk.frequency,
            100.0 * risk.nearest,
            row.cost.bytes_per_message,
            row.cost.overhead_bytes,
            row.cost.overhead_percent,
        );
    }
    text.push('\n');
    for row in &answer.rows {
        let share = row.estimate.information.bits / row.estimate.secret_bits.max(f64::MIN_POSITIVE);
        let _ = writeln!(
            text,
            "  {:<8} {}  {:.0} % of the secret",
            name_of(row.padding),
            gauge(share),
            100.0 * share
        );
    }
    text.push('\n');
    text
}

/// What stands above [`lines_of`].
pub(super) const HEAD: &str = "secret        view       observed  padding   bits [95 %]            of     p      significant  \
                    min-entropy  risk: prior  frequency  neighbours  bytes  for padding";

/// A line for each padding.
pub(super) fn lines_of(answer: &Answer) -> String {
    let mut text = String::new();
    for row in &answer.rows {
        let (found, risk) = (row.estimate.information, row.estimate.risk);
        let _ = writeln!(
            text,
            "{:<13} {:<10} {:<9} {:<8}  {:<5.3} [{:<5.3}, {:<5.3}]  {:<5.2}  {:<5.3}  {:<11}  {:>11.3}  {:>11.3}  {:>9.3}  {:>10.3}  \
             {:>5.0}  {:>+5.0} ({:+.0} %)",
            answer.secret,
            answer.view,
            answer.observe,
            name_of(row.padding),
            found.bits,
            found.low_bits,
            found.high_bits,
            row.estimate.secret_bits,
            found.p_value,
            if row.estimate.significant { "yes" } else { "no" },
            row.estimate.min_entropy.held_out_bits,
            risk.prior,
            risk.frequency,
            risk.nearest,
            row.cost.bytes_per_message,
            row.cost.overhead_bytes,
            row.cost.overhead_percent,
        );
    }
    text
}

/// A share as a bar of 40 places.
fn gauge(share: f64) -> String {
    const PLACES: usize = 40;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let full = ((share.clamp(0.0, 1.0) * PLACES as f64).round() as usize).min(PLACES);
    format!("{}{}", "█".repeat(full), "·".repeat(PLACES - full))
}

#[cfg(test)]
mod tests {
    use super::gauge;

    #[test]
    fn a_gauge_is_as_full_as_its_share() {
        assert_eq!(gauge(0.5).chars().filter(|place| *place == '█').count(), 20);
        assert_eq!(gauge(7.0), "█".repeat(40));
        assert_eq!(gauge(f64::NAN).chars().count(), 40);
    }
}
