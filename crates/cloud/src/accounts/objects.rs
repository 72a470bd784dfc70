//! What the API shows of apps, accounts and phone numbers.

use super::Phone;
use crate::api::{Asked, Outcome, Reply};
use crate::output::Step;
use crate::state::State;
use crate::webhooks::Slot;
use graph::objects::{Account, App, PhoneNumber, WebhookConfiguration};
use graph::{Answer, AppId, Fields, GraphError, PageRequest, PhoneNumberId, WabaId};

/// `GET /{phone-number-id}`.
pub(crate) fn get_number(
    state: &mut State,
    id: PhoneNumberId,
    asked: &Asked<'_>,
    _: &mut Step<'_>,
) -> Outcome {
    let fields = Fields::of(asked.params)?;
    fields.check::<PhoneNumber<'_>>()?;
    let phone = state.directory.phone(id).ok_or_else(GraphError::unavailable)?;
    Ok(Reply::Now(Answer::of(&fields.select(state.shown(phone, asked.app)))))
}

/// `GET /{waba-id}`.
pub(crate) fn get_account(state: &mut State, id: WabaId, asked: &Asked<'_>, _: &mut Step<'_>) -> Outcome {
    let fields = Fields::of(asked.params)?;
    fields.check::<Account<'_>>()?;
    let account = state.directory.account(id).ok_or_else(GraphError::unavailable)?;
    Ok(Reply::Now(Answer::of(&fields.select(Account::new(id, &account.name)))))
}

/// `GET /{app-id}`.
pub(crate) fn get_app(state: &mut State, id: AppId, asked: &Asked<'_>, _: &mut Step<'_>) -> Outcome {
    let fields = Fields::of(asked.params)?;
    fields.check::<App<'_>>()?;
    let app = state.directory.app(id).ok_or_else(GraphError::unavailable)?;
    Ok(Reply::Now(Answer::of(&fields.select(App::new(id, &app.name)))))
}

/// `GET /{waba-id}/phone_numbers`.
pub(crate) fn get_numbers(state: &mut State, id: WabaId, asked: &Asked<'_>, _: &mut Step<'_>) -> Outcome {
    let (fields, page) = (Fields::of(asked.params)?, PageRequest::of(asked.params)?);
    fields.check::<PhoneNumber<'_>>()?;
    let phones: Vec<&Phone> = state.directory.phones_of(id).collect();
    let page = page.of_list(&phones, |phone| phone.id.as_str());
    Ok(Reply::Now(Answer::of(&page.map(|phone| fields.select(state.shown(phone, asked.app))))))
}

impl State {
    fn shown<'a>(&'a self, phone: &'a Phone, app: AppId) -> PhoneNumber<'a> {
        let url = |slot| Some(self.callbacks.get(slot)?.callback.as_ref()?.url.as_str());
        let webhooks = WebhookConfiguration {
            phone_number: url(Slot::Number(phone.id, app)),
            whatsapp_business_account: url(Slot::Account(phone.account, app)),
            application: url(Slot::App(app)),
        };
        let mut shown = PhoneNumber::new(phone.id, phone.number, &phone.display_name, webhooks);
        self.standings.of(phone.id).apply(&mut shown);
        shown
    }
}
