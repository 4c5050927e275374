//! Makes what a federation needs before its first node starts: charter, cards, keyrings, signed agreements, and
//! for each agency an authority with its certificates.
//!
//! In scope: a federation described as data ([`Federation`]), the folder that is generated from it ([`generate`]),
//! and the small operations that keep such a folder alive: issue, revoke, renew keyrings and cards, rotate keys, block,
//! agree, withdraw. Out of scope: what the documents mean (`concord-trust`, `concord-agreements`), judging certificates
//! (`concord-transport`), a node's configuration beyond the file written here. Time and, but for the nonce inside ECDSA, randomness come from the caller.
//!
//! ```text
//! federation.toml + agreements/*.toml --generate--> DIR/federation/   charter, cards, keyrings, crls, agreements
//!                                                   DIR/offline/      keys of the charter, and of members without a node
//!                                                   DIR/AGENCY/       node.toml, keys, tls, clients, data
//! ```
//!
//! Certificates are ECDSA P-256, since gRPC clients built on BoringSSL take no Ed25519, and carry one SPIFFE ID as
//! their only URI name (SPIFFE X.509-SVID, section 2; RFC 5280). All keys lie unencrypted beside each other: this
//! is for development, tests and demonstrations.

mod agreement;
mod authority;
mod block;
mod card;
mod credential;
mod documents;
mod error;
mod federation;
mod file;
mod generate;
mod issue;
mod keyring;
mod keys;
mod layout;
mod leaf;
mod node_toml;
mod revocation;
mod rotation;
mod sample;
mod validity;

pub use agreement::{Withdrawal, declare, publish_agreement, withdraw};
pub use authority::Authority;
pub use block::{BlockNotice, block, lift};
pub use card::{CardRenewal, CardRenewed, renew_card};
pub use credential::{Credential, CredentialFiles};
pub use error::PkiError;
pub use federation::{CharterKeys, Federation, FederationError, FederationMember, ProposedAgreement};
pub use generate::{Addresses, Generated, Options, generate};
pub use issue::{Client, issue_client, issue_node};
pub use keyring::{Renewal, renew_keyring};
pub use keys::read_key;
pub use layout::{KeyName, Layout, NodeFolder};
pub use leaf::LeafSpec;
pub use node_toml::{NodeSettings, node_toml};
pub use revocation::{Revoked, revoke};
pub use rotation::{Rotated, Rotation, rotate_keys};
pub use validity::{Lives, Validity};

#[cfg(test)]
mod tests;
