//! What agencies sign and seal: charter, card, keyring and block notice, and the envelope that carries every request.
//!
//! In scope: Ed25519 signatures as COSE_Sign1 (RFC 9052), sealing by HPKE with X-Wing (RFC 9180,
//! draft-ietf-hpke-pq), the documents that say whose key is whose, and the rules of the envelope.
//! Out of scope: agreements (`concord-agreements`), the ledger, how bytes travel.
//!
//! ```text
//! charter --names root key of--> agency --signs--> card --names keyring key--> keyring
//!                                                    |                           |
//!    |                                        agreement key          message, checkpoint, sealing keys,
//!    +--names emergency key, which signs block notices                TLS bundle, endpoints
//! ```
//!
//! One key, one use; every signature names its kind in the external data, so that bytes signed as one kind
//! never pass as another. Verify, then parse; nothing is encoded again to be verified.

mod cose;
mod digest;
mod document;
pub mod envelope;
mod rest;
mod sealing;
mod signing;
#[cfg(test)]
mod testing;
mod turn;

pub use cose::{Cose, Kind, SignatureInvalid};
pub use digest::sha256;
pub use document::{
    Block, BlockReason, Card, Charter, Directory, DirectoryBuilder, DocumentError, DocumentKind, DocumentRef,
    DocumentSet, DutyDesk, EmergencyKeys, Floor, FormerRoots, Keyring, Member, MemberKind, Names, NextKeys,
    NextSigners, Signature, Signed, SignedFile, Succession, UnknownDocumentKind, fingerprint, signers,
    summary,
};
pub use rest::StorageKey;
pub use sealing::{CannotOpen, SealingKey, SealingPublicKey};
pub use signing::{InvalidKey, KeyId, PublicKey, SigningKey};
pub use turn::Turn;
