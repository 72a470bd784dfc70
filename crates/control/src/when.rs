//! Times and durations as people write them: RFC 3339 in UTC, and `25h`.

use kernel::Time;
use std::time::Duration;

/// The last second that has a name of four digits for its year.
const LAST_S: u64 = 253_402_300_799;

/// The time as `2026-11-29T14:00:00.123Z`.
pub(crate) fn rfc3339(time: Time) -> String {
    let micros = time.as_micros();
    let (seconds, millis) = (micros / 1_000_000, micros / 1_000 % 1_000);
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Reads RFC 3339, with any offset; `None` if it is something else, or before 1970.
pub(crate) fn parse_rfc3339(text: &str) -> Option<Time> {
    let (date, rest) = text.split_once(['T', 't'])?;
    let mut date = date.splitn(3, '-');
    let (year, month, day) = (digits(date.next()?, 4)?, digits(date.next()?, 2)?, digits(date.next()?, 2)?);
    let at = rest.find(['Z', 'z', '+', '-'])?;
    let (clock, offset) = rest.split_at_checked(at)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut clock = clock.splitn(3, ':');
    let (hour, minute, second) =
        (digits(clock.next()?, 2)?, digits(clock.next()?, 2)?, digits(clock.next()?, 2)?);
    let is_date = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days(year, month, day);
    if civil(days) != (year, month, day) {
        return None;
    }
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second;
    let seconds = match (offset.chars().next()?, offset.get(1..)?) {
        ('Z' | 'z', "") => seconds,
        (sign, ahead) => {
            let (hours, minutes) = ahead.split_once(':')?;
            let ahead = digits(hours, 2).filter(|hours| *hours < 24)? * 3_600
                + digits(minutes, 2).filter(|minutes| *minutes < 60)? * 60;
            if sign == '+' { seconds.checked_sub(ahead)? } else { seconds + ahead }
        }
    };
    Some(Time::from_micros(seconds * 1_000_000 + fraction_us(fraction)?))
}

/// Reads `25h`, `90s`, `1h30m`: numbers with `ms`, `s`, `m`, `h`, `d` or `w`.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let (mut rest, mut millis) = (text, 0_u64);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|digits| (1..=9).contains(digits))?;
        let (number, after) = rest.split_at_checked(digits)?;
        let unit = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(unit)?;
        let unit_ms = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            _ => return None,
        };
        millis = millis.checked_add(number.parse::<u64>().ok()?.checked_mul(unit_ms)?)?;
        rest = after;
    }
    (!text.is_empty()).then(|| Duration::from_millis(millis))
}

/// A duration as it is read back.
pub(crate) fn duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    let units = [(604_800_000, "w"), (86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let unit = units.into_iter().find(|(unit, _)| millis >= *unit && millis.is_multiple_of(*unit));
    let (unit, name) = unit.unwrap_or((1, "ms"));
    format!("{}{name}", millis / unit)
}

/// True if the time has a name.
pub(crate) fn has_name(time: Time) -> bool {
    time.as_secs() <= LAST_S
}

fn digits(text: &str, count: usize) -> Option<u64> {
    let is_number = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

fn fraction_us(text: &str) -> Option<u64> {
    let is_number = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let micros: String = text.chars().chain("000000".chars()).take(6).collect();
    micros.parse().ok().filter(|_| is_number)
}

/// Year, month and day of a day that is counted from 1970 (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + u64::from(month <= 2), month, day)
}

/// Days from 1970 to a day.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = year - u64::from(month <= 2);
    let (era, of_era) = (year / 400, year % 400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * shifted + 2) / 5 + day - 1;
    (era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year).saturating_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for text in ["1970-01-01T00:00:00.000Z", "2024-02-29T23:59:59.250Z", "9999-12-31T23:59:59.999Z"] {
            assert_eq!(rfc3339(parse_rfc3339(text).unwrap()), text);
        }
        let noon = parse_rfc3339("2026-11-29T12:00:00Z").unwrap();
        assert_eq!(noon.as_secs(), 1_795_953_600);
        for same in ["2026-11-29T14:00:00+02:00", "2026-11-29t04:30:00.0-07:30"] {
            assert_eq!(parse_rfc3339(same), Some(noon), "{same}");
        }
        for wrong in [
            "",
            "2026-11-29",
            "2026-02-30T00:00:00Z",
            "2026-11-29T24:00:00Z",
            "2026-11-29T00:00:00",
            "2026-11-29T00:00:00+0200",
            "1969-12-31T23:59:59Z",
            "2026-1-29T00:00:00Z",
            "2026-11-29T00:00:00.Z",
            "é",
        ] {
            assert_eq!(parse_rfc3339(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn durations_are_read_as_they_are_written() {
        for (text, seconds) in
            [("25h", 90_000), ("1h30m", 5_400), ("2d", 172_800), ("1w", 604_800), ("3s", 3)]
        {
            assert_eq!(parse_duration(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["25h", "90s", "250ms", "0ms", "3w"] {
            assert_eq!(duration(parse_duration(text).unwrap()), text);
        }
        for wrong in ["", "h", "25", "25 h", "-1h", "1x", "9999999999h", "1.5h", "é1h"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }
}
