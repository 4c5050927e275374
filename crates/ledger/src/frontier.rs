//! The right edge of the tree: all that appending needs to know.

use crate::tree::{SIZE_MAX, fold_peaks, node_hash};
use concord_domain::Digest;
use thiserror::Error;

/// A complete subtree: `hash` = `MTH(D[index << level : (index + 1) << level])`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Height above the leaves; a leaf has 0.
    pub level: u8,
    /// Position among the nodes of the level, from the left.
    pub index: u64,
    /// The hash.
    pub hash: Digest,
}

/// The complete subtrees that a tree of this size falls into, one for each bit of the size: at most 62 hashes,
/// whatever the ledger's length.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    /// From the largest subtree to the smallest.
    peaks: Vec<Digest>,
}

/// Why bytes are not a frontier.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidFrontier {
    /// No room for a size.
    #[error("a frontier begins with a size of 8 bytes, here are {found}")]
    Short {
        /// Bytes found.
        found: usize,
    },
    /// A size that no ledger reaches.
    #[error("a frontier of size {size} is past the limit of {SIZE_MAX}")]
    Size {
        /// The size found.
        size: u64,
    },
    /// Not one hash for each bit of the size.
    #[error("a frontier of size {size} does not have {found} bytes of hashes")]
    Hashes {
        /// The size found.
        size: u64,
        /// Bytes of hashes found.
        found: usize,
    },
}

impl Frontier {
    /// The edge of an empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Entries so far; also the index of the next.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf. Gives back every complete subtree that this finished, from the leaf upwards: what the
    /// store keeps to make proofs from.
    pub fn append(&mut self, leaf: Digest) -> Vec<Node> {
        let mut node = Node { level: 0, index: self.size, hash: leaf };
        let mut finished = vec![node];
        // An odd index is a right child: its left sibling is the smallest peak.
        while node.index % 2 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            node = Node { level: node.level + 1, index: node.index / 2, hash: node_hash(&left, &node.hash) };
            finished.push(node);
        }
        self.peaks.push(node.hash);
        self.size += 1;
        finished
    }

    /// `MTH(D_n)` of all entries so far.
    pub fn root(&self) -> Digest {
        fold_peaks(self.peaks.iter().copied())
    }

    /// The size in 8 bytes, big-endian, then the hashes from the largest subtree to the smallest.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.size.to_be_bytes().to_vec();
        self.peaks.iter().for_each(|peak| out.extend_from_slice(peak.as_bytes()));
        out
    }

    /// Reads what [`Frontier::encode`] wrote.
    ///
    /// # Errors
    /// If the bytes are not exactly a size within [`SIZE_MAX`] and its hashes.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidFrontier> {
        let (size, hashes) =
            bytes.split_first_chunk().ok_or(InvalidFrontier::Short { found: bytes.len() })?;
        let size = u64::from_be_bytes(*size);
        if size > SIZE_MAX {
            return Err(InvalidFrontier::Size { size });
        }
        let (peaks, rest) = hashes.as_chunks::<32>();
        if !rest.is_empty() || u32::try_from(peaks.len()) != Ok(size.count_ones()) {
            return Err(InvalidFrontier::Hashes { size, found: hashes.len() });
        }
        Ok(Self { size, peaks: peaks.iter().copied().map(Digest).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{memory_tree, oracle_root};
    use crate::tree::leaf_hash;

    #[test]
    fn roots_are_those_of_the_oracle() {
        let mut frontier = Frontier::new();
        let mut entries: Vec<Vec<u8>> = Vec::new();
        for n in 0..600u32 {
            assert_eq!(frontier.root(), oracle_root(&entries), "size {n}");
            entries.push(n.to_be_bytes().to_vec());
            frontier.append(leaf_hash(&n.to_be_bytes()));
        }
    }

    #[test]
    fn an_append_finishes_each_subtree_once() {
        let (tree, _) = memory_tree(100);
        let complete: usize = (0..7u32).map(|level| 100usize >> level).sum();
        assert_eq!(tree.nodes.len(), complete);
    }

    #[test]
    fn bytes_there_and_back() {
        let mut frontier = Frontier::new();
        for n in 0..70u8 {
            assert_eq!(Frontier::decode(&frontier.encode()), Ok(frontier.clone()));
            frontier.append(leaf_hash(&[n]));
        }
        let bytes = frontier.encode();
        assert_eq!(Frontier::decode(&bytes[..7]), Err(InvalidFrontier::Short { found: 7 }));
        assert!(matches!(Frontier::decode(&bytes[..39]), Err(InvalidFrontier::Hashes { size: 70, .. })));
        assert!(matches!(Frontier::decode(&[0xff; 8]), Err(InvalidFrontier::Size { .. })));
    }
}
