//! An agreement that every party signed.

use crate::document::Agreement;
use crate::error::AgreementError;
use concord_domain::{AgencyId, AgreementRef, Digest};
use concord_trust::{Directory, DocumentError, Kind, PublicKey, SignedFile, sha256};

/// An agreement whose parties all signed the same exact bytes. Made by nothing but verification.
#[derive(Debug, Clone)]
pub struct SignedAgreement {
    agreement: Agreement,
    digest: Digest,
    file: String,
}

impl SignedAgreement {
    /// Accepts the document if it makes sense, names nobody for whom no party can sign, and every party signed its
    /// bytes with the agreement key of its card. Signatures of others are ignored.
    pub fn verify(file: &SignedFile, directory: &Directory) -> Result<Self, AgreementError> {
        Self::read(file, directory, |party, key| file.require(Kind::Agreement, party.as_str(), key))
    }

    /// The same without looking at signatures: what the document would be if all its parties signed it. For
    /// [`Hypothetical`](crate::tools::Hypothetical) alone, out of which no permit comes.
    pub(crate) fn supposed(file: &SignedFile, directory: &Directory) -> Result<Self, AgreementError> {
        Self::read(file, directory, |_, _| Ok(()))
    }

    fn read(
        file: &SignedFile,
        directory: &Directory,
        signed: impl Fn(&AgencyId, &PublicKey) -> Result<(), DocumentError>,
    ) -> Result<Self, AgreementError> {
        let agreement = Agreement::parse(file)?;
        for party in &agreement.parties {
            let key = directory
                .agreement_key(party)
                .ok_or_else(|| AgreementError::NoCard { file: file.name.clone(), party: party.clone() })?;
            signed(party, &key)?;
        }
        agreement
            .check_patterns(directory)
            .map_err(|why| AgreementError::Invalid { file: file.name.clone(), why })?;
        Ok(Self { agreement, digest: sha256(&[&file.bytes]), file: file.name.clone() })
    }

    /// SHA-256 of the exact bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Points at exactly this text.
    pub fn reference(&self) -> AgreementRef {
        AgreementRef { id: self.agreement.id.clone(), version: self.agreement.version, digest: self.digest }
    }

    /// The file it was read from.
    pub fn file(&self) -> &str {
        &self.file
    }
}

impl std::ops::Deref for SignedAgreement {
    type Target = Agreement;

    fn deref(&self) -> &Agreement {
        &self.agreement
    }
}
