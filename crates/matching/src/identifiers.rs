//! Document numbers in the one form in which they are compared, and the resident identity number.

use concord_domain::Days;
use concord_domain::wanted::{Identifier, IdentifierKind};
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

/// What makes two document numbers the same. Never shown: it is personal data.
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct NumberKey {
    pub(crate) kind: IdentifierKind,
    number: String,
}

impl NumberKey {
    /// `None` for a number that can never be right: no letter or digit, or a failed check.
    pub(crate) fn of(identifier: &Identifier) -> Option<Self> {
        let number = match identifier.kind {
            IdentifierKind::ResidentId => canonical_resident_id(identifier.number()).ok()?,
            IdentifierKind::Passport
            | IdentifierKind::NationalId
            | IdentifierKind::TaxId
            | IdentifierKind::DriverLicence
            | IdentifierKind::Other => folded(identifier.number()),
        };
        (!number.is_empty()).then_some(Self { kind: identifier.kind, number })
    }
}

/// Full-width forms folded, upper-case, only letters and digits kept.
fn folded(number: &str) -> String {
    number.nfkc().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// The issuing country as ISO 3166-1 alpha-2, if it is written so; names of countries are not compared.
pub(crate) fn country_code(identifier: &Identifier) -> Option<[u8; 2]> {
    let code = <[u8; 2]>::try_from(identifier.country()?.as_bytes()).ok()?;
    code.iter().all(u8::is_ascii_alphabetic).then(|| code.map(|b| b.to_ascii_uppercase()))
}

/// Why a text is not a resident identity number. The number itself is personal data and is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidResidentId {
    /// Neither 17 digits with a check character nor the 15 digits used until 1999.
    #[error("resident-id must have 18 characters (17 digits and a digit or X) or 15 digits")]
    Form,
    /// Digits 7 to 14 are no day of the calendar.
    #[error("resident-id has no valid birth date in digits 7 to 14")]
    Birth,
    /// The last character does not follow from the others: a typing error somewhere.
    #[error("resident-id has a wrong check character")]
    Check,
}

/// Checks a resident identity number (GB 11643-1999) as typed: width, case, spaces and hyphens do not matter.
/// A number that fails here matches nothing; say so to whoever typed it instead of answering "no hit".
///
/// # Errors
/// What is wrong with it.
pub fn check_resident_id(number: &str) -> Result<(), InvalidResidentId> {
    canonical_resident_id(number).map(drop)
}

fn canonical_resident_id(number: &str) -> Result<String, InvalidResidentId> {
    let number = folded(number);
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let body = match number.len() {
        // Until 1999: the year of birth without its century and no check character. All such holders who are
        // still alive and not over a hundred were born in 19xx.
        15 if digits(&number) => {
            let (region, rest) = number.split_at_checked(6).ok_or(InvalidResidentId::Form)?;
            format!("{region}19{rest}")
        }
        18 => {
            let body = number.get(..17).filter(|body| digits(body)).ok_or(InvalidResidentId::Form)?;
            body.to_owned()
        }
        _ => return Err(InvalidResidentId::Form),
    };
    let part = |range| body.get(range).and_then(|t: &str| t.parse::<u16>().ok());
    let small = |range| part(range).and_then(|n| u8::try_from(n).ok());
    let birth = (part(6..10), small(10..12), small(12..14));
    let (Some(year), Some(month), Some(day)) = birth else { return Err(InvalidResidentId::Form) };
    Days::from_civil(i64::from(year), month, day).ok_or(InvalidResidentId::Birth)?;
    let check = check_character(&body);
    match number.get(17..) {
        None | Some("") => {}
        Some(last) if last.chars().eq([check]) => {}
        Some("X") => return Err(InvalidResidentId::Check),
        Some(last) if digits(last) => return Err(InvalidResidentId::Check),
        Some(_) => return Err(InvalidResidentId::Form),
    }
    Ok(format!("{body}{check}"))
}

/// GB 11643-1999 (ISO 7064 MOD 11-2): with positions i counted from the right, the check character being i = 1,
/// W_i = 2^(i-1) mod 11, S = sum of a_i * W_i over i = 2..18; the check value is (12 - S mod 11) mod 11, ten
/// written as X.
fn check_character(body: &str) -> char {
    let mut sum = 0;
    let mut weight = 1;
    for digit in body.bytes().rev() {
        weight = weight * 2 % 11;
        sum += u32::from(digit.saturating_sub(b'0')) * weight;
    }
    char::from_digit((12 - sum % 11) % 11, 10).unwrap_or('X')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(text: &str) -> Option<NumberKey> {
        NumberKey::of(&text.parse().unwrap())
    }

    #[test]
    fn the_example_of_the_standard() {
        // GB 11643-1999, annex A: 11010519491231002X and 440524188001010014.
        assert_eq!(check_resident_id("11010519491231002X"), Ok(()));
        assert_eq!(check_resident_id("440524188001010014"), Ok(()));
        assert_eq!(check_resident_id("１１０１０５　1949-1231 002x"), Ok(()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (number, why) in [
            ("110105194912310021", InvalidResidentId::Check),
            ("44052418800101001X", InvalidResidentId::Check),
            ("110105194913310026", InvalidResidentId::Birth),
            ("11010519491231002Y", InvalidResidentId::Form),
            ("1101051949123100", InvalidResidentId::Form),
            ("11010549123100X", InvalidResidentId::Form),
            ("云南省云南", InvalidResidentId::Form),
            ("", InvalidResidentId::Form),
        ] {
            assert_eq!(check_resident_id(number), Err(why), "{number}");
        }
    }

    #[test]
    fn fifteen_digits_are_the_same_person_as_eighteen() {
        assert!(key("resident-id:110105491231002") == key("resident-id:11010519491231002x"));
        assert!(key("resident-id:110105491231002").is_some());
        assert!(key("resident-id:110105194912310021").is_none(), "a wrong check character matches nothing");
    }

    #[test]
    fn spelling_does_not_matter_and_kind_does() {
        assert!(key("passport:ob 024-3318") == key("passport:ＯＢ０２４３３１８"));
        assert!(key("passport:OB0243318") != key("national-id:OB0243318"));
        assert!(key("passport:--").is_none());
    }

    proptest! {
        #[test]
        fn every_single_wrong_digit_is_noticed(
            region in 100_000u32..999_999, year in 1900u32..2030, month in 1u32..13, day in 1u32..29,
            order in 0u32..1000, at in 0usize..17, by in 1u32..10,
        ) {
            let body = format!("{region}{year}{month:02}{day:02}{order:03}");
            let right = format!("{body}{}", check_character(&body));
            prop_assert_eq!(check_resident_id(&right), Ok(()));
            let mut wrong: Vec<char> = right.chars().collect();
            wrong[at] = char::from_digit((wrong[at].to_digit(10).unwrap() + by) % 10, 10).unwrap();
            prop_assert!(check_resident_id(&wrong.into_iter().collect::<String>()).is_err());
        }
    }
}
