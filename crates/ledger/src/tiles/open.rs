//! The tiles that are still growing, while a ledger is read from its beginning.

use super::{TILE_HEIGHT, TILE_WIDTH, Tile, TileKind, TilePath, TileUnavailable, push_entry};
use crate::frontier::Node;

/// One tile a level and one bundle, none of them full: some 64 kB of hashes and 256 entries at most.
#[derive(Debug, Default)]
pub(crate) struct OpenTiles {
    size: u64,
    /// By level of tiles.
    hashes: Vec<Vec<u8>>,
    bundle: Vec<u8>,
}

impl OpenTiles {
    /// Takes the next entry and what [`crate::Frontier::append`] gave back for it. Gives the tiles that this
    /// filled, from level 0 upwards, then the bundle.
    pub(crate) fn push(&mut self, entry: &[u8], finished: &[Node]) -> Result<Vec<Tile>, TileUnavailable> {
        push_entry(&mut self.bundle, self.size, entry)?;
        self.size += 1;
        let mut full = Vec::new();
        // Only the hashes at the foot of a tile are kept: those between are computed from them.
        let feet = finished.iter().filter(|node| node.level % TILE_HEIGHT == 0);
        for (level, node) in (0..).zip(feet) {
            if self.hashes.len() <= usize::from(level) {
                self.hashes.push(Vec::new());
            }
            let Some(open) = self.hashes.get_mut(usize::from(level)) else { break };
            open.extend_from_slice(node.hash.as_bytes());
            full.extend(take_full(TileKind::Hashes(level), node.index + 1, open));
        }
        full.extend(take_full(TileKind::Entries, self.size, &mut self.bundle));
        Ok(full)
    }

    /// The partial tiles of a ledger that ends here.
    pub(crate) fn partial(&self) -> impl Iterator<Item = Tile> {
        let hashes = (0..).zip(&self.hashes).map(|(level, bytes)| {
            (TileKind::Hashes(level), self.size >> (u32::from(TILE_HEIGHT) * u32::from(level)), bytes)
        });
        let all = hashes.chain([(TileKind::Entries, self.size, &self.bundle)]);
        all.filter_map(|(kind, elements, bytes)| {
            let path = TilePath::holding(kind, elements, elements)?;
            Some(Tile { path, bytes: bytes.clone() })
        })
    }
}

/// The tile that the last of these elements filled, if it did.
fn take_full(kind: TileKind, elements: u64, open: &mut Vec<u8>) -> Option<Tile> {
    let full = elements.is_multiple_of(u64::from(TILE_WIDTH));
    let path = TilePath::holding(kind, elements.checked_sub(1)?, elements).filter(|_| full)?;
    Some(Tile { path, bytes: std::mem::take(open) })
}
