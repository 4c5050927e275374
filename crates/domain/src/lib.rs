//! The words of the federation, as types: who cooperates, what is asked and why, what came of it.
//!
//! In scope: agencies and identities, operations, purposes, handling, requests, persons and notices, outcomes
//! and refusal reasons, and the two seams through which time and randomness enter ([`Clock`], [`Entropy`]).
//! Out of scope: signatures (`concord-trust`), who may ask whom (`concord-agreements`), any input or output.
//!
//! Every value is parsed once, at the border, into a type that cannot hold a wrong value. What may name a
//! person ([`wanted`], [`Officer`], [`CaseRef`]) shows nothing in `Debug`.

mod agency;
mod agreement;
mod digest;
mod directory;
mod entropy;
mod handling;
mod identity;
mod offence;
mod operation;
mod outcome;
mod purpose;
mod redacted;
mod request;
mod role;
mod text;
mod time;
mod vetting;
pub mod wanted;

pub use agency::{AgencyId, AgencyPattern, InvalidAgency};
pub use agreement::{AgreementId, AgreementRef, Clause};
pub use digest::Digest;
pub use directory::{Circuit, Health, Passed, PingOutcome};
pub use entropy::{Entropy, EntropyExt, SystemEntropy};
pub use handling::{Handling, HandlingCode, HandlingLevel};
pub use identity::{InvalidIdentity, SpiffeId, Workload};
pub use offence::{OffenceNature, RefusalGround};
pub use operation::Operation;
pub use outcome::{Failure, Outcome, OutcomeKind, Refusal};
pub use purpose::{Branch, Purpose};
pub use redacted::Redacted;
pub use request::{CaseRef, Officer, RequestId};
pub use role::Role;
pub use text::{InvalidText, UnknownCode};
pub use time::{Clock, Days, FixedClock, InvalidTimestamp, SystemClock, Timestamp};
pub use vetting::{
    InvalidReference, Reference, Vetting, VettingDecision, VettingReason, VettingState, WaitingRequest,
};
