//! What the person types: lines of standard input become messages, and what begins with `/` is for the app.

use crate::out::errln;
use ::consumer::{Command, Habits, Reply};
use content::kinds::{
    Answer, Button, ContactCard, ContactName, ContactPhone, Contacts, FlowAnswer, ListRow, Location,
    NumberChanged, Order, OrderItem, TemplateAnswer, Unsupported, answer::Answer as Chosen,
};
use content::{Body, Context, MessageId, Reaction};
use std::io::{BufRead, Read as _};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;
use wire::Number;

/// Longer lines are no texts of this protocol, whatever they hold.
const LONGEST_LINE: u64 = 1 << 20;

const NO_COMMAND: &str = "not sent: what begins with / is for the app, and this is nothing that it knows; /help says what it knows (a text that \
                          begins with / is sent as: NUMBER /text)";

/// What the app knows, and how it is written. MESSAGE is the id of one, or a dot for the last that was shown.
const FORMS: [(&str, &str); 17] = [
    ("/help", "not understood; write: /help"),
    ("/answer", "not sent; write: /answer [NUMBER] MESSAGE text"),
    ("/react", "not sent; write: /react [NUMBER] MESSAGE [emoji]"),
    ("/button", "not sent; write: /button [NUMBER] MESSAGE ID what stands on the button"),
    ("/row", "not sent; write: /row [NUMBER] MESSAGE ID what stands in the row"),
    ("/quick", "not sent; write: /quick [NUMBER] MESSAGE PAYLOAD what stands on the button"),
    ("/flow", "not sent; write: /flow [NUMBER] MESSAGE {\"as\": \"filled in\"}"),
    ("/location", "not sent; write: /location [NUMBER] LATITUDE,LONGITUDE [name]"),
    ("/contact", "not sent; write: /contact [NUMBER] name PHONE"),
    ("/order", "not sent; write: /order [NUMBER] CATALOG ITEM QUANTITY PRICE CURRENCY"),
    ("/welcome", "not sent; write: /welcome [NUMBER]"),
    ("/moved", "not sent; write: /moved [NUMBER] NEW-NUMBER"),
    ("/unsupported", "not sent; write: /unsupported [NUMBER] [kind]"),
    ("/typing", "not sent; write: /typing [NUMBER]"),
    ("/trust", "not sent; write: /trust NUMBER"),
    ("/name", "not changed: a name has at most 25 characters; write: /name [name]"),
    (
        "/habits",
        "not changed; write: /habits reply none, /habits reply echo, /habits reply TEXT or /habits receipts on|off",
    ),
];

/// The last message that was shown, and who sent it.
pub(super) type Last = Arc<Mutex<Option<(Number, MessageId)>>>;

/// Whoever types, and what they have set.
pub(super) struct Typist {
    /// Whom lines go to that don't say it.
    pub(super) to: Option<Number>,
    pub(super) habits: Habits,
    pub(super) last: Last,
}

/// What a line is.
#[derive(PartialEq)]
enum Typed {
    Command(Box<Command>),
    Help,
}

/// What is left of a line, word by word.
struct Words<'a>(&'a str);

/// Lines of standard input become messages, until there are no more; the app goes on without them.
pub(super) fn read_commands(mut typist: Typist, commands: &mpsc::Sender<Command>) {
    let mut input = std::io::stdin().lock();
    loop {
        let line = match read_line(&mut input) {
            Ok(Some(Ok(line))) => line,
            Ok(Some(Err(wrong))) => {
                errln!("a line was not sent: {wrong}");
                continue;
            }
            Ok(None) => return,
            Err(error) => return errln!("nothing more is sent: standard input can't be read: {error}"),
        };
        if line.trim().is_empty() {
            continue;
        }
        match typist.typed(line) {
            Ok(Typed::Command(command)) => {
                if commands.blocking_send(*command).is_err() {
                    return;
                }
            }
            Ok(Typed::Help) => errln!("{}", help()),
            Err(wrong) => errln!("{wrong}"),
        }
    }
}

/// The next line; `None` at the end, and an error of its own for one that is no text: the next may be.
fn read_line(input: &mut impl BufRead) -> std::io::Result<Option<Result<String, &'static str>>> {
    let mut line = Vec::new();
    if input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.len() as u64 == LONGEST_LINE && line.last() != Some(&b'\n') {
        input.skip_until(b'\n')?;
        return Ok(Some(Err("it is longer than a text can be")));
    }
    let end = line.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
    line.truncate(end);
    Ok(Some(String::from_utf8(line).map_err(|_| "it is not UTF-8")))
}

