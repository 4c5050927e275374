//! What a broker answers while a request waits with it.

use super::decode_all;
use concord_domain::{Reference, Timestamp};
use minicbor::{Decode, Encode};

/// The content of an answer whose outcome is pending: its end comes to whoever asks again under the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Pending {
    /// Under which the request waits; see [`Brief::continues`](super::Brief::continues).
    #[n(0)]
    pub reference: Reference,
    /// From when on it is no longer asked on.
    #[n(1)]
    pub until: Timestamp,
}

impl Pending {
    /// The content.
    #[allow(clippy::expect_used, reason = "encoding two plain fields into memory cannot fail")]
    pub fn encode(&self) -> Vec<u8> {
        minicbor::to_vec(self).expect("a reference and a time encode")
    }

    /// Reads the content of an answer; `None` if it is another one.
    pub fn decode(content: &[u8]) -> Option<Self> {
        decode_all(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pending_is_read_back_and_nothing_else_is() {
        let pending = Pending { reference: Reference([7; 16]), until: Timestamp::from_millis(5) };
        assert_eq!(Pending::decode(&pending.encode()), Some(pending));
        assert_eq!(Pending::decode(&[pending.encode(), vec![0]].concat()), None);
        assert_eq!(Pending::decode(b"hello #1"), None);
    }
}
