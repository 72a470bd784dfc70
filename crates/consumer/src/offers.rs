//! What the last messages offered to choose from, so that nothing is chosen that no app could show. Digests only, and in memory
//! only: of a message that is not among the last, or came before the app was started, the person may choose what they say.

use crate::digest::digest;
use content::kinds::{
    Answer, Button, Buttons, ListRow, TemplateAnswer, TemplateButton, answer::Answer as Chosen, card,
    interactive,
};
use content::{Body, Content, MessageId};
use std::collections::VecDeque;
use wire::Address;

/// So many messages that offer something are remembered.
const MESSAGES: usize = 64;

/// One that offers more is not: no business may send it.
const OPTIONS: usize = 64;

#[derive(Default)]
pub(crate) struct Offers(VecDeque<Offer>);

struct Offer {
    message: u64,
    options: Vec<u64>,
}

impl Offers {
    /// A message arrived.
    pub(crate) fn note(&mut self, from: Address, content: &Content) {
        let options: Vec<_> = options(&content.body).into_iter().take(OPTIONS + 1).collect();
        if options.is_empty() || options.len() > OPTIONS {
            return;
        }
        if self.0.len() == MESSAGES {
            self.0.pop_front();
        }
        self.0.push_back(Offer { message: message(from, &content.message_id), options });
    }

    /// False if the message that is answered offered something, and not this.
    pub(crate) fn allow(&self, peer: Address, quoted: Option<&MessageId>, answer: &Answer) -> bool {
        let Some(quoted) = quoted.map(|id| message(peer, id)) else { return true };
        let Some(offer) = self.0.iter().rev().find(|offer| offer.message == quoted) else { return true };
        let chosen = match &answer.answer {
            Some(Chosen::Button(Button { id, title })) => vec![option('b', id, title)],
            Some(Chosen::Row(ListRow { id, title, .. })) => vec![option('r', id, title)],
            // A button without a payload of its own sends whatever the business's template says.
            Some(Chosen::Template(TemplateAnswer { payload, text })) => {
                vec![option('t', payload, text), option('t', "", text)]
            }
            Some(Chosen::Flow(_)) => vec![option('f', "", "")],
            None => Vec::new(),
        };
        chosen.iter().any(|chosen| offer.options.contains(chosen))
    }
}

fn message(from: Address, id: &MessageId) -> u64 {
    digest(&[&from.to_key(), id.as_str().as_bytes()])
}

fn option(kind: char, id: &str, title: &str) -> u64 {
    digest(&[kind.encode_utf8(&mut [0; 4]).as_bytes(), id.as_bytes(), title.as_bytes()])
}

fn options(body: &Body) -> Vec<u64> {
    match body {
        Body::Interactive(interactive) => match &interactive.action {
            Some(interactive::Action::Buttons(buttons)) => of_buttons(buttons),
            Some(interactive::Action::List(list)) => {
                let rows = list.sections.iter().flat_map(|section| &section.rows);
                rows.map(|row| option('r', &row.id, &row.title)).collect()
            }
            Some(interactive::Action::Carousel(carousel)) => {
                let cards = carousel.cards.iter().flat_map(|card| match &card.action {
                    Some(card::Action::Buttons(buttons)) => of_buttons(buttons),
                    Some(card::Action::Native(native)) => of_screen(&native.name),
                    _ => Vec::new(),
                });
                cards.collect()
            }
            Some(interactive::Action::Native(native)) => of_screen(&native.name),
            _ => Vec::new(),
        },
        Body::Template(template) => {
            let cards = template.cards.iter().flat_map(|card| &card.buttons);
            template.buttons.iter().chain(cards).filter_map(of_template).collect()
        }
        _ => Vec::new(),
    }
}

fn of_buttons(buttons: &Buttons) -> Vec<u64> {
    buttons.buttons.iter().map(|button| option('b', &button.id, &button.title)).collect()
}

/// Of a screen that asks the person for something.
fn of_screen(name: &str) -> Vec<u64> {
    if matches!(name, "flow" | "address_message") { vec![option('f', "", "")] } else { Vec::new() }
}

fn of_template(button: &TemplateButton) -> Option<u64> {
    match button.kind.to_ascii_uppercase().as_str() {
        "QUICK_REPLY" => Some(option('t', &button.value, &button.text)),
        "FLOW" => Some(option('f', "", "")),
        _ => None,
    }
}
