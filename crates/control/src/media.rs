//! The bytes of what a person sends: they go to the relay before the message does.

use crate::error::{Error, Outcome};
use crate::told::Media;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use content::Body;
use content::kinds::MediaKind;

/// Reads the bytes. Blobs are not built yet: a message that has them can't be sent.
pub(crate) fn put(_: MediaKind, media: &Media) -> Outcome<Body> {
    match (&media.base64, &media.path) {
        (Some(base64), None) => {
            STANDARD.decode(base64).map_err(|error| {
                Error::bad_request(format!("base64: {error}"), "with padding, without line breaks")
            })?;
        }
        (None, Some(path)) => {
            std::fs::metadata(path).map_err(|error| {
                Error::bad_request(format!("path: {error}"), "name a file of this machine")
            })?;
        }
        _ => {
            let message = "a medium has one of base64 and path";
            return Err(Error::bad_request(message, "say which bytes it has"));
        }
    }
    Err(Error::not_built("sending media"))
}
