//! What the language of the API costs: a text message is read and checked, a template is filled in, a status webhook is built and signed.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use graph::messages;
use graph::templates::{Create, Definition};
use graph::webhook::post::{self, About};
use graph::webhook::{
    Category, Conversation, Notification, Origin, Phone, Pricing, PricingType, Status, StatusKind,
};
use graph::{Method, Params, Raw, Request, Secret, SigningKey, Wamid};
use std::hint::black_box;
use wire::Number;

/// As the documentation shows it.
const TEXT: &str = r#"{
  "messaging_product": "whatsapp",
  "recipient_type": "individual",
  "to": "+16505551234",
  "type": "text",
  "text": { "preview_url": true, "body": "As requested, here's the link to our latest product: https://www.example.com/" }
}"#;

fn read(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("graph");
    group.throughput(Throughput::Elements(1));
    let raw = Raw {
        method: Method::Post,
        target: "/v23.0/106540352242922/messages",
        authorization: Some("Bearer EAAtokenOfTheShop0001"),
        content_type: Some("application/json"),
        body: TEXT.as_bytes(),
    };
    let parsed = || {
        let request = Request::parse(black_box(raw));
        messages::Request::parse(&request.params.ok()?).ok()
    };
    assert!(parsed().is_some());
    group.bench_function("text_message", |bencher| bencher.iter(parsed));
    group.finish();
}

/// A template with ten variables, as a business made it.
fn template() -> Option<Definition> {
    let names: Vec<String> = (1..=10).map(|at| format!("word {{{{{at}}}}}")).collect();
    let examples: Vec<String> = (1..=10).map(|at| format!("\"{at}\"")).collect();
    let (text, examples) = (names.join(" and "), examples.join(","));
    let body = format!(
        r#"{{"name":"receipt","language":"en_US","category":"UTILITY","components":[
            {{"type":"BODY","text":"Your receipt has {text} in it.","example":{{"body_text":[[{examples}]]}}}}]}}"#
    );
    let params = Params::parse("", None, body.as_bytes()).ok()?;
    Some(Create::parse(&params).ok()?.definition)
}

/// A message of it.
fn message_of_template() -> String {
    let parameters: Vec<String> =
        (1..=10).map(|at| format!(r#"{{"type":"text","text":"the value of number {at}"}}"#)).collect();
    format!(
        r#"{{"messaging_product":"whatsapp","recipient_type":"individual","to":"+16505551234","type":"template",
            "template":{{"name":"receipt","language":{{"code":"en_US"}},
            "components":[{{"type":"body","parameters":[{}]}}]}}}}"#,
        parameters.join(",")
    )
}

fn fill(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("graph");
    group.throughput(Throughput::Elements(1));
    let (Some(definition), message) = (template(), message_of_template()) else { return };
    let raw = Raw {
        method: Method::Post,
        target: "/v23.0/106540352242922/messages",
        authorization: Some("Bearer EAAtokenOfTheShop0001"),
        content_type: Some("application/json"),
        body: message.as_bytes(),
    };
    let filled = || {
        let request = Request::parse(black_box(raw));
        let messages::Request::Send(send) = messages::Request::parse(&request.params.ok()?).ok()? else {
            return None;
        };
        let messages::Content::Template(message) = send.content else { return None };
        definition.fill(&message.values, request.path.version).ok()
    };
    assert!(filled().is_some());
    group.bench_function("template_message_of_10_parameters", |bencher| bencher.iter(filled));
    group.finish();
}

fn write(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("graph");
    group.throughput(Throughput::Elements(1));
    let key = SigningKey::new(&Secret::from("d3c8a4f09e5b4b7f8c1a2e6f7b90aa31"));
    let number = |digits| Number::from_integer(digits).ok();
    let ids = ("102290129340398".parse().ok(), "106540352242922".parse().ok());
    let (Some(consumer), Some(number), (Some(account), Some(id))) =
        (number(16_505_551_234), number(15_550_783_881), ids)
    else {
        return;
    };
    group.bench_function("status_webhook", |bencher| {
        bencher.iter(|| {
            let wamid = Wamid::sent(black_box(consumer), "9A3CA5B3D4CD6E67E7");
            let status = Status {
                wamid: &wamid,
                status: StatusKind::Sent,
                at_s: 1_750_000_000,
                identity: None,
                callback_data: "",
                conversation: Some(Conversation {
                    id: [7; 16],
                    expiration_timestamp: Some(1_750_086_400),
                    origin: Origin { r#type: Category::Service },
                }),
                pricing: Some(Pricing::new(PricingType::FreeCustomerService, Category::Service)),
                failure: None,
            };
            let update = Notification::of_status(Phone { account, id, number }, &status).to_update();
            let body = post::body(&[About { account, phone: Some((id, number)), update: &update }]);
            (key.sign(&body), body)
        });
    });
    // As under load: each is made and stored by itself, and signed with those that travel with it.
    group.throughput(Throughput::Elements(1000));
    group.bench_function("status_webhooks_together", |bencher| {
        bencher.iter(|| {
            let updates: Vec<_> = (0..1000)
                .map(|_| {
                    let wamid = Wamid::sent(black_box(consumer), "9A3CA5B3D4CD6E67E7");
                    let status = Status {
                        wamid: &wamid,
                        status: StatusKind::Delivered,
                        at_s: 1_750_000_000,
                        callback_data: "",
                        conversation: None,
                        pricing: Some(Pricing::new(PricingType::FreeCustomerService, Category::Service)),
                        failure: None,
                        identity: None,
                    };
                    Notification::of_status(Phone { account, id, number }, &status).to_update()
                })
                .collect();
            let about: Vec<_> =
                updates.iter().map(|update| About { account, phone: Some((id, number)), update }).collect();
            let body = post::body(&about);
            (key.sign(&body), body)
        });
    });
    group.finish();
}

criterion_group!(benches, read, fill, write);
criterion_main!(benches);
