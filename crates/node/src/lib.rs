//! A running node: its configuration, everything that the configuration names, and the wiring of all parts.
//!
//! In scope: reading and checking configuration and material, starting and stopping, reloading while running.
//! Out of scope: what a node does (`concord-gateway`, `concord-services`), the command line (`concord-cli`).
//!
//! ```text
//!  node.toml -> Config -> Material (keys, TLS, directory, rules) -> Node: two listeners, checkpoints, reload
//! ```
//!
//! Configuration and material are checked as a whole: every problem is named, with file and field, before anything
//! listens.

mod config;
mod federation;
mod health;
mod housekeeping;
mod keys;
mod listeners;
mod material;
mod metrics;
mod node;
mod problem;
mod reload;
mod seams;
#[cfg(test)]
mod testing;

pub use config::{
    ApiConfig, CheckpointConfig, Config, FederationConfig, KeysConfig, ReloadConfig, RoutingConfig,
    SyncConfig, TlsConfig, VettingConfig,
};
pub use listeners::BindFailed;
pub use material::check;
pub use node::{Node, StartError};
pub use problem::{Problem, Problems};
pub use seams::Seams;
