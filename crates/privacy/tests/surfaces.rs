//! Each surface's check finds what it is for, and takes what there really is.

#![allow(clippy::unwrap_used, reason = "a test")]

use privacy::surfaces::{Direction, HttpMessage, Problem, Surfaces, Value};
use privacy::{DataClass, Policy, Principal};
use prost::Message as _;
use prost_reflect::DynamicMessage;

fn surfaces() -> Surfaces {
    Surfaces::of_this_project().unwrap()
}

fn response<'a>(headers: &[(&str, &str)], body: &'a str) -> HttpMessage<'a> {
    HttpMessage {
        direction: Direction::Response,
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        registered_query: "",
        query: "",
        body: body.as_bytes(),
    }
}

fn shown(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(Problem::to_string).collect()
}

/// A message of proto/ from its text form.
fn encoded(surfaces: &Surfaces, message: &str, text: &str) -> Vec<u8> {
    let descriptor = surfaces.pool().get_message_by_name(message).unwrap();
    DynamicMessage::parse_text_format(descriptor, text).unwrap().encode_to_vec()
}

const ENVELOPE: &str =
    "submit { sequence: 1 envelope { id: 'i' from { number: 491 device: 1 } ciphertext: 'c' } }";

#[test]
fn every_field_of_a_frame_is_a_leaf_with_its_class() {
    let surfaces = surfaces();
    let bytes = encoded(&surfaces, "blindpost.transport.ToRelay", ENVELOPE);
    let seen = surfaces.frame(Principal::Transport, "blindpost.transport.ToRelay", &bytes);
    assert_eq!(seen.problems, []);
    let leaf = |path: &str| seen.leaves.iter().find(|leaf| leaf.path == path).unwrap();
    assert_eq!(leaf("blindpost.transport.Address.number").class, DataClass::ConsumerAddress);
    assert!(leaf("blindpost.transport.Address.number").value == Value::Number(491));
    assert_eq!(leaf("blindpost.transport.Envelope.ciphertext").class, DataClass::PaddedSize);
    assert!(leaf("blindpost.transport.Envelope.ciphertext").value == Value::Bytes(b"c".to_vec()));
    assert!(!format!("{seen:?}").contains("491"));
}

#[test]
fn bytes_in_no_field_are_found() {
    let surfaces = surfaces();
    let envelope = encoded(&surfaces, "blindpost.transport.ToRelay", ENVELOPE);
    let name = "blindpost.transport.ToRelay";
    let check = |bytes: &[u8]| shown(&surfaces.check_frame(Principal::Transport, name, bytes));
    // A field 99, of length 1.
    let unknown = [&envelope[..], &[0x9a, 0x06, 1, b'x']].concat();
    assert_eq!(
        check(&unknown),
        ["blindpost.transport.ToRelay has a field 99 that proto/ doesn't have, so it has no data class"]
    );
    // The same field twice: the second wins, and the first is a hiding place.
    let acknowledge = encoded(&surfaces, "blindpost.transport.Acknowledge", "through: 7");
    let twice = [&acknowledge[..], &acknowledge[..]].concat();
    let problems = surfaces.check_frame(Principal::Transport, "blindpost.transport.Acknowledge", &twice);
    assert_eq!(
        shown(&problems),
        ["blindpost.transport.Acknowledge has bytes that belong to no field, so they have no data class"]
    );
    assert!(check(b"\xff").first().unwrap().contains("can't be read"));
    let unheard_of = surfaces.check_frame(Principal::Transport, "blindpost.transport.Preview", b"");
    assert!(shown(&unheard_of).first().unwrap().contains("no such message"));
}

#[test]
fn a_frame_in_the_wrong_hands_is_found() {
    let surfaces = surfaces();
    let bytes = encoded(&surfaces, "blindpost.content.Content", "message_id: 'A1' text { body: 'hello' }");
    let problems = surfaces.check_frame(Principal::Transport, "blindpost.content.Content", &bytes);
    let expected = "blindpost.content.Text.body (content) gets to transport; the policy says `no`";
    assert!(shown(&problems).iter().any(|problem| problem == expected), "{problems:?}");
    let name = "blindpost.transport.ToEndpoint";
    let metering = encoded(&surfaces, name, "metering { readings { envelopes: 3 } }");
    assert_eq!(surfaces.check_frame(Principal::Cloud, name, &metering), []);
    assert!(!surfaces.check_frame(Principal::Consumer, name, &metering).is_empty());
}

#[test]
fn rows_are_read_to_the_last_byte() {
    let surfaces = surfaces();
    let receipt = "receipt { envelope_id: 'i' outcome: DELIVERED }";
    let item = encoded(&surfaces, "blindpost.transport.InboxItem", receipt);
    let value = encoded(&surfaces, "blindpost.relay.InboxRow", "accepted_us: 5");
    let value = [&value[..], &[0x12, u8::try_from(item.len()).unwrap()], &item].concat();
    let seen = surfaces.row(Principal::Transport, "inbox", &[7; 32], &value);
    assert_eq!(seen.problems, []);
    assert!(seen.leaves.iter().any(|leaf| leaf.path == "blindpost.transport.Receipt.outcome"), "{seen:?}");

    let check = |table: &str, key: &[u8], value: &[u8]| {
        shown(&surfaces.check_row(Principal::Transport, table, key, value))
    };
    assert_eq!(
        check("previews", &[], &[]),
        ["table previews, kept by transport, is on no list: say in [tables.previews] of \
          crates/privacy/surfaces.toml what it tells, or take it out"]
    );
    assert_eq!(check("inbox", &[7; 31], &value), ["inbox key link key can't be read: the key is too short"]);
    assert_eq!(
        check("inbox", &[7; 40], &value),
        ["the key of table inbox has bytes that belong to no field, so they have no data class"]
    );
    let more = [&value[..], &[0x48, 1]].concat();
    assert_eq!(
        check("inbox", &[7; 32], &more),
        ["blindpost.relay.InboxRow has a field 9 that proto/ doesn't have, so it has no data class"]
    );
    let of_a_node = check("sessions", &[7; 18], b"ratchet");
    for problem in [
        "table sessions is kept by transport; crates/privacy/surfaces.toml says otherwise",
        "sessions value (secret) gets to transport; the policy says `no`",
    ] {
        assert!(of_a_node.iter().any(|found| found == problem), "{of_a_node:?}");
    }
}

