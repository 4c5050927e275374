//! What can go wrong while making keys, documents and certificates.

use crate::federation::FederationError;
use concord_agreements::AgreementError;
use concord_domain::{AgencyId, AgreementId, InvalidIdentity, Timestamp};
use concord_trust::{DocumentError, InvalidKey};
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Why nothing was made. Names the file or field; never holds a key or an officer.
#[derive(Debug, Error)]
pub enum PkiError {
    /// The folder already holds a federation; its keys must not be lost by writing over them.
    #[error("{folder}: there is a charter already")]
    AlreadyThere {
        /// The folder.
        folder: PathBuf,
    },
    /// A file or folder cannot be read or written.
    #[error("{file}: {source}")]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The description of the federation is wrong.
    #[error(transparent)]
    Federation(#[from] FederationError),
    /// A charter, card, keyring or block notice would not be accepted.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// An agreement would not be accepted.
    #[error(transparent)]
    Agreement(#[from] AgreementError),
    /// An agency that the federation does not name.
    #[error("{agency} is not a member")]
    NotAMember {
        /// The agency.
        agency: AgencyId,
    },
    /// A party that has declared as often as can be counted.
    #[error("{party}: no sequence is left for a declaration about {agreement}")]
    NoSequence {
        /// The party.
        party: AgencyId,
        /// The agreement.
        agreement: AgreementId,
    },
    /// An agency that no notice stops, so that there is nothing to lift.
    #[error("{agency}: no block notice stops it")]
    NotBlocked {
        /// The agency.
        agency: AgencyId,
    },
    /// A node without addresses to listen on.
    #[error("{agency}: no addresses were given for its node")]
    NoAddresses {
        /// The agency.
        agency: AgencyId,
    },
    /// Keys that not everybody may know yet.
    #[error(
        "{agency}: its keyring announces the next keys too lately; they may be used from {from} on, when others know them"
    )]
    AnnouncedTooLately {
        /// Whose keys.
        agency: AgencyId,
        /// From when on.
        from: Timestamp,
    },
    /// A node would refuse to read so many keys.
    #[error("{folder}: with the next one {count} {name} keys are more than the limit of {limit}; {}", next_death(*room))]
    TooManyKeys {
        /// The folder of keys.
        folder: PathBuf,
        /// What the keys are for.
        name: &'static str,
        /// How many there would be.
        count: usize,
        /// How many there may be.
        limit: usize,
        /// When the next of them dies; `None` if none does.
        room: Option<Timestamp>,
    },
    /// The folder has not the key that the keyring names.
    #[error("{folder}: none of its {name} keys is the one that the keyring names")]
    NoSuchKey {
        /// The folder of keys.
        folder: PathBuf,
        /// What the key is for.
        name: &'static str,
    },
    /// A private key that others on the machine can read.
    #[error("{file}: has mode {mode:04o}; others must not read it: 0600")]
    OthersMayRead {
        /// The file.
        file: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A key file that holds something else.
    #[error("{file}: {why}")]
    Key {
        /// The file.
        file: PathBuf,
        /// What was expected.
        why: InvalidKey,
    },
    /// A certificate, private key or revocation list that cannot be read.
    #[error("{file}: not a {what}: {why}")]
    Malformed {
        /// The file.
        file: PathBuf,
        /// What it should be.
        what: &'static str,
        /// What the parser said.
        why: String,
    },
    /// An authority's key and certificate belong to two different authorities.
    #[error("{file}: not the key of the certificate beside it")]
    OtherKey {
        /// The key's file.
        file: PathBuf,
    },
    /// A next key that is not the one which the card announces.
    #[error("{file}: not the key that the card has announced")]
    NotAnnounced {
        /// The key's file.
        file: PathBuf,
    },
    /// A certificate that another authority issued: revoking it here would have no effect.
    #[error("{file}: was not issued by the authority of {agency}")]
    NotIssuedHere {
        /// The certificate's file.
        file: PathBuf,
        /// Whose authority was asked.
        agency: AgencyId,
    },
    /// The certificate library refuses.
    #[error("{what}: {source}")]
    Certificate {
        /// What was being made.
        what: &'static str,
        /// What it said.
        source: rcgen::Error,
    },
    /// No private key came of what the source of randomness gave.
    #[error("no P-256 key came of {draws} draws: the source of randomness is broken")]
    NoKey {
        /// How many draws were made.
        draws: usize,
    },
    /// A name that does not make a SPIFFE ID.
    #[error("workload: {0}")]
    Identity(#[from] InvalidIdentity),
    /// A node's identity where a client's is needed.
    #[error("workload: /node/* is not a client; clients are /app/* and /officer/*")]
    NotAClient,
    /// The name of a client's files is empty or leaves its folder.
    #[error("client file: must be 1 to {limit} letters, digits, hyphens or underscores")]
    ClientFile {
        /// Characters allowed.
        limit: usize,
    },
    /// A role that cannot stand in a certificate.
    #[error("roles: {role:?} must be lower-case letters and hyphens")]
    Role {
        /// The role.
        role: String,
    },
    /// More roles than fit.
    #[error("roles: {bytes} bytes, more than the limit of {limit}")]
    RolesTooLong {
        /// Bytes of all roles with their separators.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// It ends before it begins.
    #[error("validity: {until} is not after {from}")]
    NeverValid {
        /// The beginning.
        from: Timestamp,
        /// The end.
        until: Timestamp,
    },
    /// A time that a certificate cannot hold (RFC 5280, 4.1.2.5: four-digit years).
    #[error("{at} is beyond the times that a certificate can hold")]
    TimeOutOfRange {
        /// The time.
        at: Timestamp,
    },
    /// A revocation list without a number, or with the last one there is.
    #[error("{file}: the revocation list has no number that could grow")]
    NoListNumber {
        /// The list's file.
        file: PathBuf,
    },
}

impl PkiError {
    /// Says which file an input or output error is about.
    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let file = path.to_owned();
        |source| Self::File { file, source }
    }

    pub(crate) fn certificate(what: &'static str) -> impl FnOnce(rcgen::Error) -> Self {
        move |source| Self::Certificate { what, source }
    }
}

fn next_death(from: Option<Timestamp>) -> String {
    from.map_or_else(|| "none of them dies".to_owned(), |from| format!("the next of them dies at {from}"))
}
