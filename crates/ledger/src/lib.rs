//! The ledger of an agency: an append-only Merkle log, and its verification by anyone.

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
    CHECKPOINT_PATH, EntrySource, TILE_WIDTH, Tile, TileKind, TilePath, TileUnavailable, paths_between, tiles_between,
};
pub use tree::{HashSource, SIZE_MAX, TreeHead, empty_root, leaf_hash, node_hash};
