//! What can be tapped below a template.

use crate::error::GraphError;
use crate::reading::{Members, Param};
use crate::templates::errors::Part;
use crate::templates::{Examples, Format, Wording, word};
use crate::value::Value;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use std::fmt;

/// How many buttons a template can have.
const MOST: usize = 10;
/// The longest label, in characters.
const LABEL: usize = 25;
const URL: usize = 2000;
const PHONE_NUMBER: usize = 20;
/// The longest code that can be copied, in characters (20 since December 2025, 15 before).
pub(crate) const CODE: usize = 20;
/// The longest flow that a button can bring along, in characters.
const FLOW_JSON: usize = 20_000;
const OTP_APPS: usize = 5;

const TYPES: [&str; 11] = [
    "QUICK_REPLY",
    "URL",
    "PHONE_NUMBER",
    "COPY_CODE",
    "OTP",
    "CATALOG",
    "MPM",
    "SPM",
    "FLOW",
    "VOICE_CALL",
    "ORDER_DETAILS",
];

/// A button of a template. `Debug` shows its type only.
#[derive(Clone, PartialEq, Eq)]
pub enum Button {
    /// Answers with its label.
    QuickReply {
        /// Its label.
        text: String,
    },
    /// Opens an address.
    Url {
        /// Its label.
        text: String,
        /// One variable at most, at the end.
        url: Wording,
        /// A value for it.
        example: Examples,
    },
    /// Calls a number.
    PhoneNumber {
        /// Its label.
        text: String,
        /// The number.
        phone_number: String,
    },
    /// Copies a code, which each message brings.
    CopyCode {
        /// A code.
        example: String,
    },
    /// Copies, or fills in, a code that says who somebody is.
    Otp(Otp),
    /// Shows all that the business sells.
    Catalog {
        /// Its label.
        text: String,
    },
    /// Shows some of it.
    Mpm {
        /// Its label.
        text: String,
    },
    /// Shows one thing.
    Spm {
        /// Its label.
        text: String,
    },
    /// Opens a flow.
    Flow {
        /// Its label.
        text: String,
        /// Which.
        flow: FlowOf,
        /// `navigate` or `data_exchange`.
        action: &'static str,
        /// The first screen.
        navigate_screen: Option<String>,
    },
    /// Calls the business by the app.
    VoiceCall {
        /// Its label.
        text: String,
    },
    /// Shows what is to be paid.
    OrderDetails {
        /// Its label.
        text: String,
    },
}

/// Which flow a button opens.
#[derive(Clone, PartialEq, Eq)]
pub enum FlowOf {
    /// By its id.
    Id(String),
    /// By its name.
    Name(String),
    /// It is brought along.
    Json(String),
}

/// The button of a template for codes.
#[derive(Clone, PartialEq, Eq)]
pub struct Otp {
    /// What it does.
    pub otp_type: OtpType,
    /// Its label; the usual one if there is none.
    pub text: Option<String>,
    /// Its label where the code can be filled in.
    pub autofill_text: Option<String>,
    /// The apps that may have the code.
    pub apps: Vec<OtpApp>,
    /// The business has accepted the terms of codes that nobody has to tap for.
    pub zero_tap_terms_accepted: Option<bool>,
}

/// What the button of a template for codes does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtpType {
    /// Copies the code.
    CopyCode,
    /// Gives it to an app when it is tapped.
    OneTap,
    /// Gives it to an app.
    ZeroTap,
}

/// An app that may have codes.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct OtpApp {
    /// Its name.
    pub package_name: String,
    /// Of its signing key.
    pub signature_hash: String,
}

impl OtpType {
    const WORDS: [&'static str; 3] = ["COPY_CODE", "ONE_TAP", "ZERO_TAP"];

    /// As templates spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CopyCode => "COPY_CODE",
            Self::OneTap => "ONE_TAP",
            Self::ZeroTap => "ZERO_TAP",
        }
    }
}

