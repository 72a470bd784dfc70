//! What a person's message is made of, in the shapes of the Cloud API's webhooks (documentation, "Webhooks", `messages`).

use content::kinds;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A text.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    /// What it says.
    #[schema(min_length = 1, max_length = 4096)]
    pub(crate) body: String,
}

/// A picture, film, recording, file or sticker: one of `base64` and `path` says its bytes.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Media {
    /// Its bytes, in base64.
    #[serde(default)]
    pub(crate) base64: Option<String>,
    /// A file of this machine that has its bytes.
    #[serde(default)]
    pub(crate) path: Option<String>,
    /// What it is, for example `image/png`.
    #[schema(min_length = 3, max_length = 255)]
    pub(crate) mime_type: String,
    /// What is written beneath it.
    #[serde(default)]
    #[schema(max_length = 1024)]
    pub(crate) caption: Option<String>,
    /// What a document is called.
    #[serde(default)]
    #[schema(max_length = 255)]
    pub(crate) filename: Option<String>,
    /// Of audio: spoken into the app.
    #[serde(default)]
    pub(crate) voice: bool,
    /// Of a sticker: it moves.
    #[serde(default)]
    pub(crate) animated: bool,
}

/// A place.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Location {
    /// Degrees.
    #[schema(minimum = -90, maximum = 90)]
    pub(crate) latitude: f64,
    /// Degrees.
    #[schema(minimum = -180, maximum = 180)]
    pub(crate) longitude: f64,
    /// What it is called.
    #[serde(default)]
    pub(crate) name: String,
    /// Where it is.
    #[serde(default)]
    pub(crate) address: String,
    /// A page about it.
    #[serde(default)]
    pub(crate) url: String,
}

/// The card of a person.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contact {
    /// Who it is.
    pub(crate) name: Name,
    /// Telephone numbers.
    #[serde(default)]
    pub(crate) phones: Vec<Phone>,
    /// Addresses of electronic mail.
    #[serde(default)]
    pub(crate) emails: Vec<Email>,
    /// Pages.
    #[serde(default)]
    pub(crate) urls: Vec<Url>,
    /// Postal addresses.
    #[serde(default)]
    pub(crate) addresses: Vec<PostalAddress>,
    /// Where they work.
    #[serde(default)]
    pub(crate) org: Option<Organisation>,
    /// As `YYYY-MM-DD`.
    #[serde(default)]
    pub(crate) birthday: String,
}

macro_rules! card {
    ($(#[$meta:meta])* $name:ident as $kind:ident { $($(#[$field_meta:meta])* $field:ident => $to:ident),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields, default)]
        pub(crate) struct $name {
            $($(#[$field_meta])* #[serde(skip_serializing_if = "String::is_empty")] pub(crate) $field: String,)*
        }

        impl From<$name> for kinds::$kind {
            fn from(part: $name) -> Self {
                Self { $($to: part.$field),* }
            }
        }

        impl From<&kinds::$kind> for $name {
            fn from(part: &kinds::$kind) -> Self {
                Self { $($field: part.$to.clone()),* }
            }
        }
    };
}

card! {
    /// What a person is called.
    Name as ContactName {
        /// The whole name.
        formatted_name => formatted_name,
        /// The first name.
        first_name => first_name,
        /// The last name.
        last_name => last_name,
        /// Names in between.
        middle_name => middle_name,
        /// What stands before the name.
        prefix => prefix,
        /// What stands behind it.
        suffix => suffix,
    }
}

card! {
    /// A telephone number.
    Phone as ContactPhone {
        /// As it is written.
        phone => phone,
        /// `HOME`, `WORK`, `CELL` and the like.
        r#type => label,
        /// Its digits, if it has the app.
        wa_id => wa_id,
    }
}

card! {
    /// An address of electronic mail.
    Email as ContactEmail {
        /// The address.
        email => email,
        /// `HOME`, `WORK` and the like.
        r#type => label,
    }
}

card! {
    /// A page.
    Url as ContactUrl {
        /// Where it is.
        url => url,
        /// `HOME`, `WORK` and the like.
        r#type => label,
    }
}

card! {
    /// A postal address.
    PostalAddress as ContactAddress {
        /// Street and number.
        street => street,
        /// City.
        city => city,
        /// State.
        state => state,
        /// Code.
        zip => zip,
        /// Country.
        country => country,
        /// Two letters.
        country_code => country_code,
        /// `HOME`, `WORK` and the like.
        r#type => label,
    }
}

card! {
    /// Where a person works.
    Organisation as ContactOrganisation {
        /// The company.
        company => company,
        /// The department.
        department => department,
        /// What they are there.
        title => title,
    }
}

/// An emoji on another message.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reaction {
    /// On which, its wamid.
    #[schema(min_length = 7, max_length = 400)]
    pub(crate) message_id: String,
    /// The emoji; without it, or empty, the reaction is taken away.
    #[serde(default)]
    #[schema(max_length = 32)]
    pub(crate) emoji: String,
}

/// What the person chose of what they were offered.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", deny_unknown_fields)]
pub(crate) enum Interactive {
    /// A button.
    #[serde(rename = "button_reply")]
    Button {
        /// Which.
        button_reply: ButtonReply,
    },
    /// A row of a list.
    #[serde(rename = "list_reply")]
    List {
        /// Which.
        list_reply: ListReply,
    },
    /// What was filled in.
    #[serde(rename = "nfm_reply")]
    Filled {
        /// What.
        nfm_reply: NfmReply,
    },
}

/// A button that was pressed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ButtonReply {
    /// As the business named it.
    #[schema(max_length = 256)]
    pub(crate) id: String,
    /// What it says.
    #[schema(max_length = 256)]
    pub(crate) title: String,
}

/// A row that was chosen.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListReply {
    /// As the business named it.
    #[schema(max_length = 256)]
    pub(crate) id: String,
    /// What it says.
    #[schema(max_length = 256)]
    pub(crate) title: String,
    /// And beneath.
    #[serde(default)]
    #[schema(max_length = 256)]
    pub(crate) description: String,
}

/// What was filled in: a flow, or an address.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NfmReply {
    /// `flow` or `address_message`.
    #[schema(max_length = 256)]
    pub(crate) name: String,
    /// What the app shows of it.
    #[serde(default)]
    #[schema(max_length = 1024)]
    pub(crate) body: String,
    /// A JSON object, as a text.
    #[schema(max_length = 16384)]
    pub(crate) response_json: String,
}

/// A quick reply of a template that was pressed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Button {
    /// As the business named it.
    #[schema(max_length = 256)]
    pub(crate) payload: String,
    /// What it says.
    #[schema(max_length = 256)]
    pub(crate) text: String,
}

/// A cart.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    /// Of which catalogue.
    #[schema(max_length = 64)]
    pub(crate) catalog_id: String,
    /// What is written to it.
    #[serde(default)]
    #[schema(max_length = 1024)]
    pub(crate) text: String,
    /// What is in it.
    #[schema(min_items = 1, max_items = 100)]
    pub(crate) product_items: Vec<Item>,
}

/// A line of a cart.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Item {
    /// What.
    #[schema(max_length = 100)]
    pub(crate) product_retailer_id: String,
    /// How many.
    #[schema(minimum = 1, maximum = 4294967295_u64)]
    pub(crate) quantity: u32,
    /// The price of one, in whole units of the currency.
    pub(crate) item_price: f64,
    /// ISO 4217.
    #[schema(max_length = 3)]
    pub(crate) currency: String,
}

/// Something that the other end can't show.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unsupported {
    /// What it is, for example `poll`.
    #[schema(max_length = 64)]
    pub(crate) r#type: String,
}
