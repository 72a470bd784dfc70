//! From values to places: domains, ticks that a person would choose, and how numbers are written.

use super::Axis;

/// How values become places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scale {
    /// Equal steps are equally long. Includes zero, unless the axis has a range.
    Linear,
    /// Equal factors are equally long.
    Log,
    /// Named bands beside each other; band `i` is from `i` to `i + 1`.
    Bands(Vec<String>),
}

/// The unit of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A plain number.
    None,
    /// Durations in microseconds; written as µs, ms, s, min or h.
    Microseconds,
    /// Durations or times in seconds; written as ms, s, min, h or d.
    Seconds,
    /// Bytes; written as B, kB, MB or GB.
    Bytes,
    /// From 0 to 1; written in percent.
    Share,
    /// Another one, written after the axis's label.
    Other(&'static str),
}

/// A scale fitted to data and a length.
#[derive(Debug, Clone)]
pub(super) struct Fitted {
    low: f64,
    high: f64,
    log: bool,
    from: f64,
    to: f64,
    pub(super) ticks: Vec<(f64, String)>,
}

impl Fitted {
    /// Fits `axis` to the finite ones of `values`, between the places `from` and `to`.
    pub(super) fn new(axis: &Axis, values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        if let Scale::Bands(names) = &axis.scale {
            let ticks = (0_u32..).zip(names).map(|(i, name)| (f64::from(i) + 0.5, name.clone())).collect();
            return Self { low: 0.0, high: count(names.len().max(1)), log: false, from, to, ticks };
        }
        let log = axis.scale == Scale::Log;
        let values = values.filter(|value| value.is_finite() && (!log || *value > 0.0));
        let ends = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        let (mut low, mut high) = if ends.0 > ends.1 { (1.0, 10.0) } else { ends };
        if !log {
            low = low.min(0.0);
        }
        (low, high) = axis.range.unwrap_or((low, high));
        if log {
            (low, high) = (round_log(low, f64::floor), round_log(high, f64::ceil));
        }
        if low >= high {
            high = if log { low * 10.0 } else { low + 1.0 };
        }
        // About one tick for every 85 units of width, or 38 of height.
        let wanted = ((to - from).abs() / if to > from { 85.0 } else { 38.0 }).max(2.0);
        let places =
            if log { log_ticks(low, high, wanted) } else { linear_ticks(low, high, wanted, axis.unit) };
        if let (false, None, Some(step)) = (log, axis.range, step_of(&places)) {
            // Vertical axes end on a tick, so that the top of the data has a name.
            if to < from && high > places.last().copied().unwrap_or(high) {
                high = (high / step).ceil() * step;
                let places = linear_ticks(low, high, wanted, axis.unit);
                return Self::with(low, high, log, from, to, &places, axis.unit);
            }
        }
        Self::with(low, high, log, from, to, &places, axis.unit)
    }

    fn with(low: f64, high: f64, log: bool, from: f64, to: f64, places: &[f64], unit: Unit) -> Self {
        let ticks = places.iter().map(|place| (*place, with_unit(*place, unit))).collect();
        Self { low, high, log, from, to, ticks }
    }

    /// The place of a value, if it has one.
    pub(super) fn place(&self, value: f64) -> Option<f64> {
        if !value.is_finite() || (self.log && value <= 0.0) {
            return None;
        }
        let share = if self.log {
            (value.ln() - self.low.ln()) / (self.high.ln() - self.low.ln())
        } else {
            (value - self.low) / (self.high - self.low)
        };
        Some(self.from + share.clamp(0.0, 1.0) * (self.to - self.from))
    }

    /// Where bars stand: at zero, or at the low end of an axis without one.
    pub(super) fn floor(&self) -> f64 {
        if self.log { self.from } else { self.place(0.0).unwrap_or(self.from) }
    }
}

/// A number as a person writes it: three digits or so, thousands apart.
#[must_use]
pub fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 1e15 || (size < 1e-3 && size > 0.0) {
        return format!("{value:.1e}");
    }
    let digits = if size >= 100.0 || value.fract() == 0.0 {
        0
    } else if size >= 10.0 {
        1
    } else {
        2
    };
    let digits = if size < 0.1 && size > 0.0 { 4 } else { digits };
    let text = format!("{value:.digits$}");
    let text = if digits > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    let (whole, rest) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("−", whole));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let rest = rest.map(|rest| format!(".{rest}")).unwrap_or_default();
    format!("{sign}{grouped}{rest}")
}

