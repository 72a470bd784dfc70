//! What the app says, as a line for people or for programs.

use super::kinds::{about, words};
use crate::out::foreign;
use ::consumer::{Notice, Output, Sent, Shown};
use content::Content;

pub(super) fn text_line(output: Output) -> Option<String> {
    match output {
        Output::Show(message) => {
            let said = format!("{}{}", about(&message.content.context), words(&message.content.body));
            Some(format!("{}: {}", message.from.number.digits(), foreign(&said)))
        }
        Output::Status { sent: Sent::Failed(failure), .. } => Some(format!("not delivered: {failure}")),
        Output::Status { sent, .. } => Some(format!("({})", status_name(sent))),
        Output::NotSent { why, .. } => Some(format!("[not sent: {why}]")),
        Output::Typing { from, typing } => {
            Some(format!("[{} is {}writing]", from.digits(), if typing { "" } else { "no longer " }))
        }
        Output::Notice(notice) => Some(format!("[{}]", notice_text(notice))),
        Output::Send(_) => None,
    }
}

pub(super) fn json_line(output: Output) -> Option<String> {
    let json = match output {
        Output::Show(message) => json_message(&message),
        Output::Status { message_id, sent } => {
            serde_json::json!({ "event": "status", "id": message_id.as_str(), "status": status_name(sent) })
        }
        Output::NotSent { message_id, why } => serde_json::json!({
            "event": "not_sent", "id": message_id.as_str(), "why": why.to_string(),
        }),
        Output::Typing { from, typing } => {
            serde_json::json!({ "event": "typing", "from": from.digits(), "typing": typing })
        }
        Output::Notice(notice @ Notice::IdentityChanged { number, trusted }) => serde_json::json!({
            "event": "identity_changed", "number": number.digits(), "trusted": trusted, "notice": notice_text(notice),
        }),
        Output::Notice(notice) => serde_json::json!({ "event": "notice", "notice": notice_text(notice) }),
        Output::Send(_) => return None,
    };
    Some(json.to_string())
}

/// A text is its text; of other kinds a program gets the name and what people see.
fn json_message(message: &Shown) -> serde_json::Value {
    let Content { message_id, context, body, .. } = &message.content;
    let mut json = serde_json::Map::new();
    let mut tell = |name: &str, value: serde_json::Value| drop(json.insert(name.to_owned(), value));
    tell("event", "message".into());
    tell("sequence", message.sequence.into());
    tell("from", message.from.number.digits().to_string().into());
    tell("id", message_id.as_str().into());
    match body.as_text() {
        Some(text) => tell("text", text.into()),
        None => {
            tell("kind", body.kind().into());
            tell("shown", words(body).into());
        }
    }
    if let Some(quoted) = &context.quoted {
        tell("quotes", quoted.as_str().into());
    }
    if let Some(name) = &context.sender_name {
        tell("name", name.as_str().into());
    }
    json.into()
}

fn status_name(sent: Sent) -> &'static str {
    match sent {
        Sent::Pending => "pending",
        Sent::Accepted => "sent",
        Sent::Delivered => "delivered",
        Sent::Read => "read",
        Sent::Failed(_) => "failed",
    }
}

fn notice_text(notice: Notice) -> String {
    match notice {
        Notice::Registered => "registered with the relay".into(),
        Notice::Online => "online".into(),
        Notice::StartedOver => "this app or its relay was put back to an older copy, or the relay is another: all sessions are made anew \
             and what had not arrived is sent again; what only the state knew that is gone is lost"
            .into(),
        Notice::Offline => "offline; messages wait".into(),
        Notice::Rejected(code) => format!("the relay refused: {}", link::advice(code)),
        Notice::Unreadable(unreadable) => format!("a message can't be read: {unreadable}"),
        Notice::IdentityChanged { number, trusted: true } => {
            format!("{} has a new identity key: a new device, or somebody in between", number.digits())
        }
        Notice::IdentityChanged { number, trusted: false } => {
            format!(
                "{0} has a new identity key, which is not trusted: nothing is sent or shown. If they say that it is theirs, type: \
                 /trust {0}",
                number.digits()
            )
        }
        Notice::NothingToTrust { number } => {
            format!("no identity key of {} was refused since this start", number.digits())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use content::Body;
    use wire::{Address, Number};

    fn number(digits: &str) -> Number {
        digits.parse().unwrap()
    }

    fn shown() -> ::consumer::Shown {
        ::consumer::Shown {
            sequence: 7,
            from: Address::primary(number("4915112345678")),
            content: Content::new("AB12".parse().unwrap(), 1_790_000_000, Body::text("hi \"you\"")),
        }
    }

    fn status(sent: Sent) -> Output {
        Output::Status { message_id: "AB12".parse().unwrap(), sent }
    }

    #[test]
    fn a_message_of_several_lines_forges_no_other() {
        let mut message = shown();
        message.content.body = Body::text("hi\n(read)\u{1b}[2J");
        assert_eq!(text_line(Output::Show(message)).unwrap(), "4915112345678: hi\n    (read)\\u{1b}[2J");
    }

    #[test]
    fn events_for_programs_are_json_with_stable_keys() {
        let json = |output| serde_json::from_str::<serde_json::Value>(&json_line(output).unwrap()).unwrap();
        assert_eq!(
            json(Output::Show(shown())),
            serde_json::json!({
                "event": "message", "sequence": 7, "from": "4915112345678", "id": "AB12", "text": "hi \"you\"",
            })
        );
        let names =
            [Sent::Pending, Sent::Accepted, Sent::Delivered, Sent::Read].map(|sent| json(status(sent)));
        let names = names.each_ref().map(|status| status["status"].as_str().unwrap());
        assert_eq!(names, ["pending", "sent", "delivered", "read"]);
        assert_eq!(json(status(Sent::Failed(endpoint::Failure::Expired)))["status"], "failed");
        assert_eq!(json(Output::Notice(Notice::Online))["notice"], "online");
        let changed = Notice::IdentityChanged { number: number("4915112345678"), trusted: true };
        let changed = json(Output::Notice(changed));
        assert_eq!((&changed["event"], &changed["trusted"]), (&"identity_changed".into(), &true.into()));
        assert_eq!(changed["number"], "4915112345678");
    }

    #[test]
    fn people_are_told_why_something_did_not_arrive() {
        let text = |output| text_line(output).unwrap();
        assert_eq!(text(Output::Show(shown())), "4915112345678: hi \"you\"");
        assert_eq!(
            text(status(Sent::Failed(endpoint::Failure::UnknownRecipient))),
            "not delivered: nobody is registered at the recipient's address"
        );
        assert_eq!(text(status(Sent::Read)), "(read)");
        assert_eq!(text(Output::Notice(Notice::Offline)), "[offline; messages wait]");
        let changed = Notice::IdentityChanged { number: number("4915112345678"), trusted: true };
        assert_eq!(
            text(Output::Notice(changed)),
            "[4915112345678 has a new identity key: a new device, or somebody in between]"
        );
    }
}
