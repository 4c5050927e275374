use super::*;
use crate::leaf_hash;
use crate::testing::{Oracle, memory_tree, root_of, sample};
use ct_merkle::{ConsistencyProof, InclusionProof};
use proptest::prelude::*;

const SIZES: std::ops::Range<u64> = 1..70;

fn bytes(proof: &[Digest]) -> Vec<u8> {
    proof.iter().flat_map(|hash| hash.0).collect()
}

fn head(oracle: &Oracle) -> TreeHead {
    TreeHead { size: oracle.len(), root: root_of(oracle) }
}

#[test]
fn inclusion_agrees_with_the_oracle_for_every_leaf_of_every_small_tree() {
    for size in SIZES {
        let (tree, oracle) = memory_tree(size);
        for index in 0..size {
            let proof = inclusion_proof(&tree, index, size).unwrap();
            assert_eq!(bytes(&proof), oracle.prove_inclusion(index as usize).as_bytes(), "{index} of {size}");
            let theirs = InclusionProof::try_from_bytes(bytes(&proof)).unwrap();
            oracle.root().verify_inclusion(&sample(index), index, &theirs).unwrap();
            let leaf = leaf_hash(&sample(index));
            assert_eq!(verify_inclusion(leaf, index, head(&oracle), &proof), Ok(()), "{index} of {size}");
        }
    }
}

#[test]
fn consistency_agrees_with_the_oracle_for_every_pair_of_small_trees() {
    for new in SIZES {
        let (tree, oracle) = memory_tree(new);
        for old in 1..=new {
            let proof = consistency_proof(&tree, old, new).unwrap();
            let older = memory_tree(old).1;
            // The oracle does not prove a tree consistent with itself.
            if old < new {
                let additions = usize::try_from(new - old).unwrap();
                assert_eq!(bytes(&proof), oracle.prove_consistency(additions).as_bytes(), "{old} to {new}");
                let theirs = ConsistencyProof::try_from_bytes(bytes(&proof)).unwrap();
                oracle.root().verify_consistency(&older.root(), &theirs).unwrap();
            }
            assert_eq!(verify_consistency(head(&older), head(&oracle), &proof), Ok(()), "{old} to {new}");
            assert_eq!(root_at(&tree, old), Ok(root_of(&older)));
        }
    }
}

#[test]
fn every_tree_extends_the_empty_one() {
    let (tree, oracle) = memory_tree(9);
    let nothing = TreeHead { size: 0, root: empty_root() };
    assert_eq!(consistency_proof(&tree, 0, 9), Ok(vec![]));
    assert_eq!(verify_consistency(nothing, head(&oracle), &[]), Ok(()));
    let forged = TreeHead { size: 0, root: root_of(&oracle) };
    assert_eq!(verify_consistency(forged, head(&oracle), &[]), Err(ProofInvalid::Root));
    assert_eq!(root_at(&tree, 0), Ok(empty_root()));
}

#[test]
fn what_lies_outside_is_refused() {
    let (tree, oracle) = memory_tree(5);
    let (leaf, head) = (leaf_hash(b""), head(&oracle));
    assert_eq!(inclusion_proof(&tree, 5, 5), Err(ProofUnavailable::Outside { wanted: 5, size: 5 }));
    assert_eq!(consistency_proof(&tree, 6, 5), Err(ProofUnavailable::Outside { wanted: 6, size: 5 }));
    assert!(matches!(inclusion_proof(&tree, 0, 8), Err(ProofUnavailable::Missing { level: 2, index: 1 })));
    assert_eq!(verify_inclusion(leaf, 5, head, &[]), Err(ProofInvalid::Outside));
    let larger = TreeHead { size: 6, root: leaf };
    assert_eq!(verify_consistency(larger, head, &[]), Err(ProofInvalid::Outside));
}

proptest! {
    #[test]
    fn a_changed_proof_does_not_convince(
        size in 2u64..600, pick in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(),
        byte in 0usize..32, flip in 1u8..,
    ) {
        let (tree, oracle) = memory_tree(size);
        let (head, index) = (head(&oracle), pick.index(size as usize) as u64);
        let leaf = leaf_hash(&sample(index));
        let good = inclusion_proof(&tree, index, size).unwrap();
        let mut bad = good.clone();
        bad[at.index(good.len())].0[byte] ^= flip;
        prop_assert_eq!(verify_inclusion(leaf, index, head, &bad), Err(ProofInvalid::Root));
        prop_assert_eq!(verify_inclusion(leaf, index, head, &good[1..]), Err(ProofInvalid::Length));
        let longer = [good.as_slice(), &[leaf]].concat();
        prop_assert_eq!(verify_inclusion(leaf, index, head, &longer), Err(ProofInvalid::Length));
        let elsewhere = (index + 1) % size;
        prop_assert!(verify_inclusion(leaf, elsewhere, head, &good).is_err());
    }

    #[test]
    fn a_rewritten_past_is_not_consistent(
        old in 1u64..300, more in 1u64..300, byte in 0usize..32, flip in 1u8..,
    ) {
        let (tree, oracle) = memory_tree(old + more);
        let older = head(&memory_tree(old).1);
        let proof = consistency_proof(&tree, old, old + more).unwrap();
        prop_assert_eq!(verify_consistency(older, head(&oracle), &proof), Ok(()));
        let mut rewritten = older;
        rewritten.root.0[byte] ^= flip;
        prop_assert_eq!(verify_consistency(rewritten, head(&oracle), &proof), Err(ProofInvalid::Root));
        let shorter = &proof[1..];
        prop_assert!(verify_consistency(older, head(&oracle), shorter).is_err());
        let mut bad = proof.clone();
        bad[0].0[byte] ^= flip;
        prop_assert_eq!(verify_consistency(older, head(&oracle), &bad), Err(ProofInvalid::Root));
    }
}
