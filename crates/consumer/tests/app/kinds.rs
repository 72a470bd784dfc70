//! Every kind of message: what people send, and what businesses send to them.

use crate::stage::{ALICE, BOB, SHOP, Stage, address, number};
use consumer::{Command, Output, Refusal, Reply, Sent};
use content::kinds::*;
use content::{Body, Content, Context, MessageId, Reaction};

fn id(byte: u8) -> MessageId {
    MessageId::from_random(&[byte; 9])
}

fn words(text: &str) -> String {
    text.to_owned()
}

fn picture() -> Media {
    Media {
        kind: MediaKind::Image.into(),
        mime_type: words("image/jpeg"),
        caption: words("canary-caption"),
        blob: Some(BlobReference { id: vec![1; 32], key: vec![2; 32], sha256: vec![3; 32], size: 4 }),
        ..Media::default()
    }
}

fn place() -> Location {
    Location {
        latitude: 52.520_008,
        longitude: 13.404_954,
        name: words("canary-place"),
        ..Location::default()
    }
}

fn cards() -> Contacts {
    let name = ContactName { formatted_name: words("canary-card"), ..ContactName::default() };
    Contacts { cards: vec![ContactCard { name: Some(name), ..ContactCard::default() }] }
}

fn button(id: &str) -> Button {
    Button { id: words(id), title: words("canary-title") }
}

fn interactive(action: interactive::Action) -> Body {
    Body::Interactive(Box::new(Interactive {
        header: Some(Header { header: Some(header::Header::Media(picture())) }),
        body: words("canary-body"),
        footer: words("canary-footer"),
        action: Some(action),
    }))
}

fn buttons() -> Body {
    interactive(interactive::Action::Buttons(Buttons { buttons: vec![button("yes"), button("no")] }))
}

fn list() -> Body {
    let row = ListRow { id: words("r1"), title: words("One"), description: words("first") };
    let sections = vec![ListSection { title: words("A"), rows: vec![row] }];
    interactive(interactive::Action::List(List { button: words("Open"), sections }))
}

fn native(name: &str) -> Body {
    interactive(interactive::Action::Native(Native { name: words(name), parameters: words("{}") }))
}

fn template() -> Body {
    let quick = |value: &str, text: &str| TemplateButton {
        kind: words("QUICK_REPLY"),
        text: words(text),
        value: words(value),
    };
    Body::Template(Box::new(Template {
        name: words("canary-template"),
        language: words("en_US"),
        body: words("Your order is on its way."),
        buttons: vec![quick("stop", "Stop"), quick("", "More")],
        ..Template::default()
    }))
}

fn order() -> Order {
    let item =
        OrderItem { retailer_id: words("canary-item"), quantity: 2, item_price: 9.5, currency: words("EUR") };
    Order { catalog_id: words("7"), text: words("please"), items: vec![item] }
}

fn answer(answer: answer::Answer) -> Body {
    Body::Answer(Answer { answer: Some(answer) })
}

fn of_people() -> Vec<Body> {
    let row = ListRow { id: words("r1"), title: words("One"), description: words("first") };
    let template = TemplateAnswer { payload: words("stop"), text: words("Stop") };
    let flow = FlowAnswer { name: words("flow"), body: words("Sent"), response: words("{}") };
    vec![
        Body::text("canary-text"),
        Body::Media(picture().into()),
        Body::Location(place()),
        Body::Contacts(cards()),
        Body::Reaction(Reaction { target: id(3), emoji: words("😀") }),
        Body::Reaction(Reaction { target: id(3), emoji: words("") }),
        Body::Order(order()),
        answer(answer::Answer::Button(button("yes"))),
        answer(answer::Answer::Row(row)),
        answer(answer::Answer::Template(template)),
        answer(answer::Answer::Flow(flow)),
        Body::RequestWelcome,
        Body::NumberChanged(NumberChanged { number: words("16505551234") }),
        Body::Unsupported(Unsupported { kind: words("poll") }),
    ]
}

fn of_businesses() -> Vec<Body> {
    let product = Product { catalog_id: words("7"), retailer_id: words("canary-item") };
    let products = ProductList { catalog_id: words("7"), ..ProductList::default() };
    let card = Card { body: words("canary-card"), ..Card::default() };
    vec![
        Body::text("canary-text"),
        Body::Media(picture().into()),
        Body::Location(place()),
        Body::Contacts(cards()),
        Body::Reaction(Reaction { target: id(3), emoji: words("😀") }),
        buttons(),
        list(),
        interactive(interactive::Action::Product(product)),
        interactive(interactive::Action::ProductList(products)),
        interactive(interactive::Action::Carousel(Carousel { cards: vec![card] })),
        native("cta_url"),
        template(),
        Body::Unsupported(Unsupported::default()),
    ]
}

