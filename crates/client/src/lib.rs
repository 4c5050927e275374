//! The Rust SDK over a node's local API: the command line, the tests and an agency's own systems call it.
//!
//! In scope: profiles, connecting with mutual TLS, searches, the directory, the register, the record, errors with their
//! stable reasons, the file formats of registers.
//! Out of scope: the federation API, which only nodes speak; retries, which belong to whoever knows the deadline.
//!
//! ```text
//!  Profile (TOML) --> Client --> search    -> SearchEvent, SearchEvent, ... Summary
//!                       |   \--> import    <- rows of a formats::Reader, in bounded messages
//!                       |    \-> checkpoint, entries, agencies, ping; vettings and decisions
//!                 mutual TLS, TLS 1.3, to the node of our own agency and to nobody else
//! ```
//!
//! References: `proto/concord/{wanted,directory,register,ledger,vetting}/v1`, google.rpc error details.

mod client;
mod directory;
mod documents;
mod error;
mod export;
pub mod formats;
mod profile;
mod record;
mod register;
mod search;
mod vetting;

pub use client::{Client, Seams};
pub use concord_wire::{
    Ask, CardFacts, Deciding, KeyringFacts, Listing, Ping, PingTry, Pinged, Route, SearchEvent, Sightings,
    Stop, WaitingSearch, Way,
};
pub use documents::{DocumentState, DocumentStatus};
pub use error::{ClientError, Rejection, Violation};
pub use export::Exported;
pub use profile::{Profile, ProfileError};
pub use record::LedgerEntry;
pub use register::{ImportReport, RejectedRow, SourceCount};
