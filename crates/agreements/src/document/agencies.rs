//! Whom a clause names: the parties, or a list of patterns.

use concord_domain::AgencyPattern;
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Whom a clause names. In TOML the word `"parties"`, or a list such as `["yn.police.cn", "*.gz.police.cn"]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agencies {
    /// Every party of the agreement.
    Parties,
    /// The agencies that one of the patterns covers.
    Listed(Vec<AgencyPattern>),
}

const PARTIES: &str = "parties";

impl Serialize for Agencies {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Parties => s.serialize_str(PARTIES),
            Self::Listed(patterns) => s.collect_seq(patterns),
        }
    }
}

impl<'de> Deserialize<'de> for Agencies {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(WordOrList)
    }
}

struct WordOrList;

impl<'de> Visitor<'de> for WordOrList {
    type Value = Agencies;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the word \"parties\" or a list of agencies such as [\"yn.police.cn\"]")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Agencies, E> {
        if word == PARTIES {
            Ok(Agencies::Parties)
        } else {
            Err(E::invalid_value(Unexpected::Str(word), &self))
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Agencies, A::Error> {
        let mut patterns = Vec::new();
        while let Some(pattern) = list.next_element()? {
            patterns.push(pattern);
        }
        Ok(Agencies::Listed(patterns))
    }
}
