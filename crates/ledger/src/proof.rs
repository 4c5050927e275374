//! Inclusion and consistency proofs: RFC 9162, 2.1.3 and 2.1.4.

use crate::tree::{HashSource, TreeHead, empty_root, fold_peaks, node_hash};
use concord_domain::Digest;
use std::ops::Range;
use thiserror::Error;

/// Why a proof could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProofUnavailable {
    /// The entry or the older tree is not inside the tree asked about.
    #[error("{wanted} is outside a tree of size {size}")]
    Outside {
        /// The index or older size asked for.
        wanted: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The source lacks a hash that it should have.
    #[error("the hash of level {level}, index {index} is missing")]
    Missing {
        /// The level of the node.
        level: u8,
        /// Its index within the level.
        index: u64,
    },
}

/// Why a proof does not convince.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ProofInvalid {
    /// The entry is not inside the tree, or the older tree is larger than the newer.
    #[error("what is to be proved lies outside the tree")]
    Outside,
    /// More or fewer hashes than trees of these sizes call for.
    #[error("the proof has the wrong number of hashes")]
    Length,
    /// The proof leads to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// `MTH(D[0:size])`.
///
/// # Errors
/// If the source lacks a hash.
pub fn root_at(source: &impl HashSource, size: u64) -> Result<Digest, ProofUnavailable> {
    range_root(source, 0..size)
}

/// `PATH(index, D[0:size])`, from the leaf's sibling up to the root's child (RFC 9162, 2.1.3.1).
///
/// # Errors
/// If `index` is not below `size`, or the source lacks a hash.
pub fn inclusion_proof(
    source: &impl HashSource,
    index: u64,
    size: u64,
) -> Result<Vec<Digest>, ProofUnavailable> {
    if index >= size {
        return Err(ProofUnavailable::Outside { wanted: index, size });
    }
    let mut proof = Vec::new();
    let mut range = 0..size;
    while range.end - range.start > 1 {
        let middle = split(&range);
        // PATH(m, D_n) = PATH(m, D[0:k]) : MTH(D[k:n]) if m < k, else PATH(m - k, D[k:n]) : MTH(D[0:k])
        let other =
            if index < middle { halve_left(&mut range, middle) } else { halve_right(&mut range, middle) };
        proof.push(range_root(source, other)?);
    }
    proof.reverse();
    Ok(proof)
}

