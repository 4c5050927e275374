//! The published documents: made from the description, verified as a node would, then written.

use crate::error::PkiError;
use crate::federation::{Federation, FederationMember, ProposedAgreement};
use crate::keys::{FederationKeys, MemberKeys, NodeKeys};
use crate::layout::Layout;
use concord_agreements::SignedAgreement;
use concord_domain::{AgencyId, Digest, Timestamp};
use concord_trust::{
    Card, Charter, DirectoryBuilder, DocumentKind, DocumentSet, Keyring, Kind, Member, SignedFile,
    SigningKey, Succession, sha256,
};
use std::collections::BTreeMap;

/// The version of the envelope that nodes speak.
const PROTOCOL: u32 = 1;

/// The first charter, card or keyring.
const FIRST_SEQUENCE: u64 = 1;

/// Every published document, signed. Stems are the names of their files without `.toml`.
pub(crate) struct Documents {
    charter: SignedFile,
    cards: Vec<(String, SignedFile)>,
    keyrings: Vec<(String, SignedFile)>,
    agreements: Vec<(String, SignedFile)>,
}

/// The charters that count: `charter.toml` and its successors. The first is taken as it is: whoever has the private
/// keys needs nobody to tell him which federation this is.
pub(crate) fn charters(layout: &Layout) -> Result<Succession, PkiError> {
    let first = sha256(&[&SignedFile::read(&layout.charter())?.bytes]);
    let (documents, _) = DocumentSet::read(&layout.federation());
    let charters = documents.of_kind(DocumentKind::Charter).map(|(_, file)| file);
    Ok(Succession::follow(charters, first, None)?)
}

/// What a first keyring says.
pub(crate) struct FirstKeyring<'a> {
    pub(crate) agency: &'a AgencyId,
    pub(crate) endpoint: String,
    pub(crate) issued: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) tls_bundle: String,
    pub(crate) keys: &'a NodeKeys,
}

impl Documents {
    /// Signs everything. A member without keys would be left without documents, which [`Self::verify`] finds.
    pub(crate) fn sign(
        federation: &Federation,
        charter_keys: &FederationKeys,
        members: &BTreeMap<AgencyId, MemberKeys>,
        keyrings: &[FirstKeyring<'_>],
    ) -> Self {
        let known = |member: &'_ FederationMember| members.get(&member.agency);
        let cards =
            federation.members.iter().filter_map(|m| Some((m.agency.to_string(), card(m, known(m)?))));
        let keyrings = keyrings.iter().filter_map(|first| {
            let signer = &members.get(first.agency)?.keyring;
            Some((first.agency.to_string(), sign_keyring(&first.keyring(), signer)))
        });
        Self {
            charter: charter(federation, charter_keys, members),
            cards: cards.collect(),
            keyrings: keyrings.collect(),
            agreements: federation.agreements.iter().map(|proposed| agreement(proposed, members)).collect(),
        }
    }

    /// SHA-256 of the charter, which nodes are started with.
    pub(crate) fn charter_digest(&self) -> Digest {
        sha256(&[&self.charter.bytes])
    }

    /// Judges all of it as a node would, before any of it is written.
    pub(crate) fn verify(&self) -> Result<(), PkiError> {
        let mut builder = DirectoryBuilder::new(Charter::verify(&self.charter, self.charter_digest())?);
        self.cards.iter().try_for_each(|(_, file)| builder.card(file))?;
        self.keyrings.iter().try_for_each(|(_, file)| builder.keyring(file))?;
        let directory = builder.build();
        for (_, file) in &self.agreements {
            SignedAgreement::verify(file, &directory)?;
        }
        Ok(())
    }

    /// Writes everything, the charter last: a folder without a charter is one that was never finished.
    pub(crate) fn write(&self, layout: &Layout) -> Result<(), PkiError> {
        let groups = [
            (layout.cards(), &self.cards),
            (layout.keyrings(), &self.keyrings),
            (layout.agreements(), &self.agreements),
        ];
        for (folder, files) in groups {
            files.iter().try_for_each(|(stem, file)| file.write(&folder, stem))?;
        }
        Ok(self.charter.write(&layout.federation(), "charter")?)
    }
}

impl FirstKeyring<'_> {
    fn keyring(&self) -> Keyring {
        Keyring {
            agency: self.agency.clone(),
            sequence: FIRST_SEQUENCE,
            previous: None,
            issued: self.issued,
            expires: self.expires,
            endpoints: vec![self.endpoint.clone()],
            protocols: vec![PROTOCOL],
            message: self.keys.message.public(),
            checkpoint: self.keys.checkpoint.public(),
            sealing: self.keys.sealing.public().clone(),
            tls_bundle: vec![self.tls_bundle.clone()],
            next: None,
        }
    }
}

/// Signs a keyring with the agency's keyring key.
pub(crate) fn sign_keyring(keyring: &Keyring, signer: &SigningKey) -> SignedFile {
    let name = format!("keyrings/{}.toml", keyring.agency);
    SignedFile::unsigned(&name, keyring.to_toml()).sign(Kind::Keyring, keyring.agency.as_str(), signer)
}

fn charter(
    federation: &Federation,
    keys: &FederationKeys,
    members: &BTreeMap<AgencyId, MemberKeys>,
) -> SignedFile {
    let member = |member: &FederationMember| {
        members.get(&member.agency).map(|keys| Member {
            agency: member.agency.clone(),
            kind: member.kind,
            superior: member.superior.clone(),
            root: keys.root.public(),
        })
    };
    let charter = Charter {
        name: federation.name.clone(),
        sequence: FIRST_SEQUENCE,
        previous: None,
        threshold: federation.charter.threshold,
        keys: keys.charter.iter().map(SigningKey::public).collect(),
        emergency: Some(keys.emergency.public()),
        members: federation.members.iter().filter_map(member).collect(),
    };
    let file = SignedFile::unsigned("charter.toml", charter.to_toml());
    let signers = keys.charter.iter();
    signers.fold(file, |file, key| file.sign(Kind::Charter, &key.public().key_id().to_string(), key))
}

fn card(member: &FederationMember, keys: &MemberKeys) -> SignedFile {
    let card = Card {
        agency: member.agency.clone(),
        sequence: FIRST_SEQUENCE,
        previous: None,
        agreement_key: keys.agreement.public(),
        keyring_key: keys.keyring.public(),
        names: member.names.clone(),
        duty_desk: member.duty_desk.clone(),
        next: None,
    };
    let name = format!("cards/{}.toml", member.agency);
    SignedFile::unsigned(&name, card.to_toml()).sign(Kind::Card, member.agency.as_str(), &keys.root)
}

/// Every party signs the text exactly as it was proposed.
fn agreement(proposed: &ProposedAgreement, members: &BTreeMap<AgencyId, MemberKeys>) -> (String, SignedFile) {
    let stem = proposed.agreement.file_stem();
    let file = SignedFile::unsigned(&format!("agreements/{stem}.toml"), proposed.text.clone());
    let signers = proposed.agreement.parties.iter().filter_map(|p| Some((p, &members.get(p)?.agreement)));
    let file = signers.fold(file, |file, (party, key)| file.sign(Kind::Agreement, party.as_str(), key));
    (stem, file)
}
