//! What a node does for those who call it: wanted-person search, the directory, vetting, documents, the register, the
//! record; and the local API.
//!
//! In scope: operations (what another agency may ask), services (what our own systems and officers may call), roles
//! and what they may call. Out of scope: the way of a request between nodes (`concord-gateway`), wiring
//! (`concord-node`).
//!
//! ```text
//!  local API -> roles -> WantedApi -> Search -> gateway::Outbound -> other agencies
//!                        RegisterApi -> Register <- WantedSearch <- gateway::Inbound <- other agencies
//!                        DirectoryApi -> gateway::Outbound -> other agencies' DirectoryPing
//!                        VettingApi -> gateway::Vettings <- gateway::Inbound <- other agencies
//!                        LedgerApi -> store
//! ```

mod agreement;
mod caller;
mod directory;
mod heavy;
mod local;
mod record;
mod register;
mod roles;
mod status;
#[cfg(test)]
mod testing;
mod vetting;
mod wanted;

pub use agreement::AgreementApi;
pub use caller::{Caller, NotNamed};
pub use directory::{DirectoryApi, DirectoryPing};
pub use heavy::Heavy;
pub use local::{LocalServices, ReflectionFailed};
pub use record::LedgerApi;
pub use register::{ImportFailed, Imported, Register, RegisterApi};
pub use roles::Guarded;
pub use vetting::VettingApi;
pub use wanted::{NotWatched, Search, WantedApi, WantedSearch};
