//! Whether a document counts as one that somebody entitled to it has signed.

use concord_agreements::{Agreement, AgreementError, Declaration, SignedDeclaration};
use concord_domain::{AgencyId, Digest};
use concord_trust::{
    Block, Card, Charter, Directory, DocumentError, DocumentKind, DocumentRef, DocumentSet, Keyring,
    PublicKey, Signature, SignedFile, Succession, sha256,
};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use thiserror::Error;

/// Why a document is not kept.
#[derive(Debug, Error)]
pub enum NotAdmitted {
    /// It makes no sense.
    #[error("{0}")]
    Malformed(String),
    /// Nobody who may has signed it.
    #[error("{0}")]
    NotEntitled(String),
    /// It rests on a document that is not known here.
    #[error("{0}")]
    UnknownBasis(String),
    /// Later ones have taken its place.
    #[error("{0}")]
    Superseded(String),
}

/// A document with those of its signatures that were verified.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// What it points at.
    pub at: DocumentRef,
    /// Its bytes, and the signatures that count.
    pub file: SignedFile,
    /// Who proposed it, if somebody who must has not signed.
    pub proposed_by: Option<AgencyId>,
}

/// Judges documents by what is known: the charters, the cards, and the other versions of agreements.
#[derive(Debug)]
pub(crate) struct Judge<'a> {
    known: &'a DocumentSet,
    directory: Directory,
    succession: Succession,
    /// By agreement, as far as somebody asked: see [`Judge::parties_of`].
    parties: RefCell<BTreeMap<String, Rc<BTreeSet<AgencyId>>>>,
}

impl<'a> Judge<'a> {
    /// By the documents of `known`, beginning with the charter `pinned`; `seen` as in [`Directory::of`].
    ///
    /// # Errors
    /// If no charter counts.
    pub(crate) fn new(
        known: &'a DocumentSet,
        pinned: Digest,
        seen: impl Fn(&str) -> Option<(u64, Digest)> + 'static,
    ) -> Result<Self, DocumentError> {
        let charters = known.of_kind(DocumentKind::Charter).map(|(_, file)| file);
        let succession = Succession::follow(charters, pinned, seen("charter"))?;
        let (directory, _) = Directory::of(known, pinned, seen)?;
        Ok(Self { known, directory, succession, parties: RefCell::default() })
    }

    /// Verifies one document.
    pub(crate) fn admit(&self, kind: DocumentKind, file: &SignedFile) -> Result<Admitted, NotAdmitted> {
        check_length(kind, file)?;
        let at = DocumentRef::of(kind, file).map_err(|e| NotAdmitted::Malformed(e.to_string()))?;
        let (signers, proposed_by) = match kind {
            DocumentKind::Charter => (self.charter(file)?, None),
            DocumentKind::Card => (self.card(file)?, None),
            DocumentKind::Keyring => (self.keyring(file)?, None),
            DocumentKind::Block => (self.block(file)?, None),
            DocumentKind::Declaration => (self.declaration(file)?, None),
            DocumentKind::Agreement => self.agreement(&at, file)?,
        };
        let bytes = file.bytes.clone();
        let signatures = counting(kind, file, signers);
        Ok(Admitted { at, file: SignedFile { name: file.name.clone(), bytes, signatures }, proposed_by })
    }

    /// A successor of a charter that counts; or one before the pinned charter, which its digest proves.
    fn charter(&self, file: &SignedFile) -> Result<Vec<Signer>, NotAdmitted> {
        let digest = sha256(&[&file.bytes]);
        if self.succession.leads_to_pinned(digest) {
            return Ok(unnamed(&Charter::verify(file, digest).map_err(blame)?.keys));
        }
        let successor = self.succession.charters().find_map(|before| {
            let charter = Charter::succeeding(file, before).ok()?;
            Some(unnamed(before.keys.iter().chain(&charter.keys)))
        });
        let nothing = "the charter follows none that counts here, or too few of the keys before signed it";
        successor.ok_or_else(|| NotAdmitted::NotEntitled(nothing.to_owned()))
    }

    fn card(&self, file: &SignedFile) -> Result<Vec<Signer>, NotAdmitted> {
        let root = |agency: &AgencyId| self.directory.member(agency).map(|member| member.root);
        let card = match Card::verify(file, root) {
            Ok(card) => card,
            Err(error) => return self.former_card(file).ok_or_else(|| blame(error)),
        };
        let latest = self.directory.card(&card.agency).map(|latest| latest.sequence);
        check_superseded(file, card.sequence, latest)?;
        Ok(Signer::of(&card.agency, root(&card.agency)))
    }

