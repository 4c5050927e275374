//! The trail of a carried request: one signed hop for each carrier that it passed.
//!
//! A hop names the digest of all before it, the carrier itself, the agency that it hands the request to, and the time.
//! So nobody can cut a hop out, put one in, or swap two, without one of those who signed noticing: the line of `next`
//! leads from the origin's dispatch to whoever holds the request, or it is broken.

use super::decode_all;
use crate::cose::{Cose, Kind};
use crate::document::Directory;
use crate::sha256;
use crate::signing::SigningKey;
use concord_domain::{AgencyId, Digest, Refusal, Timestamp};
use minicbor::{Decode, Encode};

/// Carriers of one request at most: from a county by its province and the ministry to another province and down to its
/// county are four.
pub const HOPS_MAX: usize = 4;
/// Bytes of one signed hop at most: two agencies of 120 bytes, a digest, a time, and COSE around them.
pub const HOP_BYTES_MAX: usize = 512;

/// What a carrier signs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Hop {
    /// SHA-256 over the origin's signed request, or over the signed hop before.
    #[n(0)]
    pub before: Digest,
    /// The carrier.
    #[n(1)]
    pub carrier: AgencyId,
    /// Whom it hands the request to.
    #[n(2)]
    pub next: AgencyId,
    /// When.
    #[n(3)]
    pub at: Timestamp,
}

/// The hops that came with a request. What they say is a claim until their signatures are verified.
#[derive(Debug, Clone, Default)]
pub(super) struct Trail {
    hops: Vec<(Hop, Cose)>,
    signed: Vec<Vec<u8>>,
    end: Option<Digest>,
}

fn link(before: &[u8]) -> Digest {
    sha256(&[b"concord/hop-link/v1", before])
}

impl Trail {
    /// Reads the hops of `request` (the origin's signed bytes) that was dispatched to `first`.
    ///
    /// # Errors
    /// [`Refusal::HopsTooMany`]; [`Refusal::HopLineBroken`] where a hop is no hop, does not name all before it, or is
    /// not by the one that the hop before names.
    pub(super) fn read(request: &[u8], first: &AgencyId, signed: Vec<Vec<u8>>) -> Result<Self, Refusal> {
        if signed.len() > HOPS_MAX {
            return Err(Refusal::HopsTooMany);
        }
        let mut end = link(request);
        let mut holder = first.clone();
        let mut hops = Vec::with_capacity(signed.len());
        for bytes in &signed {
            let (hop, cose) = read_hop(bytes).ok_or(Refusal::HopLineBroken)?;
            if hop.before != end || hop.carrier != holder {
                return Err(Refusal::HopLineBroken);
            }
            holder = hop.next.clone();
            end = link(bytes);
            hops.push((hop, cose));
        }
        Ok(Self { hops, signed, end: Some(end) })
    }

    /// The carriers passed, in order.
    pub(super) fn carriers(&self) -> impl Iterator<Item = &AgencyId> {
        self.hops.iter().map(|(hop, _)| &hop.carrier)
    }

    /// The hops, in order.
    pub(super) fn hops(&self) -> impl Iterator<Item = &Hop> {
        self.hops.iter().map(|(hop, _)| hop)
    }

    /// Whom the last carrier handed the request to; `None` without a carrier.
    pub(super) fn next(&self) -> Option<&AgencyId> {
        self.hops.last().map(|(hop, _)| &hop.next)
    }

    /// Demands that no agency stands in the line twice, the ends included.
    pub(super) fn check_loops(&self, ends: &[&AgencyId]) -> Result<(), Refusal> {
        let mut seen: Vec<&AgencyId> = ends.to_vec();
        for carrier in self.carriers() {
            if seen.contains(&carrier) {
                return Err(Refusal::HopLoop);
            }
            seen.push(carrier);
        }
        Ok(())
    }

    /// Verifies the last carrier's signature: for a carrier, which answers for its predecessor only.
    pub(super) fn verify_last(&self, directory: &Directory, now: Timestamp) -> Result<(), Refusal> {
        self.hops.last().map_or(Ok(()), |(hop, cose)| verify(hop, cose, directory, now))
    }

    /// Verifies every carrier's signature.
    pub(super) fn verify(&self, directory: &Directory, now: Timestamp) -> Result<(), Refusal> {
        self.hops.iter().try_for_each(|(hop, cose)| verify(hop, cose, directory, now))
    }

    /// The signed hops with one more.
    #[allow(clippy::expect_used, reason = "encoding plain fields into memory cannot fail")]
    pub(super) fn with(
        &self,
        carrier: &AgencyId,
        next: &AgencyId,
        at: Timestamp,
        key: &SigningKey,
    ) -> Vec<Vec<u8>> {
        let before = self.end.unwrap_or_else(|| link(&[]));
        let hop = Hop { before, carrier: carrier.clone(), next: next.clone(), at };
        let signed = key.sign(Kind::Hop, minicbor::to_vec(hop).expect("a hop encodes"));
        self.signed.iter().cloned().chain([signed]).collect()
    }
}

fn read_hop(bytes: &[u8]) -> Option<(Hop, Cose)> {
    if bytes.len() > HOP_BYTES_MAX {
        return None;
    }
    let cose = Cose::parse(bytes).ok()?;
    let hop = decode_all(cose.payload()?)?;
    Some((hop, cose))
}

fn verify(hop: &Hop, cose: &Cose, directory: &Directory, now: Timestamp) -> Result<(), Refusal> {
    let keys = directory.message_keys(&hop.carrier, now);
    let signed = keys.iter().any(|key| cose.verify(Kind::Hop, key).is_ok());
    if signed { Ok(()) } else { Err(Refusal::HopLineBroken) }
}
