//! Short marks of what the app has to recognise and must not keep: FNV-1a.

/// Of these, one after the other; where one ends and the next begins makes a difference.
pub(crate) fn digest(parts: &[&[u8]]) -> u64 {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    parts.iter().fold(0xcbf2_9ce4_8422_2325, |hash, part| {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes();
        part.iter().fold(length.iter().fold(hash, fold), fold)
    })
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn parts_that_are_cut_elsewhere_are_others() {
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
        assert_ne!(digest(&[b"ab"]), digest(&[b"ab", b""]));
    }
}
