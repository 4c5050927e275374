use super::*;
use crate::testing::{MemoryTree, memory_tree, sample};
use crate::{Frontier, leaf_hash};
use concord_domain::Digest;
use proptest::prelude::*;
use std::collections::BTreeMap;

struct Samples;

impl EntrySource for Samples {
    fn entry(&self, index: u64) -> Option<Vec<u8>> {
        Some(sample(index))
    }
}

fn path(kind: TileKind, index: u64, width: u16) -> String {
    TilePath { kind, index, width }.to_string()
}

/// What the folder of a ledger holds in the end if it was written at each of these sizes.
fn written(tree: &MemoryTree, sizes: &[u64]) -> BTreeMap<String, Vec<u8>> {
    let olds = [0].iter().chain(sizes);
    let tiles = olds.zip(sizes).flat_map(|(old, new)| tiles_between(*old, *new, tree, &Samples));
    tiles.map(|tile| tile.unwrap()).map(|tile| (tile.path.to_string(), tile.bytes)).collect()
}

#[test]
fn paths_are_those_of_the_specification() {
    assert_eq!(path(TileKind::Hashes(0), 1_234_067, 256), "tile/0/x001/x234/067");
    assert_eq!(path(TileKind::Hashes(2), 0, 256), "tile/2/000");
    assert_eq!(path(TileKind::Entries, 1000, 1), "tile/entries/x001/000.p/1");
    assert_eq!(path(TileKind::Entries, 999, 255), "tile/entries/999.p/255");
    let partial = TilePath { kind: TileKind::Hashes(1), index: 3, width: 9 };
    assert_eq!(partial.partial_folder(), "tile/1/003.p");
}

#[test]
fn a_ledger_of_70_000_has_the_tiles_that_the_specification_counts() {
    let paths: Vec<TilePath> = paths_between(0, 70_000).collect();
    let count = |kind| {
        let full = paths.iter().filter(|p| p.kind == kind && !p.is_partial()).count();
        (full, paths.iter().filter(|p| p.kind == kind && p.is_partial()).map(|p| p.width).collect::<Vec<_>>())
    };
    assert_eq!(count(TileKind::Hashes(0)), (273, vec![112]));
    assert_eq!(count(TileKind::Hashes(1)), (1, vec![17]));
    assert_eq!(count(TileKind::Hashes(2)), (0, vec![1]));
    assert_eq!(count(TileKind::Hashes(3)), (0, vec![]));
    assert_eq!(count(TileKind::Entries), (273, vec![112]));
    let of_256: Vec<String> = paths_between(0, 256).map(|p| p.to_string()).collect();
    assert_eq!(of_256, ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]);
    assert_eq!(paths_between(70_000, 70_000).count(), 0);
    let highest = paths_between(crate::SIZE_MAX - 1, crate::SIZE_MAX).map(|p| p.to_string());
    assert_eq!(highest.last().unwrap(), "tile/entries/x018/x014/x398/x509/x481/983");
}

#[test]
fn contents_follow_the_formula() {
    let (tree, _) = memory_tree(600);
    let files = written(&tree, &[600]);
    let root = |range: std::ops::Range<u64>| -> Digest {
        let mut frontier = Frontier::new();
        range.for_each(|n| drop(frontier.append(leaf_hash(&sample(n)))));
        frontier.root()
    };
    let expected = [root(0..256), root(256..512)].map(|d| d.0).concat();
    assert_eq!(files["tile/1/000.p/2"], expected);
    assert_eq!(files["tile/0/002.p/88"][..32], leaf_hash(&sample(512)).0);
    assert_eq!(files["tile/0/001"].len(), 8192);
    assert!(files["tile/entries/000"].starts_with(b"\x00\x07entry 0\x00\x07entry 1"));
}

#[test]
fn what_is_missing_or_too_long_is_named() {
    struct Nothing;
    impl HashSource for Nothing {
        fn hash(&self, _: u8, _: u64) -> Option<Digest> {
            None
        }
    }
    struct Long;
    impl EntrySource for Long {
        fn entry(&self, _: u64) -> Option<Vec<u8>> {
            Some(vec![0; 65_536])
        }
    }
    let first = tiles_between(0, 1, &Nothing, &Samples).next().unwrap();
    assert_eq!(first, Err(TileUnavailable::MissingHash { level: 0, index: 0 }));
    let (tree, _) = memory_tree(1);
    let last = tiles_between(0, 1, &tree, &Long).last().unwrap();
    assert_eq!(last, Err(TileUnavailable::EntryTooLong { index: 0, found: 65_536 }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn written_piece_by_piece_or_read_in_one_go(mut sizes in prop::collection::vec(1u64..1100, 1..6)) {
        sizes.sort_unstable();
        let last = *sizes.last().unwrap();
        let (mut tree, mut open, mut streamed) = (MemoryTree::default(), OpenTiles::default(), BTreeMap::new());
        for n in 0..last {
            let nodes = tree.frontier.append(leaf_hash(&sample(n)));
            tree.nodes.extend(nodes.iter().map(|node| ((node.level, node.index), node.hash)));
            let full = open.push(&sample(n), &nodes).unwrap();
            let partial = open.partial().filter(|_| sizes.contains(&(n + 1)));
            streamed.extend(full.into_iter().chain(partial).map(|tile| (tile.path.to_string(), tile.bytes)));
        }
        prop_assert_eq!(written(&tree, &sizes), streamed);
    }
}
