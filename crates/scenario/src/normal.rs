//! The quantile function of the standard normal distribution, the same to the bit on every machine.
//!
//! Not `statrs`' `Normal::inverse_cdf`: that takes the platform's logarithm, whose last bit differs from one platform to
//! the other, and trace hashes hang on it.

#![expect(clippy::excessive_precision, reason = "coefficients as they were published")]

/// The quantile of `0.5 + q`, for `q` between -0.5 and 0.5, both excluded, to 16 digits: Wichura, Algorithm AS 241
/// (Applied Statistics 37, 1988, `PPND16`). Two polynomials for most, and a logarithm only in the tails.
pub(crate) fn quantile(q: f64) -> f64 {
    if q.abs() <= CENTRE {
        let r = CENTRE * CENTRE - q * q;
        return q * polynomial(r, &CENTRE_NUMERATOR) / polynomial(r, &CENTRE_DENOMINATOR);
    }
    let r = libm::sqrt(-libm::log(0.5 - q.abs()));
    let distance = if r <= TAIL {
        polynomial(r - 1.6, &NEAR_NUMERATOR) / polynomial(r - 1.6, &NEAR_DENOMINATOR)
    } else {
        polynomial(r - TAIL, &FAR_NUMERATOR) / polynomial(r - TAIL, &FAR_DENOMINATOR)
    };
    distance.copysign(q)
}

/// Where the tails begin, and in them where the far one does.
const CENTRE: f64 = 0.425;
const TAIL: f64 = 5.0;

/// Coefficients of a polynomial, from the constant one on.
type Coefficients = [f64; 8];

const CENTRE_NUMERATOR: Coefficients = [
    3.387_132_872_796_366_608,
    133.141_667_891_784_377_45,
    1_971.590_950_306_551_442_7,
    13_731.693_765_509_461_125,
    45_921.953_931_549_871_457,
    67_265.770_927_008_700_853,
    33_430.575_583_588_128_105,
    2_509.080_928_730_122_672_7,
];
const CENTRE_DENOMINATOR: Coefficients = [
    1.0,
    42.313_330_701_600_911_252,
    687.187_007_492_057_908_3,
    5_394.196_021_424_751_107_7,
    21_213.794_301_586_595_867,
    39_307.895_800_092_710_61,
    28_729.085_735_721_942_674,
    5_226.495_278_852_854_561,
];
const NEAR_NUMERATOR: Coefficients = [
    1.423_437_110_749_683_577_34,
    4.630_337_846_156_545_295_9,
    5.769_497_221_460_691_405_5,
    3.647_848_324_763_204_605_04,
    1.270_458_252_452_368_382_58,
    0.241_780_725_177_450_611_77,
    0.022_723_844_989_269_184_583_3,
    7.745_450_142_783_414_076_4e-4,
];
const NEAR_DENOMINATOR: Coefficients = [
    1.0,
    2.053_191_626_637_758_821_87,
    1.676_384_830_183_803_849_4,
    0.689_767_334_985_100_004_55,
    0.148_103_976_427_480_074_59,
    0.015_198_666_563_616_457_196_6,
    5.475_938_084_995_344_946e-4,
    1.050_750_071_644_416_843_24e-9,
];
const FAR_NUMERATOR: Coefficients = [
    6.657_904_643_501_103_777_2,
    5.463_784_911_164_114_369_9,
    1.784_826_539_917_291_335_8,
    0.296_560_571_828_504_891_23,
    0.026_532_189_526_576_123_093,
    0.001_242_660_947_388_078_438_6,
    2.711_555_568_743_487_578_15e-5,
    2.010_334_399_292_288_132_65e-7,
];
const FAR_DENOMINATOR: Coefficients = [
    1.0,
    0.599_832_206_555_887_937_69,
    0.136_929_880_922_735_805_31,
    0.014_875_361_290_850_614_852_5,
    7.868_691_311_456_132_591e-4,
    1.846_318_317_510_054_681_8e-5,
    1.421_511_758_316_445_888_7e-7,
    2.044_263_103_389_939_785_64e-15,
];

fn polynomial(x: f64, coefficients: &Coefficients) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

#[cfg(test)]
mod tests {
    use super::*;
    use libm::erfc;

    /// The share below a number of standard deviations.
    fn below(deviations: f64) -> f64 {
        0.5 * erfc(-deviations / std::f64::consts::SQRT_2)
    }

    #[test]
    fn a_quantile_has_its_share_below_it() {
        let shares = (1..1000).map(|k| f64::from(k) / 1000.0).chain([1e-5, 1e-12, 1e-16, 1.0 / 9e15]);
        for share in shares {
            let quantile = quantile(share - 0.5);
            let error = below(quantile) / share - 1.0;
            // What is near 0 loses digits when 0.5 is taken off.
            assert!(error.abs() < 1e-13_f64.max(1e-16 / share), "{share}: {quantile}, off by {error:e}");
        }
    }

    #[test]
    fn known_quantiles() {
        for (q, expected) in [
            (0.0, 0.0),
            (0.25, 0.674_489_750_196_081_7),
            (0.475, 1.959_963_984_540_054),
            (0.49, 2.326_347_874_040_841),
        ] {
            assert!((quantile(q) - expected).abs() < 1e-14, "{q}: {}", quantile(q));
            assert!((quantile(-q) + expected).abs() < 1e-14, "{q}");
        }
    }
}
