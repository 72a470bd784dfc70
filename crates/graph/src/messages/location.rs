//! `"type": "location"` (Cloud API documentation, "Location messages").

use crate::rules::{number, text};
use crate::table::object;

object! {
    /// A place.
    pub struct Location {
        /// Degrees north; a number or its digits.
        latitude: f64 = required number(-90.0..=90.0),
        /// Degrees east; a number or its digits.
        longitude: f64 = required number(-180.0..=180.0),
        /// What it is called.
        name: String = or_default text(..=1_000),
        /// Where that is; apps show it with the name only.
        address: String = or_default text(..=1_000),
    }
}

#[cfg(test)]
mod tests {
    use crate::messages::{Content, Request};
    use crate::params::Params;

    #[test]
    #[expect(clippy::excessive_precision, reason = "as people paste them")]
    fn a_coordinate_is_read_to_its_last_bit() {
        for (written, degrees) in [
            ("37.483307212830024", 37.483_307_212_830_024_f64),
            ("\"37.483307212830024\"", 37.483_307_212_830_024),
            ("-0.1", -0.1),
        ] {
            let json = format!(
                r#"{{"messaging_product":"whatsapp","to":"16505551234","type":"location",
                    "location":{{"latitude":{written},"longitude":1}}}}"#
            );
            let params = Params::parse("", None, json.as_bytes()).ok().unwrap();
            let Ok(Request::Send(message)) = Request::parse(&params) else { panic!("{written}") };
            let Content::Location(place) = message.content else { panic!("{written}") };
            assert_eq!(place.latitude.to_bits(), degrees.to_bits(), "{written}");
        }
    }
}
