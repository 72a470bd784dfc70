//! `"type": "interactive"`: messages with something to choose or to press (Cloud API documentation, "Interactive messages").
//! A line of `FORMS` for each of them, and a file for what it does.

mod address;
mod buttons;
mod carousel;
mod flow;
mod header;
mod link;
mod list;
mod location_request;
mod order_details;
mod order_status;
mod products;

pub use address::{AddressMessage, AddressValues, SavedAddress};
pub use buttons::{Button, Buttons, Reply};
pub use carousel::{Card, CardAction, Carousel};
pub use flow::{Flow, FlowAction, FlowMode, FlowPayload};
pub use header::{Header, TextHeader};
pub use link::Link;
pub use list::{List, Row, Section};
pub use order_details::{
    Amount, Beneficiary, Described, Discount, Expiration, Gateway, GatewayKind, Goods, Importer, Item,
    ItemImage, Order, OrderDetails, PaymentSetting, PaymentSettingKind, PaymentUri,
};
pub use order_status::{OrderProgress, OrderState, OrderUpdate, PaymentState, PaymentUpdate};
pub use products::{CatalogMessage, Product, ProductItem, ProductList, ProductSection};

use crate::error::GraphError;
use crate::reading::Param;
use crate::rules::{Json, Readable, text};
use crate::table::object;
use header::ABOVE_ANY;
use std::fmt;

/// A message with something to choose or to press. `Debug` shows its kind only.
#[derive(Clone, PartialEq)]
pub struct Interactive {
    /// What is above it.
    pub header: Option<Header>,
    /// What it says; empty only where it may be left out.
    pub body: String,
    /// What is below it: at most 60 characters; empty if nothing is.
    pub footer: String,
    /// What can be done.
    pub action: Action,
}

/// What can be done with a message.
#[derive(Clone, PartialEq)]
pub enum Action {
    /// Press one of up to three buttons.
    Buttons(Buttons),
    /// Choose from a list.
    List(List),
    /// Look at a product.
    Product(Product),
    /// Look at several.
    ProductList(ProductList),
    /// Go through cards.
    Carousel(Carousel),
    /// Open a web site.
    Link(Json<Link>),
    /// Open the catalogue.
    Catalog(Option<Json<CatalogMessage>>),
    /// Fill a form in.
    Flow(Json<Flow>),
    /// Tell where one is.
    LocationRequest,
    /// Tell an address.
    Address(Json<AddressMessage>),
    /// Pay.
    OrderDetails(Box<Json<OrderDetails>>),
    /// See how far an order has come.
    OrderStatus(Json<OrderUpdate>),
}

/// What is around an action.
struct Form {
    kind: &'static str,
    /// What may be above; none: nothing.
    above: &'static [&'static str],
    /// The longest body, in characters.
    body: usize,
    needs_body: bool,
    has_footer: bool,
    read: fn(Param<'_>) -> Result<Action, GraphError>,
    #[cfg(test)]
    shape: fn() -> crate::shape::Shape,
}

const NOTHING: &[&str] = &[];
const TEXT: &[&str] = &["text"];

#[rustfmt::skip]
static FORMS: [Form; 12] = [
    form::<Buttons>                   ("button",                   ABOVE_ANY, 1_024),
    form::<List>                      ("list",                     TEXT,      4_096),
    form::<link::Action>              ("cta_url",                  ABOVE_ANY, 1_024),
    form::<Product>                   ("product",                  NOTHING,   1_024).without_body(),
    form::<ProductList>               ("product_list",             TEXT,      1_024),
    form::<products::Action>          ("catalog_message",          NOTHING,   1_024),
    form::<flow::Action>              ("flow",                     ABOVE_ANY, 1_024),
    form::<location_request::Action>  ("location_request_message", NOTHING,   1_024).without_footer(),
    form::<address::Action>           ("address_message",          ABOVE_ANY, 1_024),
    form::<order_details::Action>     ("order_details",            &["image"],1_024),
    form::<order_status::Action>      ("order_status",             NOTHING,   1_024),
    form::<Carousel>                  ("carousel",                 NOTHING,   1_024).without_footer(),
];

object! {
    /// What is below it.
    struct Footer {
        text: String = required text(1..=60),
    }
}

