//! The way of a request through a node, whatever it asks.
//!
//! In scope: verifying, authorizing, recording, opening, answering (inbound); authorizing, sealing, recording,
//! sending, judging the answer (outbound); handing on what is for others (carry); asking on for others (broker), what
//! waits for an officer before that (vetting), and what we wait for ourselves (pending); ways and links to other nodes,
//! and what is known of them; comparing documents with them (sync); checkpoints. Knows only the trait [`Operation`].
//! Out of scope: what an operation does (`concord-services`), configuration and wiring (`concord-node`).
//!
//! ```text
//!  inbound   Envelope -> VerifiedRequest -> AddressedRequest -> Permit<Opening> -> Body -> Permit<O> -> Draft
//!                                                              -- commit --> Release -> SealedAnswer
//!  outbound  Permit<Asking> -> SealedRequest -- commit --> Asked -> Envelope ... SealedAnswer -> Reply
//!                                                              -- commit --> Concluded
//!  carry     Envelope -> VerifiedRequest -> CarriedRequest -> Permit<Carrying> -- commit --> Carriage -> Envelope
//! ```
//!
//! `Permit` comes only out of `decide`; `Asked`, `Release`, `Concluded` and `Carriage` only out of the [`Recorder`],
//! after its commit. Only an `Asked` can be sent, only a `Release` leaves, only a `Concluded` is shown, only a `Carriage`
//! is handed on.

mod admission;
mod arrival;
mod authority;
mod broker;
mod carry;
mod checkpointer;
mod courier;
mod deadline;
mod inbound;
mod keys;
mod lines;
mod link;
mod operation;
mod outbound;
mod peers;
mod pending;
mod record;
mod replay;
mod route;
mod service;
mod standing;
mod sync;
#[cfg(test)]
mod testing;
mod vetting;
mod ways;

pub use admission::{Admission, Admitted, Overloaded, Slot};
pub use arrival::Arrival;
pub use authority::{Authority, InForce};
pub use broker::Broker;
pub use carry::{Carrier, Denied, Lost, NotCarried};
pub use checkpointer::Checkpointer;
pub use courier::{Courier, Handover, NoAnswer};
pub use deadline::Deadline;
pub use inbound::{Inbound, NotServed};
pub use keys::{HeldKeys, Keys};
pub use lines::Lines;
pub use link::{Links, MESSAGE_BYTES_MAX};
pub use operation::{Draft, Fault, Operation, Operations};
pub use outbound::{Continued, Outbound, Outlook, Question};
pub use peers::{PeerState, Peers};
pub use pending::{Awaited, Awaiting, Ended};
pub use record::{Asked, Concluded, Evidence, NotRecorded, Recorder, Release};
pub use route::{ScopeInvalid, resolve};
pub use service::{FederationApi, incident};
pub use standing::{RolledBack, Standing};
pub use sync::{AdmittedDocument, Exchange, Library, NotAdmitted, NotKept, Rounds, StepInvalid, Synced};
pub use vetting::{NotDecided, Vettings, WaitingAsk};
pub use ways::Ways;
