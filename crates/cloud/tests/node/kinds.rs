//! Every kind of message that people send, as the business's webhook has it (Cloud API documentation, "Webhooks"), and when
//! they wrote last.

use crate::support::{ALICE, Bench, HOOK, SHOP, two_tenants};
use content::kinds::*;
use content::{Body, Context, MessageId, Reaction};
use serde_json::{Value, json};
use std::time::Duration;

fn words(text: &str) -> String {
    text.to_owned()
}

fn answer(answer: answer::Answer) -> Body {
    Body::Answer(Answer { answer: Some(answer) })
}

fn cards() -> Body {
    let name = ContactName {
        formatted_name: words("Lucía Gómez"),
        first_name: words("Lucía"),
        ..ContactName::default()
    };
    let phone =
        ContactPhone { phone: words("+1 983 555 2319"), label: words("MOBILE"), wa_id: words("19835552319") };
    let organisation = ContactOrganisation { company: words("Blooms"), ..ContactOrganisation::default() };
    let card = ContactCard {
        name: Some(name),
        phones: vec![phone],
        emails: vec![ContactEmail { email: words("lucia@example.com"), label: words("WORK") }],
        urls: vec![ContactUrl { url: words("https://example.com"), label: words("WORK") }],
        addresses: vec![ContactAddress {
            city: words("Lima"),
            label: words("HOME"),
            ..ContactAddress::default()
        }],
        organisation: Some(organisation),
        birthday: words("1999-12-31"),
    };
    Body::Contacts(Contacts { cards: vec![card] })
}

