//! The published tiles beside the entries.

use super::{Fault, Folder, Source};
use crate::checkpoint::SignedCheckpoint;
use crate::frontier::{Frontier, Node};
use crate::tiles::{CHECKPOINT_PATH, OpenTiles, Tile, TileKind, TilePath};
use crate::tree::TreeHead;
use concord_domain::Digest;
use std::io;

/// Compares tiles with what the entries give. Whether entries or tiles are at fault is known only at the next
/// signed root, so differences are kept until then.
#[derive(Debug)]
pub(super) struct FolderCheck<'a> {
    folder: &'a dyn Folder,
    /// Entries that the folder's checkpoint covers; no tile is expected beyond.
    size: u64,
    open: OpenTiles,
    /// The level 0 tile read last.
    leaves: Option<(TilePath, Vec<u8>)>,
    /// The tree before the first entry whose published leaf hash differs.
    fork: Option<Frontier>,
    /// The first tile that differs.
    fault: Option<Fault>,
}

/// The checkpoint beside the tiles, if there is one. Nothing is believed yet.
pub(super) fn published(folder: &dyn Folder) -> io::Result<Result<Option<SignedCheckpoint>, Fault>> {
    let Some(bytes) = folder.read(CHECKPOINT_PATH)? else { return Ok(Ok(None)) };
    // What is not UTF-8 is replaced, and then not what was signed.
    let parsed = SignedCheckpoint::parse(&String::from_utf8_lossy(&bytes));
    Ok(parsed.map(Some).map_err(|why| Fault::Checkpoint { by: Source::Folder, position: 0, why }))
}

impl<'a> FolderCheck<'a> {
    pub(super) fn new(folder: &'a dyn Folder, size: u64) -> Self {
        Self { folder, size, open: OpenTiles::default(), leaves: None, fork: None, fault: None }
    }

    /// Entries whose tiles are compared.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Compares the next leaf hash with the published one; `before` is the tree without it.
    pub(super) fn leaf(&mut self, before: &Frontier, leaf: Digest) -> io::Result<()> {
        if self.fork.is_none() && self.published_leaf(before.size())?.is_some_and(|theirs| theirs != leaf) {
            self.fork = Some(before.clone());
        }
        Ok(())
    }

    /// Compares the tiles that the entry at `index` filled.
    pub(super) fn entry(&mut self, index: u64, entry: &[u8], finished: &[Node]) -> io::Result<()> {
        if index >= self.size {
            return Ok(());
        }
        let full = self.open.push(entry, finished).map_err(io::Error::other)?;
        full.iter().try_for_each(|tile| self.compare(tile, true))
    }

    /// A signed root matched at `size`: all entries so far are good, so whatever differs is a tile. Partial tiles of
    /// older sizes may be gone, but those that are there must be right.
    pub(super) fn confirm(&mut self, size: u64) -> io::Result<Option<Fault>> {
        if size <= self.size {
            let partial: Vec<Tile> = self.open.partial().collect();
            partial.iter().try_for_each(|tile| self.compare(tile, size == self.size))?;
        }
        if let Some(fork) = self.fork.take() {
            let path = TilePath::holding(TileKind::Hashes(0), fork.size(), self.size);
            let differs = path.map(|path| Fault::TileDiffers { path, index: fork.size() });
            return Ok(differs.or(self.fault.take()));
        }
        Ok(self.fault.take())
    }

    /// Whether the published leaf hashes lead to a root that was signed and the entries do not have: then the
    /// entries are at fault, from the first that differs. `now` is the tree of the entries.
    pub(super) fn first_bad(&mut self, now: &Frontier, signed: TreeHead) -> io::Result<Option<u64>> {
        let mut tree = self.fork.clone().unwrap_or_else(|| now.clone());
        let first = tree.size();
        while tree.size() < signed.size {
            let Some(leaf) = self.published_leaf(tree.size())? else { return Ok(None) };
            tree.append(leaf);
        }
        Ok((tree.size() == signed.size && tree.root() == signed.root).then_some(first))
    }

    fn published_leaf(&mut self, index: u64) -> io::Result<Option<Digest>> {
        let path = TilePath::holding(TileKind::Hashes(0), index, self.size);
        let Some(path) = path.filter(|_| index < self.size) else { return Ok(None) };
        if self.leaves.as_ref().is_none_or(|(read, _)| *read != path) {
            self.leaves = Some((path, self.folder.read(&path.to_string())?.unwrap_or_default()));
        }
        let at = usize::try_from(index - path.first_entry(0)).unwrap_or(usize::MAX);
        Ok(self.leaves.as_ref().and_then(|(_, bytes)| bytes.as_chunks::<32>().0.get(at)).copied().map(Digest))
    }

    fn compare(&mut self, tile: &Tile, required: bool) -> io::Result<()> {
        if self.fault.is_some() {
            return Ok(());
        }
        let path = tile.path;
        self.fault = match self.folder.read(&path.to_string())? {
            Some(theirs) if theirs == tile.bytes => None,
            Some(theirs) => Some(Fault::TileDiffers { path, index: first_difference(tile, &theirs) }),
            None if required => Some(Fault::TileMissing { path }),
            None => None,
        };
        Ok(())
    }
}

/// The first entry that a difference in a tile's bytes touches.
fn first_difference(tile: &Tile, theirs: &[u8]) -> u64 {
    let same = tile.bytes.iter().zip(theirs).take_while(|(ours, theirs)| ours == theirs).count();
    let mut rest = tile.bytes.as_slice();
    let (mut element, mut end) = (0, 0);
    loop {
        let length = match (tile.path.kind(), rest.split_first_chunk()) {
            (_, None) => break,
            (TileKind::Hashes(_), Some(_)) => 32,
            (TileKind::Entries, Some((length, _))) => 2 + usize::from(u16::from_be_bytes(*length)),
        };
        end += length;
        if end > same {
            break;
        }
        element += 1;
        rest = rest.get(length..).unwrap_or_default();
    }
    tile.path.first_entry(element)
}
