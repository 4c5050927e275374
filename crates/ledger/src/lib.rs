//! The ledger of an agency: an append-only Merkle log, and its verification by anyone.
//!
//! In scope: what an entry says, the hashes over entries, proofs, signed checkpoints, receipts, tiles in the open
//! format, and the auditor that reads a whole ledger.
//! Out of scope: keeping entries durable and in order (`concord-store`), who signs when (`concord-gateway`),
//! cosignatures of witnesses, files and networks.
//!
//! ```text
//!  Entry --encode--> bytes --leaf_hash--> leaf --Frontier::append--> Nodes, kept by the store (HashSource)
//!                      |                    |                            |
//!                      |                 Receipt              proofs, tiles_between, root_at
//!                      |                 (signed)                        |
//!                      +------------------> Audit <---- SignedCheckpoint, Folder of tiles
//! ```
//!
//! References: RFC 9162, section 2.1 (Merkle trees); C2SP [signed-note], [tlog-checkpoint], [tlog-tiles].
//!
//! [signed-note]: https://c2sp.org/signed-note
//! [tlog-checkpoint]: https://c2sp.org/tlog-checkpoint
//! [tlog-tiles]: https://c2sp.org/tlog-tiles

#![cfg_attr(test, allow(clippy::as_conversions, reason = "test logs are small: every size fits"))]

mod checkpoint;
mod entry;
mod frontier;
mod label;
mod note;
mod proof;
mod receipt;
#[cfg(test)]
mod testing;
mod tiles;
mod tree;
mod verify;

pub use checkpoint::{Checkpoint, CheckpointInvalid, SignedCheckpoint, checkpoint_verifier_key};
pub use entry::{ENTRY_BYTES_MAX, Entry, Event, InvalidEntry, LeafRef, RequestFacts};
pub use frontier::{Frontier, InvalidFrontier, Node};
pub use label::{InvalidLabel, Label};
pub use note::{NOTE_BYTES_MAX, NoteInvalid, SIGNATURES_MAX};
pub use proof::{
    ProofInvalid, ProofUnavailable, consistency_proof, inclusion_proof, root_at, verify_consistency,
    verify_inclusion,
};
pub use receipt::{NotCovered, RECEIPT_BYTES_MAX, Receipt, ReceiptInvalid};
pub use tiles::{
    CHECKPOINT_PATH, EntrySource, TILE_WIDTH, Tile, TileKind, TilePath, TileUnavailable, paths_between,
    tiles_between,
};
pub use tree::{HashSource, SIZE_MAX, TreeHead, empty_root, leaf_hash, node_hash};
pub use verify::{Audit, Fault, Folder, Report, Source, Stop, StoredEntry};
