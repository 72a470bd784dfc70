//! All that is written as a text of a certain form, by the names that the schema has for it.

use crate::country::Country;
use crate::party::Party;
use crate::quantity::{
    Bandwidth, Bytes, Duration, Moment, Probability, Quantity, QuantityError, Rate, TimeOfDay, TrafficRate,
};

/// What the check against the schema has to know of a quantity.
pub(crate) struct Kind {
    pub(crate) a_name: &'static str,
    pub(crate) how: &'static str,
    pub(crate) bare: bool,
    pub(crate) parse: fn(&str) -> Result<(), QuantityError>,
}

/// The quantity that the schema calls `name`.
pub(crate) fn named(name: &str) -> Option<Kind> {
    Some(match name {
        Bandwidth::NAME => kind::<Bandwidth>(),
        Bytes::NAME => kind::<Bytes>(),
        Country::NAME => kind::<Country>(),
        Duration::NAME => kind::<Duration>(),
        Moment::NAME => kind::<Moment>(),
        Party::NAME => kind::<Party>(),
        Probability::NAME => kind::<Probability>(),
        Rate::NAME => kind::<Rate>(),
        TimeOfDay::NAME => kind::<TimeOfDay>(),
        TrafficRate::NAME => kind::<TrafficRate>(),
        _ => return None,
    })
}

fn kind<Q: Quantity>() -> Kind {
    Kind { a_name: Q::A_NAME, how: Q::HOW, bare: Q::BARE, parse: |text| text.parse::<Q>().map(drop) }
}
