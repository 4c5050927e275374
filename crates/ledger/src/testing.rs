//! What the tests of this crate share: a tree in memory and the oracle's view of it.

use crate::{Frontier, HashSource, leaf_hash};
use concord_domain::Digest;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use std::collections::BTreeMap;

pub(crate) type Oracle = MemoryBackedTree<sha2::Sha256, Vec<u8>>;

#[derive(Debug, Clone, Default)]
pub(crate) struct MemoryTree {
    pub(crate) frontier: Frontier,
    pub(crate) nodes: BTreeMap<(u8, u64), Digest>,
}

impl MemoryTree {
    pub(crate) fn push(&mut self, entry: &[u8]) {
        for node in self.frontier.append(leaf_hash(entry)) {
            let before = self.nodes.insert((node.level, node.index), node.hash);
            assert_eq!(before, None, "a subtree is finished once");
        }
    }
}

impl HashSource for MemoryTree {
    fn hash(&self, level: u8, index: u64) -> Option<Digest> {
        self.nodes.get(&(level, index)).copied()
    }
}

/// Entry `n` of the sample logs.
pub(crate) fn sample(n: u64) -> Vec<u8> {
    format!("entry {n}").into_bytes()
}

/// A tree over the first `size` sample entries, ours and the oracle's.
pub(crate) fn memory_tree(size: u64) -> (MemoryTree, Oracle) {
    let (mut tree, mut oracle) = (MemoryTree::default(), Oracle::new());
    for n in 0..size {
        tree.push(&sample(n));
        oracle.push(sample(n));
    }
    (tree, oracle)
}

pub(crate) fn oracle_root(entries: &[Vec<u8>]) -> Digest {
    let mut oracle = Oracle::new();
    entries.iter().for_each(|entry| oracle.push(entry.clone()));
    root_of(&oracle)
}

pub(crate) fn root_of(oracle: &Oracle) -> Digest {
    Digest::from_slice(oracle.root().as_bytes()).unwrap()
}