fn help() -> String {
    let forms = FORMS.iter().filter_map(|(_, form)| form.split_once("write: "));
    let forms: Vec<_> = forms.map(|(_, form)| format!("  {form}\n")).collect();
    format!(
        "NUMBER text, or with --to the text alone, sends a text. MESSAGE is the id of one, or a dot for the last that was shown.\n{}",
        forms.concat()
    )
}

impl Typist {
    /// A line says something to the number that it begins with, else to the usual one; an error if there is neither, or nothing
    /// is said. What begins with a slash says nothing to anybody, however it is mistyped: it decides whom to trust.
    fn typed(&mut self, line: String) -> Result<Typed, &'static str> {
        if line.starts_with('/') {
            let mut words = Words(&line);
            let verb = words.next().unwrap_or_default();
            let (_, form) = FORMS.iter().find(|(known, _)| *known == verb).ok_or(NO_COMMAND)?;
            return self.command(verb, words).ok_or(form);
        }
        let addressed =
            line.split_once(' ').and_then(|(number, text)| Some((called(number)?, text.to_owned())));
        let (to, text) = match (addressed, self.to) {
            (Some(addressed), _) => addressed,
            (None, Some(to)) => (to, line),
            (None, None) => return Err("to whom? write: NUMBER text (or start with --to NUMBER)"),
        };
        if text.trim().is_empty() {
            return Err("not sent: the text is empty");
        }
        Ok(Typed::Command(Command::say(to, text).into()))
    }

    /// `None` if it is written wrongly, or nobody is meant.
    fn command(&mut self, verb: &str, mut words: Words<'_>) -> Option<Typed> {
        let command = match verb {
            "/help" => return words.is_empty().then_some(Typed::Help),
            "/trust" => Command::Trust { number: called(words.next()?)? },
            "/typing" => Command::Typing { to: self.addressee(&mut words)? },
            "/name" => {
                self.habits.name = match words.rest() {
                    "" => None,
                    name => Some(name.parse().ok()?),
                };
                Command::Change(self.habits.clone())
            }
            "/habits" => {
                match (words.next()?, words.rest()) {
                    ("receipts", "on") => self.habits.read_receipts = true,
                    ("receipts", "off") => self.habits.read_receipts = false,
                    ("reply", reply) if !reply.is_empty() => {
                        self.habits.reply = parse_reply(reply.to_owned())
                    }
                    _ => return None,
                }
                Command::Change(self.habits.clone())
            }
            "/location" => {
                let to = self.addressee(&mut words)?;
                let (latitude, longitude) = words.next()?.split_once(',')?;
                let (latitude, longitude) = (latitude.parse().ok()?, longitude.parse().ok()?);
                let name = words.rest().to_owned();
                Command::send(
                    to,
                    Body::Location(Location { latitude, longitude, name, ..Location::default() }),
                )
            }
            "/contact" => Command::send(self.addressee(&mut words)?, Body::Contacts(card(words.rest())?)),
            "/order" => Command::send(self.addressee(&mut words)?, Body::Order(order(&mut words)?)),
            "/welcome" => Command::send(self.addressee(&mut words)?, Body::RequestWelcome),
            "/moved" => {
                let first = called(words.next()?)?;
                let (to, new) = match words.next() {
                    Some(new) => (first, called(new)?),
                    None => (self.to?, first),
                };
                Command::send(to, Body::NumberChanged(NumberChanged { number: new.digits().to_string() }))
            }
            "/unsupported" => {
                let to = self.addressee(&mut words)?;
                let kind = words.next().unwrap_or_default().to_owned();
                Command::send(to, Body::Unsupported(Unsupported { kind }))
            }
            _ => self.about_a_message(verb, &mut words)?,
        };
        words.is_empty().then_some(Typed::Command(command.into()))
    }

    /// Answers, choices and reactions.
    fn about_a_message(&self, verb: &str, words: &mut Words<'_>) -> Option<Command> {
        let named = words.called();
        let (sender, id) = match words.next()? {
            "." => {
                let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
                (Some(last.0), last.1)
            }
            id => (self.to, id.parse().ok()?),
        };
        let to = named.or(sender)?;
        let body = match verb {
            "/react" => {
                let emoji = words.rest().to_owned();
                return Some(Command::send(to, Body::Reaction(Reaction { target: id, emoji })));
            }
            "/answer" => Body::text(words.some()?),
            "/flow" => choice(Chosen::Flow(FlowAnswer {
                name: "flow".into(),
                body: "Sent".into(),
                response: words.some()?.to_owned(),
            })),
            _ => {
                let (id, title) = (words.next()?.to_owned(), words.some()?.to_owned());
                choice(match verb {
                    "/button" => Chosen::Button(Button { id, title }),
                    "/row" => Chosen::Row(ListRow { id, title, description: String::new() }),
                    _ => Chosen::Template(TemplateAnswer { payload: id, text: title }),
                })
            }
        };
        Some(Command::Send { name: None, to, context: Context::answering(id), body })
    }

    /// Whom the next word names, else the usual one.
    fn addressee(&self, words: &mut Words<'_>) -> Option<Number> {
        words.called().or(self.to)
    }
}

