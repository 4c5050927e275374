//! Mutual TLS from outside: who is let in, who is refused and how, and when a connection ends.
//!
//! Most tests run over an in-memory network with tokio's clock paused, so that no limit is ever waited for; the
//! ones in `loopback` use real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::large_futures,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    unreachable_pub,
    reason = "tests fail by panicking, and document themselves"
)]

mod authority;
mod handshake;
mod life;
mod limits;
mod loading;
mod loopback;
mod memory;
mod reload;
mod strangers;
mod world;
