//! Merkle Tree hashing: RFC 9162, 2.1.1, with SHA-256.

use concord_domain::Digest;
use concord_trust::sha256;

/// Entries of a ledger at most. The store counts in signed 64-bit integers, and index arithmetic (a tile's end
/// for instance) must have room above it.
pub const SIZE_MAX: u64 = 1 << 62;

/// A tree, named by its size and its root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    /// Entries in the tree.
    pub size: u64,
    /// `MTH(D[0:size])`.
    pub root: Digest,
}

/// Where hashes of complete subtrees are read from: the store's table, a set of tiles, memory.
pub trait HashSource {
    /// `MTH(D[index << level : (index + 1) << level])`; `None` if it was never stored.
    fn hash(&self, level: u8, index: u64) -> Option<Digest>;
}

/// `MTH({}) = HASH()`: the root of a ledger without entries.
pub fn empty_root() -> Digest {
    sha256(&[])
}

/// `MTH({d[0]}) = HASH(0x00 || d[0])`: what a ledger remembers of one entry.
pub fn leaf_hash(entry: &[u8]) -> Digest {
    sha256(&[&[0x00], entry])
}

/// `MTH(D_n) = HASH(0x01 || MTH(D[0:k]) || MTH(D[k:n]))`, `k` the largest power of two below `n`.
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    sha256(&[&[0x01], left.as_bytes(), right.as_bytes()])
}

/// The root of neighbouring trees, given from the largest to the smallest: the right edge is folded first, as
/// the splits at `k` nest to the right. The root of none is that of an empty tree.
pub(crate) fn fold_peaks(peaks: impl DoubleEndedIterator<Item = Digest>) -> Digest {
    peaks.rev().reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_the_reference_tree() {
        // Certificate Transparency's published test vectors for RFC 6962 hashing.
        let hex = |d: Digest| d.to_string();
        assert_eq!(hex(empty_root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(hex(leaf_hash(b"")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        let two = node_hash(&leaf_hash(b""), &leaf_hash(&[0x00]));
        assert_eq!(hex(two), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
    }
}
