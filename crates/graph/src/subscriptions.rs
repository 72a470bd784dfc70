//! Where webhooks go: the parameters of `subscriptions`, `subscribed_apps` and a number's override (Cloud API
//! documentation, "Webhooks" and "Override webhooks"), and the answers.

use crate::error::GraphError;
use crate::ids::AppId;
use crate::params::Params;
use crate::path::Version;
use crate::reading::Param;
use crate::secret::Secret;
use serde::{Serialize, Serializer};
use std::fmt;
use std::net::Ipv6Addr;

/// The longest URL of an override, in characters.
const OVERRIDE_LIMIT: usize = 200;

/// The longest URL of an app, in characters.
const URL_LIMIT: usize = 2048;

/// The only object that has webhooks here.
pub const OBJECT: &str = "whatsapp_business_account";

/// The webhook field of messages and their statuses.
pub const MESSAGES: &str = "messages";

/// Where webhooks go. `Debug` shows neither part.
#[derive(Clone)]
pub struct Callback {
    /// An absolute `http` or `https` URL.
    pub url: String,
    /// What the receiver wants to hear in the handshake.
    pub verify_token: Secret,
}

/// `POST /{app-id}/subscriptions`.
#[derive(Debug, Clone)]
pub struct Subscribe {
    /// Where to.
    pub callback: Callback,
    /// Which webhook fields; never none.
    pub fields: Vec<String>,
}

/// `DELETE /{app-id}/subscriptions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribe {
    /// Which webhook fields are not wanted any more; none: all.
    pub fields: Vec<String>,
}

/// `POST /{waba-id}/subscribed_apps`, and `POST /{phone-number-id}` with `webhook_configuration`.
#[derive(Debug, Clone)]
pub struct Override {
    /// Where to; `None`: where the app says.
    pub callback: Option<Callback>,
}

/// The parameters of `POST /{app-id}/subscriptions`.
pub const SUBSCRIBE: &[&str] = &["object", "callback_url", "verify_token", "fields", "include_values"];

/// The parameters of `DELETE /{app-id}/subscriptions`.
pub const UNSUBSCRIBE: &[&str] = &["object", "fields"];

/// The parameters of `POST /{waba-id}/subscribed_apps`.
pub const OVERRIDE_OF_ACCOUNT: &[&str] = &["override_callback_uri", "verify_token", "subscribed_fields"];

/// The parameters of `POST /{phone-number-id}`.
pub const OVERRIDE_OF_NUMBER: &[&str] = &["webhook_configuration", "messaging_product"];

impl Subscribe {
    /// What the parameters say.
    ///
    /// # Errors
    /// They say nothing that can be.
    pub fn parse(params: &Params<'_>) -> Result<Self, GraphError> {
        params.only(SUBSCRIBE)?;
        params.required("object")?.one_of(&[OBJECT])?;
        let (url, verify_token) = (params.required("callback_url")?, params.required("verify_token")?);
        let callback = Callback::read(url, URL_LIMIT, verify_token)?;
        let fields = fields(params)?;
        Ok(Self { callback, fields: if fields.is_empty() { vec![MESSAGES.to_owned()] } else { fields } })
    }
}

impl Unsubscribe {
    /// What the parameters say.
    ///
    /// # Errors
    /// They say nothing that can be.
    pub fn parse(params: &Params<'_>) -> Result<Self, GraphError> {
        params.get("object").map(|object| object.one_of(&[OBJECT])).transpose()?;
        Ok(Self { fields: fields(params)? })
    }
}

impl Override {
    /// What the parameters of `POST /{waba-id}/subscribed_apps` say.
    ///
    /// # Errors
    /// They say nothing that can be.
    pub fn of_account(params: &Params<'_>) -> Result<Self, GraphError> {
        params.only(OVERRIDE_OF_ACCOUNT)?;
        Self::read(params.get("override_callback_uri"), params.get("verify_token"), "verify_token")
    }

    /// What the parameters of `POST /{phone-number-id}` say.
    ///
    /// # Errors
    /// They say nothing that can be.
    pub fn of_number(params: &Params<'_>) -> Result<Self, GraphError> {
        params.only(OVERRIDE_OF_NUMBER)?;
        let configuration = params.required("webhook_configuration")?;
        let configuration = configuration.object(&["override_callback_uri", "verify_token"])?;
        let uri = configuration.get("override_callback_uri");
        Self::read(uri, configuration.get("verify_token"), "webhook_configuration['verify_token']")
    }

    fn read(uri: Option<Param<'_>>, verify_token: Option<Param<'_>>, path: &str) -> Result<Self, GraphError> {
        let uri = match uri {
            Some(uri) if !uri.text()?.is_empty() => uri,
            _ => return Ok(Self { callback: None }),
        };
        let verify_token = verify_token.ok_or_else(|| GraphError::missing(path))?;
        Ok(Self { callback: Some(Callback::read(uri, OVERRIDE_LIMIT, verify_token)?) })
    }
}

impl Callback {
    fn read(url: Param<'_>, limit: usize, verify_token: Param<'_>) -> Result<Self, GraphError> {
        let url = url.text_within(limit)?;
        if !is_callback(url) {
            return Err(GraphError::invalid("The callback must be an absolute http or https URL."));
        }
        Ok(Self { url: url.to_owned(), verify_token: verify_token.text()?.into() })
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callback(…)")
    }
}

/// True if webhooks can go there: an absolute `http` or `https` URL with a host and of characters that URLs are made of
/// (RFC 3986), without a fragment, and without a user's name, which nobody would be told.
pub fn is_callback(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else {
        return false;
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&byte);
    url.len() <= URL_LIMIT && is_authority(authority) && path.bytes().all(allowed)
}

