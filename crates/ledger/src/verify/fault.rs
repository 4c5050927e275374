//! What can be wrong with a ledger.

use crate::checkpoint::CheckpointInvalid;
use crate::entry::ENTRY_BYTES_MAX;
use crate::tiles::TilePath;
use std::fmt;
use std::ops::Range;
use thiserror::Error;

/// Who says what the size and root of a ledger are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A checkpoint stored with the ledger.
    Checkpoint,
    /// The checkpoint beside the published tiles.
    Folder,
    /// The checkpoint that somebody else kept.
    Against,
    /// The store's own, unsigned head.
    Head,
}

/// The first thing wrong with a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// A gap, or entries out of order.
    #[error("entry {expected} is missing: after the one before it comes entry {found}")]
    Order {
        /// The index that should come: the first bad one.
        expected: u64,
        /// The index that came.
        found: u64,
    },
    /// An entry that does not hash to the leaf hash stored beside it: one of the two was changed.
    #[error("entry {index} does not match its leaf hash")]
    Leaf {
        /// The first bad index. Without tiles, earlier entries since the last good checkpoint may have been
        /// changed together with their leaf hashes.
        index: u64,
    },
    /// An entry that hashes well but is longer than an entry can be.
    #[error("entry {index} has {found} bytes, more than the limit of {ENTRY_BYTES_MAX}")]
    TooLong {
        /// The first bad index.
        index: u64,
        /// Bytes found.
        found: usize,
    },
    /// An entry that was changed together with its leaf hash: the published leaf hash, which leads to a signed
    /// root, is another.
    #[error("entry {index} was altered, or it is missing: its published and signed leaf hash is another")]
    Altered {
        /// The first bad index, exactly.
        index: u64,
    },
    /// The entries do not have the root that was claimed, and nothing tells which of them it is.
    #[error("an entry from {from} and before {to} was altered: the root differs from that of {by}")]
    Between {
        /// The size of the last signed root that matched: every entry before is good.
        from: u64,
        /// The size of the first that does not.
        to: u64,
        /// Who claims the root at `to`.
        by: Source,
    },
    /// The entries match the stored checkpoints, but not what the same ledger had signed before: its past was
    /// rewritten and signed anew, or it was forked.
    #[error(
        "the first {size} entries were rewritten, or the ledger was forked: the root differs from that of {by}"
    )]
    Rewritten {
        /// The size at which the roots differ.
        size: u64,
        /// Who claims the other root.
        by: Source,
    },
    /// The ledger is shorter than was claimed: its tail is missing, or it was rolled back.
    #[error("the ledger ends at {size}, but {by} says it has {claimed} entries")]
    TailMissing {
        /// Entries known to be good; if less than `size`, an entry since may be the missing one.
        good: u64,
        /// Entries found.
        size: u64,
        /// Entries claimed.
        claimed: u64,
        /// Who claims them.
        by: Source,
    },
    /// Entries beyond the store's own head.
    #[error("entry {index} lies beyond the head of the ledger")]
    Surplus {
        /// The first bad index.
        index: u64,
    },
    /// A checkpoint that cannot be believed.
    #[error("checkpoint {position} of {by} is not valid: {why}")]
    Checkpoint {
        /// Who holds it.
        by: Source,
        /// Which one, counted from 0.
        position: u64,
        /// Why not.
        why: CheckpointInvalid,
    },
    /// Stored checkpoints whose sizes do not ascend.
    #[error("stored checkpoint {position} has size {size}, less than the one before it")]
    CheckpointOrder {
        /// Which one, counted from 0.
        position: u64,
        /// Its size.
        size: u64,
    },
    /// A published tile is not there. The entries are good.
    #[error("the tile {path} is missing")]
    TileMissing {
        /// Its path.
        path: TilePath,
    },
    /// A published tile is not what the entries give. The entries are good.
    #[error("the tile {path} differs from the ledger, first at entry {index}")]
    TileDiffers {
        /// Its path.
        path: TilePath,
        /// The first entry below the first hash, or the entry, that differs.
        index: u64,
    },
}

impl Fault {
    /// The entries among which the first bad one is; a single one where it is known exactly. `None` if the entries
    /// are good as far as they were read, and a checkpoint or a tile is at fault.
    pub fn suspects(&self) -> Option<Range<u64>> {
        match self {
            Self::Order { expected: index, .. }
            | Self::Leaf { index }
            | Self::TooLong { index, .. }
            | Self::Altered { index }
            | Self::Surplus { index } => Some(*index..*index + 1),
            Self::Between { from, to, .. } => Some(*from..*to),
            Self::Rewritten { size, .. } => Some(0..*size),
            Self::TailMissing { good, claimed, .. } => Some(*good..*claimed),
            Self::Checkpoint { .. }
            | Self::CheckpointOrder { .. }
            | Self::TileMissing { .. }
            | Self::TileDiffers { .. } => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Checkpoint => "the stored checkpoints",
            Self::Folder => "the published checkpoint",
            Self::Against => "the checkpoint kept elsewhere",
            Self::Head => "the store's head",
        })
    }
}
