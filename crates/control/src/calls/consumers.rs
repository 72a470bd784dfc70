//! `/control/v1/consumers`: people, and what they do with their phones beside writing.

use super::Problems;
use crate::ask::{Asked, Made, Said, Told, Whose, number};
use crate::control::Control;
use crate::error::{Error, Outcome};
use crate::person::{Person, Settings};
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Somebody who gets the app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewConsumer {
    /// Telephone number with country code.
    #[schema(pattern = "^\\+?[1-9][0-9]{6,14}$")]
    number: String,
    /// What they are called; if not given, others see their number.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 25)]
    name: Option<String>,
    /// What they answer by themselves: `none`, `echo`, or any other text.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 4096, default = "none")]
    reply: Option<String>,
    /// Whether senders hear that their messages were read.
    #[serde(default)]
    #[schema(default = true)]
    read_receipts: Option<bool>,
    /// Whether the phone is on the network.
    #[serde(default)]
    #[schema(default = true)]
    online: Option<bool>,
}

/// What changes of a person; what is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsumerChange {
    /// Whether the phone is on the network.
    #[serde(default)]
    online: Option<bool>,
    /// What they answer by themselves: `none`, `echo`, or any other text.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 4096)]
    reply: Option<String>,
    /// Whether senders hear that their messages were read.
    #[serde(default)]
    read_receipts: Option<bool>,
    /// What they are called.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 25)]
    name: Option<String>,
    /// What they are called where their number is hidden.
    #[serde(default)]
    username: Option<String>,
    /// Whether businesses see their number.
    #[serde(default)]
    number_hidden: Option<bool>,
}

/// A person with the app.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConsumerShape {
    /// Telephone number, its digits.
    number: String,
    /// What they are called.
    name: String,
    /// The key that others know them by, in hexadecimal digits.
    identity_key: String,
    /// Whether the phone is on the network.
    online: bool,
    /// What they answer by themselves.
    reply: String,
    /// Whether senders hear that their messages were read.
    read_receipts: bool,
    /// Who is writing to them now.
    typing: Vec<String>,
}

/// All people.
#[derive(Serialize, ToSchema)]
pub(crate) struct Consumers {
    /// By their numbers.
    data: Vec<ConsumerShape>,
}

/// A call that takes nothing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// To whom somebody is writing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TypingTo {
    /// Telephone number with country code.
    #[schema(pattern = "^\\+?[1-9][0-9]{6,14}$")]
    to: String,
}

/// It is done.
#[derive(Serialize, ToSchema)]
pub(crate) struct Success {
    /// Always true.
    success: bool,
}

impl Success {
    pub(crate) const YES: Said<Self> = Said(Self { success: true });
}

/// Somebody gets the app.
#[utoipa::path(post, path = "/control/v1/consumers", request_body = NewConsumer,
    responses((status = 201, description = "The person", body = ConsumerShape), Problems))]
pub(crate) async fn add_consumer(
    State(control): State<Control>,
    Told(told): Told<NewConsumer>,
) -> Outcome<Made<ConsumerShape>> {
    let number = numbered(&told.number, "number")?;
    let usual = Settings::default();
    let settings = Settings {
        name: named(told.name)?,
        reply: reply(told.reply)?.unwrap_or(usual.reply),
        read_receipts: told.read_receipts.unwrap_or(usual.read_receipts),
        online: told.online.unwrap_or(usual.online),
    };
    let stack = control.stack()?;
    if stack.businesses.contains(&number) {
        let message = format!("{} is a business's number", number.digits());
        return Err(Error::conflict(message, "take another number"));
    }
    let person = control.people().add(number, settings, &stack).await?;
    Ok(Made(ConsumerShape::of(&person)))
}

/// All people.
#[utoipa::path(get, path = "/control/v1/consumers",
    responses((status = 200, description = "All people", body = Consumers), Problems))]
pub(crate) async fn list_consumers(
    State(control): State<Control>,
    Asked(Nothing {}): Asked<Nothing>,
) -> Outcome<Said<Consumers>> {
    let people = control.people().all().await;
    Ok(Said(Consumers { data: people.iter().map(|person| ConsumerShape::of(person)).collect() }))
}

