//! How large stored sessions are.

use ratchet::generic::SessionRecord;
use ratchet::{BraidState, Provider, Suite};

use crate::pair::{Devices, rng};

/// Messages of a strict alternation that are looked at: more than four epochs.
const MESSAGES: u32 = 400;

/// The largest sizes that occur at either end when every message is answered, in bytes.
#[derive(Clone, Copy, Default, Debug)]
pub struct Sizes {
    /// Of all.
    pub largest: usize,
    /// Where the post-quantum ratchet has nothing under way; the same as `largest` without it.
    pub between_epochs: usize,
}

/// Measures one suite, once all receiving chains that are kept are there.
#[must_use]
pub fn of<P: Provider>(suite: Suite) -> Sizes {
    let mut rng = rng();
    let devices = Devices::<P>::new(suite, &mut rng);
    let mut conversation = devices.acquainted(&mut rng);
    devices.ping_pong(&mut conversation, 20, b"hello", &mut rng);
    let mut sizes = Sizes::default();
    for _ in 0..MESSAGES {
        devices.ping_pong(&mut conversation, 1, b"hello", &mut rng);
        for record in [&conversation.there, &conversation.here] {
            let size = record.to_bytes().len();
            sizes.largest = sizes.largest.max(size);
            if is_between_epochs(record) {
                sizes.between_epochs = sizes.between_epochs.max(size);
            }
        }
    }
    sizes
}

fn is_between_epochs<P: Provider>(record: &SessionRecord<P>) -> bool {
    let post_quantum = record.status().and_then(|status| status.post_quantum);
    post_quantum
        .is_none_or(|spqr| matches!(spqr.state, BraidState::KeysUnsampled | BraidState::NoHeaderReceived))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratchet::{Modelled, Native};

    /// Issue 3: the promise that the table is about, without the table.
    #[test]
    fn stored_sessions_are_as_small_as_promised() {
        assert!(of::<Native>(Suite::X3dh).largest <= 600, "{:?}", of::<Native>(Suite::X3dh));
        assert!(
            (1..=4096).contains(&of::<Native>(Suite::Triple).between_epochs),
            "{:?}",
            of::<Native>(Suite::Triple)
        );
    }
    #[test]
    fn a_modelled_session_takes_less_than_a_kibibyte_in_every_state() {
        assert!(
            (1..1024).contains(&of::<Modelled>(Suite::Triple).largest),
            "{:?}",
            of::<Modelled>(Suite::Triple)
        );
    }
}
