//! Vetting: what a broker does with a request before it asks on, and under which name an answer is waited for.

use crate::agency::AgencyId;
use crate::entropy::{Entropy, EntropyExt};
use crate::handling::Handling;
use crate::offence::OffenceNature;
use crate::operation::Operation;
use crate::purpose::{Branch, Purpose};
use crate::request::Officer;
use crate::text::{codes, fixed_bytes, hidden, short_text};
use crate::time::Timestamp;
use crate::wanted::Authority;
use std::str::FromStr;
use thiserror::Error;

codes! {
    /// Who decides whether a broker asks on. The later is the stricter.
    pub enum Vetting("vetting") {
        /// The broker's rules, at once.
        Automatic = "automatic",
        /// An officer of the broker, request by request (Rules 374: the province vets what goes abroad).
        Officer = "officer",
    }
}

impl Default for Vetting {
    /// What a clause says that says nothing.
    fn default() -> Self {
        Self::Automatic
    }
}

codes! {
    /// What became of a request that waits with a broker.
    pub enum VettingState("vetting state") {
        /// No officer has decided.
        Open = "open",
        /// It may be asked on.
        Approved = "approved",
        /// An officer does not vouch for it.
        Refused = "refused",
        /// It was asked on, and what came back is on the record.
        Spent = "spent",
    }
}

/// A random 128-bit name under which an answer is waited for: a broker gives one to the agency that asked, and a node
/// gives one to its own caller.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference(pub [u8; 16]);

fixed_bytes!(Reference, 16, "a reference has 16 bytes");

/// Why a text is not a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a reference has 32 hexadecimal digits")]
pub struct InvalidReference;

impl Reference {
    /// A fresh one.
    pub fn random(entropy: &dyn Entropy) -> Self {
        Self(entropy.bytes())
    }
}

impl FromStr for Reference {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let mut out = [0; 16];
        if !rest.is_empty() || pairs.len() != out.len() {
            return Err(InvalidReference);
        }
        for (byte, pair) in out.iter_mut().zip(pairs) {
            let digits = std::str::from_utf8(pair).ok().filter(|_| pair.iter().all(u8::is_ascii_hexdigit));
            let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            *byte = value.ok_or(InvalidReference)?;
        }
        Ok(Self(out))
    }
}

short_text! {
    /// Why an officer does not vouch for a request, in the officer's words: the agency that asked reads them.
    pub struct VettingReason("reason", 300, |c| !c.is_control())
}
hidden!(VettingReason);

/// What an officer decides on a request that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VettingDecision {
    /// It may be asked on.
    Approve,
    /// It is not asked on.
    Refuse(VettingReason),
}

impl VettingDecision {
    /// What becomes of the request.
    pub const fn state(&self) -> VettingState {
        match self {
            Self::Approve => VettingState::Approved,
            Self::Refuse(_) => VettingState::Refused,
        }
    }
}

/// A request that waits with a broker, as the broker's officers see it: nothing of the person whom it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingRequest {
    /// Under which it waits.
    pub reference: Reference,
    /// What became of it.
    pub state: VettingState,
    /// Who asks.
    pub origin: AgencyId,
    /// For whom that one asks, the first asker first.
    pub behalf: Vec<AgencyId>,
    /// Who is to be asked in turn.
    pub onward: AgencyId,
    /// What is asked.
    pub operation: Operation,
    /// Why.
    pub purpose: Purpose,
    /// How far it may go on.
    pub handling: Handling,
    /// The asking officer's branch.
    pub branch: Option<Branch>,
    /// The nature of the offence, where it may exclude cooperation.
    pub nature: Option<OffenceNature>,
    /// Under which clause it was asked.
    pub authority: Option<Authority>,
    /// Since when it waits.
    pub created: Timestamp,
    /// From then on it is neither decided nor asked on.
    pub expires: Timestamp,
    /// The officer who decided.
    pub decided_by: Option<Officer>,
    /// Why it was refused.
    pub reason: Option<VettingReason>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_written_and_read_back() {
        let reference = Reference([0xa7; 16]);
        assert_eq!(reference.to_string().parse(), Ok(reference));
        for bad in ["", "a7", &"é".repeat(16), &"+1".repeat(16), &"a7".repeat(17)] {
            assert_eq!(bad.parse::<Reference>(), Err(InvalidReference), "{bad}");
        }
    }

    #[test]
    fn an_officer_is_stricter_than_rules_alone() {
        assert!(Vetting::Officer > Vetting::Automatic);
        assert_eq!(Vetting::default(), Vetting::Automatic);
    }
}
