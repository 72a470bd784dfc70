//! Messages that wait until the relay has the blobs that they speak of. Then they are the endpoint's, as any other.
//!
//! The answer is 200 when the message is in a row here. Which blob it will be is in the message already; if the node is killed
//! while the file is encrypted and put, the same is done again, under the same name and key, and the relay knows it.

use crate::media::{BlobAnswer, MediaWork, PutId, Waiting};
use crate::messages::{IDENTITY_CHANGED, Progress};
use crate::output::{Output, Step};
use crate::state::State;
use endpoint::SendError;
use graph::codes;
use graph::webhook::{Failure, StatusKind};
use std::time::Duration;
use wire::Address;

/// Blobs that are put at once; others wait for their turn.
const AT_ONCE: usize = 8;

/// How long after an attempt that failed, or an answer that never came, the next is made.
const AGAIN: Duration = Duration::from_secs(5);

/// How long a blob may be under way before nothing is expected of it any more. The shell's own limit is shorter.
const LONGEST: Duration = Duration::from_secs(20 * 60);

/// What the business hears of a message whose media the relay doesn't have in time.
const NOT_STORED: Failure =
    Failure { code: codes::MEDIA_UPLOAD, details: "The media could not be stored for the recipient." };

impl State {
    /// Takes on a message that goes when the relay has what it speaks of.
    ///
    /// # Errors
    /// It is too long.
    pub(crate) fn send_when_stored(
        &mut self,
        id: PutId,
        waiting: Waiting,
        step: &mut Step<'_>,
    ) -> Result<(), SendError> {
        waiting.content.to_padded(self.config.endpoint.padding)?;
        self.sending.add(id, waiting, step.transaction);
        Ok(())
    }

    /// What became of an attempt to put a blob.
    pub(crate) fn on_blob_put(&mut self, id: &PutId, answer: BlobAnswer, step: &mut Step<'_>) {
        match answer {
            BlobAnswer::NotNow => drop(self.sending.set(id, false, step.now + AGAIN)),
            BlobAnswer::Never => self.give_up(id, step),
            BlobAnswer::Done => {
                let Some(waiting) = self.sending.set(id, false, step.now) else { return };
                if waiting.blobs.len() > 1 {
                    let (file, _) = waiting.blobs.remove(0);
                    waiting.write(id, step.transaction);
                    return self.drop_unused(file.name, step);
                }
                let Some(sent) = self.sending.remove(id, step.transaction) else { return };
                let pair = (Address::primary(id.0), Address::primary(sent.consumer));
                let (content, terms) = (&sent.content, sent.terms);
                match step.part(|step| self.endpoint.send(pair, content, terms, step)) {
                    Ok(()) => {}
                    Err(SendError::AnotherIdentity) => self.fail(id, IDENTITY_CHANGED, step),
                    Err(_) => self.fail(id, NOT_STORED, step),
                }
                sent.blobs.iter().for_each(|(file, _)| self.drop_unused(file.name, step));
            }
        }
    }

    /// Puts what is to be put, as many at once as may be, and gives up what has waited for too long.
    pub(crate) fn run_sending(&mut self, step: &mut Step<'_>) {
        while let Some(id) = self.sending.next_due(step.now) {
            let Some(waiting) = self.sending.waiting.get(&id) else { return };
            if waiting.until <= step.now {
                self.give_up(&id, step);
            } else if waiting.is_under_way || self.sending.under_way >= AT_ONCE {
                self.sending.set(&id, false, step.now + AGAIN);
            } else if let Some((file, blob)) = waiting.blobs.first().cloned() {
                self.sending.set(&id, true, step.now + LONGEST);
                step.say(Output::Media(MediaWork::Put { put: id, file, blob }));
            } else {
                self.give_up(&id, step);
            }
        }
    }

    fn give_up(&mut self, id: &PutId, step: &mut Step<'_>) {
        let Some(waiting) = self.sending.remove(id, step.transaction) else { return };
        self.fail(id, NOT_STORED, step);
        waiting.blobs.iter().for_each(|(file, _)| self.drop_unused(file.name, step));
    }

    fn fail(&mut self, id: &PutId, failure: Failure, step: &mut Step<'_>) {
        let progress = Progress { status: StatusKind::Failed, failure: Some(failure), said_by: None };
        self.advance((id.0, id.1.clone()), progress, step);
    }
}
