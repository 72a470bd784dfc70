//! What a test may ask of a node beside the API: what the platform decides, and faults. It comes as an input like all else,
//! and only if somebody runs the control interface beside the node.

mod faults;
pub(crate) mod numbers;
pub(crate) mod order;

pub use numbers::Standing;
pub use order::{Done, Order};

use crate::api::ReplyId;
use crate::output::{Output, Step};
use crate::state::State;
use graph::PhoneNumberId;
use graph::webhook::{Field, NumberQuality};

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
            Order::Repost(mut post) => {
                post.attempt = post.attempt.saturating_add(1);
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

    /// The platform decides something about a number, and its owner hears of another tier.
    fn set_standing(&mut self, number: PhoneNumberId, newer: Standing, step: &mut Step<'_>) -> Done {
        let Some(phone) = self.directory.phone(number) else { return Done::NotThere };
        let display_phone_number = phone.number.digits();
        let before = self.standings.of(number);
        let standing = before.with(newer);
        self.standings.set(number, standing);
        if let Some(tier) = newer.tier.filter(|tier| before.tier != Some(tier)) {
            let told = NumberQuality {
                display_phone_number,
                event: "ONBOARDING".into(),
                old_limit: before.tier.map(str::to_owned),
                current_limit: tier.into(),
                max_daily_conversations_per_business: Some(tier.into()),
            };
            self.post_number_event(number, Field::PhoneNumberQualityUpdate, &told, step);
        }
        Done::Standing(standing)
    }
}

fn there(is_there: bool) -> Done {
    if is_there { Done::Done } else { Done::NotThere }
}
