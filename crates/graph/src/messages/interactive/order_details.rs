//! An order, to be looked at and paid (Cloud API documentation, "Payments API", India).

use crate::codes;
use crate::error::GraphError;
use crate::reading::Param;
use crate::rules::{Json, any_object, integer, kept, list, not_valid, object, text, uri, word};
use crate::table::{object, words};

/// The greatest amount, in hundredths: what every client can read exactly.
const GREATEST: u64 = 1 << 53;

object! {
    pub(super) struct Action where "name" = "review_and_pay" {
        parameters: Json<OrderDetails> = required kept(object()),
    }
}

object! {
    /// An order, and how it is paid.
    pub struct OrderDetails where "currency" = "INR" {
        /// The business's name for it.
        reference_id: String = required text(1..=35).form("letters, digits, '_', '.' and '-'", is_reference),
        /// What is sold.
        goods as "type": Goods = required word(),
        /// Whom goods are shipped to.
        beneficiaries: Vec<Beneficiary> = or_default list(..=10, object()),
        /// Through whom it can be paid.
        payment_settings: Vec<PaymentSetting> = or_default list(..=10, object()),
        /// Another way to pay.
        payment_type: Option<PaymentType> = optional word(),
        /// How that is configured.
        payment_configuration: Option<String> = optional text(1..=60),
        /// All of it: what it costs, tax and shipping, less the discount.
        total_amount: Amount = required object(),
        /// What is ordered.
        order: Order = required object(),
    }
    check OrderDetails::check
}

words! {
    /// What is sold.
    pub enum Goods {
        /// What has no weight.
        Digital = "digital-goods",
        /// What is shipped.
        Physical = "physical-goods",
    }
}

words! {
    /// A way to pay without a gateway.
    pub enum PaymentType {
        /// From one bank account to another.
        Upi = "upi",
    }
}

object! {
    /// Whom goods are shipped to.
    pub struct Beneficiary {
        /// A name.
        name: String = required text(1..=200),
        /// Street and number.
        address_line1: String = required text(1..=100),
        /// More of it.
        address_line2: Option<String> = optional text(..=100),
        /// City.
        city: String = required text(1..=100),
        /// State.
        state: String = required text(1..=100),
        /// Country.
        country: String = required text(1..=100),
        /// Six digits.
        postal_code: String = required text(6..=6).digits(),
    }
}

object! {
    /// A way to pay: through a gateway, or by a link.
    pub struct PaymentSetting {
        /// Which of them.
        kind as "type": PaymentSettingKind = required word(),
        /// The gateway.
        payment_gateway: Option<Gateway> = optional object(),
        /// The link.
        payment_link: Option<PaymentUri> = optional object(),
    }
    check PaymentSetting::check
}

words! {
    /// A way to pay.
    pub enum PaymentSettingKind {
        /// Through a gateway.
        Gateway = "payment_gateway",
        /// By a link.
        Link = "payment_link",
    }
}

object! {
    /// Where it is paid.
    pub struct PaymentUri {
        /// Where.
        uri: String = required uri(),
    }
}

object! {
    /// A company through which one pays.
    pub struct Gateway {
        /// Which.
        kind as "type": GatewayKind = required word(),
        /// The business's name for how it is configured.
        configuration_name: String = required text(1..=60),
        /// What this one is told.
        razorpay: Option<Razorpay> = optional object(),
        /// What this one is told.
        payu: Option<Payu> = optional object(),
        /// What this one is told.
        billdesk: Option<Billdesk> = optional object(),
        /// What this one is told.
        zaakpay: Option<Zaakpay> = optional object(),
    }
}

words! {
    /// Companies through which one pays.
    pub enum GatewayKind {
        /// Razorpay.
        Razorpay = "razorpay",
        /// PayU.
        Payu = "payu",
        /// BillDesk.
        Billdesk = "billdesk",
        /// Zaakpay.
        Zaakpay = "zaakpay",
    }
}

object! {
    /// What Razorpay is told.
    pub struct Razorpay {
        /// A receipt's number.
        receipt: Option<String> = optional text(..=40),
        /// Notes, as JSON.
        notes: Option<String> = optional any_object(),
    }
}

object! {
    /// What PayU is told.
    pub struct Payu {
        /// The first field.
        udf1: Option<String> = optional text(..=255),
        /// The second field.
        udf2: Option<String> = optional text(..=255),
        /// The third field.
        udf3: Option<String> = optional text(..=255),
        /// The fourth field.
        udf4: Option<String> = optional text(..=255),
    }
}

object! {
    /// What BillDesk is told.
    pub struct Billdesk {
        /// The first field.
        additional_info1: Option<String> = optional text(..=120),
        /// The second field.
        additional_info2: Option<String> = optional text(..=120),
        /// The third field.
        additional_info3: Option<String> = optional text(..=120),
        /// The fourth field.
        additional_info4: Option<String> = optional text(..=120),
        /// The fifth field.
        additional_info5: Option<String> = optional text(..=120),
        /// The sixth field.
        additional_info6: Option<String> = optional text(..=120),
        /// The seventh field.
        additional_info7: Option<String> = optional text(..=120),
    }
}

object! {
    /// What Zaakpay is told.
    pub struct Zaakpay {
        /// The first field.
        extra1: Option<String> = optional text(..=180),
        /// The second field.
        extra2: Option<String> = optional text(..=180),
    }
}

