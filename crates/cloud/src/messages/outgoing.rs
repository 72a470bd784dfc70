//! What a business wants to say, as it travels: from the types of the API to those of `content`.

mod card;
mod interactive;

use crate::media::Attaching;
use content::{Body, MessageId, kinds};
use graph::messages::{Content, Location};
use graph::webhook::Failure;
use graph::{GraphError, codes};
use wire::Number;

/// What becomes of a message's content.
pub(crate) enum Outgoing {
    /// It travels.
    Body(Body),
    /// Nothing does: the recipient could make nothing of it.
    Fails(Failure),
    /// It is an emoji at a message, or that there is none any more, if that message is one that an emoji can be at.
    Reaction {
        /// The message, as the business named it.
        target: String,
        /// The emoji.
        emoji: String,
    },
}

impl Outgoing {
    /// How the content of a message to `consumer` travels.
    ///
    /// # Errors
    /// It can't.
    pub(crate) fn of(
        content: Content,
        consumer: Number,
        media: &mut Attaching<'_>,
    ) -> Result<Self, GraphError> {
        let now = media.now;
        Ok(Self::Body(match content {
            Content::Text(text) => Body::Text(kinds::Text { body: text.body, preview_url: text.preview_url }),
            Content::Media(it) => Body::Media(Box::new(media.attach(&it)?)),
            Content::Location(place) => Body::Location(location(place)),
            Content::Contacts(cards) => {
                Body::Contacts(kinds::Contacts { cards: cards.into_iter().map(card::of).collect() })
            }
            Content::Interactive(interactive) => {
                interactive::in_time(&interactive, now)?;
                if interactive::needs_india(&interactive) && !is_in_india(consumer) {
                    let details = "Apps outside India can't show a message of type address_message.";
                    return Ok(Self::Fails(Failure { code: codes::RECEIVER_INCAPABLE, details }));
                }
                Body::Interactive(Box::new(interactive::of(*interactive, media)?))
            }
            // Whose template it is the account says: it is filled in before.
            Content::Template(_) => return Err(GraphError::unavailable()),
            Content::Reaction(reaction) => {
                return Ok(Self::Reaction { target: reaction.message_id, emoji: reaction.emoji });
            }
        }))
    }
}

/// The body of an emoji at a message.
pub(crate) fn reaction(target: MessageId, emoji: String) -> Body {
    Body::Reaction(content::Reaction { target, emoji })
}

fn location(place: Location) -> kinds::Location {
    let Location { latitude, longitude, name, address } = place;
    kinds::Location { latitude, longitude, name, address, url: String::new() }
}

fn is_in_india(consumer: Number) -> bool {
    consumer.digits().starts_with("91")
}
