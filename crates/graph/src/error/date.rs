//! Dates as error messages spell them.

/// As in "Tuesday, 14-Nov-23 15:13:20 PDT": Graph's clock is always seven hours behind UTC here.
pub(crate) fn pacific(unix_s: u64) -> String {
    const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
    const MONTHS: [&str; 12] =
        ["Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb"];
    let name = |names: &[&'static str], at: u64| {
        usize::try_from(at).ok().and_then(|at| names.get(at)).copied().unwrap_or_default()
    };
    let seconds = unix_s.saturating_sub(7 * 3600);
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    // Days to date, with years that begin in March (Howard Hinnant, "chrono-Compatible Low-Level Date
    // Algorithms").
    let since_era = days.saturating_add(719_468);
    let of_era = since_era % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let year = year_of_era + u64::from(month >= 10);
    format!(
        "{}, {day:02}-{}-{:02} {:02}:{:02}:{:02} PDT",
        name(&DAYS, days % 7),
        name(&MONTHS, month),
        year % 100,
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_a_calendar() {
        for (seconds, shown) in [
            (7 * 3600, "Thursday, 01-Jan-70 00:00:00 PDT"),
            (1_700_000_000, "Tuesday, 14-Nov-23 15:13:20 PDT"),
            (1_709_251_199, "Thursday, 29-Feb-24 16:59:59 PDT"),
            (4_102_444_800, "Thursday, 31-Dec-99 17:00:00 PDT"),
        ] {
            assert_eq!(pacific(seconds), shown);
        }
        let _ = pacific(u64::MAX);
    }
}
