//! Names that are drawn: whoever sees one must not be able to tell from it when it was made, or how many were before.
//!
//! Two runs can't show that: names that are drawn anew are compared up to renaming. So it is looked at whether each of
//! their bytes takes as many values as drawn ones do.

use super::stage::Performance;
use crate::matrix::{Leak, Matrix};
use privacy::{DataClass, Principal};
use std::collections::BTreeSet;

/// Fewer names say nothing.
const LEAST: usize = 24;

/// Looks at the names of messages and of envelopes.
pub(crate) fn check(played: &Performance, matrix: &mut Matrix) {
    let messages = played.seen.sent.iter().map(|sent| sent.message.to_be_bytes().to_vec());
    let envelopes = played.seen.envelopes.iter().map(|(_, envelope)| envelope.id.0.to_vec());
    for (what, principal, names) in [
        ("names of messages", Principal::Business, messages.collect::<BTreeSet<_>>()),
        ("ids of envelopes", Principal::Transport, envelopes.collect()),
    ] {
        if names.len() < LEAST {
            matrix.blind("names", format!("only {} {what} were made", names.len()));
        }
        if let Some(byte) = predictable(&names) {
            matrix.leak(Leak {
                layer: "names",
                principal: principal.name().into(),
                class: Some(DataClass::Routing.name().into()),
                what: format!("{what} are not drawn: byte {byte} of {} takes few values", names.len()),
            });
        }
    }
}

/// The first byte that takes fewer values than half as many as there are names: of 24 drawn ones 23 differ on average,
/// and fewer than 12 once in more than 10^14 times.
fn predictable(names: &BTreeSet<Vec<u8>>) -> Option<usize> {
    let few = names.iter().take(LEAST).collect::<Vec<_>>();
    let bytes = few.iter().map(|name| name.len()).min()?;
    (0..bytes).find(|byte| {
        // The first names in order have a first byte in common: of that one, all are looked at.
        let values: BTreeSet<u8> = if *byte == 0 {
            names.iter().filter_map(|name| name.first().copied()).collect()
        } else {
            few.iter().filter_map(|name| name.get(*byte).copied()).collect()
        };
        values.len() < few.len() / 2
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_names_are_told_from_drawn_ones() {
        let counted =
            (0..100_u64).map(|n| (1_790_000_000_000_000 + n * 1_000_003).to_be_bytes().to_vec()).collect();
        assert_eq!(predictable(&counted), Some(0));
        // A multiplier that spreads, as a generator would.
        let drawn = (1..100_u64).map(|n| {
            n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(17)
                .wrapping_mul(0xbf58_476d_1ce4_e5b9)
                .to_be_bytes()
                .to_vec()
        });
        assert_eq!(predictable(&drawn.collect()), None);
    }
}
