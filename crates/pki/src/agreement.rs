//! Agreements and declarations in a folder that is in use: signed with the keys that lie there, and published.

use crate::error::PkiError;
use crate::file::publish;
use crate::keys::read_key;
use crate::layout::Layout;
use concord_agreements::{Act, Agreement, Declaration, Documents, SignedAgreement, SignedDeclaration};
use concord_domain::{AgencyId, AgreementId, AgreementRef, Timestamp};
use concord_trust::{Directory, Kind, SignedFile, sha256};

/// What a withdrawal says besides who leaves what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withdrawal {
    /// The version that the party leaves, with all before it.
    pub version: u32,
    /// When it is issued.
    pub now: Timestamp,
    /// From when on the party is no longer bound; the agreement's notice must have passed since `now`, or nodes leave
    /// the declaration out.
    pub effective_at: Timestamp,
}

/// Signs an agreement with the agreement key of each of its parties and publishes it.
///
/// # Errors
/// As a node would reject it, [`PkiError::File`] for a party whose key is not in the folder.
pub fn publish_agreement(layout: &Layout, agreement: &Agreement) -> Result<AgreementRef, PkiError> {
    let stem = agreement.file_stem();
    let mut file = SignedFile::unsigned(&format!("agreements/{stem}.toml"), agreement.to_toml());
    for party in &agreement.parties {
        file = file.sign(Kind::Agreement, party.as_str(), &read_key(layout.agreement_key(party))?);
    }
    let signed = SignedAgreement::verify(&file, &directory(layout)?)?;
    publish(&layout.agreements(), &stem, &file)?;
    Ok(signed.reference())
}

/// Signs a declaration with its party's agreement key and publishes it.
///
/// # Errors
/// As a node would reject it by itself; whether its party is bound by what it speaks of is not looked at.
pub fn declare(layout: &Layout, declaration: &Declaration) -> Result<(), PkiError> {
    let (stem, party) = (declaration.file_stem(), &declaration.party);
    let file = SignedFile::unsigned(&format!("declarations/{stem}.toml"), declaration.to_toml());
    let file = file.sign(Kind::Declaration, party.as_str(), &read_key(layout.agreement_key(party))?);
    SignedDeclaration::verify(&file, &directory(layout)?)?;
    publish(&layout.declarations(), &stem, &file)
}

/// Withdraws a party from an agreement, by the declaration that follows its earlier ones. Returns its sequence.
///
/// # Errors
/// As [`declare`], and [`PkiError::NoSequence`] after the last one there is.
pub fn withdraw(
    layout: &Layout,
    agreement: &AgreementId,
    party: &AgencyId,
    withdrawal: Withdrawal,
) -> Result<u64, PkiError> {
    let Withdrawal { version, now, effective_at } = withdrawal;
    let (documents, _) = Documents::read(&layout.federation());
    let declared = documents.declarations.iter().filter_map(|file| Declaration::parse(file).ok());
    let ours = declared.filter(|d| d.agreement == *agreement && d.party == *party);
    let last = ours.map(|d| d.sequence).max().unwrap_or_default();
    let none_left = || PkiError::NoSequence { party: party.clone(), agreement: agreement.clone() };
    let sequence = last.checked_add(1).ok_or_else(none_left)?;
    let act = Act::Withdrawal { effective_at };
    let (agreement, party) = (agreement.clone(), party.clone());
    declare(layout, &Declaration { agreement, version, party, sequence, issued: now, act })?;
    Ok(sequence)
}

/// Everything published. The charter is taken as it is: whoever has the parties' keys needs nobody to tell him which
/// federation this is.
fn directory(layout: &Layout) -> Result<Directory, PkiError> {
    let charter = SignedFile::read(&layout.charter())?;
    let (directory, _) = Directory::read(&layout.federation(), sha256(&[&charter.bytes]), |_| None)?;
    Ok(directory)
}
