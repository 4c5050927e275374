//! The side that asks: one round with one peer.

use super::library::{Library, NotKept};
use super::pages::{FINGERPRINTS_MAX, files, page};
use concord_domain::{AgencyId, Digest};
use concord_wire::pb::federation::v1 as pb;
use concord_wire::pb::federation::v1::sync_request::Step;
use concord_wire::{digests_from_pb, digests_to_pb};
use futures_util::future::BoxFuture;
use std::collections::BTreeSet;

/// What a round brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Gain {
    /// Documents or signatures that were new here.
    pub received: usize,
    /// Documents that were dropped.
    pub dropped: usize,
    /// Documents handed over.
    pub sent: usize,
    /// The largest checkpoint of our ledger that the peer holds, as it was signed; nothing is believed of it yet.
    pub checkpoint: Option<String>,
}

/// Why a round broke off; what was kept by then stays.
#[derive(Debug)]
pub(crate) enum RoundFailed<E> {
    /// The peer did not answer.
    Call(E),
    /// What it answered makes no sense.
    Nonsense,
    /// We could not keep what it sent.
    NotKept(NotKept),
}

/// Messages of one round at most: enough for a node that begins with nothing, at a megabyte each way.
const STEPS_MAX: usize = 64;

/// Hands one step to the peer.
pub(crate) type Call<'a, E> =
    &'a (dyn Fn(pb::SyncRequest) -> BoxFuture<'a, Result<pb::SyncResponse, E>> + Send + Sync);

/// Compares with `peer`, reached by `call`, and brings each side what it lacks.
pub(crate) async fn round<E>(
    library: &Library,
    peer: &AgencyId,
    call: Call<'_, E>,
) -> Result<Gain, RoundFailed<E>> {
    let mut gain = Gain::default();
    let documents = library.documents();
    let summary = documents.summary().as_bytes().to_vec().into();
    let compared = call(step(Step::Compare(pb::SyncCompare { summary }))).await.map_err(RoundFailed::Call)?;
    gain.checkpoint = Some(compared.checkpoint).filter(|note| !note.is_empty());
    if compared.equal {
        return Ok(gain);
    }
    let ours = documents.fingerprints();
    // Those beyond what a message holds are offered to us, and not taken.
    let fingerprints = digests_to_pb(ours.keys().take(FINGERPRINTS_MAX).copied()).into();
    let listed = call(step(Step::List(pb::SyncList { fingerprints }))).await.map_err(RoundFailed::Call)?;
    let read = |bytes: &[u8]| {
        digests_from_pb(bytes).filter(|all| all.len() <= FINGERPRINTS_MAX).ok_or(RoundFailed::Nonsense)
    };
    let asked: BTreeSet<_> = read(&listed.wanted)?.into_iter().collect();
    // In the order of kinds, so that what others rest on comes first.
    let in_order = documents.iter().map(|(at, file)| concord_trust::fingerprint(at, file));
    let mut to_send: Vec<Digest> = in_order.filter(|fingerprint| asked.contains(fingerprint)).collect();
    let wanted = read(&listed.offered)?.into_iter();
    let mut wanted: Vec<Digest> =
        wanted.filter(|digest| !ours.contains_key(digest) && !library.is_refused(peer, digest)).collect();
    for _ in 0..STEPS_MAX {
        if to_send.is_empty() && wanted.is_empty() {
            break;
        }
        // First take, then give: another signature gives the document on the other side another fingerprint, and what we
        // want would not be found under the one that was offered.
        let (page, sent) = if wanted.is_empty() { page(&documents, &to_send) } else { Default::default() };
        to_send.retain(|digest| !sent.contains(digest));
        gain.sent += sent.len();
        let transfer =
            pb::SyncTransfer { documents: page, wanted: digests_to_pb(wanted.iter().copied()).into() };
        let transferred = call(step(Step::Transfer(transfer))).await.map_err(RoundFailed::Call)?;
        let (came, before) = (files(transferred.documents, peer.as_str()), wanted.len());
        for (kind, file) in &came {
            let at = concord_trust::DocumentRef::of(*kind, file);
            let fingerprint = at.map(|at| concord_trust::fingerprint(&at, file)).ok();
            wanted.retain(|digest| Some(*digest) != fingerprint);
        }
        if wanted.len() == before {
            // It does not have them any more, or sends what nobody asked for.
            wanted.clear();
        }
        let (new, results) = library.keep_all(peer, came).await.map_err(RoundFailed::NotKept)?;
        gain.received += new;
        gain.dropped += results.iter().filter(|result| result.is_err()).count();
    }
    Ok(gain)
}

fn step(step: Step) -> pb::SyncRequest {
    pb::SyncRequest { step: Some(step) }
}
