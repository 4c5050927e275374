//! From the pinned charter to the one that counts: each successor by leave of the one before. And those before it, which
//! tell who has left.

use super::{
    Charter, Document, DocumentError, EmergencyKeys, FormerRoots, Signed, SignedFile, above_floor, signed,
};
use crate::sha256;
use concord_domain::Digest;
use std::collections::BTreeSet;

/// The charters that count, from the pinned one on.
#[derive(Debug, Clone)]
pub struct Succession {
    chain: Vec<Signed<Charter>>,
    pinned: Signed<Charter>,
    /// Those before the pinned one that are known, the latest first. Nothing follows from them but who was a member.
    before: Vec<Signed<Charter>>,
    rivals: Vec<Digest>,
}

impl Succession {
    /// Charters before the pinned one at most: one a month for a lifetime.
    const BEFORE_MAX: usize = 1024;

    /// Follows `files` from the charter with the digest `pinned`. A successor counts if it names the digest of the one
    /// before, has the next sequence, and enough of the keys of both signed it: of the one before, since only it can
    /// give leave, and its own, since whoever holds them must know that they do.
    ///
    /// `seen` is the highest sequence ever seen here, with its digest. Of two successors of one charter the one that was
    /// seen first stays, and none follows it until a person decides; if none was seen, neither counts.
    ///
    /// # Errors
    /// If the pinned charter is not there or not signed by enough of its keys, or what counts is below what was seen.
    pub fn follow<'a>(
        files: impl IntoIterator<Item = &'a SignedFile>,
        pinned: Digest,
        seen: Option<(u64, Digest)>,
    ) -> Result<Self, DocumentError> {
        let files: Vec<(Digest, &SignedFile)> =
            files.into_iter().map(|file| (sha256(&[&file.bytes]), file)).collect();
        let first = files.iter().find(|(digest, _)| *digest == pinned).map(|(_, file)| *file);
        let first = match (first, files.first()) {
            (Some(file), _) => Charter::verify(file, pinned)?,
            (None, Some((found, file))) => {
                let (file, found) = (file.name.clone(), *found);
                return Err(DocumentError::OtherCharter { file, found, expected: pinned });
            }
            (None, None) => {
                let source = std::io::ErrorKind::NotFound.into();
                return Err(DocumentError::File { file: "charter.toml".into(), source });
            }
        };
        let accepted = seen.map(|(_, digest)| leading_to(digest, &files)).unwrap_or_default();
        let before = before(&first, &files);
        let mut following = Self { chain: Vec::new(), pinned: first, before, rivals: Vec::new() };
        following.extend(&files, &accepted);
        let current = following.current();
        let file = files.iter().find(|(digest, _)| *digest == current.digest).map(|(_, file)| *file);
        file.map_or(Ok(()), |file| above_floor(current, file, seen))?;
        Ok(following)
    }

    fn extend(&mut self, files: &[(Digest, &SignedFile)], accepted: &BTreeSet<Digest>) {
        loop {
            let before = self.current();
            let successors: Vec<_> =
                files.iter().filter_map(|(_, file)| Charter::succeeding(file, before).ok()).collect();
            let is_accepted = |charter: &&Signed<Charter>| accepted.contains(&charter.digest);
            if successors.len() > 1 {
                self.rivals.extend(successors.iter().map(Signed::digest));
            }
            let next = match successors.as_slice() {
                [only] if self.rivals.is_empty() => Some(only),
                several => several.iter().find(is_accepted),
            };
            match next {
                Some(next) => self.chain.push(next.clone()),
                None => return,
            }
        }
    }

    /// The charter that counts.
    pub fn current(&self) -> &Signed<Charter> {
        self.chain.last().unwrap_or(&self.pinned)
    }

    /// All that count, the pinned one first.
    pub fn charters(&self) -> impl Iterator<Item = &Signed<Charter>> {
        std::iter::once(&self.pinned).chain(&self.chain)
    }

    /// Whether a charter is the pinned one or one before it, which the digests from the pinned one back prove.
    pub fn leads_to_pinned(&self, digest: Digest) -> bool {
        let mut known = std::iter::once(&self.pinned).chain(&self.before);
        known.any(|charter| charter.digest == digest || charter.previous == Some(digest))
    }

    /// Those who were members by some charter and not by a later one, also if they are back, each with the root keys that
    /// the charters have named for it.
    pub fn former_members(&self) -> FormerRoots {
        let mut roots = FormerRoots::new();
        let mut left = BTreeSet::new();
        for charter in self.before.iter().rev().chain(self.charters()) {
            let names: BTreeSet<_> = charter.members.iter().map(|member| &member.agency).collect();
            left.extend(roots.keys().filter(|agency| !names.contains(agency)).cloned());
            for member in &charter.members {
                roots.entry(member.agency.clone()).or_default().insert(member.root);
            }
        }
        roots.retain(|agency, _| left.contains(agency));
        roots
    }

    /// The emergency keys of all that count.
    pub fn emergency_keys(&self) -> EmergencyKeys {
        EmergencyKeys::of(self.charters().map(|charter| &**charter))
    }

    /// Successors of one charter that exclude each other, all signed: proof against those who signed both.
    pub fn rivals(&self) -> &[Digest] {
        &self.rivals
    }
}

impl Charter {
    /// Accepts a charter as the successor of `before`.
    ///
    /// # Errors
    /// If it does not follow `before`, or too few of the keys of either signed it.
    pub fn succeeding(file: &SignedFile, before: &Signed<Self>) -> Result<Signed<Self>, DocumentError> {
        let charter = signed::<Self>(file)?;
        let (sequence, previous) = charter.link();
        if before.sequence.checked_add(1) != Some(sequence) || previous != Some(before.digest) {
            return Err(DocumentError::OtherPredecessor { file: file.name.clone(), sequence });
        }
        before.require_threshold(file)?;
        charter.require_threshold(file)?;
        Ok(charter)
    }
}

/// The charters before `first`, as far as the files tell it.
fn before(first: &Signed<Charter>, files: &[(Digest, &SignedFile)]) -> Vec<Signed<Charter>> {
    let earlier = |charter: &Signed<Charter>| {
        let previous = charter.previous?;
        let (_, file) = files.iter().find(|(of, _)| *of == previous)?;
        Charter::verify(file, previous).ok()
    };
    std::iter::successors(earlier(first), earlier).take(Succession::BEFORE_MAX).collect()
}

/// The digests on the way back from `last`, as far as the files tell it.
fn leading_to(last: Digest, files: &[(Digest, &SignedFile)]) -> BTreeSet<Digest> {
    let mut found = BTreeSet::new();
    let mut next = Some(last);
    // A circle of digests cannot be made, but a set that has it already ends the search all the same.
    while let Some(digest) = next.filter(|digest| found.insert(*digest)) {
        let file = files.iter().find(|(of, _)| *of == digest).map(|(_, file)| *file);
        next = file.and_then(|file| signed::<Charter>(file).ok()).and_then(|charter| charter.previous);
    }
    found
}