    /// One that somebody had who has left: it tells whose the signatures under agreements are.
    fn former_card(&self, file: &SignedFile) -> Option<Vec<Signer>> {
        let former = self.succession.former_members();
        let card = Card::former(file, &former)?;
        Some(Signer::of(&card.agency, former.get(&card.agency)?.iter().copied()))
    }

    fn keyring(&self, file: &SignedFile) -> Result<Vec<Signer>, NotAdmitted> {
        let keys = |agency: &AgencyId| self.directory.keyring_keys(agency);
        let keyring = Keyring::verify(file, keys).map_err(blame)?;
        let latest = self.directory.keyring(&keyring.agency).map(|latest| latest.sequence);
        check_superseded(file, keyring.sequence, latest)?;
        Ok(Signer::of(&keyring.agency, keys(&keyring.agency)))
    }

    fn block(&self, file: &SignedFile) -> Result<Vec<Signer>, NotAdmitted> {
        let keys = self.succession.emergency_keys();
        Block::verify(file, self.directory.charter(), &keys).map_err(blame)?;
        Ok(keys.all().iter().map(|key| Signer { key: *key, label: Some(EMERGENCY.to_owned()) }).collect())
    }

    /// Only of a party of some text of the agreement: whoever has no part in it has nothing to declare.
    fn declaration(&self, file: &SignedFile) -> Result<Vec<Signer>, NotAdmitted> {
        let declaration = SignedDeclaration::verify(file, &self.directory).map_err(blame_agreement)?;
        if !self.parties_of(declaration.agreement.as_str()).contains(&declaration.party) {
            let Declaration { party, agreement, .. } = &*declaration;
            let message =
                format!("{}: {party} is a party of no text of {agreement} that is known", file.name);
            return Err(NotAdmitted::UnknownBasis(message));
        }
        Ok(Signer::of(&declaration.party, self.directory.agreement_keys(&declaration.party)))
    }

    /// At least one party must have signed. Signatures of those who are parties of another version count too: they may
    /// have to give leave.
    fn agreement(
        &self,
        at: &DocumentRef,
        file: &SignedFile,
    ) -> Result<(Vec<Signer>, Option<AgencyId>), NotAdmitted> {
        let agreement = Agreement::parse(file).map_err(blame_agreement)?;
        let Some(first) = self.first_signer(&agreement, file).cloned() else {
            let message = format!("{}: none of its parties has signed with the key of its card", file.name);
            return Err(NotAdmitted::NotEntitled(message));
        };
        let whole = agreement.parties.iter().all(|party| self.has_signed(party, file));
        let of_others = self.parties_of(&at.name);
        let agencies = agreement.parties.iter().chain(&*of_others);
        let signers = agencies
            .flat_map(|agency| Signer::of(agency, self.directory.agreement_keys_ever(agency)))
            .collect();
        Ok((signers, (!whole).then_some(first)))
    }

    /// The parties of every known text of an agreement that one of its parties has signed. Found once: each text of a
    /// folder is judged, and each would read all others.
    fn parties_of(&self, agreement: &str) -> Rc<BTreeSet<AgencyId>> {
        if let Some(found) = self.parties.borrow().get(agreement) {
            return Rc::clone(found);
        }
        let texts = self.known.of_name(DocumentKind::Agreement, agreement);
        let signed = texts.filter_map(|(_, file)| {
            let agreement = Agreement::parse(file).ok()?;
            self.first_signer(&agreement, file)?;
            Some(agreement.parties)
        });
        let found = Rc::new(signed.flatten().collect());
        self.parties.borrow_mut().insert(agreement.to_owned(), Rc::clone(&found));
        found
    }

    fn first_signer<'b>(&self, agreement: &'b Agreement, file: &SignedFile) -> Option<&'b AgencyId> {
        agreement.parties.iter().find(|party| self.has_signed(party, file))
    }

    /// Whether an agency has signed an agreement with a key of its card.
    fn has_signed(&self, agency: &AgencyId, file: &SignedFile) -> bool {
        let keys = self.directory.agreement_keys_ever(agency);
        file.require_any(DocumentKind::Agreement.signed_as(), agency.as_str(), &keys).is_ok()
    }
}

/// Bytes at most of a document that one agency or key makes alone: a keyring with four certificates has some 12 KiB, and
/// nobody else can object to one that fills everybody's disk.
const ALONE_BYTES_MAX: usize = 64 << 10;