/// What the business calls `body` is `number`.
fn named(number: usize, body: Body) -> Content {
    let context = Context { quoted: Some(id(9)), forwarded: Forwarded::Often, ..Context::default() };
    Content { message_id: id(u8::try_from(number).unwrap()), sent_at_s: 1_790_000_000, context, body }
}

#[test]
fn each_kind_of_a_business_is_shown_as_it_was_sent_and_once_after_restarts() {
    let mut stage = Stage::new();
    stage.screens_on = false;
    let sent: Vec<_> = of_businesses().into_iter().enumerate().map(|(at, body)| named(at, body)).collect();
    for content in &sent {
        stage.shop_sends(BOB, content);
        stage.restart(BOB);
        stage.connect(BOB);
        let last = stage.apps[BOB].messages().last().unwrap().content.clone();
        assert!(last == *content, "{content:?} is shown again as {last:?}");
    }
    stage.apps[BOB].seen.clear();
    stage.restart(BOB);
    let shown = stage.apps[BOB].messages().into_iter();
    assert!(shown.clone().all(|message| message.from == address(SHOP)));
    assert!(shown.map(|message| &message.content).eq(&sent), "all of them, in their order");
    let holds = |stage: &mut Stage| {
        let rows = stage.rows(BOB);
        rows.iter().any(|row| row.value.windows(7).any(|window| window == b"canary-"))
    };
    assert!(holds(&mut stage));
    stage.shown(BOB, u64::MAX);
    assert!(!holds(&mut stage), "what was shown is in no row");
    stage.apps[BOB].seen.clear();
    stage.restart(BOB);
    assert!(stage.apps[BOB].messages().is_empty());
}

#[test]
fn each_kind_that_people_send_arrives_as_they_said_it() {
    let mut stage = Stage::with(|config| config.habits.name = Some("Sheena Nelson".parse().unwrap()));
    for body in of_people() {
        let context = Context { quoted: Some(id(4)), forwarded: Forwarded::Once, ..Context::default() };
        let name = MessageId::from_random(&[8, u8::try_from(stage.apps[BOB].messages().len()).unwrap()]);
        let said = Command::Send {
            name: Some(name.clone()),
            to: number(BOB),
            context: context.clone(),
            body: body.clone(),
        };
        stage.command(ALICE, said);
        let shown = &stage.apps[BOB].messages().last().unwrap().content;
        assert!(shown.body == body, "{} is shown as {shown:?}", body.kind());
        let sender_name = Some("Sheena Nelson".parse().unwrap());
        assert!(shown.context == Context { sender_name, ..context } && shown.message_id == name);
    }
    assert_eq!(stage.apps[ALICE].refusals(), []);
    let read = stage.apps[ALICE].statuses().into_iter().filter(|sent| *sent == Sent::Read).count();
    assert_eq!(read, of_people().len() - 2, "but for the reactions");
}

#[test]
fn what_only_businesses_send_a_person_can_not() {
    let mut stage = Stage::new();
    for body in [buttons(), template(), Body::Read(vec![id(1)]), Body::Typing] {
        let kind = body.kind();
        stage.send(ALICE, BOB, body);
        assert_eq!(stage.apps[ALICE].refusals().last(), Some(&Refusal::NotForPeople(kind)));
    }
    assert_eq!((stage.apps[ALICE].statuses(), stage.apps[BOB].messages().len()), (vec![], 0));
}

#[test]
fn what_no_app_could_make_is_refused_under_the_name_that_it_would_have_had() {
    let mut stage = Stage::new();
    let nowhere = Media { blob: None, ..picture() };
    let of_nothing = Media { kind: MediaKind::Unspecified.into(), ..picture() };
    let free = OrderItem { item_price: f64::NAN, ..order().items[0].clone() };
    let wrong = [
        Body::Media(nowhere.into()),
        Body::Media(of_nothing.into()),
        Body::Location(Location { latitude: 90.1, ..place() }),
        Body::Location(Location { longitude: f64::NAN, ..place() }),
        Body::Contacts(Contacts::default()),
        Body::Contacts(Contacts { cards: vec![ContactCard::default()] }),
        Body::Order(Order { items: Vec::new(), ..order() }),
        Body::Order(Order { items: vec![free], ..order() }),
        Body::NumberChanged(NumberChanged { number: words("me") }),
    ];
    let count = wrong.len();
    for body in wrong {
        let (to, context) = (number(BOB), Context::default());
        stage.command(ALICE, Command::Send { name: Some(id(7)), to, context, body });
        let Some(Output::NotSent { message_id, why: Refusal::Malformed(_) }) = stage.apps[ALICE].seen.last()
        else {
            panic!("{:?}", stage.apps[ALICE].seen.last());
        };
        assert!(*message_id == id(7));
    }
    assert_eq!((stage.apps[ALICE].refusals().len(), stage.apps[BOB].messages().len()), (count, 0));
}

