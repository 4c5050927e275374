//! Clusters of real processes, seen from outside: what a user, another agency or a stranger sees.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod brokered;
mod carried;
mod config;
mod deadline;
mod delegated;
mod directory;
mod keys;
mod kill;
mod layering;
mod ledger;
mod life;
mod listeners;
mod not_authentic;
mod ofac;
mod python;
mod refused_connection;
mod refused_envelope;
mod refused_request;
mod replay;
mod rotation;
mod search;
mod sync;
mod tools;
mod vetting;

/// The command under test, built from the sources at hand.
const PROGRAM: &str = env!("CARGO_BIN_EXE_concord-under-test");
