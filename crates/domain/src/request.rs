//! What identifies a request, and who answers for it.

use crate::entropy::{Entropy, EntropyExt};
use crate::text::{hidden, short_text};
use std::fmt;

/// A random 128-bit identifier, unique together with its origin.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub [u8; 16]);

impl RequestId {
    /// A fresh identifier.
    pub fn random(entropy: &dyn Entropy) -> Self {
        Self(entropy.bytes())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}

impl<C> minicbor::Encode<C> for RequestId {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.0)?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for RequestId {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let bytes = d.bytes()?.try_into();
        bytes.map(Self).map_err(|_| minicbor::decode::Error::message("a request id has 16 bytes"))
    }
}

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