#[test]
fn nothing_is_chosen_that_was_not_offered() {
    let mut stage = Stage::new();
    for (at, body) in [buttons(), list(), template(), native("flow")].into_iter().enumerate() {
        stage.shop_sends(ALICE, &named(at, body));
    }
    let choose = |stage: &mut Stage, at: u8, chosen: answer::Answer| {
        let before = stage.apps[ALICE].refusals().len();
        let context = Context::answering(id(at));
        stage.command(ALICE, Command::Send { name: None, to: number(SHOP), context, body: answer(chosen) });
        stage.apps[ALICE].refusals().len() == before
    };
    let row =
        |id: &str| answer::Answer::Row(ListRow { id: words(id), title: words("One"), ..ListRow::default() });
    let quick = |payload: &str, text: &str| {
        answer::Answer::Template(TemplateAnswer { payload: words(payload), text: words(text) })
    };
    let flow = || answer::Answer::Flow(FlowAnswer::default());
    assert!(choose(&mut stage, 0, answer::Answer::Button(button("no"))));
    assert!(choose(&mut stage, 1, row("r1")));
    assert!(choose(&mut stage, 2, quick("stop", "Stop")) && choose(&mut stage, 2, quick("whatever", "More")));
    assert!(choose(&mut stage, 3, flow()));
    for (at, chosen) in [
        (0, answer::Answer::Button(button("maybe"))),
        (0, row("r1")),
        (1, row("r2")),
        (2, quick("start", "Stop")),
        (2, flow()),
        (3, answer::Answer::Button(button("no"))),
    ] {
        assert!(!choose(&mut stage, at, chosen), "{at}");
        assert_eq!(stage.apps[ALICE].refusals().last(), Some(&Refusal::NotOffered));
    }
    // Of what the app does not know it says nothing.
    assert!(choose(&mut stage, 9, answer::Answer::Button(button("maybe"))));
    assert_eq!(
        stage.shop_heard().iter().filter(|content| matches!(content.body, Body::Answer(_))).count(),
        6
    );
}

#[test]
fn an_echo_says_what_came_and_chooses_buys_and_sees_nothing_in_a_persons_name() {
    let mut stage = Stage::with(|config| {
        if config.address == address(BOB) {
            config.habits.reply = Reply::Echo;
        }
    });
    for body in of_people() {
        stage.send(ALICE, BOB, body);
    }
    let echoed: Vec<_> = stage.apps[ALICE].messages().iter().map(|m| m.content.body.clone()).collect();
    let expected = [
        Body::text("canary-text"),
        Body::text("canary-caption"),
        Body::Location(place()),
        Body::Contacts(cards()),
    ];
    assert!(echoed == expected, "{}", echoed.len());
    for body in [buttons(), template(), native("flow")] {
        stage.shop_sends(BOB, &named(stage.shop_heard().len(), body));
    }
    let heard = stage.shop_heard().iter().filter_map(|content| content.body.as_text());
    assert_eq!(heard.collect::<Vec<_>>(), ["canary-body", "Your order is on its way.", "canary-body"]);
}

#[test]
fn nothing_of_any_kind_is_in_debug_output() {
    let mut stage = Stage::new();
    stage.screens_on = false;
    for (at, body) in of_businesses().into_iter().enumerate() {
        stage.shop_sends(BOB, &named(at, body));
    }
    for body in of_people() {
        assert_eq!(format!("{:?}", Command::send(number(BOB), body.clone())), "Send(…)");
        stage.send(ALICE, BOB, body);
    }
    stage.shown(BOB, u64::MAX);
    let shown = format!("{:?} {:?}", stage.apps[ALICE].seen, stage.apps[BOB].seen);
    assert!(!shown.contains("canary") && !shown.contains("49151100") && !shown.contains("Sheena"), "{shown}");
}
