//! Where this ratchet is in memory, and what of it is secret: for the test that looks for used keys.

use super::braid::State;
use super::{Keys, Spqr};
use crate::memory::Memory;
use crate::provider::Native;

impl Spqr<Native> {
    pub(crate) fn show(&self, memory: &mut Memory) {
        memory.holds(self);
        match &self.keys {
            Keys::Waiting { auth_key, .. } => memory.secret(&auth_key[..]),
            Keys::Chain(chain) => {
                memory.holds(chain.as_ref());
                memory.secret(&chain.next_root[..]);
                for link in &chain.links {
                    memory.holds(link.as_ref());
                    memory.secret(&link.receiving.value[..]);
                    link.sending.iter().for_each(|sending| memory.secret(&sending.value[..]));
                    memory.region(link.kept.memory());
                    link.kept.newest_first().for_each(|kept| memory.secret(&kept.key[..]));
                }
            }
        }
        memory.secret(&self.braid.authenticator.root[..]);
        memory.secret(&self.braid.authenticator.mac_key[..]);
        match &self.braid.state {
            State::KeysSampled { keys, .. }
            | State::HeaderSent { keys, .. }
            | State::Ct1Received { keys, .. }
            | State::EkSentCt1Received { keys, .. } => {
                memory.holds(keys.0.as_ref());
                memory.secret(&keys.0[..]);
            }
            State::Ct1Sampled { encapsulation, .. }
            | State::EkReceivedCt1Sampled { encapsulation, .. }
            | State::Ct1Acknowledged { encapsulation, .. } => {
                memory.holds(encapsulation.state.as_ref());
                memory.secret(&encapsulation.state[..]);
            }
            _ => {}
        }
    }
}
