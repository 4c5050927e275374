//! Published documents as they travel.

use crate::pb::agreement::v1 as local;
use crate::pb::federation::v1 as pb;
use concord_domain::Digest;
use concord_trust::Signature;

impl From<Signature> for pb::SyncSignature {
    fn from(signature: Signature) -> Self {
        let Signature { label, cose } = signature;
        Self { label, cose: cose.into() }
    }
}

impl From<pb::SyncSignature> for Signature {
    fn from(message: pb::SyncSignature) -> Self {
        let pb::SyncSignature { label, cose } = message;
        Self { label, cose: cose.into() }
    }
}

impl From<Signature> for local::DocumentSignature {
    fn from(signature: Signature) -> Self {
        let Signature { label, cose } = signature;
        Self { label, cose }
    }
}

impl From<local::DocumentSignature> for Signature {
    fn from(message: local::DocumentSignature) -> Self {
        let local::DocumentSignature { label, cose } = message;
        Self { label, cose }
    }
}

/// Digests one after the other.
pub fn digests_to_pb(digests: impl IntoIterator<Item = Digest>) -> Vec<u8> {
    digests.into_iter().flat_map(|digest| *digest.as_bytes()).collect()
}

/// Reads digests that stand one after the other; `None` if the length is not that of whole digests.
pub fn digests_from_pb(bytes: &[u8]) -> Option<Vec<Digest>> {
    let (whole, rest) = bytes.as_chunks::<32>();
    rest.is_empty().then(|| whole.iter().copied().map(Digest).collect())
}
