//! The Rust SDK over a node's local API: the command line, the tests and an agency's own systems call it.
//!
//! In scope: profiles, connecting with mutual TLS, searches, the register, the record, errors with their stable
//! reasons, the file formats of registers.
//! Out of scope: the federation API, which only nodes speak; retries, which belong to whoever knows the deadline.
//!
//! ```text
//!  Profile (TOML) --> Client --> search    -> SearchEvent, SearchEvent, ... Summary
//!                       |   \--> import    <- rows of a formats::Reader, in bounded messages
//!                       |    \-> checkpoint, entries; vettings and decisions
//!                 mutual TLS, TLS 1.3, to the node of our own agency and to nobody else
//! ```
//!
//! References: `proto/concord/{wanted,register,ledger,vetting}/v1`, google.rpc error details.

mod client;
mod documents;
mod error;
pub mod formats;
mod profile;
mod record;
mod register;
mod search;
mod vetting;

pub use client::{Client, Seams};
pub use concord_wire::{Ask, Deciding, SearchEvent, WaitingSearch};
pub use documents::{DocumentState, DocumentStatus};
pub use error::{ClientError, Rejection, Violation};
pub use profile::{Profile, ProfileError};
pub use record::LedgerEntry;
pub use register::{ImportReport, RejectedRow, SourceCount};