/// One person.
#[utoipa::path(get, path = "/control/v1/consumers/{number}",
    params(("number" = String, Path, pattern = "^[1-9][0-9]{6,14}$", description = "Telephone number")),
    responses((status = 200, description = "The person", body = ConsumerShape), Problems))]
pub(crate) async fn get_consumer(
    State(control): State<Control>,
    Whose(number): Whose,
) -> Outcome<Said<ConsumerShape>> {
    Ok(Said(ConsumerShape::of(&*control.people().get(number).await?)))
}

/// Changes habits, and puts the phone into flight mode or takes it out.
#[utoipa::path(patch, path = "/control/v1/consumers/{number}", request_body = ConsumerChange,
    params(("number" = String, Path, pattern = "^[1-9][0-9]{6,14}$", description = "Telephone number")),
    responses((status = 200, description = "The person", body = ConsumerShape), Problems))]
pub(crate) async fn change_consumer(
    State(control): State<Control>,
    Whose(number): Whose,
    Told(told): Told<ConsumerChange>,
) -> Outcome<Said<ConsumerShape>> {
    let before = control.people().get(number).await?.settings();
    if told.username.is_some() || told.number_hidden.is_some() {
        return Err(Error::not_built("hiding a person's number behind a username"));
    }
    let settings = Settings {
        name: named(told.name)?.or(before.name),
        reply: reply(told.reply)?.unwrap_or(before.reply),
        read_receipts: told.read_receipts.unwrap_or(before.read_receipts),
        online: told.online.unwrap_or(before.online),
    };
    let person = control.people().change(number, settings).await?;
    Ok(Said(ConsumerShape::of(&person)))
}

/// Somebody's phone is gone. Whoever gets one with this number afterwards has other keys.
#[utoipa::path(delete, path = "/control/v1/consumers/{number}",
    params(("number" = String, Path, pattern = "^[1-9][0-9]{6,14}$", description = "Telephone number")),
    responses((status = 204, description = "It is gone"), Problems))]
pub(crate) async fn remove_consumer(
    State(control): State<Control>,
    Whose(number): Whose,
) -> Outcome<StatusCode> {
    control.people().remove(number).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Somebody installs the app anew: peers see another identity.
#[utoipa::path(post, path = "/control/v1/consumers/{number}/reinstall",
    params(("number" = String, Path, pattern = "^[1-9][0-9]{6,14}$", description = "Telephone number")),
    responses((status = 200, description = "The person", body = ConsumerShape), Problems))]
pub(crate) async fn reinstall(
    State(control): State<Control>,
    Whose(number): Whose,
    Told(Nothing {}): Told<Nothing>,
) -> Outcome<Said<ConsumerShape>> {
    let stack = control.stack()?;
    let person = control.people().reinstall(number, &stack).await?;
    Ok(Said(ConsumerShape::of(&person)))
}

/// Somebody is writing to somebody.
#[utoipa::path(post, path = "/control/v1/consumers/{number}/typing", request_body = TypingTo,
    params(("number" = String, Path, pattern = "^[1-9][0-9]{6,14}$", description = "Telephone number")),
    responses((status = 200, description = "It is said", body = Success), Problems))]
pub(crate) async fn typing(
    State(control): State<Control>,
    Whose(number): Whose,
    Told(told): Told<TypingTo>,
) -> Outcome<Said<Success>> {
    let to = numbered(&told.to, "to")?;
    control.people().get(number).await?.types_to(to);
    Ok(Success::YES)
}

/// What somebody does that is not built yet.
macro_rules! not_built {
    ($(#[$meta:meta])* $name:ident($told:ident, $what:literal)) => {
        $(#[$meta])*
        pub(crate) async fn $name(
            State(control): State<Control>,
            Whose(number): Whose,
            Told(_): Told<$told>,
        ) -> Outcome<Said<Success>> {
            control.people().get(number).await?;
            Err(Error::not_built($what))
        }
    };
}

/// Whom somebody blocks.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Block {
    /// The business's number.
    #[expect(dead_code, reason = "read, to be refused if it is something else")]
    business: String,
    /// Whether it is blocked from now on.
    #[expect(dead_code, reason = "read, to be refused if it is something else")]
    blocked: bool,
}

/// Whom somebody reports.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Report {
    /// The business's number.
    #[expect(dead_code, reason = "read, to be refused if it is something else")]
    business: String,
    /// How many of its last messages go with it.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 5)]
    #[expect(dead_code, reason = "read, to be refused if it is something else")]
    messages: Option<u8>,
}

