//! What of a notice a grant may disclose.

use crate::text::codes;
use std::collections::BTreeSet;

codes! {
    /// A part of a notice that a grant may disclose. The number of the notice always goes with a hit.
    pub enum Field("field") {
        /// The primary name.
        Name = "name",
        /// All other names.
        Aliases = "aliases",
        /// Sex.
        Sex = "sex",
        /// Birth date.
        Birth = "birth",
        /// Identifiers.
        Identifiers = "identifiers",
        /// Ethnicity, origins, residences, nationality, occupation.
        Background = "background",
        /// Clothing and physical features, accent, habits.
        Appearance = "appearance",
        /// When and where the offence happened, and its summary.
        Offence = "offence",
    }
}

/// The fields that may be disclosed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields(BTreeSet<Field>);

impl Fields {
    /// Every field.
    pub fn all() -> Self {
        Self(Field::ALL.iter().copied().collect())
    }

    /// Whether `field` may be disclosed.
    pub fn contains(&self, field: Field) -> bool {
        self.0.contains(&field)
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = Field> + '_ {
        self.0.iter().copied()
    }
}

impl FromIterator<Field> for Fields {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}
