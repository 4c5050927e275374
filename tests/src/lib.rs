//! Clusters of Concord nodes for tests.
//!
//! In scope: the deterministic [`simulation`], people who do not exist, checks that hold for every federation.
//! Out of scope: what is tested (`tests/cluster`, `tests/simulation`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests stop at the first thing that is not as it should be"
)]

pub mod audit;
pub mod people;
pub mod simulation;
