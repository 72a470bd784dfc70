//! How many bytes go over links.

use metrics::counter;

/// For the operator: how much, not whose.
pub(crate) fn count(direction: &'static str, bytes: &[u8]) {
    counter!("blindpost_link_bytes_total", "direction" => direction).increment(bytes.len() as u64);
}
