//! A federation of three agencies in memory; one of them serves from a real store in a temporary folder.

mod documents;
mod echo;
mod mesh;
mod world;

pub(crate) use documents::{
    CHECKPOINT, MESSAGE, agency, carried, directory_of, key, keyring, northwest, now, published, reference,
    rules, rules_blocking, rules_in, rules_suspended_by, sealing_key, signed,
};
pub(crate) use echo::Echo;
pub(crate) use mesh::Mesh;
pub(crate) use world::{Received, World, context, envelope, open_answer, soon};

use concord_domain::Entropy;
use concord_trust::sha256;
use std::sync::atomic::{AtomicU64, Ordering};

/// The agency that serves.
pub(crate) const HERE: &str = "gs.police.cn";
/// The agency that asks.
pub(crate) const ORIGIN: &str = "yn.police.cn";
/// Another agency that asks.
pub(crate) const OTHER: &str = "sn.police.cn";
/// The ministry, which carries.
pub(crate) const MINISTRY: &str = "police.cn";

/// Randomness that is the same in every run.
#[derive(Debug)]
pub(crate) struct Seeded(AtomicU64);

impl Seeded {
    pub(crate) fn from(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Entropy for Seeded {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(32) {
            let block = sha256(&[b"test entropy", &self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes()]);
            chunk.copy_from_slice(&block.as_bytes()[..chunk.len()]);
        }
    }
}