/// `PROOF(old, D[0:new])` (RFC 9162, 2.1.4.1). Empty if the two are one, or if the older tree is empty.
///
/// # Errors
/// If `old` is larger than `new`, or the source lacks a hash.
pub fn consistency_proof(
    source: &impl HashSource,
    old: u64,
    new: u64,
) -> Result<Vec<Digest>, ProofUnavailable> {
    if old > new {
        return Err(ProofUnavailable::Outside { wanted: old, size: new });
    }
    let mut proof = Vec::new();
    if old == 0 {
        return Ok(proof);
    }
    let mut range = 0..new;
    // The older root itself is known to the verifier; any other last subtree is not: `b` in SUBPROOF.
    let mut known = true;
    while old != range.end {
        let middle = split(&range);
        // SUBPROOF(m, D_n, b) = SUBPROOF(m, D[0:k], b) : MTH(D[k:n]) if m <= k,
        //                  else SUBPROOF(m - k, D[k:n], false) : MTH(D[0:k])
        let other = if old <= middle {
            halve_left(&mut range, middle)
        } else {
            known = false;
            halve_right(&mut range, middle)
        };
        proof.push(range_root(source, other)?);
    }
    if !known {
        proof.push(range_root(source, range)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that the entry with this leaf hash has this index in the tree of this head (RFC 9162, 2.1.3.2).
///
/// # Errors
/// If the index is outside the tree, or the proof has the wrong length or leads elsewhere.
pub fn verify_inclusion(
    leaf: Digest,
    index: u64,
    head: TreeHead,
    proof: &[Digest],
) -> Result<(), ProofInvalid> {
    if index >= head.size {
        return Err(ProofInvalid::Outside);
    }
    let mut hash = leaf;
    climb(index, head.size - 1, proof, |side, sibling| match side {
        Side::Left => hash = node_hash(sibling, &hash),
        Side::Right => hash = node_hash(&hash, sibling),
    })?;
    if hash == head.root { Ok(()) } else { Err(ProofInvalid::Root) }
}

/// Checks that the newer tree is the older one with entries appended (RFC 9162, 2.1.4.2).
///
/// # Errors
/// If the older tree is the larger, or the proof has the wrong length or leads to other roots.
pub fn verify_consistency(old: TreeHead, new: TreeHead, proof: &[Digest]) -> Result<(), ProofInvalid> {
    if old.size > new.size {
        return Err(ProofInvalid::Outside);
    }
    if old.size == 0 || old.size == new.size {
        let expected = if old.size == 0 { empty_root() } else { new.root };
        return match (proof.is_empty(), old.root == expected) {
            (false, _) => Err(ProofInvalid::Length),
            (true, false) => Err(ProofInvalid::Root),
            (true, true) => Ok(()),
        };
    }
    // The root of a complete older tree is the first hash itself, and is left out of the proof.
    let (first, rest) = if old.size.is_power_of_two() {
        (old.root, proof)
    } else {
        proof.split_first().map(|(first, rest)| (*first, rest)).ok_or(ProofInvalid::Length)?
    };
    let (mut old_hash, mut new_hash) = (first, first);
    // The climb begins at the largest complete subtree that ends where the older tree ends.
    let level = (old.size - 1).trailing_ones();
    climb((old.size - 1) >> level, (new.size - 1) >> level, rest, |side, sibling| match side {
        Side::Left => {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
        }
        Side::Right => new_hash = node_hash(&new_hash, sibling),
    })?;
    if old_hash == old.root && new_hash == new.root { Ok(()) } else { Err(ProofInvalid::Root) }
}

/// Where a sibling stands.
enum Side {
    Left,
    Right,
}

/// Walks from a node (`fn` in the RFC) to the root, `last` (`sn`) being the last node of its level.
fn climb(
    mut node: u64,
    mut last: u64,
    proof: &[Digest],
    mut each: impl FnMut(Side, &Digest),
) -> Result<(), ProofInvalid> {
    for sibling in proof {
        if last == 0 {
            return Err(ProofInvalid::Length);
        }
        if node % 2 == 1 || node == last {
            each(Side::Left, sibling);
            // The last node of a level rises unchanged until it is a right child. `node` is not 0 here.
            let rise = node.trailing_zeros();
            (node, last) = (node >> rise, last >> rise);
        } else {
            each(Side::Right, sibling);
        }
        (node, last) = (node / 2, last / 2);
    }
    if last == 0 { Ok(()) } else { Err(ProofInvalid::Length) }
}

/// `start + k`, `k` the largest power of two below the range's length, which is at least 2.
fn split(range: &Range<u64>) -> u64 {
    let below = range.end - range.start - 1;
    range.start + (1 << below.ilog2())
}

/// Keeps the left part, gives back the right.
fn halve_left(range: &mut Range<u64>, middle: u64) -> Range<u64> {
    let right = middle..range.end;
    range.end = middle;
    right
}

/// Keeps the right part, gives back the left.
fn halve_right(range: &mut Range<u64>, middle: u64) -> Range<u64> {
    let left = range.start..middle;
    range.start = middle;
    left
}

/// `MTH(D[range])` of a range that the splits of the tree lead to: its complete subtrees, folded.
fn range_root(source: &impl HashSource, range: Range<u64>) -> Result<Digest, ProofUnavailable> {
    let mut peaks = Vec::new();
    let mut start = range.start;
    for level in (0..64u8).rev() {
        if (range.end - range.start) >> level & 1 == 1 {
            let index = start >> level;
            peaks.push(source.hash(level, index).ok_or(ProofUnavailable::Missing { level, index })?);
            start += 1 << level;
        }
    }
    Ok(fold_peaks(peaks.into_iter()))
}

#[cfg(test)]
mod tests;