/// What people send, and what the business hears of it beside `from`, `id` and `timestamp`.
fn kinds() -> Vec<(Body, Value)> {
    let place =
        Location { latitude: 37.442_214_965_82, longitude: -122.161_659_240_72, ..Location::default() };
    let shop = Location {
        name: words("Philz Coffee"),
        address: words("101 Forest Ave"),
        url: words("https://philzcoffee.com/"),
        ..place.clone()
    };
    let flow = FlowAnswer { name: words("flow"), body: words("Sent"), response: words(r#"{"size":"M"}"#) };
    let item =
        OrderItem { retailer_id: words("di9ozbzfi4"), quantity: 2, item_price: 9.5, currency: words("EUR") };
    let row =
        |description: &str| ListRow { id: words("r1"), title: words("One"), description: words(description) };
    let unknown = |kind: &str| {
        json!({
            "type": "unsupported", "unsupported": { "type": kind },
            "errors": [{
                "code": 131051, "title": "Message type unknown", "message": "Message type unknown",
                "error_data": { "details": "Message type is currently not supported." },
            }],
        })
    };
    let (latitude, longitude) = (place.latitude, place.longitude);
    vec![
        (Body::text("Größe M?"), json!({ "type": "text", "text": { "body": "Größe M?" } })),
        (
            Body::Location(place),
            json!({ "type": "location", "location": { "latitude": latitude, "longitude": longitude } }),
        ),
        (
            Body::Location(shop),
            json!({ "type": "location", "location": {
                "latitude": latitude, "longitude": longitude, "name": "Philz Coffee", "address": "101 Forest Ave",
                "url": "https://philzcoffee.com/",
            } }),
        ),
        (
            cards(),
            json!({ "type": "contacts", "contacts": [{
                "name": { "formatted_name": "Lucía Gómez", "first_name": "Lucía" },
                "phones": [{ "phone": "+1 983 555 2319", "type": "MOBILE", "wa_id": "19835552319" }],
                "emails": [{ "email": "lucia@example.com", "type": "WORK" }],
                "urls": [{ "url": "https://example.com", "type": "WORK" }],
                "addresses": [{ "city": "Lima", "type": "HOME" }],
                "org": { "company": "Blooms" },
                "birthday": "1999-12-31",
            }] }),
        ),
        (
            answer(answer::Answer::Template(TemplateAnswer { payload: words("stop"), text: words("Stop") })),
            json!({ "type": "button", "button": { "payload": "stop", "text": "Stop" } }),
        ),
        (
            answer(answer::Answer::Button(Button { id: words("y"), title: words("Yes") })),
            json!({ "type": "interactive", "interactive": {
                "type": "button_reply", "button_reply": { "id": "y", "title": "Yes" },
            } }),
        ),
        (
            answer(answer::Answer::Row(row("first"))),
            json!({ "type": "interactive", "interactive": {
                "type": "list_reply", "list_reply": { "id": "r1", "title": "One", "description": "first" },
            } }),
        ),
        (
            answer(answer::Answer::Row(row(""))),
            json!({ "type": "interactive", "interactive": {
                "type": "list_reply", "list_reply": { "id": "r1", "title": "One" },
            } }),
        ),
        (
            answer(answer::Answer::Flow(flow)),
            json!({ "type": "interactive", "interactive": {
                "type": "nfm_reply",
                "nfm_reply": { "name": "flow", "body": "Sent", "response_json": "{\"size\":\"M\"}" },
            } }),
        ),
        (
            Body::Order(Order {
                catalog_id: words("194836987003835"),
                text: words("please"),
                items: vec![item],
            }),
            json!({ "type": "order", "order": {
                "catalog_id": "194836987003835", "text": "please",
                "product_items": [{
                    "product_retailer_id": "di9ozbzfi4", "quantity": 2, "item_price": 9.5, "currency": "EUR",
                }],
            } }),
        ),
        (Body::RequestWelcome, json!({ "type": "request_welcome" })),
        (Body::Unsupported(Unsupported { kind: words("poll") }), unknown("poll")),
        // From an app that is no app of a person's.
        (Body::Interactive(Box::default()), unknown("interactive")),
        (Body::Template(Box::default()), unknown("template")),
        (Body::Location(Location { latitude: 91.0, ..Location::default() }), unknown("location")),
        (Body::Location(Location { longitude: f64::NAN, ..Location::default() }), unknown("location")),
    ]
}

/// What was posted last: the whole `value`.
fn last(bench: &Bench) -> Value {
    let body: Value = serde_json::from_slice(&bench.posts.last().unwrap().body).unwrap();
    body["entry"][0]["changes"][0]["value"].clone()
}

fn said(mut message: Value) -> Value {
    for name in ["from", "id", "timestamp"] {
        assert!(message.as_object_mut().unwrap().remove(name).unwrap().is_string(), "{name}");
    }
    message
}

#[test]
fn each_kind_that_people_send_arrives_in_the_documented_form() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    for (body, expected) in kinds() {
        let kind = body.kind();
        let posts = bench.posts.len();
        bench.write(alice, SHOP, body);
        assert_eq!(bench.posts.len(), posts + 1, "{kind} is heard once");
        let value = last(&bench);
        assert_eq!(value["contacts"], json!([{ "profile": { "name": ALICE }, "wa_id": ALICE }]), "{kind}");
        assert_eq!(said(value["messages"][0].clone()), expected, "{kind}");
    }
}

#[test]
fn what_a_message_is_about_and_who_says_it_arrive_with_it() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    let wamid = bench.text(ALICE, "Which size?");
    let quoted = bench.consumers[&alice].received[0].message_id.clone();
    let sender_name = Some("Sheena Nelson".parse().unwrap());
    let context = Context { quoted: Some(quoted), sender_name, ..Context::default() };
    bench.say(
        alice,
        SHOP,
        context,
        answer(answer::Answer::Button(Button { id: words("m"), title: words("M") })),
    );
    let value = last(&bench);
    assert_eq!(value["contacts"], json!([{ "profile": { "name": "Sheena Nelson" }, "wa_id": ALICE }]));
    assert_eq!(value["messages"][0]["context"], json!({ "from": SHOP, "id": wamid }));

    for (forwarded, expected) in [
        (Forwarded::Once, json!({ "forwarded": true })),
        (Forwarded::Often, json!({ "frequently_forwarded": true })),
    ] {
        bench.say(alice, SHOP, Context { forwarded, ..Context::default() }, Body::text("look"));
        assert_eq!(last(&bench)["messages"][0]["context"], expected);
    }

    let product = Some(Product { catalog_id: words("7"), retailer_id: words("di9ozbzfi4") });
    bench.say(alice, SHOP, Context { product, ..Context::default() }, Body::text("Is it in stock?"));
    let referred = json!({ "referred_product": { "catalog_id": "7", "product_retailer_id": "di9ozbzfi4" } });
    assert_eq!(last(&bench)["messages"][0]["context"], referred);

    let referral = Referral {
        source_url: words("https://fb.me/3cr4Wqqkv"),
        source_id: words("120226305854810726"),
        source_type: words("ad"),
        headline: words("Chat with us"),
        body: words("Summer succulents are here!"),
        media_type: words("video"),
        media_url: words("https://example.com/video.mp4"),
        thumbnail_url: words("https://example.com/thumbnail.jpg"),
        click_id: words("Aff-n8"),
        welcome_text: words("Hi there!"),
    };
    let context = |media_type: &str| {
        let referral = Referral { media_type: words(media_type), ..referral.clone() };
        Context { referral: Some(Box::new(referral)), ..Context::default() }
    };
    bench.say(alice, SHOP, context("video"), Body::text("Hello"));
    assert_eq!(
        last(&bench)["messages"][0]["referral"],
        json!({
            "source_url": "https://fb.me/3cr4Wqqkv", "source_id": "120226305854810726", "source_type": "ad",
            "headline": "Chat with us", "body": "Summer succulents are here!", "media_type": "video",
            "video_url": "https://example.com/video.mp4", "thumbnail_url": "https://example.com/thumbnail.jpg",
            "ctwa_clid": "Aff-n8", "welcome_message": { "text": "Hi there!" },
        })
    );
    bench.say(alice, SHOP, context("image"), Body::text("Hello"));
    let referral = &last(&bench)["messages"][0]["referral"];
    assert_eq!(
        (&referral["image_url"], &referral["video_url"]),
        (&json!("https://example.com/video.mp4"), &Value::Null)
    );
}