fn choice(chosen: Chosen) -> Body {
    Body::Answer(Answer { answer: Some(chosen) })
}

/// The last word is the telephone number.
fn card(text: &str) -> Option<Contacts> {
    let (name, phone) = text.trim().rsplit_once(' ')?;
    let name = ContactName { formatted_name: name.trim().to_owned(), ..ContactName::default() };
    let phones = vec![ContactPhone { phone: phone.to_owned(), label: "CELL".into(), wa_id: String::new() }];
    Some(Contacts { cards: vec![ContactCard { name: Some(name), phones, ..ContactCard::default() }] })
}

fn order(words: &mut Words<'_>) -> Option<Order> {
    let catalog_id = words.next()?.to_owned();
    let item = OrderItem {
        retailer_id: words.next()?.to_owned(),
        quantity: words.next()?.parse().ok()?,
        item_price: words.next()?.parse().ok()?,
        currency: words.next()?.to_owned(),
    };
    Some(Order { catalog_id, text: String::new(), items: vec![item] })
}

pub(super) fn parse_reply(text: String) -> Reply {
    match text.as_str() {
        "none" => Reply::None,
        "echo" => Reply::Echo,
        _ => Reply::Text(text),
    }
}

fn called(number: &str) -> Option<Number> {
    number.trim_start_matches('+').parse().ok()
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let line = self.0.trim_start();
        let (word, rest) = line.split_at(line.find(char::is_whitespace).unwrap_or(line.len()));
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }

    /// The next word, if it is a number.
    fn called(&mut self) -> Option<Number> {
        let number = called(Words(self.0).next()?)?;
        self.next();
        Some(number)
    }

    fn rest(&mut self) -> &'a str {
        std::mem::take(&mut self.0).trim()
    }

    /// The rest, if there is any.
    fn some(&mut self) -> Option<&'a str> {
        Some(self.rest()).filter(|rest| !rest.is_empty())
    }

    fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(digits: &str) -> Number {
        digits.parse().unwrap()
    }

    fn typist(to: Option<Number>) -> Typist {
        let last = Some((number("4915100000000"), "AB12".parse().unwrap()));
        Typist { to, habits: Habits::default(), last: Arc::new(Mutex::new(last)) }
    }

    #[test]
    fn any_reply_but_two_words_is_said_as_it_stands() {
        for (said, reply) in
            [("none", Reply::None), ("echo", Reply::Echo), ("Echo", Reply::Text("Echo".into()))]
        {
            assert_eq!(parse_reply(said.into()), reply);
        }
    }

    #[test]
    fn a_line_that_is_no_text_is_told_and_the_next_one_is_read() {
        let long = "x".repeat(usize::try_from(LONGEST_LINE).unwrap() + 9);
        let typed = [b"hi\r\n\xff\xfe\n".as_slice(), long.as_bytes(), b"\nbye"].concat();
        let mut input = typed.as_slice();
        let mut next = || read_line(&mut input).unwrap();
        assert_eq!(next(), Some(Ok("hi".into())));
        assert_eq!(next(), Some(Err("it is not UTF-8")));
        assert_eq!(next(), Some(Err("it is longer than a text can be")));
        assert_eq!(next(), Some(Ok("bye".into())));
        assert_eq!(next(), None);
    }

    #[test]
    fn a_line_goes_to_the_number_that_it_begins_with_else_to_the_usual_one() {
        let (alice, bob) = (number("4915112345678"), number("4915199999999"));
        let said = |line: &str, to| typist(to).typed(line.into());
        let say = |to, text: &str| Ok(Typed::Command(Command::say(to, text).into()));
        let trust = |number| Ok(Typed::Command(Command::Trust { number }.into()));
        assert!(said("4915199999999 hello you", Some(alice)) == say(bob, "hello you"));
        assert!(said("+4915199999999 hello", None) == say(bob, "hello"));
        assert!(said("hello you", Some(alice)) == say(alice, "hello you"));
        assert!(said("12 o'clock?", Some(alice)) == say(alice, "12 o'clock?"), "too short for a number");
        assert!(said("hello", None).is_err());
        assert!(said("4915199999999  ", Some(alice)).is_err(), "nothing is said");
        assert!(said("/trust +4915199999999", Some(alice)) == trust(bob));
        assert!(said("/trust\t4915199999999 ", Some(alice)) == trust(bob));
        for mistyped in
            ["/trust", "/trust me", "/TRUST 4915199999999", "/trsut 4915199999999", "/trust 4915199999999 x"]
        {
            assert!(said(mistyped, Some(alice)).is_err(), "{mistyped} is nobody's text");
        }
        assert!(said("4915199999999 /trust me", None) == say(bob, "/trust me"));
    }

    #[test]
    fn every_kind_that_can_be_typed_is_what_was_typed() {
        let (alice, bob) = (number("4915112345678"), number("4915199999999"));
        let sent = |line: &str| {
            let Ok(Typed::Command(command)) = typist(Some(alice)).typed(line.into()) else {
                panic!("{line}")
            };
            let Command::Send { to, context, body, .. } = *command else { panic!("{line}") };
            (to, context.quoted, body)
        };
        let id = || "CD34".parse::<MessageId>().unwrap();
        let last = || "AB12".parse::<MessageId>().unwrap();
        let shop = number("4915100000000");
        assert!(sent("/answer CD34 yes, please") == (alice, Some(id()), Body::text("yes, please")));
        let reaction = |target, emoji: &str| Body::Reaction(Reaction { target, emoji: emoji.into() });
        assert!(sent("/react . 😀") == (shop, None, reaction(last(), "😀")), "whose message it is");
        assert!(sent("/react 4915199999999 CD34") == (bob, None, reaction(id(), "")));
        let button = Button { id: "y".into(), title: "Yes, I do".into() };
        assert!(sent("/button . y Yes, I do") == (shop, Some(last()), choice(Chosen::Button(button))));
        let (to, _, body) = sent("/location +4915199999999 52.52,-13.4 The office");
        let Body::Location(place) = body else { panic!() };
        assert_eq!((to, place.latitude, place.longitude, &*place.name), (bob, 52.52, -13.4, "The office"));
        let (_, _, Body::Contacts(contacts)) = sent("/contact Ada Lovelace +4430") else { panic!() };
        assert_eq!(contacts.cards[0].name.as_ref().unwrap().formatted_name, "Ada Lovelace");
        assert_eq!(contacts.cards[0].phones[0].phone, "+4430");
        let (_, _, Body::Order(cart)) = sent("/order 7 shirt 2 9.5 EUR") else { panic!() };
        assert_eq!((cart.items[0].quantity, cart.items[0].item_price), (2, 9.5));
        let (to, _, Body::NumberChanged(changed)) = sent("/moved 4915199999999 4915188888888") else {
            panic!()
        };
        assert_eq!((to, &*changed.number), (bob, "4915188888888"));
        for (line, kind) in [
            ("/welcome", "request_welcome"),
            ("/unsupported poll", "unsupported"),
            ("/row CD34 r1 One", "answer"),
            ("/quick CD34 stop Stop", "answer"),
            ("/flow CD34 {}", "answer"),
        ] {
            assert_eq!(sent(line).2.kind(), kind);
        }
    }

    #[test]
    fn what_is_set_is_set_beside_what_was_set_before() {
        let mut typist = typist(None);
        let mut set = |line: &str| {
            let Ok(Typed::Command(command)) = typist.typed(line.into()) else { panic!("{line}") };
            let Command::Change(habits) = *command else { panic!("{line}") };
            habits
        };
        set("/name Sheena Nelson");
        set("/habits receipts off");
        let habits = set("/habits reply I'm away");
        assert_eq!(habits.name.unwrap().as_str(), "Sheena Nelson");
        assert_eq!((habits.read_receipts, habits.reply), (false, Reply::Text("I'm away".into())));
        assert_eq!(set("/name").name, None);
    }

    #[test]
    fn every_form_is_in_the_help_and_wrong_ones_say_how_they_are_written() {
        let help = help();
        assert!(FORMS.iter().all(|(verb, _)| help.contains(&format!("  {verb}"))), "{help}");
        assert!(typist(None).typed("/help".into()) == Ok(Typed::Help));
        for (verb, form) in FORMS.iter().skip(1).filter(|(verb, _)| *verb != "/name") {
            let wrong = typist(None).typed(format!("{verb} ?"));
            assert!(wrong == Err(form), "{verb}");
        }
    }
}
