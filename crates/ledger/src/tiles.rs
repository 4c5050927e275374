//! Tiles (C2SP tlog-tiles): the ledger as files that anyone can read, cache and check.
//!
//! ```text
//! checkpoint                      the newest signed checkpoint; written last
//! tile/0/x001/x234/067            256 leaf hashes, entries 1234067 * 256 and on
//! tile/1/004                      256 hashes, each the root of a full tile below
//! tile/0/x001/x234/068.p/12       the first 12 hashes of a tile that is not full yet
//! tile/entries/x001/x234/067      256 entries, each after its length in two bytes, big-endian
//! ```

mod open;

pub(crate) use open::OpenTiles;

use crate::tree::HashSource;
use std::fmt;
use thiserror::Error;

/// Hashes or entries in a full tile.
pub const TILE_WIDTH: u16 = 256;

/// Levels of the tree that a tile spans; 256 is 2 to the 8th.
pub(crate) const TILE_HEIGHT: u8 = 8;

/// Levels of tiles that a tree of [`crate::SIZE_MAX`] entries has.
const TILE_LEVELS: u8 = 8;

/// The path of the newest checkpoint, beside `tile/`.
pub const CHECKPOINT_PATH: &str = "checkpoint";

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Hashes, at this level of tiles; at level 0 leaf hashes.
    Hashes(u8),
    /// Entries.
    Entries,
}

/// Which tile; `Display` gives its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePath {
    kind: TileKind,
    index: u64,
    width: u16,
}

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Its path.
    pub path: TilePath,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Where the bytes of entries are read from.
pub trait EntrySource {
    /// The bytes of an entry; `None` if there is none.
    fn entry(&self, index: u64) -> Option<Vec<u8>>;
}

/// Why a tile could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TileUnavailable {
    /// The source lacks a hash that it should have.
    #[error("the hash of level {level}, index {index} is missing")]
    MissingHash {
        /// The level of the node in the tree.
        level: u8,
        /// Its index within the level.
        index: u64,
    },
    /// The source lacks an entry that it should have.
    #[error("entry {index} is missing")]
    MissingEntry {
        /// The entry's index.
        index: u64,
    },
    /// An entry whose length does not fit into two bytes.
    #[error("entry {index} has {found} bytes, more than a bundle can hold")]
    EntryTooLong {
        /// The entry's index.
        index: u64,
        /// Its bytes.
        found: usize,
    },
}

impl TilePath {
    /// What it holds.
    pub fn kind(&self) -> TileKind {
        self.kind
    }

    /// Its index within its level.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Hashes or entries that it holds, 1 to 256.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Whether it can still grow.
    pub fn is_partial(&self) -> bool {
        self.width < TILE_WIDTH
    }

    /// The folder of this tile's partial versions; it may be removed once the full tile is written.
    pub fn partial_folder(&self) -> String {
        format!("{}.p", Self { width: TILE_WIDTH, ..*self })
    }

    /// The tile of this kind that holds the element `at`, as wide as `elements` in its level allow. `None` if it
    /// would be empty.
    pub(crate) fn holding(kind: TileKind, at: u64, elements: u64) -> Option<Self> {
        let full = u64::from(TILE_WIDTH);
        let index = at / full;
        let width = elements.checked_sub(index * full)?.min(full);
        Some(Self { kind, index, width: u16::try_from(width).ok().filter(|w| *w > 0)? })
    }

    /// The index of the first entry below the tile's element `at`.
    pub(crate) fn first_entry(&self, at: u64) -> u64 {
        let level = match self.kind {
            TileKind::Hashes(level) => level,
            TileKind::Entries => 0,
        };
        (self.index * u64::from(TILE_WIDTH) + at) << (TILE_HEIGHT * level)
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
            TileKind::Entries => write!(f, "tile/entries/")?,
        }
        // Groups of three digits, each but the last behind an `x`.
        let groups = std::iter::successors(Some(self.index), |n| (*n >= 1000).then_some(n / 1000));
        let groups: Vec<u64> = groups.map(|n| n % 1000).collect();
        for (left, group) in (0..groups.len()).rev().zip(groups.iter().rev()) {
            if left > 0 { write!(f, "x{group:03}/")? } else { write!(f, "{group:03}")? }
        }
        if self.is_partial() { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

/// The tiles that a ledger of size `new` has and one of size `old` had not, or had narrower: level by level, then
/// the bundles. What is written before a checkpoint of size `new` is published.
pub fn paths_between(old: u64, new: u64) -> impl Iterator<Item = TilePath> {
    let hashes = (0..TILE_LEVELS).map(|level| (TileKind::Hashes(level), TILE_HEIGHT * level));
    hashes.chain([(TileKind::Entries, 0)]).flat_map(move |(kind, shift)| {
        let (before, after) = (old >> shift, new >> shift);
        let tiles = before / u64::from(TILE_WIDTH)..after.div_ceil(u64::from(TILE_WIDTH));
        let tiles = if after > before { tiles } else { 0..0 };
        tiles.filter_map(move |n| TilePath::holding(kind, n * u64::from(TILE_WIDTH), after))
    })
}

/// [`paths_between`] with their contents, made one at a time.
pub fn tiles_between<'a>(
    old: u64,
    new: u64,
    hashes: &'a impl HashSource,
    entries: &'a impl EntrySource,
) -> impl Iterator<Item = Result<Tile, TileUnavailable>> + 'a {
    paths_between(old, new).map(|path| {
        let bytes = match path.kind {
            TileKind::Hashes(level) => hash_tile(&path, TILE_HEIGHT * level, hashes)?,
            TileKind::Entries => bundle(&path, entries)?,
        };
        Ok(Tile { path, bytes })
    })
}

/// `MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) * 256**l])` for `i` from 0 to the tile's width.
fn hash_tile(path: &TilePath, level: u8, hashes: &impl HashSource) -> Result<Vec<u8>, TileUnavailable> {
    let mut bytes = Vec::new();
    for index in elements(path) {
        let hash = hashes.hash(level, index).ok_or(TileUnavailable::MissingHash { level, index })?;
        bytes.extend_from_slice(hash.as_bytes());
    }
    Ok(bytes)
}

fn bundle(path: &TilePath, entries: &impl EntrySource) -> Result<Vec<u8>, TileUnavailable> {
    let mut bytes = Vec::new();
    for index in elements(path) {
        let entry = entries.entry(index).ok_or(TileUnavailable::MissingEntry { index })?;
        push_entry(&mut bytes, index, &entry)?;
    }
    Ok(bytes)
}

fn elements(path: &TilePath) -> std::ops::Range<u64> {
    let start = path.index * u64::from(TILE_WIDTH);
    start..start + u64::from(path.width)
}

/// Appends an entry to a bundle: its length as a big-endian uint16, then its bytes.
fn push_entry(bundle: &mut Vec<u8>, index: u64, entry: &[u8]) -> Result<(), TileUnavailable> {
    let found = entry.len();
    let length = u16::try_from(found).map_err(|_| TileUnavailable::EntryTooLong { index, found })?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

#[cfg(test)]
mod tests;