#[test]
fn a_reaction_says_on_which_message_it_is_whoever_sent_that() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    let wamid = bench.text(ALICE, "Which size?");
    let of_shop = bench.consumers[&alice].received[0].message_id.clone();
    let of_alice = bench.write(alice, SHOP, Body::text("M"));
    let own = last(&bench)["messages"][0]["id"].as_str().unwrap().to_owned();
    for (target, message_id) in [(of_shop.clone(), &wamid), (of_alice, &own)] {
        bench.write(alice, SHOP, Body::Reaction(Reaction { target, emoji: words("😀") }));
        let reaction = json!({ "type": "reaction", "reaction": { "message_id": message_id, "emoji": "😀" } });
        assert_eq!(said(last(&bench)["messages"][0].clone()), reaction);
    }
    bench.write(alice, SHOP, Body::Reaction(Reaction { target: of_shop, emoji: words("") }));
    assert_eq!(last(&bench)["messages"][0]["reaction"], json!({ "message_id": wamid, "emoji": "" }));
}

#[test]
fn a_new_number_is_told_by_the_system_and_anything_else_than_a_number_is_not() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    let moves = |number: &str| Body::NumberChanged(NumberChanged { number: words(number) });
    let context = Context { sender_name: Some("Sheena".parse().unwrap()), ..Context::default() };
    bench.say(alice, SHOP, context, moves("16505559999"));
    let value = last(&bench);
    assert_eq!(value["contacts"], Value::Null);
    assert_eq!(value["messages"][0]["from"], ALICE);
    let system = json!({ "type": "system", "system": {
        "body": "User Sheena changed from 16505551234 to 16505559999", "wa_id": "16505559999",
        "type": "user_changed_number",
    } });
    assert_eq!(said(value["messages"][0].clone()), system);
    bench.write(alice, SHOP, moves("me"));
    assert_eq!(last(&bench)["messages"][0]["type"], "unsupported");
}

