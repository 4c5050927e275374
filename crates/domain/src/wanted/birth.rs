//! Birth dates as registers know them: often only a year, or about one.

use crate::text::{as_text, hidden};
use crate::time::Days;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A birth date in the small part of EDTF (ISO 8601-2) that lists use: `1971`, `1962-11`, `1962-11-03`,
/// `1950~` (about), `1960/1965` (between). Kept as a closed range of days.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BirthDate {
    text: String,
    first: i64,
    last: i64,
}
hidden!(BirthDate);
as_text!(BirthDate);

/// Not a birth date; the text itself is personal data and is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("birth date is not of the form 1971, 1962-11, 1962-11-03, 1950~ or 1960/1965")]
pub struct InvalidBirthDate;

impl BirthDate {
    /// Years that "about" reaches to either side, as list publishers use "circa".
    const ABOUT_YEARS: i64 = 2;

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether some day is possible under both.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// Days between the two ranges; zero if they overlap.
    pub fn days_apart(&self, other: &Self) -> u64 {
        (self.first - other.last).max(other.first - self.last).max(0).unsigned_abs()
    }

    /// The exact day as year, month, day, if it is known to the day.
    pub fn exact(&self) -> Option<(i64, u8, u8)> {
        (self.first == self.last).then(|| Days(self.first).to_civil())
    }
}

impl FromStr for BirthDate {
    type Err = InvalidBirthDate;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let text = s.trim();
        let (first, last) = range(text).filter(|(first, last)| first <= last).ok_or(InvalidBirthDate)?;
        Ok(Self { text: text.to_owned(), first, last })
    }
}

fn range(text: &str) -> Option<(i64, i64)> {
    if let Some((from, to)) = text.split_once('/') {
        return Some((plain(from)?.0, plain(to)?.1));
    }
    let Some(about) = text.strip_suffix('~') else { return plain(text) };
    let (first, last) = plain(about)?;
    let margin = BirthDate::ABOUT_YEARS * 366;
    Some((first - margin, last + margin))
}

fn plain(text: &str) -> Option<(i64, i64)> {
    let mut parts = text.split('-');
    let year = digits(parts.next()?, 4)?;
    let day = match (parts.next(), parts.next(), parts.next()) {
        (None, None, None) => return Some((civil(year, 1, 1)?, civil(year, 12, 31)?)),
        (Some(month), None, None) => {
            let month = digits(month, 2)?;
            let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
            return Some((civil(year, month, 1)?, civil(next_year, next_month, 1)? - 1));
        }
        (Some(month), Some(day), None) => civil(year, digits(month, 2)?, digits(day, 2)?)?,
        _ => return None,
    };
    Some((day, day))
}

fn civil(year: i64, month: i64, day: i64) -> Option<i64> {
    Days::from_civil(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?).map(|d| d.0)
}

fn digits(s: &str, count: usize) -> Option<i64> {
    (s.len() == count && s.bytes().all(|b| b.is_ascii_digit())).then(|| s.parse().ok())?
}

impl fmt::Display for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(s: &str) -> BirthDate {
        s.parse().unwrap()
    }

    #[test]
    fn ranges_overlap_as_a_reader_would_say() {
        assert!(date("1962").overlaps(&date("1962-11-03")));
        assert!(date("1962-11").overlaps(&date("1962-11-30")));
        assert!(!date("1962-11").overlaps(&date("1962-12-01")));
        assert!(date("1950~").overlaps(&date("1952")));
        assert!(!date("1950~").overlaps(&date("1955")));
        assert!(date("1960/1965").overlaps(&date("1965-12-31")));
        assert_eq!(date("1962-11-03").exact(), Some((1962, 11, 3)));
        assert_eq!(date("1962-12").days_apart(&date("1963-01-02")), 2);
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for bad in ["", "62", "1962-13", "1962-02-30", "1965/1960", "about 1962", "1962-1-1", "1962-11-03-04"]
        {
            assert!(bad.parse::<BirthDate>().is_err(), "{bad}");
        }
    }
}
