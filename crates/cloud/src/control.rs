//! What a test may ask of a node beside the API: what the platform decides, and faults. It comes as an input like all else,
//! and only if somebody runs the control interface beside the node.

mod numbers;

pub use numbers::Standing;
pub(crate) use numbers::Standings;

use crate::api::ReplyId;
use crate::faults::Fault;
use crate::output::{Output, Step};
use crate::state::State;
use crate::webhooks::WebhookPost;
use graph::PhoneNumberId;

/// What is asked.
#[derive(Debug)]
pub enum Order {
    /// To have things go wrong.
    AddFault(Fault),
    /// To take a rule away.
    RemoveFault(u64),
    /// Which rules there are.
    Faults,
    /// What the platform decides about a number from now on.
    SetStanding {
        /// Which number.
        number: PhoneNumberId,
        /// What of it changes.
        standing: Standing,
    },
    /// What the platform has decided about a number.
    Standing(PhoneNumberId),
    /// To post a webhook once more, whatever became of it.
    Repost(WebhookPost),
}

/// What became of an [`Order`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// It is done.
    Done,
    /// What it names is not there.
    NotThere,
    /// The number of the rule that was added.
    Fault(u64),
    /// All rules.
    Faults(Vec<(u64, Fault)>),
    /// What the platform has decided.
    Standing(Standing),
}

impl State {
    /// Does what the control interface asks.
    pub(crate) fn on_order(&mut self, reply: ReplyId, order: Order, step: &mut Step<'_>) {
        let was_offline = self.faults.is_offline();
        let done = match order {
            Order::AddFault(fault) => Done::Fault(self.faults.add(fault)),
            Order::RemoveFault(id) => there(self.faults.remove(id)),
            Order::Faults => Done::Faults(self.faults.rules()),
            Order::SetStanding { number, standing } => self.set_standing(number, standing, step),
            Order::Standing(number) => match self.directory.phone(number) {
                Some(_) => Done::Standing(self.standings.of(number)),
                None => Done::NotThere,
            },
            Order::Repost(post) => {
                step.say(Output::PostWebhook(post));
                Done::Done
            }
        };
        let is_offline = self.faults.is_offline();
        if was_offline != is_offline {
            step.say(Output::Unplug(is_offline));
        }
        step.say(Output::Done { reply, done });
    }
}

fn there(is_there: bool) -> Done {
    if is_there { Done::Done } else { Done::NotThere }
}