/// A host with or without a port (RFC 3986, sections 3.2.2 and 3.2.3).
fn is_authority(authority: &str) -> bool {
    let is_port = |port: &str| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    if let Some((ip, port)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let port = if port.is_empty() { Some("80") } else { port.strip_prefix(':') };
        return ip.parse::<Ipv6Addr>().is_ok() && port.is_some_and(is_port);
    }
    let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    !host.is_empty() && host.bytes().all(allowed) && is_port(port)
}

/// An item of `GET /{app-id}/subscriptions`.
#[derive(Serialize)]
pub struct Subscription<'a> {
    object: &'static str,
    callback_url: &'a str,
    active: bool,
    fields: Vec<SubscribedField<'a>>,
}

#[derive(Serialize)]
struct SubscribedField<'a> {
    name: &'a str,
    #[serde(serialize_with = "shown")]
    version: Version,
}

/// An item of `GET /{waba-id}/subscribed_apps`.
#[derive(Serialize)]
pub struct SubscribedApp<'a> {
    whatsapp_business_api_data: ApiData<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    override_callback_uri: Option<&'a str>,
}

#[derive(Serialize)]
struct ApiData<'a> {
    id: AppId,
    link: String,
    name: &'a str,
}

impl<'a> Subscription<'a> {
    /// A subscription to these fields, in the form of this version.
    pub fn new(callback_url: &'a str, fields: &'a [String], version: Version) -> Self {
        let fields = fields.iter().map(|name| SubscribedField { name, version }).collect();
        Self { object: OBJECT, callback_url, active: true, fields }
    }
}

impl<'a> SubscribedApp<'a> {
    /// An app that hears of the account, perhaps elsewhere than it says itself.
    pub fn new(id: AppId, name: &'a str, override_callback_uri: Option<&'a str>) -> Self {
        let whatsapp_business_api_data = ApiData { id, link: link(id), name };
        Self { whatsapp_business_api_data, override_callback_uri }
    }
}

/// The page of an app.
pub(crate) fn link(app: AppId) -> String {
    format!("https://www.facebook.com/games/?app_id={}", app.as_str())
}

fn shown<S: Serializer>(version: &Version, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(version)
}

fn fields(params: &Params<'_>) -> Result<Vec<String>, GraphError> {
    params.get("fields").map_or_else(|| Ok(Vec::new()), |fields| fields.texts())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn params(json: &str) -> Params<'_> {
        Params::parse("", None, json.as_bytes()).ok().unwrap()
    }

    #[test]
    fn subscriptions_are_read() {
        let json = r#"{"object":"whatsapp_business_account","callback_url":"https://x.test/h?a=1","verify_token":"t"}"#;
        let read = Subscribe::parse(&params(json)).unwrap();
        assert_eq!(
            (read.callback.url.as_str(), read.callback.verify_token.expose()),
            ("https://x.test/h?a=1", "t")
        );
        assert_eq!(read.fields, [MESSAGES]);
        for fields in [r#"["a","b"]"#, r#""a, b""#, r#""[\"a\",\"b\"]""#] {
            let json = format!(r#"{{"fields":{fields}}}"#);
            assert_eq!(Unsubscribe::parse(&params(&json)).unwrap().fields, ["a", "b"]);
        }
        assert!(Unsubscribe::parse(&params(r#"{"object":"user"}"#)).is_err());
    }

    #[test]
    fn overrides_need_a_token_and_may_be_empty() {
        let of_number = |uri: &str, token: &str| {
            let json = format!(r#"{{"webhook_configuration":{{"override_callback_uri":"{uri}"{token}}}}}"#);
            Override::of_number(&params(&json)).map(|read| read.callback.is_some())
        };
        assert_eq!(of_number("", ""), Ok(false));
        assert_eq!(of_number("http://x.test/", r#","verify_token":"t""#), Ok(true));
        assert!(of_number("http://x.test/", "").is_err());
        assert!(of_number(&format!("http://{}", "x".repeat(194)), r#","verify_token":"t""#).is_err());
        assert!(Override::of_account(&params("{}")).unwrap().callback.is_none());
    }

    #[test]
    fn only_absolute_urls_are_callbacks() {
        for bad in [
            "",
            "ftp://x",
            "http://",
            "http:///x",
            "https://?a",
            "http://:80",
            "http://x/#a",
            "http://x y",
            "//x",
            "http://x:",
            "http://x:0/",
            "http://x:65536/",
            "http://x:80:80/",
            "http://x:+1/",
            "http://user:secret@x/",
            "http://[::1/",
            "http://[::1]9/",
            "http://[x]/",
            "http://x\\y/",
            "http://x/<a>",
            "http://x/\u{e9}",
        ] {
            assert!(!is_callback(bad), "{bad}");
        }
        for good in
            ["http://x", "http://x?a", "https://x.test:65535/a;b=c,d/(e)?f=g&h=%20/?@:", "http://[::1]:9/"]
        {
            assert!(is_callback(good), "{good}");
        }
        assert!(!is_callback(&format!("http://x/{}", "y".repeat(URL_LIMIT))));
    }

    proptest! {
        #[test]
        fn no_text_panics(url in ".{0,40}|https?://[a-z:/?#]{0,20}", value in "null|1|\"x\"|\\[1\\]|\\{\\}") {
            let _ = is_callback(&url);
            for name in SUBSCRIBE.iter().chain(OVERRIDE_OF_ACCOUNT).chain(OVERRIDE_OF_NUMBER) {
                let json = format!(r#"{{"{name}":{value}}}"#);
                let _ = Subscribe::parse(&params(&json));
                let _ = Unsubscribe::parse(&params(&json));
                let _ = Override::of_account(&params(&json));
                let _ = Override::of_number(&params(&json));
            }
        }
    }
}
