//! Everything that differs between two sets of rules.

use super::{Basis, Change, Difference, diff, differences};
use concord_domain::Timestamp;

/// What going from one set of rules to another comes to at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The time.
    pub at: Timestamp,
    /// Which direct requests change; see [`diff()`].
    pub changes: Vec<Change>,
    /// Which fields of texts change besides; see [`differences()`].
    pub differences: Vec<Difference>,
}

/// Compares two sets of rules at `at`.
pub fn compare<'a, 'b>(
    before: impl Into<Basis<'a>>,
    after: impl Into<Basis<'b>>,
    at: Timestamp,
) -> Comparison {
    let (before, after) = (before.into(), after.into());
    Comparison { at, changes: diff(before, after, at), differences: differences(before, after, at) }
}
