//! Durations on the command line: `10s`, `500ms`, `2m`, or a number of days.

use std::time::Duration;

/// Reads a number with the unit `ms`, `s` or `m`.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || "write it like 10s, 500ms or 2m".to_owned();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at_checked(digits).ok_or_else(wrong)?;
    let number: u32 = number.parse().map_err(|_| wrong())?;
    match unit {
        "ms" => Ok(Duration::from_millis(number.into())),
        "s" => Ok(Duration::from_secs(number.into())),
        "m" => Ok(Duration::from_secs(u64::from(number) * 60)),
        _ => Err(wrong()),
    }
}

/// Reads a number of days.
pub(crate) fn days(text: &str) -> Result<Duration, String> {
    let days: u32 = text.parse().map_err(|_| "a number of days is needed".to_owned())?;
    Ok(Duration::from_secs(u64::from(days) * 86_400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole() {
        assert_eq!(days("7"), Ok(Duration::from_secs(604_800)));
        assert!(days("7d").is_err() && days("0.5").is_err());
    }

    #[test]
    fn units_are_needed() {
        assert_eq!(parse("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(parse("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse("2m"), Ok(Duration::from_secs(120)));
        for bad in ["", "10", "s", "1h", "-1s", "1.5s", "99999999999s"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
