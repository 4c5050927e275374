//! Names of a person, and sex as registers state it.

use crate::text::{InvalidText, bounded, codes, hidden};
use minicbor::{Decode, Encode};

codes! {
    /// Sex as registers state it.
    pub enum Sex("sex") {
        /// Female.
        Female = "female",
        /// Male.
        Male = "male",
    }
}

codes! {
    /// What kind of name it is.
    pub enum NameKind("name kind") {
        /// The name in the identity document.
        Primary = "primary",
        /// An alias (别名).
        Alias = "alias",
        /// A former name (曾用名).
        Former = "former",
        /// A nickname (绰号).
        Nickname = "nickname",
        /// An alias that its publisher calls weak: common words, short forms.
        Weak = "weak",
    }
}

/// One name of a person.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct PersonName {
    /// What kind of name it is.
    #[n(0)]
    pub kind: NameKind,
    #[n(1)]
    text: String,
}
hidden!(PersonName);

impl PersonName {
    /// Characters at most; the longest name on the published lists has 112.
    pub const CHARS_MAX: usize = 256;

    /// A name of one kind.
    pub fn new(kind: NameKind, text: &str) -> Result<Self, InvalidText> {
        Ok(Self { kind, text: bounded("name", text, Self::CHARS_MAX, |c| !c.is_control())? })
    }

    /// The name as written.
    pub fn text(&self) -> &str {
        &self.text
    }
}
