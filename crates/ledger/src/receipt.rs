//! Receipts: a signed word that an entry is in a ledger, for good.

use crate::checkpoint::Checkpoint;
use crate::entry::LeafRef;
use crate::proof::{ProofInvalid, verify_inclusion};
use concord_domain::{AgencyId, Digest, Timestamp};
use concord_trust::{Cose, Kind, PublicKey, SignatureInvalid, SigningKey};
use minicbor::{Decode, Encode};
use thiserror::Error;

/// Bytes of a signed receipt at most: some 350 are the most that an honest one has.
pub const RECEIPT_BYTES_MAX: usize = 1024;

/// That an entry stands at an index of a ledger: another leaf at that index convicts the signer. Signed after the
/// entry was made durable.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Receipt {
    /// The agency that keeps the ledger.
    #[n(0)]
    pub ledger: AgencyId,
    /// The entry's index.
    #[n(1)]
    pub index: u64,
    /// The entry's leaf hash.
    #[n(2)]
    pub leaf: Digest,
    /// The entry's time.
    #[n(3)]
    pub time: Timestamp,
}

/// Why bytes are not a receipt to believe.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReceiptInvalid {
    /// Over [`RECEIPT_BYTES_MAX`].
    #[error("a receipt of {found} bytes is over the limit of {RECEIPT_BYTES_MAX}")]
    TooLong {
        /// Bytes found.
        found: usize,
    },
    /// The signature around it.
    #[error("receipt: {0}")]
    Signature(#[from] SignatureInvalid),
    /// Signed, but not the CBOR of a receipt.
    #[error("the signed bytes are not a receipt")]
    Malformed,
    /// A receipt of another ledger than that of the key's owner.
    #[error("the receipt is of {found}'s ledger")]
    OtherLedger {
        /// Whose it says it is.
        found: AgencyId,
    },
}

/// Why a receipt is not shown to be in the ledger by a checkpoint and a proof.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotCovered {
    /// The checkpoint is of another ledger.
    #[error("the checkpoint is of {found}'s ledger")]
    OtherLedger {
        /// Whose checkpoint it is.
        found: AgencyId,
    },
    /// The checkpoint does not reach the entry yet, or the proof does not lead from the leaf to its root.
    #[error(transparent)]
    Proof(#[from] ProofInvalid),
}

impl Receipt {
    /// A COSE_Sign1 that carries the receipt, by the agency's message key.
    ///
    /// # Panics
    /// Never: writing to memory cannot fail, and no encoder of these types has an error of its own.
    #[allow(clippy::expect_used, reason = "encoding plain types into memory cannot fail")]
    pub fn sign(&self, key: &SigningKey) -> Vec<u8> {
        key.sign(Kind::Receipt, minicbor::to_vec(self).expect("a receipt encodes"))
    }

    /// The receipt, once it is known to be of `ledger` and signed by that agency's message key.
    ///
    /// # Errors
    /// If the bytes are too long or malformed, signed by another key, or of another ledger.
    pub fn verify(signed: &[u8], ledger: &AgencyId, key: &PublicKey) -> Result<Self, ReceiptInvalid> {
        if signed.len() > RECEIPT_BYTES_MAX {
            return Err(ReceiptInvalid::TooLong { found: signed.len() });
        }
        let cose = Cose::parse(signed)?;
        let payload = cose.verify(Kind::Receipt, key)?;
        let receipt: Self = minicbor::decode(payload).map_err(|_| ReceiptInvalid::Malformed)?;
        if receipt.ledger != *ledger {
            return Err(ReceiptInvalid::OtherLedger { found: receipt.ledger });
        }
        Ok(receipt)
    }

    /// Where the entry is.
    pub fn leaf_ref(&self) -> LeafRef {
        LeafRef { index: self.index, hash: self.leaf }
    }

