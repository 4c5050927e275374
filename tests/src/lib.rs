//! Clusters of Concord nodes for tests.
//!
//! In scope: the deterministic [`simulation`], a [`cluster`] of real processes, the [`command`] line, people who do not
//! exist, strangers and forgers, checks that hold for every federation.
//! Out of scope: what is tested (`tests/cluster`, `tests/simulation`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests stop at the first thing that is not as it should be"
)]

pub mod audit;
pub mod caller;
pub mod cluster;
pub mod command;
pub mod forge;
pub mod load;
pub mod memory;
pub mod people;
pub mod searching;
pub mod simulation;
pub mod stranger;
