//! Two macros that define most words: closed sets of codes, and short texts with a bound.

use thiserror::Error;

/// A code that is not in its set; the message lists what would have been accepted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what}: {found:?} is not one of {accepted}")]
pub struct UnknownCode {
    /// What was being read, such as `purpose`.
    pub what: &'static str,
    /// What was found, cut to [`UnknownCode::SHOWN_MAX`] characters.
    pub found: String,
    /// The accepted codes.
    pub accepted: String,
}

impl UnknownCode {
    /// Characters of a wrong input that an error repeats: enough to recognize a typing error.
    pub const SHOWN_MAX: usize = 40;

    pub(crate) fn new(what: &'static str, found: &str, accepted: &[&str]) -> Self {
        Self { what, found: found.chars().take(Self::SHOWN_MAX).collect(), accepted: accepted.join(", ") }
    }
}

/// A text that is empty, too long, or has a character that its kind does not allow.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidText {
    /// Nothing but white space.
    #[error("{what} is missing")]
    Missing {
        /// What was being read.
        what: &'static str,
    },
    /// Longer than its limit.
    #[error("{what} has {length} characters, more than the limit of {limit}")]
    TooLong {
        /// What was being read.
        what: &'static str,
        /// Characters found.
        length: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// A character outside the allowed set.
    #[error("{what} has a character that is not allowed at position {position}")]
    BadCharacter {
        /// What was being read.
        what: &'static str,
        /// Zero-based position in characters.
        position: usize,
    },
}

/// Trims `text` and checks its length and characters.
pub(crate) fn bounded(
    what: &'static str,
    text: &str,
    limit: usize,
    allowed: fn(char) -> bool,
) -> Result<String, InvalidText> {
    let text = text.trim();
    if text.is_empty() {
        return Err(InvalidText::Missing { what });
    }
    let length = text.chars().count();
    if length > limit {
        return Err(InvalidText::TooLong { what, length, limit });
    }
    match text.chars().position(|c| !allowed(c)) {
        Some(position) => Err(InvalidText::BadCharacter { what, position }),
        None => Ok(text.to_owned()),
    }
}

/// Reads and writes a type as its text, in CBOR and in serde formats.
macro_rules! as_text {
    ($name:ident) => {
        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.str(self.as_str())?.ok()
            }
        }
        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                d.str()?.parse().map_err(minicbor::decode::Error::message)
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.as_str())
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                <std::borrow::Cow<'de, str>>::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// A closed set of codes: an enum whose members have one stable text each.
macro_rules! codes {
    ($(#[$doc:meta])* pub enum $name:ident ($what:literal) { $($(#[$vdoc:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// Every member, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable text of this code.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::text::UnknownCode;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|c| c.as_str() == s)
                    .ok_or_else(|| $crate::text::UnknownCode::new($what, s, &[$($code,)+]))
            }
        }
        $crate::text::as_text!($name);
    };
}

/// A short text with a limit and an alphabet.
macro_rules! short_text {
    ($(#[$doc:meta])* pub struct $name:ident ($what:literal, $limit:literal, $allowed:expr)) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Characters at most.
            pub const CHARS_MAX: usize = $limit;

            /// The text itself.
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::text::InvalidText;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                $crate::text::bounded($what, s, Self::CHARS_MAX, $allowed).map(Self)
            }
        }
        $crate::text::as_text!($name);
    };
}

/// `Display` and a `Debug` that shows the text: for words that never name a person.
macro_rules! shown {
    ($name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.as_str())
            }
        }
    };
}

/// A `Debug` that shows nothing: for words that name a person or a case.
macro_rules! hidden {
    ($name:ident) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }
    };
}

/// Bytes of a fixed number: shown in hexadecimal, in CBOR as a byte string.
macro_rules! fixed_bytes {
    ($name:ident, $length:literal, $wrong:literal) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }
        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                let bytes: Result<[u8; $length], _> = d.bytes()?.try_into();
                bytes.map(Self).map_err(|_| minicbor::decode::Error::message($wrong))
            }
        }
    };
}

pub(crate) use {as_text, codes, fixed_bytes, hidden, short_text, shown};
