//! The calls that say where webhooks go: subscriptions of apps and accounts, overrides, and the handshake that each
//! new URL has to pass.

use super::callbacks::{Setting, Slot};
use super::exchange::{ChallengeId, ChallengeOutcome};
use crate::api::{Asked, Outcome, Reply, respond};
use crate::output::{Output, Step};
use crate::state::State;
use graph::subscriptions::{Override, Subscribe, SubscribedApp, Subscription, Unsubscribe};
use graph::{Answer, AppId, GraphError, Page, PhoneNumberId, SUCCESS, Version, WabaId};

/// `GET /{app-id}/subscriptions`.
pub(crate) fn get_subscriptions(state: &mut State, id: AppId, _: &Asked<'_>, _: &mut Step<'_>) -> Outcome {
    let app = state.directory.app(id).ok_or_else(GraphError::unavailable)?;
    let version = Version { major: app.webhook_version, minor: 0 };
    let setting = state.callbacks.get(Slot::App(id));
    let subscription = setting.and_then(|Setting { callback, fields, .. }| {
        Some(Subscription::new(&callback.as_ref()?.url, fields, version))
    });
    Ok(Reply::Now(Answer::of(&Page::whole(Vec::from_iter(subscription)))))
}

/// `POST /{app-id}/subscriptions`.
pub(crate) fn subscribe(state: &mut State, id: AppId, asked: &Asked<'_>, step: &mut Step<'_>) -> Outcome {
    let Subscribe { callback, fields } = Subscribe::parse(asked.params)?;
    let setting = Setting { subscribed: false, callback: Some(callback), fields };
    state.set_callback(Slot::App(id), setting, asked, step)
}

/// `DELETE /{app-id}/subscriptions`.
pub(crate) fn unsubscribe(state: &mut State, id: AppId, asked: &Asked<'_>, step: &mut Step<'_>) -> Outcome {
    let Unsubscribe { fields } = Unsubscribe::parse(asked.params)?;
    let slot = Slot::App(id);
    let mut setting = state.callbacks.get(slot).cloned().unwrap_or_default();
    setting.fields.retain(|field| !fields.is_empty() && !fields.contains(field));
    let setting = if setting.fields.is_empty() { Setting::default() } else { setting };
    Ok(state.save_callback(slot, setting, step))
}

/// `GET /{waba-id}/subscribed_apps`.
pub(crate) fn get_subscribed_apps(state: &mut State, id: WabaId, _: &Asked<'_>, _: &mut Step<'_>) -> Outcome {
    let apps = state.callbacks.subscribers(id).filter_map(|(id, setting)| {
        let app = state.directory.app(id)?;
        let over = setting.callback.as_ref().map(|callback| callback.url.as_str());
        Some(SubscribedApp::new(id, &app.name, over))
    });
    Ok(Reply::Now(Answer::of(&Page::whole(apps.collect()))))
}

/// `POST /{waba-id}/subscribed_apps`.
pub(crate) fn subscribe_account(
    state: &mut State,
    id: WabaId,
    asked: &Asked<'_>,
    step: &mut Step<'_>,
) -> Outcome {
    let Override { callback } = Override::of_account(asked.params)?;
    let setting = Setting { subscribed: true, callback, fields: Vec::new() };
    state.set_callback(Slot::Account(id, asked.app), setting, asked, step)
}

/// `DELETE /{waba-id}/subscribed_apps`.
pub(crate) fn unsubscribe_account(
    state: &mut State,
    id: WabaId,
    asked: &Asked<'_>,
    step: &mut Step<'_>,
) -> Outcome {
    Ok(state.save_callback(Slot::Account(id, asked.app), Setting::default(), step))
}

/// `POST /{phone-number-id}` with `webhook_configuration`.
pub(crate) fn override_number(
    state: &mut State,
    id: PhoneNumberId,
    asked: &Asked<'_>,
    step: &mut Step<'_>,
) -> Outcome {
    let Override { callback } = Override::of_number(asked.params)?;
    let setting = Setting { callback, ..Setting::default() };
    state.set_callback(Slot::Number(id, asked.app), setting, asked, step)
}

impl State {
    /// A receiver of webhooks answered the handshake, or did not.
    pub(crate) fn on_challenge_answered(
        &mut self,
        id: ChallengeId,
        outcome: &ChallengeOutcome,
        step: &mut Step<'_>,
    ) {
        let Some((pending, verdict)) = self.challenges.answered(id, outcome) else { return };
        if verdict.is_ok() {
            self.save_callback(pending.slot, pending.setting, step);
        }
        respond(pending.asker, verdict.map(|()| SUCCESS), step);
    }

    /// Sets where webhooks go; if that is anywhere, after a handshake.
    fn set_callback(
        &mut self,
        slot: Slot,
        setting: Setting,
        asked: &Asked<'_>,
        step: &mut Step<'_>,
    ) -> Outcome {
        let Some(callback) = setting.callback.clone() else {
            return Ok(self.save_callback(slot, setting, step));
        };
        let deadline = step.now + self.config.webhooks.answer_within;
        let rng = step.rng.child(asked.asker.whose);
        let challenge = self.challenges.start(deadline, asked.asker, (slot, setting), &callback, rng)?;
        step.say(Output::Challenge(challenge));
        Ok(Reply::Later)
    }

    fn save_callback(&mut self, slot: Slot, setting: Setting, step: &mut Step<'_>) -> Reply {
        self.callbacks.set(slot, setting, step.transaction);
        self.webhooks.redirected(slot.app());
        Reply::Now(SUCCESS)
    }
}
