//! The sparse post-quantum ratchet without its keys: which state an epoch is in, and how many chunks have come.
//!
//! ML-KEM Braid, section "States"; `ratchet::spqr` is the same with keys. Messages of a conversation come in order, so
//! that the chunks of a stream differ, and counting them is enough.

/// Chunks of the header with its tag, of the first ciphertext, of the second with its tag, of the encapsulation key.
const HEADER: u8 = 3;
const CT1: u8 = 30;
const CT2: u8 = 5;
const EK: u8 = 36;

/// What one message carries of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payload {
    None,
    Header(u16),
    Ek(u16),
    EkCt1Ack(u16),
    Ct1Ack,
    Ct1(u16),
    Ct2(u16),
}

/// The message's part for this ratchet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// The epoch that the sender is negotiating, from 1.
    pub(crate) epoch: u32,
    /// The place of its key in the chain of the epoch before; 0: it has none.
    pub(crate) index: u32,
    pub(crate) payload: Payload,
}

/// A message that this side refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused;

/// One side of the ratchet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spqr {
    /// The epoch being negotiated, from 1.
    epoch: u32,
    /// The newest epoch with a secret.
    chain_epoch: u32,
    /// The epoch that was sent in last, and how often.
    sending: (u32, u32),
    state: State,
    /// A peer without this ratchet is refused.
    required: bool,
    /// Until the first message came the peer may turn out not to have it.
    negotiating: bool,
    /// There are keys: from the start where it is required, else from the first message that came.
    keyed: bool,
}

/// What one side has of its epoch: the index of the next chunk that it sends, how many it has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    KeysUnsampled,
    KeysSampled { next: u16 },
    HeaderSent { next: u16, ct1: u8 },
    Ct1Received { next: u16 },
    EkSentCt1Received { ct2: u8 },
    NoHeaderReceived { header: u8 },
    HeaderReceived,
    Ct1Sampled { next: u16, ek: u8 },
    EkReceivedCt1Sampled { next: u16 },
    Ct1Acknowledged { ek: u8 },
    Ct2Sampled { next: u16 },
}

impl Spqr {
    /// The session's initiator is the first to send an encapsulation key.
    pub(crate) const fn new(initiator: bool, required: bool) -> Self {
        let state = if initiator { State::KeysUnsampled } else { State::NoHeaderReceived { header: 0 } };
        Self { epoch: 1, chain_epoch: 0, sending: (0, 0), state, required, negotiating: true, keyed: false }
    }

    pub(crate) const fn chain_epoch(&self) -> u32 {
        self.chain_epoch
    }

    pub(crate) fn send(&mut self) -> Part {
        self.keyed |= self.required;
        let epoch = self.epoch;
        let payload = self.chunk();
        if !self.keyed {
            return Part { epoch, index: 0, payload };
        }
        if epoch - 1 > self.sending.0 {
            self.sending = (epoch - 1, 0);
        }
        self.sending.1 += 1;
        Part { epoch, index: self.sending.1, payload }
    }

    fn chunk(&mut self) -> Payload {
        match &mut self.state {
            State::KeysUnsampled => {
                self.state = State::KeysSampled { next: 1 };
                Payload::Header(0)
            }
            State::KeysSampled { next } => Payload::Header(advance(next)),
            State::HeaderSent { next, .. } => Payload::Ek(advance(next)),
            State::Ct1Received { next } => Payload::EkCt1Ack(advance(next)),
            State::EkSentCt1Received { .. } => Payload::Ct1Ack,
            State::NoHeaderReceived { .. } | State::Ct1Acknowledged { .. } => Payload::None,
            State::HeaderReceived => {
                // The first part of the ciphertext is made, and with it the secret of the epoch.
                self.chain_epoch += 1;
                self.state = State::Ct1Sampled { next: 1, ek: 0 };
                Payload::Ct1(0)
            }
            State::Ct1Sampled { next, .. } | State::EkReceivedCt1Sampled { next } => {
                Payload::Ct1(advance(next))
            }
            State::Ct2Sampled { next } => Payload::Ct2(advance(next)),
        }
    }

    /// A message's part arrives. `None` if the ratchet ends with it: the peer does not have it.
    pub(crate) fn receive(mut self, part: Option<Part>) -> Result<Option<Self>, Refused> {
        let Some(part) = part else {
            return if self.negotiating && !self.required { Ok(None) } else { Err(Refused) };
        };
        if part.epoch > self.epoch {
            let next = matches!(self.state, State::Ct2Sampled { .. }) && part.epoch == self.epoch + 1;
            if !next {
                return Err(Refused);
            }
            self.epoch += 1;
            self.state = State::KeysUnsampled;
        } else if part.epoch == self.epoch {
            self.collect(part.payload);
        }
        self.negotiating = false;
        self.keyed = true;
        Ok(Some(self))
    }

    /// What a payload of the epoch under negotiation changes.
    fn collect(&mut self, payload: Payload) {
        self.state = match (self.state, payload) {
            (State::KeysSampled { .. }, Payload::Ct1(_)) => State::HeaderSent { next: 0, ct1: 1 },
            (State::HeaderSent { next, ct1 }, Payload::Ct1(_)) if ct1 + 1 >= CT1 => {
                State::Ct1Received { next }
            }
            (State::HeaderSent { next, ct1 }, Payload::Ct1(_)) => State::HeaderSent { next, ct1: ct1 + 1 },
            (State::Ct1Received { .. }, Payload::Ct2(_)) => State::EkSentCt1Received { ct2: 1 },
            (State::EkSentCt1Received { ct2 }, Payload::Ct2(_)) if ct2 + 1 >= CT2 => {
                self.chain_epoch += 1;
                self.epoch += 1;
                State::NoHeaderReceived { header: 0 }
            }
            (State::EkSentCt1Received { ct2 }, Payload::Ct2(_)) => State::EkSentCt1Received { ct2: ct2 + 1 },
            (State::NoHeaderReceived { header }, Payload::Header(_)) if header + 1 >= HEADER => {
                State::HeaderReceived
            }
            (State::NoHeaderReceived { header }, Payload::Header(_)) => {
                State::NoHeaderReceived { header: header + 1 }
            }
            (State::Ct1Sampled { next, ek }, Payload::Ek(_)) if ek + 1 >= EK => {
                State::EkReceivedCt1Sampled { next }
            }
            (State::Ct1Sampled { next, ek }, Payload::Ek(_)) => State::Ct1Sampled { next, ek: ek + 1 },
            (State::Ct1Sampled { ek, .. }, Payload::EkCt1Ack(_)) if ek + 1 < EK => {
                State::Ct1Acknowledged { ek: ek + 1 }
            }
            (State::Ct1Acknowledged { ek }, Payload::Ek(_) | Payload::EkCt1Ack(_)) if ek + 1 < EK => {
                State::Ct1Acknowledged { ek: ek + 1 }
            }
            (State::Ct1Sampled { .. }, Payload::EkCt1Ack(_))
            | (State::EkReceivedCt1Sampled { .. }, Payload::EkCt1Ack(_) | Payload::Ct1Ack)
            | (State::Ct1Acknowledged { .. }, Payload::Ek(_) | Payload::EkCt1Ack(_)) => {
                State::Ct2Sampled { next: 0 }
            }
            (state, _) => state,
        };
    }
}

/// The stream goes on from its start after the last index.
fn advance(next: &mut u16) -> u16 {
    let at = *next;
    *next = next.wrapping_add(1);
    at
}
