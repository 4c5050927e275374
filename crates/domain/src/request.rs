//! What identifies a request, and who answers for it.

use crate::entropy::{Entropy, EntropyExt};
use crate::text::{fixed_bytes, hidden, short_text};

/// A random 128-bit identifier, unique together with its origin.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub [u8; 16]);

impl RequestId {
    /// A fresh identifier.
    pub fn random(entropy: &dyn Entropy) -> Self {
        Self(entropy.bytes())
    }
}

fixed_bytes!(RequestId, 16, "a request id has 16 bytes");

short_text! {
    /// The officer who answers for a request, by service number. Travels only inside sealed bodies.
    pub struct Officer("officer", 64, |c| !c.is_control())
}
hidden!(Officer);

short_text! {
    /// The case that a request belongs to. Travels only inside sealed bodies.
    pub struct CaseRef("case", 128, |c| !c.is_control())
}
hidden!(CaseRef);
