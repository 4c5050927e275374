//! Numbers that name one person.

use crate::text::{InvalidText, UnknownCode, bounded, codes, hidden};
use minicbor::{Decode, Encode};
use thiserror::Error;

codes! {
    /// What kind of number it is.
    pub enum IdentifierKind("identifier type") {
        /// Resident identity card (GB 11643).
        ResidentId = "resident-id",
        /// Passport.
        Passport = "passport",
        /// A national identity number of another country.
        NationalId = "national-id",
        /// Tax number.
        TaxId = "tax-id",
        /// Driver's licence.
        DriverLicence = "driver-licence",
        /// Any other number that a list publishes.
        Other = "other",
    }
}

/// A kind and a number, with the issuing country where known.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Identifier {
    /// What kind of number it is.
    #[n(0)]
    pub kind: IdentifierKind,
    #[n(1)]
    number: String,
    #[n(2)]
    country: Option<String>,
}
hidden!(Identifier);

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidIdentifier {
    /// Not `TYPE:NUMBER`.
    #[error("identifier is not of the form TYPE:NUMBER")]
    Form,
    /// An unknown type.
    #[error(transparent)]
    Kind(#[from] UnknownCode),
    /// The number is empty, too long, or has control characters.
    #[error(transparent)]
    Number(#[from] InvalidText),
}

impl Identifier {
    /// Characters of a number at most; published lists stay below 50.
    pub const CHARS_MAX: usize = 64;

    /// An identifier from its parts.
    pub fn new(kind: IdentifierKind, number: &str, country: Option<&str>) -> Result<Self, InvalidIdentifier> {
        let number = bounded("identifier number", number, Self::CHARS_MAX, |c| !c.is_control())?;
        let country = country
            .filter(|c| !c.trim().is_empty())
            .map(|c| bounded("identifier country", c, Self::CHARS_MAX, |c| !c.is_control()))
            .transpose()?;
        Ok(Self { kind, number, country })
    }

    /// The number as written.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The issuing country as written.
    pub fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }
}

impl std::str::FromStr for Identifier {
    type Err = InvalidIdentifier;

    /// Reads `TYPE:NUMBER`, as on the command line.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let (kind, number) = s.split_once(':').ok_or(InvalidIdentifier::Form)?;
        Self::new(kind.parse()?, number, None)
    }
}