    /// Checks that a (verified) checkpoint of the same ledger covers the entry.
    ///
    /// # Errors
    /// If the checkpoint is of another ledger or too small, or the proof does not lead to its root.
    pub fn check_covered(&self, checkpoint: &Checkpoint, proof: &[Digest]) -> Result<(), NotCovered> {
        if checkpoint.ledger != self.ledger {
            return Err(NotCovered::OtherLedger { found: checkpoint.ledger.clone() });
        }
        Ok(verify_inclusion(self.leaf, self.index, checkpoint.head(), proof)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf_hash;
    use crate::proof::inclusion_proof;
    use crate::testing::{memory_tree, root_of, sample};
    use proptest::prelude::*;

    fn agency() -> AgencyId {
        "yn.police.cn".parse().unwrap()
    }

    fn key(n: u8) -> SigningKey {
        SigningKey::from_seed([n; 32])
    }

    fn receipt(index: u64) -> Receipt {
        let leaf = leaf_hash(&sample(index));
        Receipt { ledger: agency(), index, leaf, time: Timestamp::from_millis(1_000) }
    }

    #[test]
    fn signed_for_one_ledger_by_one_key() {
        let signed = receipt(3).sign(&key(1));
        assert_eq!(Receipt::verify(&signed, &agency(), &key(1).public()), Ok(receipt(3)));
        let other = Receipt::verify(&signed, &agency(), &key(2).public());
        assert_eq!(other, Err(ReceiptInvalid::Signature(SignatureInvalid::OtherKey)));
        let elsewhere = Receipt::verify(&signed, &"gx.police.cn".parse().unwrap(), &key(1).public());
        assert_eq!(elsewhere, Err(ReceiptInvalid::OtherLedger { found: agency() }));
        let too_long = Receipt::verify(&[0; RECEIPT_BYTES_MAX + 1], &agency(), &key(1).public());
        assert_eq!(too_long, Err(ReceiptInvalid::TooLong { found: RECEIPT_BYTES_MAX + 1 }));
        let nonsense = key(1).sign(Kind::Receipt, b"\x01".to_vec());
        let read = Receipt::verify(&nonsense, &agency(), &key(1).public());
        assert_eq!(read, Err(ReceiptInvalid::Malformed));
    }

    #[test]
    fn the_longest_fits() {
        let ledger: AgencyId = format!("{}.{}", "a".repeat(60), "b".repeat(59)).parse().unwrap();
        let time = Timestamp::from_millis(u64::MAX);
        let longest = Receipt { ledger: ledger.clone(), index: u64::MAX, leaf: Digest([0xff; 32]), time };
        let signed = longest.sign(&key(1));
        assert_eq!(Receipt::verify(&signed, &ledger, &key(1).public()), Ok(longest));
    }

    #[test]
    fn a_checkpoint_covers_it_or_not() {
        let (tree, oracle) = memory_tree(20);
        let checkpoint = Checkpoint { ledger: agency(), size: 20, root: root_of(&oracle) };
        let proof = inclusion_proof(&tree, 3, 20).unwrap();
        assert_eq!(receipt(3).check_covered(&checkpoint, &proof), Ok(()));
        assert!(receipt(4).check_covered(&checkpoint, &proof).is_err());
        let outside = NotCovered::Proof(ProofInvalid::Outside);
        assert_eq!(receipt(20).check_covered(&checkpoint, &proof), Err(outside));
        let other = Checkpoint { ledger: "gx.police.cn".parse().unwrap(), ..checkpoint };
        assert!(matches!(receipt(3).check_covered(&other, &proof), Err(NotCovered::OtherLedger { .. })));
    }

    proptest! {
        #[test]
        fn any_changed_byte_is_noticed(at in any::<prop::sample::Index>(), flip in 1u8..) {
            let mut signed = receipt(3).sign(&key(1));
            let at = at.index(signed.len());
            signed[at] ^= flip;
            prop_assert!(Receipt::verify(&signed, &agency(), &key(1).public()).is_err());
        }
    }
}