/// What somebody pays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Payment {
    /// Of the message with the order.
    #[expect(dead_code, reason = "read, to be refused if it is something else")]
    reference_id: String,
    /// What came of it.
    #[expect(dead_code, reason = "read, to be refused if it is something else")]
    outcome: PaymentOutcome,
}

/// What came of a payment.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PaymentOutcome {
    Success,
    Failed,
    Pending,
}

/// A companion of somebody's phone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDevice {
    /// What it is called.
    #[serde(default)]
    #[expect(dead_code, reason = "read, to be refused if it is something else")]
    name: Option<String>,
}

not_built! {
    /// Blocks a business, or no longer.
    #[utoipa::path(post, path = "/control/v1/consumers/{number}/block", request_body = Block,
        params(("number" = String, Path, pattern = "^[1-9][0-9]{6,14}$", description = "Telephone number")),
        responses((status = 200, description = "It is done", body = Success), Problems))]
    block(Block, "blocking a business")
}

not_built! {
    /// Reports spam.
    #[utoipa::path(post, path = "/control/v1/consumers/{number}/report", request_body = Report,
        params(("number" = String, Path, pattern = "^[1-9][0-9]{6,14}$", description = "Telephone number")),
        responses((status = 200, description = "It is done", body = Success), Problems))]
    report(Report, "reporting a business")
}

not_built! {
    /// Pays an order.
    #[utoipa::path(post, path = "/control/v1/consumers/{number}/pay", request_body = Payment,
        params(("number" = String, Path, pattern = "^[1-9][0-9]{6,14}$", description = "Telephone number")),
        responses((status = 200, description = "It is done", body = Success), Problems))]
    pay(Payment, "paying")
}

not_built! {
    /// Links a companion.
    #[utoipa::path(post, path = "/control/v1/consumers/{number}/devices", request_body = NewDevice,
        params(("number" = String, Path, pattern = "^[1-9][0-9]{6,14}$", description = "Telephone number")),
        responses((status = 201, description = "It is linked", body = Success), Problems))]
    add_device(NewDevice, "linking a companion")
}

/// Removes a companion.
#[utoipa::path(delete, path = "/control/v1/consumers/{number}/devices/{device}",
    params(("number" = String, Path, pattern = "^[1-9][0-9]{6,14}$", description = "Telephone number"),
        ("device" = String, Path, description = "The companion")),
    responses((status = 204, description = "It is gone"), Problems))]
pub(crate) async fn remove_device(
    State(control): State<Control>,
    axum::extract::Path((whose, device)): axum::extract::Path<(String, String)>,
) -> Outcome<StatusCode> {
    let number = number(&whose).ok_or_else(|| crate::ask::no_person(&whose))?;
    control.people().get(number).await?;
    let message = format!("this person has no companion \"{}\"", crate::ask::short(&device));
    Err(Error::not_found(message, "linking companions is not built yet"))
}

impl ConsumerShape {
    fn of(person: &Person) -> Self {
        let Settings { name, reply, read_receipts, online } = person.settings();
        let number = person.number.digits();
        Self {
            name: name.unwrap_or_else(|| number.clone()),
            number,
            identity_key: person.identity_key.clone(),
            online,
            reply,
            read_receipts,
            typing: person.typing(),
        }
    }
}

/// A telephone number in a member of a body.
pub(crate) fn numbered(text: &str, member: &str) -> Outcome<wire::Number> {
    number(text).ok_or_else(|| {
        let message = format!("{member} is not a telephone number");
        Error::bad_request(message, "write 7 to 15 digits with country code")
    })
}

fn named(name: Option<String>) -> Outcome<Option<String>> {
    match &name {
        Some(written) if written.parse::<content::ProfileName>().is_err() => {
            Err(Error::bad_request("name has 1 to 25 characters", "take a shorter name"))
        }
        _ => Ok(name),
    }
}

fn reply(reply: Option<String>) -> Outcome<Option<String>> {
    match &reply {
        Some(text) if !(1..=4096).contains(&text.chars().count()) => {
            Err(Error::bad_request("reply has 1 to 4096 characters", "say `none` for no reply"))
        }
        _ => Ok(reply),
    }
}