fn check_length(kind: DocumentKind, file: &SignedFile) -> Result<(), NotAdmitted> {
    let (bytes, limit) = match kind {
        DocumentKind::Card | DocumentKind::Keyring | DocumentKind::Declaration | DocumentKind::Block => {
            (file.bytes.len(), ALONE_BYTES_MAX)
        }
        // Many sign these, and messages have a limit for them.
        DocumentKind::Charter | DocumentKind::Agreement => return Ok(()),
    };
    if bytes > limit {
        let message =
            format!("{}: content: {bytes} bytes of a {kind} are more than the limit of {limit}", file.name);
        return Err(NotAdmitted::Malformed(message));
    }
    Ok(())
}

/// The latest counts, and the one before for what is still under way; nobody needs the older ones any more.
fn check_superseded(file: &SignedFile, sequence: u64, latest: Option<u64>) -> Result<(), NotAdmitted> {
    match latest.filter(|latest| sequence.saturating_add(1) < *latest) {
        Some(latest) => {
            let message = format!("{}: sequence {sequence} is superseded by {latest}", file.name);
            Err(NotAdmitted::Superseded(message))
        }
        None => Ok(()),
    }
}

/// Somebody whose signature counts.
struct Signer {
    key: PublicKey,
    /// What the signature is called: whoever hands it over may have written anybody's name on it. A charter does not say
    /// whose its keys are.
    label: Option<String>,
}

impl Signer {
    /// An agency with each of its keys.
    fn of(agency: &AgencyId, keys: impl IntoIterator<Item = PublicKey>) -> Vec<Self> {
        keys.into_iter().map(|key| Self { key, label: Some(agency.to_string()) }).collect()
    }

    /// Its signature over the file's bytes.
    fn signature(&self, kind: DocumentKind, file: &SignedFile) -> Option<Signature> {
        let valid = |signature: &&Signature| {
            self.key.verify_detached(kind.signed_as(), &file.bytes, &signature.cose).is_ok()
        };
        let signature = file.signatures.iter().find(valid)?;
        let label = self.label.clone().unwrap_or_else(|| bounded(&signature.label));
        Some(Signature { label, cose: signature.cose.clone() })
    }
}

/// What a signature by the charter's emergency key is called.
const EMERGENCY: &str = "emergency";

fn unnamed<'a>(keys: impl IntoIterator<Item = &'a PublicKey>) -> Vec<Signer> {
    keys.into_iter().map(|key| Signer { key: *key, label: None }).collect()
}

/// The signatures of `signers` over the file's bytes, one a key.
fn counting(kind: DocumentKind, file: &SignedFile, mut signers: Vec<Signer>) -> Vec<Signature> {
    signers.sort_by(|a, b| (a.key, &a.label).cmp(&(b.key, &b.label)));
    signers.dedup_by_key(|signer| signer.key);
    signers.iter().filter_map(|signer| signer.signature(kind, file)).collect()
}

/// Characters of a signature's label at most: the longest name of an agency.
const LABEL_CHARS_MAX: usize = 128;

/// A label names a file later: what does not belong into the name of one goes.
fn bounded(label: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || ".-_".contains(*c);
    let label: String = label.chars().filter(plain).take(LABEL_CHARS_MAX).collect();
    label.trim_start_matches('.').to_owned()
}

fn blame(error: DocumentError) -> NotAdmitted {
    let message = error.to_string();
    match error {
        DocumentError::Malformed { .. } | DocumentError::TooLong { .. } | DocumentError::File { .. } => {
            NotAdmitted::Malformed(message)
        }
        DocumentError::Signature { .. } | DocumentError::NotSigned { .. } => {
            NotAdmitted::NotEntitled(message)
        }
        DocumentError::Contradiction { .. }
        | DocumentError::OtherCharter { .. }
        | DocumentError::BelowFloor { .. }
        | DocumentError::OtherText { .. }
        | DocumentError::OtherPredecessor { .. }
        | DocumentError::NotAMember { .. } => NotAdmitted::UnknownBasis(message),
    }
}

fn blame_agreement(error: AgreementError) -> NotAdmitted {
    match error {
        AgreementError::Document(error) => blame(error),
        AgreementError::NoCard { .. } => NotAdmitted::UnknownBasis(error.to_string()),
        AgreementError::Invalid { .. }
        | AgreementError::OtherName { .. }
        | AgreementError::BelowFloor { .. }
        | AgreementError::OtherText { .. }
        | AgreementError::NoPredecessor { .. }
        | AgreementError::PredecessorNotSigned { .. }
        | AgreementError::TwoTexts { .. }
        | AgreementError::TwoDeclarations { .. }
        | AgreementError::NoticeTooShort { .. }
        | AgreementError::NothingToWithdrawFrom { .. }
        | AgreementError::TooMany { .. } => NotAdmitted::Malformed(error.to_string()),
    }
}
