//! What each step of the parties costs on this machine, measured on the parties themselves.

mod ratchets;
mod stack;

use crate::Costs;
use ratchets::Ratchets;
use stack::Stack;
use std::time::Duration;

/// A step that has a cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A node reads a request, and writes its answer: without encrypting.
    ApiRequest,
    /// A ratchet message is encrypted.
    Encrypt,
    /// A ratchet message is decrypted.
    Decrypt,
    /// A session is begun with a prekey bundle.
    Initiate,
    /// A session is begun with a first message.
    Respond,
    /// The relay reads a frame and does what it says.
    RelayFrame,
}

impl Step {
    /// All of them. Encrypting comes before what it is a part of.
    pub const ALL: [Self; 6] =
        [Self::Encrypt, Self::Decrypt, Self::Initiate, Self::Respond, Self::ApiRequest, Self::RelayFrame];
}

/// Tells the time since some moment: a machine that measures has no clock of its own.
pub type Clock<'a> = dyn Fn() -> Duration + 'a;

/// The parties that are measured: suite `triple`, texts of 60 bytes, sessions that are established.
pub struct Calibration {
    ratchets: Ratchets,
    stack: Stack,
    /// What was measured of each step.
    rounds: Vec<(Step, Duration)>,
}

impl Calibration {
    /// Parties that have met.
    ///
    /// # Errors
    /// What went wrong, in words; never in practice.
    pub fn new() -> Result<Self, String> {
        Ok(Self { ratchets: Ratchets::new()?, stack: Stack::new()?, rounds: Vec::new() })
    }

    /// Measures one round of a step: so many times.
    ///
    /// # Errors
    /// What went wrong, in words; never in practice.
    pub fn round(&mut self, step: Step, times: u32, clock: &Clock<'_>) -> Result<(), String> {
        let times = times.max(1);
        let took = match step {
            Step::Encrypt => self.ratchets.encrypt(times, clock)?,
            Step::Decrypt => self.ratchets.decrypt(times, clock)?,
            Step::Initiate => self.ratchets.initiate(times, clock)?,
            Step::Respond => self.ratchets.respond(times, clock)?,
            Step::ApiRequest => self.stack.messages(times, clock)?.0,
            Step::RelayFrame => self.stack.messages(times, clock)?.1,
        };
        self.rounds.push((step, took));
        Ok(())
    }

    /// The costs, from the fastest round of each step: what else the machine did made the others slower.
    #[must_use]
    pub fn costs(&self) -> Costs {
        let of = |step| {
            let rounds = self.rounds.iter().filter(|(other, _)| *other == step);
            rounds.map(|(_, took)| *took).min().unwrap_or_default()
        };
        Costs {
            // The request's handling encrypts, and that has its own cost.
            api_request: of(Step::ApiRequest).saturating_sub(of(Step::Encrypt)),
            encrypt: of(Step::Encrypt),
            decrypt: of(Step::Decrypt),
            initiate: of(Step::Initiate),
            respond: of(Step::Respond),
            relay_frame: of(Step::RelayFrame),
        }
    }
}

/// How long `work` takes, for each of so many times.
fn each<T>(times: u32, clock: &Clock<'_>, work: impl FnOnce() -> T) -> (T, Duration) {
    let before = clock();
    let done = work();
    (done, clock().saturating_sub(before) / times)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// A clock that goes on by a millisecond whenever it is looked at: each round of ten takes 100 µs a time.
    #[test]
    fn costs_are_those_of_the_fastest_round() {
        let ticks = Cell::new(0);
        let clock = || {
            ticks.set(ticks.get() + 1);
            Duration::from_millis(ticks.get())
        };
        let mut calibration = Calibration::new().unwrap();
        for step in Step::ALL {
            calibration.round(step, 10, &clock).unwrap();
            calibration.round(step, 5, &clock).unwrap();
        }
        let costs = calibration.costs();
        let tick = Duration::from_micros(100);
        assert_eq!((costs.encrypt, costs.decrypt, costs.initiate, costs.respond), (tick, tick, tick, tick));
        // Three batches of ten frames each.
        assert_eq!(costs.relay_frame, tick);
        assert_eq!(costs.api_request, Duration::ZERO, "nothing is left without encrypting");
    }
}
