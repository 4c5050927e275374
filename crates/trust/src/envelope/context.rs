//! What a carrier may see of a request.

use crate::signing::KeyId;
use concord_domain::{AgencyId, AgreementRef, Branch, Handling, Operation, Purpose, RequestId, Timestamp};
use minicbor::{Decode, Encode};
use std::time::Duration;

/// The envelope's protocol version.
pub const PROTOCOL: u32 = 1;
/// Ed25519, SHA-256, HPKE with X-Wing, HKDF-SHA-256 and AES-256-GCM.
pub const SUITE: u32 = 1;
/// Life of an envelope at most; longer work has an id of its own in the body.
pub const LIFE_MAX: Duration = Duration::from_secs(600);
/// Attempts of one request at most: each repeats a sealed answer, and a line that broke seven times is down.
pub const ATTEMPTS_MAX: u32 = 8;
/// How far clocks of two agencies may differ.
pub const CLOCK_SKEW_MAX: Duration = Duration::from_secs(60);

/// The signed context of a request: parties, operation, purpose, agreement, times. Never a person.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Context {
    /// The envelope's protocol version, [`PROTOCOL`].
    #[n(0)]
    pub protocol: u32,
    /// The cipher suite, [`SUITE`].
    #[n(1)]
    pub suite: u32,
    /// Random, unique together with the origin.
    #[n(2)]
    pub id: RequestId,
    /// Who asks.
    #[n(3)]
    pub origin: AgencyId,
    /// Who is asked.
    #[n(4)]
    pub destination: AgencyId,
    /// What is asked.
    #[n(5)]
    pub operation: Operation,
    /// Why.
    #[n(6)]
    pub purpose: Purpose,
    /// How far the information may go on.
    #[n(7)]
    pub handling: Handling,
    /// The asking officer's branch, where grants distinguish it.
    #[n(8)]
    pub branch: Option<Branch>,
    /// The authority, by exact text.
    #[n(9)]
    pub agreement: AgreementRef,
    /// Sequence of the origin's keyring, under which this was signed.
    #[n(10)]
    pub origin_keyring: u64,
    /// Sequence of the destination's keyring, which named the sealing key.
    #[n(11)]
    pub destination_keyring: u64,
    /// The key that the body is sealed to.
    #[n(12)]
    pub sealing_key: KeyId,
    /// When the origin made it.
    #[n(13)]
    pub created: Timestamp,
    /// Until when it may be accepted; at most [`LIFE_MAX`] after `created`.
    #[n(14)]
    pub expires: Timestamp,
}