#[test]
fn of_media_that_cannot_be_had_the_business_hears_that() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    let picture = Media { kind: MediaKind::Image.into(), mime_type: words("image/png"), ..Media::default() };
    bench.write(alice, SHOP, Body::Media(picture.into()));
    let message = last(&bench)["messages"][0].clone();
    assert_eq!((&message["type"], &message["unsupported"]["type"]), (&json!("unsupported"), &json!("image")));
    assert_eq!(message["errors"][0]["code"], 131_052);
}

#[test]
fn that_somebody_is_writing_no_business_hears() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    bench.write(alice, SHOP, Body::Typing);
    assert_eq!((bench.posts.len(), bench.node.undelivered()), (0, 0));
    assert_eq!(bench.node.last_heard(SHOP.parse().unwrap(), ALICE.parse().unwrap()), None);
}

#[test]
fn when_somebody_wrote_last_outlives_the_node_and_is_forgotten_after_three_days() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    let (shop, number) = (SHOP.parse().unwrap(), ALICE.parse().unwrap());
    bench.write(alice, SHOP, Body::text("hello"));
    bench.pass(Duration::from_secs(3600));
    let heard = bench.now;
    bench.write(alice, SHOP, Body::RequestWelcome);
    // What the person has seen is nothing that they have said.
    bench.pass(Duration::from_secs(3600));
    bench.write(alice, SHOP, Body::Read(vec![MessageId::from_random(&[1])]));
    assert_eq!(bench.node.last_heard(shop, number), Some(heard));
    bench.crash();
    bench.settle();
    assert_eq!(bench.node.last_heard(shop, number), Some(heard));
    assert_eq!(bench.node.last_heard(number, shop), None);
    bench.pass(Duration::from_secs(70 * 3600));
    assert_eq!(bench.node.last_heard(shop, number), Some(heard));
    bench.pass(Duration::from_secs(3600));
    assert_eq!((bench.node.last_heard(shop, number), bench.rows.count(&["conversations"])), (None, 0));
}

#[test]
fn each_kind_arrives_once_though_the_power_fails_before_any_effect() {
    let all = |bench: &mut Bench| {
        let alice = bench.consumer(ALICE, false);
        for (body, _) in kinds().into_iter().step_by(3) {
            bench.write(alice, SHOP, body);
        }
        bench.settle();
    };
    let heard = |bench: &Bench| bench.messages().into_iter().map(said).collect::<Vec<_>>();
    let mut whole = Bench::new(two_tenants());
    let before = whole.effects;
    all(&mut whole);
    for crash_before in before + 1..=whole.effects {
        let mut bench = Bench::new(two_tenants());
        bench.crash_before = Some(crash_before);
        all(&mut bench);
        bench.settle();
        assert_eq!(heard(&bench), heard(&whole), "crash before effect {crash_before} of {}", whole.effects);
        assert_eq!(bench.node.unacknowledged(), 0);
    }
}

#[test]
fn nothing_of_any_kind_is_in_debug_output_or_stays_in_rows() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    bench.receivers.insert(HOOK.into(), Some(500));
    let canaries = ["Philz", "Gómez", "di9ozbzfi4", "r1", "Sheena", "Size"];
    for (body, _) in kinds() {
        let context = Context { sender_name: Some("Sheena".parse().unwrap()), ..Context::default() };
        bench.say(alice, SHOP, context, body);
    }
    assert!(bench.rows.holds(b"Philz"));
    for canary in canaries {
        assert!(!bench.log.contains(canary), "{canary}");
    }
    bench.receivers.clear();
    bench.pass(Duration::from_secs(100));
    assert!(!bench.rows.holds(b"Philz"));
}
