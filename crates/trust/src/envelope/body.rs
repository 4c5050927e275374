//! The sealed body: salt and content, padded to a size class.

use crate::sealing::CannotOpen;
use crate::sha256;
use concord_domain::{Digest, Entropy, EntropyExt};
use minicbor::{Decode, Encode};
use thiserror::Error;
use zeroize::Zeroizing;

/// A body before sealing. The commitment covers salt and content; what is attached afterwards (a receipt over
/// that very commitment, the latest checkpoint) cannot be covered by it, and is signed by itself.
#[derive(Clone)]
pub struct Body {
    salt: [u8; 32],
    content: Zeroizing<Vec<u8>>,
}

#[derive(Encode, Decode)]
struct Layout {
    #[cbor(n(0), with = "minicbor::bytes")]
    salt: [u8; 32],
    #[cbor(n(1), with = "minicbor::bytes")]
    content: Vec<u8>,
    #[cbor(n(2), with = "minicbor::bytes")]
    attached: Option<Vec<u8>>,
}

/// The content does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the body has {bytes} bytes, more than the limit of {limit}")]
pub struct BodyTooLong {
    /// Bytes of the content.
    pub bytes: usize,
    /// Bytes allowed.
    pub limit: usize,
}

impl Body {
    /// Size classes in bytes: what an observer learns of a body's length. Four times apart, so that a search, an
    /// answer with a few candidates and one with many look alike within their class.
    const CLASSES: [usize; 6] = [1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20];
    /// Bytes of content at most: the largest class less what stands around the content.
    pub const CONTENT_MAX: usize = (1 << 20) - (8 << 10);

    /// A body with a fresh salt.
    pub fn new(content: Vec<u8>, entropy: &dyn Entropy) -> Result<Self, BodyTooLong> {
        if content.len() > Self::CONTENT_MAX {
            return Err(BodyTooLong { bytes: content.len(), limit: Self::CONTENT_MAX });
        }
        Ok(Self { salt: entropy.bytes(), content: Zeroizing::new(content) })
    }

    /// A body as it was kept.
    pub fn from_parts(salt: [u8; 32], content: Zeroizing<Vec<u8>>) -> Self {
        Self { salt, content }
    }

    /// The salt.
    pub fn salt(&self) -> &[u8; 32] {
        &self.salt
    }

    /// The content.
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// SHA-256(salt ‖ content): what ledgers hold, and what nobody can turn back into personal data.
    pub fn commitment(&self) -> Digest {
        sha256(&[&self.salt, &self.content])
    }

    /// Salt, content and attachment in CBOR, then zeros up to the next size class.
    #[allow(clippy::expect_used, reason = "encoding three byte strings into memory cannot fail")]
    pub(super) fn pad(&self, attached: Option<Vec<u8>>) -> Zeroizing<Vec<u8>> {
        let layout = Layout { salt: self.salt, content: self.content.to_vec(), attached };
        let mut out = Zeroizing::new(minicbor::to_vec(layout).expect("byte strings encode"));
        let class = Self::CLASSES.into_iter().find(|class| out.len() <= *class);
        let length = class.unwrap_or(out.len());
        out.resize(length, 0);
        out
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Body(redacted)")
    }
}

/// A body after opening.
#[derive(Debug, Clone)]
pub struct Opened {
    /// What the commitment covers.
    pub body: Body,
    /// What was attached afterwards.
    pub attached: Option<Vec<u8>>,
}

impl Opened {
    /// Reads an opened body. One that is not padded to a size class is refused: its sender tells observers more
    /// than either side agreed to.
    pub(super) fn read(padded: &[u8]) -> Result<Self, CannotOpen> {
        if !Body::CLASSES.contains(&padded.len()) {
            return Err(CannotOpen);
        }
        let mut decoder = minicbor::Decoder::new(padded);
        let Layout { salt, content, attached } = decoder.decode().map_err(|_| CannotOpen)?;
        let padding = padded.get(decoder.position()..).unwrap_or_default();
        if padding.iter().any(|b| *b != 0) {
            return Err(CannotOpen);
        }
        Ok(Self { body: Body { salt, content: Zeroizing::new(content) }, attached })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use concord_domain::SystemEntropy;

    #[test]
    fn bodies_of_one_class_have_one_length() {
        let length = |n| Body::new(vec![1; n], &SystemEntropy).unwrap().pad(None).len();
        assert_eq!(length(0), 1 << 10);
        assert_eq!(length(900), 1 << 10);
        assert_eq!(length(1100), 1 << 12);
        assert_eq!(length(Body::CONTENT_MAX), 1 << 20);
        assert!(Body::new(vec![1; Body::CONTENT_MAX + 1], &SystemEntropy).is_err());
    }

    #[test]
    fn padding_is_only_zeros() {
        let body = Body::new(b"content".to_vec(), &SystemEntropy).unwrap();
        let mut padded = body.pad(Some(b"receipt".to_vec()));
        let opened = Opened::read(&padded).unwrap();
        assert_eq!(opened.body.commitment(), body.commitment());
        assert_eq!(opened.attached.as_deref(), Some(b"receipt".as_slice()));
        *padded.last_mut().unwrap() = 1;
        assert!(Opened::read(&padded).is_err());
        *padded.last_mut().unwrap() = 0;
        assert!(Opened::read(&padded).is_ok());
        padded.push(0);
        assert!(Opened::read(&padded).is_err(), "not a size class");
    }
}