impl Button {
    /// As templates spell its type.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::QuickReply { .. } => "QUICK_REPLY",
            Self::Url { .. } => "URL",
            Self::PhoneNumber { .. } => "PHONE_NUMBER",
            Self::CopyCode { .. } => "COPY_CODE",
            Self::Otp(_) => "OTP",
            Self::Catalog { .. } => "CATALOG",
            Self::Mpm { .. } => "MPM",
            Self::Spm { .. } => "SPM",
            Self::Flow { .. } => "FLOW",
            Self::VoiceCall { .. } => "VOICE_CALL",
            Self::OrderDetails { .. } => "ORDER_DETAILS",
        }
    }

    /// What stands on it.
    pub fn label(&self) -> &str {
        match self {
            Self::QuickReply { text }
            | Self::Url { text, .. }
            | Self::PhoneNumber { text, .. }
            | Self::Catalog { text }
            | Self::Mpm { text }
            | Self::Spm { text }
            | Self::Flow { text, .. }
            | Self::VoiceCall { text }
            | Self::OrderDetails { text } => text,
            Self::CopyCode { .. } => "Copy offer code",
            Self::Otp(otp) => otp.text.as_deref().unwrap_or("Copy code"),
        }
    }

    pub(crate) fn read_all(members: &Members<'_>) -> Result<Vec<Self>, GraphError> {
        members.only(&["type", "buttons"])?;
        let buttons = members.get("buttons").ok_or_else(|| Part::Buttons.missing("buttons"))?;
        let mut all = Vec::new();
        for button in buttons.items()?.iter() {
            all.push(Self::read(&button.any_object()?)?);
            if all.len() > MOST {
                return Err(Part::Buttons.format("can have at most 10 buttons"));
            }
        }
        if all.is_empty() {
            return Err(Part::Buttons.missing("buttons"));
        }
        Ok(all)
    }

    fn read(members: &Members<'_>) -> Result<Self, GraphError> {
        let kind = word(members.required("type")?, &TYPES)?;
        Ok(match kind {
            "QUICK_REPLY" => Self::QuickReply { text: label(members, &[])? },
            "URL" => Self::read_url(members)?,
            "PHONE_NUMBER" => {
                let text = label(members, &["phone_number"])?;
                Self::PhoneNumber { text, phone_number: required(members, "phone_number", PHONE_NUMBER)? }
            }
            "COPY_CODE" => {
                members.only(&["type", "text", "example"])?;
                let example = members.get("example").ok_or_else(|| Part::Buttons.missing("example"))?;
                let example = first_text(&example)?;
                Self::CopyCode { example: Part::Buttons.within("example", &example, CODE)?.to_owned() }
            }
            "OTP" => Self::Otp(Otp::read(members)?),
            "CATALOG" => Self::Catalog { text: label(members, &[])? },
            "MPM" => Self::Mpm { text: label(members, &[])? },
            "SPM" => Self::Spm { text: label(members, &[])? },
            "FLOW" => Self::read_flow(members)?,
            "VOICE_CALL" => Self::VoiceCall { text: label(members, &["ttl_minutes"])? },
            _ => Self::OrderDetails { text: label(members, &[])? },
        })
    }

    fn read_url(members: &Members<'_>) -> Result<Self, GraphError> {
        let text = label(members, &["url", "example"])?;
        let url = required(members, "url", URL)?;
        // In an address the variable is a number, whatever the texts have.
        let url = Wording::read(&url, Format::Positional).map_err(|why| Part::Buttons.malformed(why))?;
        let is_at_end = url.variables().is_empty() || url.as_str().ends_with("{{1}}");
        if url.variables().len() > 1 || !is_at_end {
            return Err(Part::Buttons.format("can have one variable in a url, at its end"));
        }
        let example = members.get("example").map(|example| first_text(&example)).transpose()?;
        Ok(Self::Url { text, url, example: Examples(Vec::from_iter(example)) })
    }

    fn read_flow(members: &Members<'_>) -> Result<Self, GraphError> {
        let others = ["flow_id", "flow_name", "flow_json", "flow_action", "navigate_screen", "icon"];
        let text = label(members, &others)?;
        let of = |name, limit| members.get(name).map(|_| required(members, name, limit)).transpose();
        let flow = match (of("flow_id", 64)?, of("flow_name", 200)?, of("flow_json", FLOW_JSON)?) {
            (Some(id), None, None) => FlowOf::Id(id),
            (None, Some(name), None) => FlowOf::Name(name),
            (None, None, Some(json)) => FlowOf::Json(json),
            _ => return Err(Part::Buttons.format("needs one of flow_id, flow_name and flow_json in a FLOW")),
        };
        let action = members.get("flow_action");
        let action = action.map(|action| word(action, &["navigate", "data_exchange"])).transpose()?;
        let navigate_screen = of("navigate_screen", 200)?;
        Ok(Self::Flow { text, flow, action: action.unwrap_or("navigate"), navigate_screen })
    }
}

