//! How far information may go on.

use crate::text::codes;
use minicbor::{Decode, Encode};

codes! {
    /// How widely information may be known, from least to most guarded.
    pub enum HandlingLevel("handling level") {
        /// For official use.
        Official = "official",
        /// For those who need it for the task.
        Restricted = "restricted",
        /// For named recipients.
        Confidential = "confidential",
    }
}

codes! {
    /// Handling codes used between European forces.
    pub enum HandlingCode("handling code") {
        /// No condition.
        H0 = "H0",
        /// Not to be used as evidence without the provider's permission.
        H1 = "H1",
        /// Not to be passed on without the provider's permission.
        H2 = "H2",
        /// Other restrictions, in words.
        H3 = "H3",
    }
}

/// Level and code together. Ordered by level first, so a grant's ceiling compares with `<=` on the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Handling {
    /// The level.
    #[n(0)]
    pub level: HandlingLevel,
    /// The code.
    #[n(1)]
    pub code: HandlingCode,
}

impl Default for Handling {
    fn default() -> Self {
        Self { level: HandlingLevel::Official, code: HandlingCode::H0 }
    }
}
