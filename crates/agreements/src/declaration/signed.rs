//! A declaration that its party signed.

use super::Declaration;
use crate::error::AgreementError;
use concord_domain::Digest;
use concord_trust::{Directory, Kind, SignedFile, sha256};

/// A declaration whose party signed its exact bytes. Made by nothing but verification. Whether the party is bound by
/// what it speaks of is for [`Rules`](crate::Rules) to see.
#[derive(Debug, Clone)]
pub struct SignedDeclaration {
    declaration: Declaration,
    digest: Digest,
    file: String,
}

impl SignedDeclaration {
    /// Accepts the declaration if its party signed its bytes with the agreement key of its card.
    pub fn verify(file: &SignedFile, directory: &Directory) -> Result<Self, AgreementError> {
        let declaration = Declaration::parse(file)?;
        let party = &declaration.party;
        let keys = directory.agreement_keys(party);
        if keys.is_empty() {
            return Err(AgreementError::NoCard { file: file.name.clone(), party: party.clone() });
        }
        file.require_any(Kind::Declaration, party.as_str(), &keys)?;
        Ok(Self { digest: sha256(&[&file.bytes]), file: file.name.clone(), declaration })
    }

    /// SHA-256 of the exact bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The file it was read from.
    pub fn file(&self) -> &str {
        &self.file
    }
}

impl std::ops::Deref for SignedDeclaration {
    type Target = Declaration;

    fn deref(&self) -> &Declaration {
        &self.declaration
    }
}