impl Otp {
    fn read(members: &Members<'_>) -> Result<Self, GraphError> {
        members.only(&[
            "type",
            "otp_type",
            "text",
            "autofill_text",
            "package_name",
            "signature_hash",
            "supported_apps",
            "zero_tap_terms_accepted",
        ])?;
        let otp_type = match word(members.required("otp_type")?, &OtpType::WORDS)? {
            "ONE_TAP" => OtpType::OneTap,
            "ZERO_TAP" => OtpType::ZeroTap,
            _ => OtpType::CopyCode,
        };
        let of = |name| members.get(name).map(|_| required(members, name, LABEL)).transpose();
        let mut apps = Vec::new();
        if let Some(supported) = members.get("supported_apps") {
            for app in supported.items()?.iter() {
                apps.push(OtpApp::read(&app.object(&["package_name", "signature_hash"])?)?);
                if apps.len() > OTP_APPS {
                    return Err(Part::Buttons.format("can have at most 5 supported_apps"));
                }
            }
        } else if members.get("package_name").is_some() || members.get("signature_hash").is_some() {
            apps.push(OtpApp::read(members)?);
        }
        let zero_tap_terms_accepted =
            members.get("zero_tap_terms_accepted").map(|is| is.boolean()).transpose()?;
        Ok(Self {
            otp_type,
            text: of("text")?,
            autofill_text: of("autofill_text")?,
            apps,
            zero_tap_terms_accepted,
        })
    }
}

impl OtpApp {
    fn read(members: &Members<'_>) -> Result<Self, GraphError> {
        let package_name = required(members, "package_name", 224)?;
        Ok(Self { package_name, signature_hash: required(members, "signature_hash", 64)? })
    }
}

fn label(members: &Members<'_>, others: &[&str]) -> Result<String, GraphError> {
    members.only(&[&["type", "text"], others].concat())?;
    required(members, "text", LABEL)
}

fn required(members: &Members<'_>, name: &'static str, limit: usize) -> Result<String, GraphError> {
    let param = members.get(name).ok_or_else(|| Part::Buttons.missing(name))?;
    let text = match param.value() {
        Value::Unsigned(number) => number.to_string(),
        _ => param.text()?.to_owned(),
    };
    Part::Buttons.within(name, &text, limit)?;
    Ok(text)
}

/// A text, or the first of a list.
fn first_text(param: &Param<'_>) -> Result<String, GraphError> {
    if let Ok(items) = param.items()
        && let Some(first) = items.iter().next()
    {
        return first.text_within(URL).map(str::to_owned);
    }
    param.text_within(URL).map(str::to_owned)
}

impl Serialize for Button {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", self.kind())?;
        match self {
            Self::CopyCode { .. } => {}
            Self::Otp(Otp { text, .. }) => {
                if let Some(text) = text {
                    map.serialize_entry("text", text)?;
                }
            }
            _ => map.serialize_entry("text", self.label())?,
        }
        match self {
            Self::Url { url, example, .. } => {
                map.serialize_entry("url", url.as_str())?;
                if !example.0.is_empty() {
                    map.serialize_entry("example", &example.0)?;
                }
            }
            Self::PhoneNumber { phone_number, .. } => map.serialize_entry("phone_number", phone_number)?,
            Self::CopyCode { example } => map.serialize_entry("example", &[example])?,
            Self::Otp(otp) => otp.write(&mut map)?,
            Self::Flow { flow, action, navigate_screen, .. } => {
                match flow {
                    FlowOf::Id(id) => map.serialize_entry("flow_id", id)?,
                    FlowOf::Name(name) => map.serialize_entry("flow_name", name)?,
                    FlowOf::Json(json) => map.serialize_entry("flow_json", json)?,
                }
                map.serialize_entry("flow_action", action)?;
                if let Some(screen) = navigate_screen {
                    map.serialize_entry("navigate_screen", screen)?;
                }
            }
            _ => {}
        }
        map.end()
    }
}

impl Otp {
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("otp_type", self.otp_type.as_str())?;
        if let Some(text) = &self.autofill_text {
            map.serialize_entry("autofill_text", text)?;
        }
        if !self.apps.is_empty() {
            map.serialize_entry("supported_apps", &self.apps)?;
        }
        if let Some(accepted) = self.zero_tap_terms_accepted {
            map.serialize_entry("zero_tap_terms_accepted", &accepted)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Button {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Button({})", self.kind())
    }
}
