//! What the objects of the graph look like.

use crate::api::errors::GraphError;
use crate::api::params::{Params, string};
use crate::api::subscriptions::OBJECT;
use crate::callbacks::{Callbacks, Slot};
use crate::config::App;
use crate::directory::{Account, Directory, Phone};
use crate::ids::{AppId, WabaId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

/// How many items a page has.
const PAGE: usize = 25;
const LARGEST_PAGE: usize = 100;

/// Which fields of an object are asked for; none named: the usual ones.
pub(crate) struct Fields(Vec<String>);

/// Which part of a list.
pub(crate) struct Page {
    limit: usize,
    after: Option<String>,
}

impl Fields {
    /// `fields=a,b{c,d},e.limit(3)`: the outermost names.
    pub(crate) fn parse(params: &Params) -> Result<Self, GraphError> {
        let Some(fields) = params.get("fields") else { return Ok(Self(Vec::new())) };
        let mut names = vec![String::new()];
        let mut depth = 0_usize;
        let mut arguments = false;
        for character in string(fields, "fields")?.chars() {
            match character {
                '(' | '{' | '[' => depth += 1,
                ')' | '}' | ']' => depth = depth.saturating_sub(1),
                ',' if depth == 0 => {
                    arguments = false;
                    names.push(String::new());
                }
                '.' if depth == 0 => arguments = true,
                _ if depth > 0 || arguments || character.is_whitespace() => {}
                _ => names.last_mut().into_iter().for_each(|name| name.push(character)),
            }
        }
        names.retain(|name| !name.is_empty());
        Ok(Self(names))
    }

    /// Those of `object` that are asked for, always with its id.
    fn of(&self, object: Value, node_type: &str, usual: &[&str]) -> Result<Value, GraphError> {
        let Value::Object(object) = object else { return Ok(object) };
        let mut chosen = Map::new();
        let usual = usual.iter().filter(|_| self.0.is_empty()).copied();
        for name in self.0.iter().map(String::as_str).chain(usual).chain(["id"]) {
            match object.get(name) {
                // What is known and has no value is left out.
                Some(Value::Null) => {}
                Some(value) => drop(chosen.insert(name.to_owned(), value.clone())),
                None => return Err(GraphError::unknown_field(name, node_type)),
            }
        }
        Ok(Value::Object(chosen))
    }
}

impl Page {
    pub(crate) fn parse(params: &Params) -> Result<Self, GraphError> {
        let limit = match params.get("limit") {
            None => PAGE,
            Some(Value::Number(limit)) => to_limit(&limit.to_string())?,
            Some(limit) => to_limit(string(limit, "limit")?)?,
        };
        let after = match params.optional("after")?.filter(|after| !after.is_empty()) {
            None => None,
            Some(cursor) => Some(from_cursor(cursor).ok_or_else(|| GraphError::invalid("Invalid cursor."))?),
        };
        Ok(Self { limit, after })
    }
}

/// `GET /{phone-number-id}`.
pub(crate) fn number(
    phone: &Phone,
    app: &AppId,
    callbacks: &Callbacks,
    fields: &Fields,
) -> Result<Value, GraphError> {
    let country = phone.number.country_calling_code();
    let digits = phone.number.digits();
    let national = digits.strip_prefix(&country.to_string()).unwrap_or(&digits);
    let object = json!({
        "id": phone.id.as_str(),
        "verified_name": phone.display_name,
        "display_phone_number": format!("+{country} {national}"),
        "quality_rating": "GREEN",
        "quality_score": { "score": "GREEN" },
        "status": "CONNECTED",
        "code_verification_status": "VERIFIED",
        "name_status": "APPROVED",
        "new_name_status": "NONE",
        "platform_type": "CLOUD_API",
        "host_platform": "CLOUD_API",
        "throughput": { "level": "STANDARD" },
        "account_mode": "LIVE",
        "messaging_limit_tier": "TIER_2K",
        "whatsapp_business_manager_messaging_limit": "TIER_2K",
        "is_official_business_account": false,
        "is_pin_enabled": false,
        "is_on_biz_app": false,
        "is_preverified_number": false,
        "search_visibility": "VISIBLE",
        "country_dial_code": country.to_string(),
        "health_status": health("PHONE_NUMBER", phone.id.as_str()),
        "webhook_configuration": webhook_configuration(phone, app, callbacks),
    });
    let usual = [
        "verified_name",
        "code_verification_status",
        "display_phone_number",
        "quality_rating",
        "platform_type",
        "throughput",
        "webhook_configuration",
    ];
    fields.of(object, "WhatsAppBusinessPhoneNumber", &usual)
}

/// `GET /{waba-id}`.
pub(crate) fn account(account: &Account, fields: &Fields) -> Result<Value, GraphError> {
    let object = json!({
        "id": account.id.as_str(),
        "name": account.name,
        "timezone_id": "1",
        "message_template_namespace": null,
        "account_review_status": "APPROVED",
        "business_verification_status": "verified",
        "currency": "USD",
        "ownership_type": "SELF",
        "is_enabled_for_insights": true,
        "health_status": health("WABA", account.id.as_str()),
    });
    fields.of(object, "WhatsAppBusinessAccount", &["name", "timezone_id", "message_template_namespace"])
}

/// `GET /{app-id}`.
pub(crate) fn app(app: &App, fields: &Fields) -> Result<Value, GraphError> {
    let object = json!({ "id": app.id.as_str(), "name": app.name, "link": link(app) });
    fields.of(object, "Application", &["name", "link"])
}

/// `GET /{waba-id}/phone_numbers`.
pub(crate) fn numbers(
    directory: &Directory,
    account: &WabaId,
    app: &AppId,
    callbacks: &Callbacks,
    fields: &Fields,
    page: &Page,
) -> Result<Value, GraphError> {
    let all = directory.account(account).map(|account| account.numbers.as_slice()).unwrap_or_default();
    let passed = page.after.as_ref().and_then(|after| all.iter().position(|id| id.as_str() == after));
    let rest = all.get(passed.map_or(0, |at| at + 1)..).unwrap_or_default();
    let shown = rest.get(..page.limit).unwrap_or(rest);
    let phones = shown.iter().filter_map(|id| directory.phone(id));
    let data = phones.map(|phone| number(phone, app, callbacks, fields)).collect::<Result<Vec<_>, _>>()?;
    Ok(match (shown.first(), shown.last()) {
        (Some(first), Some(last)) => {
            let cursors = json!({ "before": cursor(first.as_str()), "after": cursor(last.as_str()) });
            json!({ "data": data, "paging": { "cursors": cursors } })
        }
        _ => json!({ "data": data }),
    })
}

/// `GET /{app-id}/subscriptions`.
pub(crate) fn subscriptions(app: &App, callbacks: &Callbacks) -> Value {
    let setting = callbacks.get(&Slot::App(app.id.clone()));
    let subscription = setting.and_then(|setting| {
        let version = format!("v{}.0", app.webhook_version);
        let field = |name: &String| json!({ "name": name, "version": version });
        Some(json!({
            "object": OBJECT,
            "callback_url": setting.callback.as_ref()?.url,
            "active": true,
            "fields": setting.fields.iter().map(field).collect::<Vec<_>>(),
        }))
    });
    json!({ "data": Vec::from_iter(subscription) })
}

/// `GET /{waba-id}/subscribed_apps`.
pub(crate) fn subscribed_apps(directory: &Directory, account: &WabaId, callbacks: &Callbacks) -> Value {
    let item = |(id, setting): (&AppId, &crate::callbacks::Setting)| {
        let app = directory.app(id)?;
        let data = json!({ "id": id.as_str(), "link": link(app), "name": app.name });
        let mut item = json!({ "whatsapp_business_api_data": data });
        if let (Some(item), Some(callback)) = (item.as_object_mut(), &setting.callback) {
            item.insert("override_callback_uri".into(), json!(callback.url));
        }
        Some(item)
    };
    json!({ "data": callbacks.subscribers(account).filter_map(item).collect::<Vec<_>>() })
}

fn webhook_configuration(phone: &Phone, app: &AppId, callbacks: &Callbacks) -> Value {
    let slots = [
        ("phone_number", Slot::Number(phone.id.clone(), app.clone())),
        ("whatsapp_business_account", Slot::Account(phone.account.clone(), app.clone())),
        ("application", Slot::App(app.clone())),
    ];
    let mut configuration = Map::new();
    for (name, slot) in slots {
        if let Some(callback) = callbacks.get(&slot).and_then(|setting| setting.callback.as_ref()) {
            configuration.insert(name.into(), json!(callback.url));
        }
    }
    if configuration.is_empty() { Value::Null } else { Value::Object(configuration) }
}

fn health(entity_type: &str, id: &str) -> Value {
    let entity = json!({ "entity_type": entity_type, "id": id, "can_send_message": "AVAILABLE" });
    json!({ "can_send_message": "AVAILABLE", "entities": [entity] })
}

fn link(app: &App) -> String {
    format!("https://www.facebook.com/games/?app_id={}", app.id.as_str())
}

fn to_limit(text: &str) -> Result<usize, GraphError> {
    let limit: usize = text.parse().map_err(|_| GraphError::must_be("limit", "an integer"))?;
    Ok(limit.clamp(1, LARGEST_PAGE))
}

fn cursor(id: &str) -> String {
    URL_SAFE_NO_PAD.encode(id)
}

fn from_cursor(cursor: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_outermost_names_are_fields() {
        let query = "fields=id,analytics.start(1).end(2).granularity(DAY),phone_numbers{id,status}, name";
        let fields = Fields::parse(&Params::parse(query, None, b"").unwrap()).unwrap();
        assert_eq!(fields.0, ["id", "analytics", "phone_numbers", "name"]);
    }
}