impl Readable for Interactive {
    fn read(param: Param<'_>) -> Result<Self, GraphError> {
        let form = Form::of(param)?;
        let members = param.object(form.members())?;
        let header = members.get("header").map(|above| Header::read(above, form.above)).transpose()?;
        if header.is_none() && form.kind == "product_list" {
            members.required("header")?;
        }
        let body = if form.needs_body { Some(members.required("body")?) } else { members.get("body") };
        let body = body.map(|body| form.body(body)).transpose()?;
        let footer = members.get("footer").map(Footer::read).transpose()?;
        Ok(Self {
            header,
            body: body.unwrap_or_default(),
            footer: footer.map(|footer| footer.text).unwrap_or_default(),
            action: (form.read)(members.required("action")?)?,
        })
    }

    #[cfg(test)]
    fn shape() -> crate::shape::Shape {
        use crate::shape::Shape;
        let shape = |form: &Form| {
            let of = |name: &&'static str| match *name {
                "type" => ("type", Shape::Is(form.kind)),
                "header" => ("header", Header::shape(form.above)),
                "body" => ("body", Shape::Object(vec![("text", Shape::Text { most: form.body })])),
                "footer" => ("footer", Footer::shape()),
                _ => ("action", (form.shape)()),
            };
            Shape::Object(form.members().iter().map(of).collect())
        };
        Shape::Either(FORMS.iter().map(shape).collect())
    }
}

const fn form<A: Readable + Into<Action>>(
    kind: &'static str,
    above: &'static [&'static str],
    body: usize,
) -> Form {
    Form {
        kind,
        above,
        body,
        needs_body: true,
        has_footer: true,
        read: |param| A::read(param).map(Into::into),
        #[cfg(test)]
        shape: A::shape,
    }
}

impl Form {
    /// The one that an interactive message says that it has.
    fn of(param: Param<'_>) -> Result<&'static Self, GraphError> {
        let members = param.any_object()?;
        let kind = members.required("type")?;
        let said = kind.text()?;
        FORMS.iter().find(|form| form.kind == said).ok_or_else(|| {
            let kinds: Vec<_> = FORMS.iter().map(|form| form.kind).collect();
            GraphError::one_of(&kind.path(), &kinds, said)
        })
    }

    const fn without_body(self) -> Self {
        Self { needs_body: false, ..self }
    }

    const fn without_footer(self) -> Self {
        Self { has_footer: false, ..self }
    }

    fn members(&self) -> &'static [&'static str] {
        match (self.above.is_empty(), self.has_footer) {
            (false, true) => &["type", "body", "action", "footer", "header"],
            (false, false) => &["type", "body", "action", "header"],
            (true, true) => &["type", "body", "action", "footer"],
            (true, false) => &["type", "body", "action"],
        }
    }

    fn body(&self, param: Param<'_>) -> Result<String, GraphError> {
        let members = param.object(&["text"])?;
        members.read_required("text", &text(1..=self.body))
    }
}

macro_rules! actions {
    ($($read:path => $action:ident $(($part:ident))?),* $(,)?) => {
        $(impl From<$read> for Action {
            fn from(read: $read) -> Self {
                Self::$action(read $(.$part)?.into())
            }
        })*
    };
}

actions!(
    Buttons => Buttons,
    List => List,
    Product => Product,
    ProductList => ProductList,
    Carousel => Carousel,
    link::Action => Link(parameters),
    products::Action => Catalog(parameters),
    flow::Action => Flow(parameters),
    address::Action => Address(parameters),
    order_details::Action => OrderDetails(parameters),
    order_status::Action => OrderStatus(parameters),
);

impl From<location_request::Action> for Action {
    fn from(_: location_request::Action) -> Self {
        Self::LocationRequest
    }
}

impl fmt::Debug for Interactive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Interactive({:?})", self.action)
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Buttons(_) => "Buttons",
            Self::List(_) => "List",
            Self::Product(_) => "Product",
            Self::ProductList(_) => "ProductList",
            Self::Carousel(_) => "Carousel",
            Self::Link(_) => "Link",
            Self::Catalog(_) => "Catalog",
            Self::Flow(_) => "Flow",
            Self::LocationRequest => "LocationRequest",
            Self::Address(_) => "Address",
            Self::OrderDetails(_) => "OrderDetails",
            Self::OrderStatus(_) => "OrderStatus",
        })
    }
}
