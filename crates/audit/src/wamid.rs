//! The name of a message inside of the name that businesses have for it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The last text in a `wamid`, which is followed by one byte.
pub(crate) fn message_id(wamid: &str) -> Option<String> {
    let bytes = STANDARD.decode(wamid.strip_prefix("wamid.")?).ok()?;
    let (_, named) = bytes.split_last()?;
    let hex = named.iter().rev().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let id = named.get(named.len() - hex..)?;
    String::from_utf8(id.to_vec()).ok().filter(|id| id.len() >= 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_within_a_name_is_found() {
        let bytes = b"\x1c\x18\x0f493869045436115\x15\x02\x00\x12\x18\x145AF4A94C992ADFB60697\x00";
        let wamid = format!("wamid.{}", STANDARD.encode(bytes));
        assert_eq!(message_id(&wamid).as_deref(), Some("5AF4A94C992ADFB60697"));
        assert_eq!(message_id("wamid.HBgA"), None);
        assert_eq!(message_id("something else"), None);
    }
}
