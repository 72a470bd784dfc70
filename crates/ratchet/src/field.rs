//! GF(2^16), modulo x^16 + x^12 + x^3 + x + 1. Addition is exclusive or.
//!
//! Only public data is computed with, so nothing here needs to be constant-time; it is, because
//! that is also the fastest way without tables.

/// The reduction polynomial without its leading term.
const REDUCTION: u16 = 0x100b;

/// The product of two elements.
pub(crate) const fn mul(a: u16, b: u16) -> u16 {
    let (mut product, mut bit) = (0, 16);
    while bit > 0 {
        bit -= 1;
        product = times_x(product) ^ (a & mask(b, bit));
    }
    product
}

/// The inverse of an element; of zero, zero.
pub(crate) const fn inverse(a: u16) -> u16 {
    // a^(2^16 - 2), from the top of its exponent down: fifteen ones and a zero.
    let (mut power, mut bit) = (1, 0);
    while bit < 15 {
        power = mul(mul(power, power), a);
        bit += 1;
    }
    mul(power, power)
}

pub(crate) const fn times_x(a: u16) -> u16 {
    (a << 1) ^ (REDUCTION & mask(a, 15))
}

/// All ones if the bit is set, else zero.
pub(crate) const fn mask(a: u16, bit: u32) -> u16 {
    0u16.wrapping_sub((a >> bit) & 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        assert_eq!(mul(0x1234, 0x5678), 0x6324);
        assert_eq!(mul(0x8000, 0x0002), 0x100b);
        assert_eq!(inverse(0x0002), 0x8805);
        assert_eq!(inverse(0x1234), 0x2ce9);
    }

    #[test]
    fn every_element_but_zero_has_an_inverse() {
        for a in 1..=u16::MAX {
            assert_eq!(mul(a, inverse(a)), 1, "{a:04x}");
        }
        assert_eq!(inverse(0), 0);
    }

    #[test]
    fn multiplication_is_a_field_multiplication() {
        for (a, b, c) in [(3, 0x8001, 0xffff), (0x1234, 0xbeef, 0x00ff), (0, 7, 9), (1, 0x1000, 0x100b)] {
            assert_eq!(mul(a, b), mul(b, a));
            assert_eq!(mul(a, mul(b, c)), mul(mul(a, b), c));
            assert_eq!(mul(a, b ^ c), mul(a, b) ^ mul(a, c));
        }
    }
}
