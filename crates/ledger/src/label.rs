//! The short free words of an entry.

use concord_domain::{Failure, Outcome, Refusal};
use minicbor::{Decode, Encode};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A reason code, the name of a source, a program and its version: a few printable ASCII characters. Too short
/// and too plain for prose, so that no personal data slips into a ledger.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Label(String);

/// Why a text is not a label. The text is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidLabel {
    /// Empty, or longer than the limit.
    #[error("a label has 1 to {} characters, here are {found} bytes", Label::BYTES_MAX)]
    Length {
        /// Bytes found.
        found: usize,
    },
    /// Something other than printable ASCII.
    #[error("a label has letters, digits, spaces and ASCII punctuation only")]
    Character,
}

impl Label {
    /// Bytes at most: as long as an agreement's identifier, enough for any code of ours.
    pub const BYTES_MAX: usize = 64;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The stable reason code of an outcome, where there is one.
    pub fn reason(outcome: Outcome) -> Option<Self> {
        match outcome {
            Outcome::Refused(refusal) => Some(refusal.into()),
            Outcome::Unreachable(failure) | Outcome::Failed(failure) => Some(failure.into()),
            Outcome::Hit | Outcome::NoHit | Outcome::Pending | Outcome::TimedOut => None,
        }
    }
}

impl FromStr for Label {
    type Err = InvalidLabel;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        if s.is_empty() || s.len() > Self::BYTES_MAX {
            return Err(InvalidLabel::Length { found: s.len() });
        }
        if !s.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
            return Err(InvalidLabel::Character);
        }
        Ok(Self(s.to_owned()))
    }
}

impl From<Refusal> for Label {
    fn from(refusal: Refusal) -> Self {
        Self(refusal.as_str().to_owned())
    }
}

impl From<Failure> for Label {
    fn from(failure: Failure) -> Self {
        Self(failure.as_str().to_owned())
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Label({})", self.0)
    }
}

impl<C> Encode<C> for Label {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Label {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        d.str()?.parse().map_err(minicbor::decode::Error::message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_ours_is_a_label() {
        let codes = Refusal::ALL.iter().map(|r| r.as_str()).chain(Failure::ALL.iter().map(|f| f.as_str()));
        for code in codes {
            assert_eq!(code.parse::<Label>().map(|l| l.to_string()), Ok(code.to_owned()));
        }
    }

    #[test]
    fn prose_and_names_are_not() {
        assert_eq!("".parse::<Label>(), Err(InvalidLabel::Length { found: 0 }));
        assert_eq!("x".repeat(65).parse::<Label>(), Err(InvalidLabel::Length { found: 65 }));
        assert_eq!("张伟".parse::<Label>(), Err(InvalidLabel::Character));
        assert_eq!("a\nb".parse::<Label>(), Err(InvalidLabel::Character));
    }
}