object! {
    /// Money: whole units of a hundredth.
    pub struct Amount {
        /// How many.
        value: u64 = required integer(0..=GREATEST),
        /// How many of them are one: 100.
        offset: u64 = required integer(100..=100),
    }
}

object! {
    /// Tax or shipping.
    pub struct Described {
        /// How much, in hundredths.
        value: u64 = required integer(0..=GREATEST),
        /// How many of them are one: 100.
        offset: u64 = required integer(100..=100),
        /// What it is.
        description: Option<String> = optional text(..=60),
    }
}

object! {
    /// What is taken off.
    pub struct Discount {
        /// How much, in hundredths.
        value: u64 = required integer(0..=GREATEST),
        /// How many of them are one: 100.
        offset: u64 = required integer(100..=100),
        /// Why.
        description: Option<String> = optional text(..=60),
        /// By which program.
        discount_program_name: Option<String> = optional text(..=60),
    }
}

object! {
    /// What is ordered.
    pub struct Order where "status" = "pending" {
        /// With one button only.
        kind as "type": Option<OrderKind> = optional word(),
        /// The catalogue of the items.
        catalog_id: Option<String> = optional text(1..=100),
        /// Until when it can be paid.
        expiration: Option<Expiration> = optional object(),
        /// What.
        items: Vec<Item> = required list(1..=999, object()),
        /// What the items cost.
        subtotal: Amount = required object(),
        /// Tax.
        tax: Described = required object(),
        /// Shipping.
        shipping: Option<Described> = optional object(),
        /// What is taken off.
        discount: Option<Discount> = optional object(),
    }
}

words! {
    /// How an order is shown.
    pub enum OrderKind {
        /// With one button only.
        QuickPay = "quick_pay",
    }
}

object! {
    /// Until when an order can be paid.
    pub struct Expiration {
        /// Seconds since 1970, in digits.
        timestamp: u64 = required integer(0..=9_999_999_999),
        /// More about it.
        description: Option<String> = optional text(..=120),
    }
}

object! {
    /// What is ordered so many times.
    pub struct Item {
        /// The business's name for it.
        retailer_id: Option<String> = optional text(1..=100),
        /// What it is called.
        name: String = required text(1..=60),
        /// What one costs.
        amount: Amount = required object(),
        /// What one costs instead.
        sale_amount: Option<Amount> = optional object(),
        /// How many.
        quantity: u64 = required integer(1..=999_999),
        /// A picture of it.
        image: Option<ItemImage> = optional object(),
        /// Where it comes from.
        country_of_origin: Option<String> = optional text(1..=100),
        /// Who has brought it.
        importer_name: Option<String> = optional text(1..=200),
        /// Where they are.
        importer_address: Option<Importer> = optional object(),
    }
}

object! {
    /// A picture of an item.
    pub struct ItemImage {
        /// Where it is.
        link: String = required uri(),
    }
}

object! {
    /// Where who has brought an item is.
    pub struct Importer {
        /// Street and number.
        address_line1: String = required text(1..=100),
        /// More of it.
        address_line2: Option<String> = optional text(..=100),
        /// City.
        city: String = required text(1..=100),
        /// The country.
        country_code: Option<String> = optional text(1..=100),
        /// The postal code.
        postal_code: String = required text(1..=20),
    }
}

impl OrderDetails {
    /// What it costs is what its parts cost.
    fn check(&self, param: Param<'_>) -> Result<(), GraphError> {
        let refused = |why| Err(not_valid(format!("Param {}: {why}", param.path())));
        if self.payment_settings.is_empty() && self.payment_type.is_none() {
            let details = format!("Param {} must have payment_settings or a payment_type.", param.path());
            return Err(GraphError::whatsapp(codes::MISSING, details));
        }
        if self.payment_type.is_some() && self.payment_configuration.is_none() {
            let details =
                format!("Param {} with a payment_type must have a payment_configuration.", param.path());
            return Err(GraphError::whatsapp(codes::MISSING, details));
        }
        let Order { items, subtotal, tax, shipping, discount, .. } = &self.order;
        let price = |item: &Item| {
            let one = item.sale_amount.as_ref().unwrap_or(&item.amount);
            u128::from(one.value) * u128::from(item.quantity)
        };
        if items.iter().map(price).sum::<u128>() != u128::from(subtotal.value) {
            return refused("order['subtotal'] must be the sum of what its items cost.");
        }
        let shipping = shipping.as_ref().map_or(0, |shipping| shipping.value);
        let discount = discount.as_ref().map_or(0, |discount| discount.value);
        if u128::from(self.total_amount.value) + u128::from(discount)
            != u128::from(subtotal.value) + u128::from(tax.value) + u128::from(shipping)
        {
            return refused("total_amount must be subtotal, tax and shipping less the discount.");
        }
        Ok(())
    }
}

impl PaymentSetting {
    fn check(&self, param: Param<'_>) -> Result<(), GraphError> {
        let (name, there) = match self.kind {
            PaymentSettingKind::Gateway => ("payment_gateway", self.payment_gateway.is_some()),
            PaymentSettingKind::Link => ("payment_link", self.payment_link.is_some()),
        };
        if there { Ok(()) } else { Err(GraphError::missing(&format!("{}['{name}']", param.path()))) }
    }
}

fn is_reference(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}
