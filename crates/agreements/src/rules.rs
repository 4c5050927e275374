//! The agreements that a node decides by.

mod folder;
#[cfg(test)]
mod tests;

use crate::error::AgreementError;
use crate::signed::SignedAgreement;
use concord_domain::{AgencyId, AgreementId, Digest};
use concord_trust::{Directory, SignedFile};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// The agreements that a node decides by, and the charter's order of its members. Immutable; a change makes a
/// new set.
#[derive(Debug, Clone)]
pub struct Rules {
    directory: Arc<Directory>,
    agreements: BTreeMap<AgreementId, SignedAgreement>,
    /// For each party its agreements, in the order in which they are taken.
    by_party: BTreeMap<AgencyId, BTreeSet<(u8, AgreementId)>>,
}

impl Rules {
    /// Documents in a folder at most. Each pair of 31 provinces makes 465 pacts; this leaves room for their old
    /// versions, which stay in the folder.
    pub const DOCUMENTS_MAX: usize = 4096;

    /// Reads `folder`: `ID.vVERSION.toml`, each with its signatures beside it. What does not count is left out and
    /// told in the list; see [`Self::build`].
    pub fn read(
        folder: &Path,
        directory: Arc<Directory>,
        floor: impl Fn(&AgreementId) -> Option<(u32, Digest)>,
    ) -> (Self, Vec<AgreementError>) {
        let (files, mut problems) = folder::read(folder);
        let (rules, more) = Self::build(files, directory, floor);
        problems.extend(more);
        (rules, problems)
    }

    /// Takes of each agreement the highest version that all its parties signed. `floor` tells the highest version
    /// ever seen here, with its digest: below it, or at it with another text, an agreement does not count at all.
    /// The order of `files` makes no difference.
    pub fn build(
        files: impl IntoIterator<Item = SignedFile>,
        directory: Arc<Directory>,
        floor: impl Fn(&AgreementId) -> Option<(u32, Digest)>,
    ) -> (Self, Vec<AgreementError>) {
        let mut files: Vec<_> = files.into_iter().collect();
        files.sort_by(|a, b| (&a.name, &a.bytes).cmp(&(&b.name, &b.bytes)));
        let mut problems = Vec::new();
        let mut texts: BTreeMap<_, BTreeMap<u32, Vec<SignedAgreement>>> = BTreeMap::new();
        for file in &files {
            match SignedAgreement::verify(file, &directory) {
                Ok(text) => {
                    texts.entry(text.id.clone()).or_default().entry(text.version).or_default().push(text);
                }
                Err(problem) => problems.push(problem),
            }
        }
        let mut agreements = BTreeMap::new();
        for (id, mut versions) in texts {
            let Some(text) = versions.pop_last().and_then(|(_, texts)| only(texts)) else { continue };
            match text.and_then(|text| above_floor(text, floor(&id))) {
                Ok(text) => drop(agreements.insert(id, text)),
                Err(problem) => problems.push(problem),
            }
        }
        (Self { directory, by_party: by_party(&agreements), agreements }, problems)
    }

    /// These rules as they would be with `text` among them; refused if it could not take the place of what counts.
    pub(crate) fn supposing(&self, text: SignedAgreement) -> Result<Self, AgreementError> {
        let held = self.agreements.get(&text.id).map(|held| (held.version, held.digest()));
        let text = above_floor(text, held)?;
        let mut agreements = self.agreements.clone();
        agreements.insert(text.id.clone(), text);
        Ok(Self { directory: self.directory.clone(), by_party: by_party(&agreements), agreements })
    }

    /// The verified charter, cards and keyrings that these rules were read against.
    pub fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// The agreement of that name.
    pub fn get(&self, id: &AgreementId) -> Option<&SignedAgreement> {
        self.agreements.get(id)
    }

    /// All agreements, by name; whether one is in force is for the caller to ask.
    pub fn agreements(&self) -> impl Iterator<Item = &SignedAgreement> {
        self.agreements.values()
    }

    /// The parties of an agreement.
    pub fn members_of(&self, id: &AgreementId) -> Option<&[AgencyId]> {
        self.agreements.get(id).map(|agreement| agreement.parties.as_slice())
    }

    /// Version and digest of each agreement, by name: to be kept, and given back as the floor.
    pub fn highest(&self) -> impl Iterator<Item = (&AgreementId, u32, Digest)> {
        self.agreements.iter().map(|(id, text)| (id, text.version, text.digest()))
    }

    /// The agreements that bind both, in the order in which they are taken: the more specific kind first
    /// ([`crate::AgreementKind::precedence`]), then by name.
    pub(crate) fn between(&self, from: &AgencyId, to: &AgencyId) -> impl Iterator<Item = &SignedAgreement> {
        let of_line = self.directory.line(from).filter_map(|agency| self.by_party.get(agency));
        let binding_from: BTreeSet<_> = of_line.flatten().collect();
        let texts = binding_from.into_iter().filter_map(|(_, id)| self.agreements.get(id));
        texts.filter(|text| text.binds(to, &self.directory))
    }
}

/// The one text among those of one version; an error if there are two.
fn only(texts: Vec<SignedAgreement>) -> Option<Result<SignedAgreement, AgreementError>> {
    let mut texts = texts.into_iter();
    let text = texts.next()?;
    let other = texts.find(|other| other.digest() != text.digest());
    Some(match other {
        None => Ok(text),
        Some(other) => Err(AgreementError::TwoTexts {
            file: text.file().to_owned(),
            other: other.file().to_owned(),
            id: text.id.clone(),
            version: text.version,
        }),
    })
}

fn above_floor(
    text: SignedAgreement,
    floor: Option<(u32, Digest)>,
) -> Result<SignedAgreement, AgreementError> {
    let (file, id, version) = (text.file().to_owned(), text.id.clone(), text.version);
    match floor {
        Some((floor, _)) if version < floor => Err(AgreementError::BelowFloor { file, id, version, floor }),
        Some((floor, digest)) if version == floor && digest != text.digest() => {
            Err(AgreementError::OtherText { file, id, version })
        }
        Some(_) | None => Ok(text),
    }
}

fn by_party(
    agreements: &BTreeMap<AgreementId, SignedAgreement>,
) -> BTreeMap<AgencyId, BTreeSet<(u8, AgreementId)>> {
    let mut index: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (id, text) in agreements {
        for party in &text.parties {
            index.entry(party.clone()).or_default().insert((text.kind.precedence(), id.clone()));
        }
    }
    index
}