/// A number in a handy multiple of its unit.
#[must_use]
pub fn with_unit(value: f64, unit: Unit) -> String {
    let (base, steps): (f64, &[(f64, &str)]) = match unit {
        Unit::None | Unit::Other(_) => return number(value),
        Unit::Share => return format!("{} %", number(value * 100.0)),
        Unit::Bytes => (1.0, &[(1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")]),
        Unit::Microseconds => (1e-6, &DURATIONS),
        Unit::Seconds => (1.0, &DURATIONS),
    };
    let value = value * base;
    if value == 0.0 {
        return "0".into();
    }
    // Rounding errors of a tick must not make 999.99 ms of a second.
    let step = steps.iter().find(|(size, _)| value.abs() * (1.0 + 1e-9) >= *size).or(steps.last());
    step.map_or_else(|| number(value), |(size, name)| format!("{} {name}", number(value / size)))
}

const DURATIONS: [(f64, &str); 6] =
    [(86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs")];

/// A count as a number.
pub(super) fn count(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

/// A number as an index: the whole part, not below 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, as is wanted here"
)]
pub(crate) fn index(value: f64) -> usize {
    value as usize
}

fn linear_ticks(low: f64, high: f64, wanted: f64, unit: Unit) -> Vec<f64> {
    let rough = (high - low) / wanted;
    let step = match unit {
        Unit::Seconds => time_step(rough),
        Unit::Microseconds => time_step(rough * 1e-6) * 1e6,
        _ => decimal_step(rough),
    };
    let first = (low / step - 1e-9).ceil();
    let ticks = (0_u32..200).map(|i| (first + f64::from(i)) * step);
    ticks.take_while(|tick| *tick <= high + step * 1e-6).collect()
}

/// The next of 1, 2, 5 times a power of ten.
fn decimal_step(rough: f64) -> f64 {
    let power = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= rough * 0.999);
    factor.unwrap_or(10.0) * power
}

/// Minutes go by 60, and hours by 24.
fn time_step(rough: f64) -> f64 {
    const STEPS: [f64; 17] = [
        60.0,
        120.0,
        300.0,
        600.0,
        900.0,
        1_800.0,
        3_600.0,
        7_200.0,
        10_800.0,
        21_600.0,
        43_200.0,
        86_400.0,
        172_800.0,
        432_000.0,
        864_000.0,
        2_592_000.0,
        8_640_000.0,
    ];
    if rough <= 20.0 {
        return decimal_step(rough).min(if rough > 10.0 { 30.0 } else { f64::MAX });
    }
    if rough <= 30.0 {
        return 30.0;
    }
    STEPS.into_iter().find(|step| *step >= rough).unwrap_or_else(|| decimal_step(rough / 86_400.0) * 86_400.0)
}

fn log_ticks(low: f64, high: f64, wanted: f64) -> Vec<f64> {
    let decades = high.log10() - low.log10();
    let factors: &[f64] = if decades * 3.0 <= wanted { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let every = (decades / wanted).ceil().max(1.0);
    let first = low.log10().floor();
    let powers = (0_u32..200).map(|i| f64::from(i) * every).take_while(|power| *power <= decades + 1.0);
    let powers =
        powers.flat_map(|power| factors.iter().map(move |factor| factor * 10_f64.powf(first + power)));
    let mut ticks: Vec<f64> = powers.collect();
    ticks.retain(|tick| *tick >= low * 0.999 && *tick <= high * 1.001);
    ticks
}

/// The next of 1, 2, 5 times a power of ten, down or up.
fn round_log(value: f64, round: fn(f64) -> f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    let down = round(0.5) == 0.0;
    let fits =
        |step: &f64| if down { step * power <= value * 1.000_001 } else { step * power >= value * 0.999_999 };
    let step = if down { steps.into_iter().rfind(fits) } else { steps.into_iter().find(fits) };
    step.unwrap_or(1.0) * power
}

fn step_of(ticks: &[f64]) -> Option<f64> {
    match ticks {
        [first, second, ..] => Some(second - first),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis, values: &[f64], length: f64) -> Vec<String> {
        let fitted = Fitted::new(axis, values.iter().copied(), 0.0, length);
        fitted.ticks.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_those_that_a_person_would_choose() {
        let time = Axis::linear("", Unit::Seconds);
        assert_eq!(labels(&time, &[0.0, 7_200.0], 600.0), ["0", "30 min", "1 h", "1.5 h", "2 h"]);
        let plain = Axis::linear("", Unit::None);
        assert_eq!(labels(&plain, &[0.0, 9_700.0], 500.0), ["0", "2,000", "4,000", "6,000", "8,000"]);
        let log = Axis::log("", Unit::Microseconds);
        assert_eq!(labels(&log, &[900.0, 12e6], 600.0), ["1 ms", "10 ms", "100 ms", "1 s", "10 s"]);
        let share = Axis::linear("", Unit::Share).between(0.0, 1.0);
        assert_eq!(labels(&share, &[], 500.0), ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]);
    }

    #[test]
    fn numbers_are_short_and_right() {
        let written = [0.0, 0.05, 1.0, 2.345, 45.67, 1_234.5, -1e6].map(number);
        assert_eq!(written, ["0", "0.05", "1", "2.35", "45.7", "1,234", "−1,000,000"]);
        assert_eq!(with_unit(1_499.0, Unit::Bytes), "1.5 kB");
        assert_eq!(with_unit(90.0, Unit::Seconds), "1.5 min");
    }

    #[test]
    fn places_are_inside_whatever_the_data() {
        for scale in [Axis::linear("", Unit::None), Axis::log("", Unit::None)] {
            for values in
                [&[][..], &[0.0], &[5.0], &[-3.0, 3.0], &[f64::NAN, f64::INFINITY], &[1e-300, 1e300]]
            {
                let fitted = Fitted::new(&scale, values.iter().copied(), 400.0, 20.0);
                for value in values {
                    assert!(
                        fitted.place(*value).is_none_or(|place| (20.0..=400.0).contains(&place)),
                        "{value}"
                    );
                }
            }
        }
    }
}
