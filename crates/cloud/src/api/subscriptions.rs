//! Where webhooks go: the parameters of `subscriptions`, `subscribed_apps` and a number's override.

use crate::api::errors::GraphError;
use crate::api::params::{Params, object, string};
use crate::callbacks::{MESSAGES, Setting};
use crate::config::Callback;
use crate::secret::Secret;
use serde_json::Value;

/// The longest URL of an override, in characters.
const OVERRIDE_LIMIT: usize = 200;

/// The longest URL of an app, in characters.
const URL_LIMIT: usize = 2048;

/// The only object that this node has webhooks of.
pub(crate) const OBJECT: &str = "whatsapp_business_account";

/// What to set. A callback is set only after its handshake.
pub(crate) enum Change {
    Set(Setting),
    Remove,
    /// Wants fewer webhook fields.
    Unsubscribe(Vec<String>),
}

/// `POST /{app-id}/subscriptions`.
pub(crate) fn subscribe(params: &Params) -> Result<Change, GraphError> {
    params.only(&["object", "callback_url", "verify_token", "fields", "include_values"])?;
    is_ours(params.required("object")?)?;
    let callback = callback(params.required("callback_url")?, params.required("verify_token")?, URL_LIMIT)?;
    let fields = fields(params)?;
    let fields = if fields.is_empty() { vec![MESSAGES.to_owned()] } else { fields };
    Ok(Change::Set(Setting { subscribed: false, callback: Some(callback), fields }))
}

/// `DELETE /{app-id}/subscriptions`.
pub(crate) fn unsubscribe(params: &Params) -> Result<Change, GraphError> {
    if let Some(object) = params.optional("object")? {
        is_ours(object)?;
    }
    let fields = fields(params)?;
    Ok(if fields.is_empty() { Change::Remove } else { Change::Unsubscribe(fields) })
}

/// `POST /{waba-id}/subscribed_apps`.
pub(crate) fn subscribe_app(params: &Params) -> Result<Change, GraphError> {
    params.only(&["override_callback_uri", "verify_token", "subscribed_fields"])?;
    let callback = override_of(params.optional("override_callback_uri")?, params.get("verify_token"))?;
    Ok(Change::Set(Setting { subscribed: true, callback, fields: Vec::new() }))
}

/// `POST /{phone-number-id}` with `webhook_configuration`.
pub(crate) fn number_webhook(params: &Params) -> Result<Change, GraphError> {
    params.only(&["webhook_configuration", "messaging_product"])?;
    let path = "webhook_configuration";
    let configuration = params.get(path).ok_or_else(|| GraphError::missing(path))?;
    let configuration = object(configuration, path, &["override_callback_uri", "verify_token"])?;
    let uri = configuration.get("override_callback_uri");
    let uri = uri.map(|uri| string(uri, "webhook_configuration['override_callback_uri']")).transpose()?;
    match override_of(uri, configuration.get("verify_token"))? {
        Some(callback) => Ok(Change::Set(Setting { callback: Some(callback), ..Setting::default() })),
        None => Ok(Change::Remove),
    }
}

fn override_of(uri: Option<&str>, verify_token: Option<&Value>) -> Result<Option<Callback>, GraphError> {
    let Some(uri) = uri.filter(|uri| !uri.is_empty()) else { return Ok(None) };
    let verify_token = verify_token.ok_or_else(|| GraphError::missing("verify_token"))?;
    callback(uri, string(verify_token, "verify_token")?, OVERRIDE_LIMIT).map(Some)
}

fn callback(url: &str, verify_token: &str, limit: usize) -> Result<Callback, GraphError> {
    if url.chars().count() > limit {
        return Err(GraphError::too_long("callback_url", limit));
    }
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let right = host.is_some_and(|host| {
        !host.starts_with(['/', '?', ':'])
            && !host.is_empty()
            && host.bytes().all(|byte| byte.is_ascii_graphic())
    });
    if !right || url.contains('#') {
        return Err(GraphError::invalid("The callback must be an absolute http or https URL."));
    }
    Ok(Callback { url: url.to_owned(), verify_token: Secret::from(verify_token) })
}

fn is_ours(object: &str) -> Result<(), GraphError> {
    if object == OBJECT { Ok(()) } else { Err(GraphError::one_of("object", &[OBJECT], object)) }
}

/// A list as Graph takes it: JSON, or separated by commas.
fn fields(params: &Params) -> Result<Vec<String>, GraphError> {
    let Some(fields) = params.get("fields") else { return Ok(Vec::new()) };
    let all_strings = |fields: &[Value]| {
        let texts = fields.iter().map(|field| string(field, "fields").map(str::to_owned));
        texts.collect::<Result<Vec<_>, _>>()
    };
    match fields {
        Value::Array(fields) => all_strings(fields),
        Value::String(text) => match serde_json::from_str(text) {
            Ok(Value::Array(fields)) => all_strings(&fields),
            _ => Ok(text
                .split(',')
                .map(str::trim)
                .filter(|field| !field.is_empty())
                .map(str::to_owned)
                .collect()),
        },
        _ => Err(GraphError::must_be("fields", "an array")),
    }
}