#[test]
fn what_http_may_say_is_said() {
    let surfaces = surfaces();
    let headers = [("Content-Type", "application/json; charset=UTF-8"), ("x-fb-trace-id", "a7b8")];
    assert_eq!(surfaces.check_http(&response(&headers, r#"{"data":[]}"#)), []);
    let error = r#"{"error":{"message":"(#100) Param type must be one of {text, audio} - got \"poem\".","type":"OAuthException","code":100,"fbtrace_id":"A1"}}"#;
    let seen = surfaces.http(&response(&headers, error));
    assert_eq!(seen.problems, []);
    let code = |leaf: &privacy::surfaces::Leaf| {
        leaf.path == "JSON path error.code" && leaf.value == Value::Number(100)
    };
    assert!(seen.leaves.iter().any(code));
}

#[test]
fn a_new_header_path_or_query_is_found() {
    let surfaces = surfaces();
    let check = |message: &HttpMessage<'_>| shown(&surfaces.check_http(message));
    assert_eq!(
        check(&response(&[("X-Debug", "node-7")], r#"{"success":true}"#)),
        [
            "header x-debug is on no list: say in [http.response.headers] of crates/privacy/surfaces.toml what it \
          tells, or take it out"
        ]
    );
    assert_eq!(
        check(&response(&[], r#"{"success":true,"queue":{"depth":3}}"#)),
        ["JSON path queue.depth is on no list: say in [http.response.bodies.success] of \
          crates/privacy/surfaces.toml what it tells, or take it out"]
    );
    let challenge = |query| HttpMessage {
        direction: Direction::Challenge,
        headers: Vec::new(),
        registered_query: "a=1",
        query,
        body: b"",
    };
    assert_eq!(check(&challenge("a=1&hub.mode=subscribe&hub.challenge=17&hub.verify_token=t")), [""; 0]);
    let new = check(&challenge("a=1&hub.mode=subscribe&node=7"));
    assert!(new.first().unwrap().contains("query parameter node"), "{new:?}");
    assert!(check(&challenge("b=1&hub.mode=subscribe")).first().unwrap().contains("registered"));
    assert!(check(&response(&[], "hello")).first().unwrap().contains("can't be read"));
}

#[test]
fn an_error_that_says_more_than_its_template_is_found() {
    let surfaces = surfaces();
    let error = |message: &str| {
        let rest = r#""type":"OAuthException","code":190,"fbtrace_id":"A1""#;
        let body = format!(r#"{{"error":{{"message":"{message}",{rest}}}}}"#);
        shown(&surfaces.check_http(&response(&[], &body)))
    };
    assert_eq!(error("Invalid OAuth access token - Cannot parse access token"), [""; 0]);
    let echoed = error("Invalid OAuth access token - Cannot parse access token EAAsecret");
    let beginning = "JSON path error.message has a value that is not of the form";
    assert!(echoed.first().unwrap().starts_with(beginning), "{echoed:?}");
    assert!(!echoed.concat().contains("EAAsecret"));
}

#[test]
fn the_matrix_decides_over_the_list() {
    let surfaces = surfaces();
    let webhook = r#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"messages":[{"text":{"body":"hello"}}]}}]}]}"#;
    let message = HttpMessage {
        direction: Direction::Webhook,
        headers: Vec::new(),
        registered_query: "",
        query: "",
        body: webhook.as_bytes(),
    };
    assert_eq!(surfaces.check_http(&message), []);
    let policy = include_str!("../policy.toml").replacen("business = \"own\"", "business = \"no\"", 1);
    let text = include_str!("../surfaces.toml");
    let strict = Surfaces::parse(text, surfaces.pool().clone(), Policy::parse(&policy).unwrap()).unwrap();
    assert_eq!(
        shown(&strict.check_http(&message)),
        [
            "JSON path entry[].changes[].value.messages[].text.body (content) gets to business; the policy says `no`"
        ]
    );
}

#[test]
fn a_list_that_means_nothing_is_refused() {
    let surfaces = surfaces();
    let refused = |from: &str, to: &str| {
        let text = include_str!("../surfaces.toml");
        let changed = text.replacen(from, to, 1);
        assert_ne!(text, changed);
        let parsed = Surfaces::parse(&changed, surfaces.pool().clone(), Policy::of_this_project().unwrap());
        parsed.err().unwrap().to_string()
    };
    assert!(refused("\"blindpost.relay.EndpointRow\"", "\"blindpost.relay.Row\"").contains("[endpoints]"));
    assert!(refused("kept_by = [\"transport\"]", "kept_by = [\"relay\"]").contains("`relay`"));
    assert!(refused("opaque = \"secret\"", "opaque = \"secrets\"").contains("`secrets`"));
    assert!(refused("opaque = \"secret\"", "").contains("[tables.prekeys]"));
    let formless = refused("verified_name = \"business_address\"", "verified_name = \"statistic\"");
    assert!(formless.contains("verified_name"), "{formless}");
    assert!(refused("is = [\"{version}\"]", "is = [\"{vresion}\"]").contains("vresion"));
}
