//! An agreement that every party signed.

use crate::document::Agreement;
use crate::error::AgreementError;
use concord_domain::{AgencyId, AgreementRef, Digest};
use concord_trust::{Directory, Kind, PublicKey, SignedFile, sha256};

/// A text that makes sense, with the signatures found beside it. Who has signed is still to be seen.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) agreement: Agreement,
    pub(crate) digest: Digest,
    pub(crate) file: SignedFile,
}

impl Text {
    /// Accepts the document if it makes sense by itself.
    pub(crate) fn read(file: &SignedFile) -> Result<Self, AgreementError> {
        let agreement = Agreement::parse(file)?;
        Ok(Self { agreement, digest: sha256(&[&file.bytes]), file: file.clone() })
    }

    /// Demands that it names nobody for whom no party can sign. One that did when it was signed may name somebody by now
    /// whom a later charter has put elsewhere, or left out: that name takes in nobody, and all else stays as it was agreed.
    pub(crate) fn check_names(&self, directory: &Directory) -> Result<(), AgreementError> {
        let invalid = |why| AgreementError::Invalid { file: self.file.name.clone(), why };
        self.agreement.check_patterns(directory).map_err(invalid)
    }

    /// Demands that `agency` signed the bytes with the agreement key of its card, or with one that it had before it left.
    pub(crate) fn signed_by(&self, agency: &AgencyId, directory: &Directory) -> Result<(), AgreementError> {
        let keys = self.keys(agency, directory)?;
        Ok(self.file.require_any(Kind::Agreement, agency.as_str(), &keys)?)
    }

    /// The keys that may have signed for `agency`, one at least.
    fn keys(&self, agency: &AgencyId, directory: &Directory) -> Result<Vec<PublicKey>, AgreementError> {
        let keys = directory.agreement_keys_ever(agency);
        if keys.is_empty() {
            return Err(AgreementError::NoCard { file: self.file.name.clone(), party: agency.clone() });
        }
        Ok(keys)
    }

    /// The agreement, if all its parties signed. Who has left the federation since takes no part, also if it is back, until
    /// it has signed again; the others' word stands.
    pub(crate) fn signed(&self, directory: &Directory) -> Result<SignedAgreement, AgreementError> {
        self.agreement.parties.iter().try_for_each(|party| self.signed_by(party, directory))?;
        Ok(self.without(|party| directory.had_left(party) && !self.signed_today_by(party, directory)))
    }

    fn signed_today_by(&self, agency: &AgencyId, directory: &Directory) -> bool {
        let keys = directory.agreement_keys(agency);
        self.file.require_any(Kind::Agreement, agency.as_str(), &keys).is_ok()
    }

    fn without(&self, left: impl Fn(&AgencyId) -> bool) -> SignedAgreement {
        let (agreement, file) = (self.agreement.clone(), self.file.name.clone());
        let left = agreement.parties.iter().filter(|party| left(party)).cloned().collect();
        SignedAgreement { agreement, digest: self.digest, file, left }
    }
}

/// An agreement whose parties all signed the same exact bytes. Made by nothing but verification. Whether a version
/// after the first may take the place of the one before it is for [`Rules`](crate::Rules) to see.
#[derive(Debug, Clone)]
pub struct SignedAgreement {
    agreement: Agreement,
    digest: Digest,
    file: String,
    left: Vec<AgencyId>,
}

impl SignedAgreement {
    /// Accepts the document if it makes sense, names nobody for whom no party can sign, and every party signed its
    /// bytes with the agreement key of its card. Signatures of others are ignored.
    pub fn verify(file: &SignedFile, directory: &Directory) -> Result<Self, AgreementError> {
        let text = Text::read(file)?;
        text.check_names(directory)?;
        text.signed(directory)
    }

    /// The same without looking at signatures: what the document would be if all its parties signed it. For
    /// [`Hypothetical`](crate::tools::Hypothetical) alone, out of which no permit comes.
    pub(crate) fn supposed(file: &SignedFile, directory: &Directory) -> Result<Self, AgreementError> {
        let text = Text::read(file)?;
        text.check_names(directory)?;
        let mut parties = text.agreement.parties.iter().filter(|party| !directory.has_left(party));
        parties.try_for_each(|party| text.keys(party, directory).map(drop))?;
        Ok(text.without(|party| directory.has_left(party)))
    }

    /// SHA-256 of the exact bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The parties that have left the federation since they signed.
    pub(crate) fn left(&self) -> &[AgencyId] {
        &self.left
    }

    /// Points at exactly this text.
    pub fn reference(&self) -> AgreementRef {
        AgreementRef { id: self.agreement.id.clone(), version: self.agreement.version, digest: self.digest }
    }

    /// Whether `claimed` points at exactly this text.
    pub(crate) fn is(&self, claimed: &AgreementRef) -> bool {
        self.digest == claimed.digest && self.version == claimed.version && self.id == claimed.id
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
