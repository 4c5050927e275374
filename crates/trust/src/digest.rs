//! SHA-256 (FIPS 180-4).

use aws_lc_rs::digest::{Context, SHA256};
use concord_domain::Digest;

/// SHA-256 of the parts, one after the other. Parts of variable length need a length of their own among the
/// parts wherever two different splits could mean different things.
pub fn sha256(parts: &[&[u8]]) -> Digest {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    Digest(out)
}
