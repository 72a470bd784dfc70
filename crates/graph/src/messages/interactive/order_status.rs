//! How far an order has come.

use crate::rules::{Json, integer, kept, object, text, word};
use crate::table::{object, words};

object! {
    pub(super) struct Action where "name" = "review_order" {
        parameters: Json<OrderUpdate> = required kept(object()),
    }
}

object! {
    /// How far an order has come.
    pub struct OrderUpdate {
        /// The order, as `order_details` named it. (The operator's own example has a longer name than an order can have.)
        reference_id: String = required text(1..=60),
        /// How far.
        order: OrderProgress = required object(),
        /// Whether it is paid.
        payment: Option<PaymentUpdate> = optional object(),
    }
}

object! {
    /// How far an order has come.
    pub struct OrderProgress {
        /// How far.
        status: OrderState = required word(),
        /// More about it.
        description: String = or_default text(..=120),
    }
}

object! {
    /// Whether an order is paid.
    pub struct PaymentUpdate {
        /// Whether it is.
        status: PaymentState = required word(),
        /// Since when, in seconds since 1970.
        timestamp: Option<u64> = optional integer(0..=9_999_999_999),
    }
}

words! {
    /// How far an order has come.
    pub enum OrderState {
        /// Nothing was done yet.
        Pending = "pending",
        /// It is being made ready.
        Processing = "processing",
        /// Some of it is on its way.
        PartiallyShipped = "partially_shipped" | "partially-shipped",
        /// It is on its way.
        Shipped = "shipped",
        /// It has arrived.
        Completed = "completed",
        /// It will not arrive.
        Canceled = "canceled",
    }
}

words! {
    /// Whether an order is paid.
    pub enum PaymentState {
        /// It is.
        Captured = "captured",
        /// It could not be.
        Failed = "failed",
        /// It is being paid.
        Pending = "pending",
    }
}
