//! `/control/v1/clock`: the clock that all parties of this process share.

use super::{Nothing, Problems};
use crate::ask::{Asked, Said, Told};
use crate::error::{Error, Outcome};
use crate::when::{has_name, parse_duration, parse_rfc3339, rfc3339};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where to put the clock: one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(min_properties = 1, max_properties = 1)]
pub(crate) struct Advance {
    /// So far ahead: `25h`, `90s`, `1h30m`.
    #[serde(default)]
    #[schema(value_type = String, pattern = "^([0-9]{1,6}(ms|s|m|h|d|w))+$", max_length = 24)]
    advance: Option<String>,
    /// To this time, in RFC 3339, which is not before now.
    #[serde(default)]
    #[schema(value_type = String, format = DateTime)]
    set: Option<String>,
}

/// The time.
#[derive(Serialize, ToSchema)]
pub(crate) struct Clock {
    /// In RFC 3339, UTC.
    #[schema(format = DateTime)]
    now: String,
}

/// The time.
#[utoipa::path(get, path = "/control/v1/clock",
    responses((status = 200, description = "The time", body = Clock), Problems))]
pub(crate) async fn get_clock(Asked(Nothing {}): Asked<Nothing>) -> Said<Clock> {
    now()
}

/// Puts the clock ahead; timers that fall due run.
#[utoipa::path(post, path = "/control/v1/clock", request_body = Advance,
    responses((status = 200, description = "The time", body = Clock), Problems))]
pub(crate) async fn set_clock(Told(told): Told<Advance>) -> Outcome<Said<Clock>> {
    let before = live::now();
    let by = match (told.advance, told.set) {
        (Some(advance), None) => parse_duration(&advance)
            .ok_or_else(|| Error::bad_request("advance is not a duration", "write 25h, 90s or 1h30m"))?,
        (None, Some(set)) => {
            let to = parse_rfc3339(&set).ok_or_else(|| {
                Error::bad_request("set is not a time", "write RFC 3339, for example 2030-01-02T03:04:05Z")
            })?;
            if to < before {
                let message = format!("the clock goes forward only, and it is {}", rfc3339(before));
                return Err(Error::conflict(message, "start the program anew to go back"));
            }
            to.since(before)
        }
        _ => {
            return Err(Error::bad_request(
                "a clock is put ahead by one of advance and set",
                "say one of them",
            ));
        }
    };
    if !has_name(before + by) {
        return Err(Error::conflict("the clock ends with the year 9999", "put it less far ahead"));
    }
    live::advance(by);
    Ok(now())
}

fn now() -> Said<Clock> {
    Said(Clock { now: rfc3339(live::now()) })
}
