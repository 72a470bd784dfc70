//! A cart that a consumer sends.

use serde::Serialize;

/// The member `order` of a message.
#[derive(Clone, Serialize)]
pub struct Order<'a> {
    /// Of which catalogue.
    pub catalog_id: &'a str,
    /// What the consumer says to it; may be empty.
    pub text: &'a str,
    /// What is in it.
    pub product_items: Vec<OrderItem<'a>>,
}

/// Some of one thing.
#[derive(Clone, Copy, Serialize)]
pub struct OrderItem<'a> {
    /// What the business calls it.
    pub product_retailer_id: &'a str,
    /// How many.
    pub quantity: u32,
    /// Of one, in whole units of the currency.
    pub item_price: f64,
    /// ISO 4217.
    pub currency: &'a str,
}
