//! What rules say of messages that were accepted, carried out.

use crate::faults::{FAULT, Held};
use crate::messages::Progress;
use crate::output::Step;
use crate::state::State;
use graph::codes;
use graph::webhook::{self, StatusKind};

impl State {
    /// Sends what was delayed and is due.
    fn release_held(&mut self, step: &mut Step<'_>) {
        while let Some(Held { pair, content, terms }) = self.faults.release(step.now) {
            let sent = step.part(|step| self.endpoint.send(pair, &content, terms, step));
            if sent.is_err() {
                self.faults.fail(pair.0.number, content.message_id, codes::SOMETHING_WENT_WRONG);
            }
        }
    }

    /// Carries out what rules say of messages that were accepted.
    pub(crate) fn run_faults(&mut self, step: &mut Step<'_>) {
        self.release_held(step);
        for (business, id, code) in self.faults.take_failing() {
            let failure = Some(webhook::Failure { code, details: FAULT });
            self.advance(
                (business, id),
                Progress { status: StatusKind::Failed, failure, said_by: None },
                step,
            );
        }
    }
}
