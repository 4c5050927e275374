//! A node's durable state: one SQLite database that the ledger, the register and the memory of requests share.
//!
//! In scope: writes as data, grouped into transactions that each wait for the disk once; the rows of the
//! ledger, of requests against replays, of those that wait for a decision or an answer, of documents and their sequences,
//! of the register and of checkpoints; reading them; the lock on the folder; publishing the ledger as tiles; opening a stopped node's folder.
//! Out of scope: what a write means and who may ask for it (`concord-gateway`, `concord-services`), hashing
//! and proofs (`concord-ledger`), signing of checkpoints, encryption of remembered answers.
//!
//! ```text
//!  submit(Write) --> queue --> group --> one transaction --> COMMIT (one wait for the disk) --> replies
//!    guards          bounded   bounded     lock the head          |                             one wake-up
//!    changes                               each write:            +-- fails: the process ends    a group
//!    entries                               guards, changes,
//!                                          entries
//! ```
//!
//! What was acknowledged survives kill -9 and loss of power: `journal_mode=WAL`, `synchronous=FULL`
//! (<https://www.sqlite.org/pragma.html#pragma_synchronous>).

mod checkpoint;
mod column;
mod database;
mod delivery;
mod document;
mod error;
mod folder;
mod group;
mod ledger;
mod offline;
mod options;
mod pending;
mod publish;
mod quota;
mod read;
mod readers;
mod refusal;
mod register;
mod replay;
mod schema;
mod sequence;
mod stats;
mod store;
#[cfg(test)]
mod tests;
mod vetting;
mod write;
mod writer;

pub use checkpoint::StoredCheckpoint;
pub use document::KeptDocument;
pub use error::{OpenError, StorageError};
pub use ledger::Head;
pub use offline::Offline;
pub use options::{Execution, Options};
pub use pending::KeptPending;
pub use publish::PublishError;
pub use quota::Charge;
pub use read::PAGE_MAX;
pub use refusal::{GuardFailure, WriteError};
pub use register::{RegisteredNotice, SourceStats};
pub use replay::{Remembered, Request};
pub use sequence::SeenSequence;
pub use stats::Stats;
pub use store::Store;
pub use vetting::KeptVetting;
pub use write::{Change, Committed, Guard, Recorded, Write};
