//! A directory out of a set of documents: of each agency the latest that count, and the keyring before.

use super::succession::Succession;
use super::{
    Card, Directory, DirectoryBuilder, Document, DocumentError, DocumentKind, DocumentSet, Floor, FormerRoots,
};
use super::{Keyring, Signed, SignedFile};
use crate::signing::PublicKey;
use concord_domain::{AgencyId, Digest};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

impl Directory {
    /// Reads what is below `folder`; see [`DocumentSet::read`] and [`Directory::of`].
    ///
    /// # Errors
    /// As [`Directory::of`].
    pub fn read(
        folder: &Path,
        charter: Digest,
        floor: impl Floor + 'static,
    ) -> Result<(Self, Vec<DocumentError>), DocumentError> {
        let (set, mut problems) = DocumentSet::read(folder);
        if !folder.join("charter.toml").exists() {
            let (file, source) = (folder.join("charter.toml"), std::io::ErrorKind::NotFound.into());
            return Err(DocumentError::File { file: file.display().to_string(), source });
        }
        let (directory, more) = Self::of(&set, charter, floor)?;
        problems.extend(more);
        Ok((directory, problems))
    }

    /// Takes of `set` the charter that counts, starting from the one with the digest `pinned`, and of each agency the
    /// latest card and keyring. A bad one, or one below the floor, leaves its agency without it and is told in the list,
    /// and so are a bad block notice and a successor of the charter that another one excludes. Of two texts under one
    /// sequence the one that was seen first counts, and no successor of either.
    ///
    /// # Errors
    /// If no charter counts.
    pub fn of(
        set: &DocumentSet,
        pinned: Digest,
        floor: impl Floor + 'static,
    ) -> Result<(Self, Vec<DocumentError>), DocumentError> {
        let charters = set.of_kind(DocumentKind::Charter).map(|(_, file)| file);
        let succession = Succession::follow(charters, pinned, floor(DocumentKind::Charter.as_str()))?;
        let mut problems = rival_charters(set, &succession);
        let files = |kind| set.of_kind(kind).map(|(_, file)| file).collect::<Vec<_>>();
        let members: BTreeMap<_, _> =
            succession.current().members.iter().map(|m| (m.agency.clone(), m.root)).collect();
        let card = |file: &SignedFile| {
            let card = Card::verify(file, |agency| members.get(agency).copied())?;
            Ok((format!("card/{}", card.agency), card))
        };
        let former = succession.former_members();
        let root = |agency: &AgencyId| members.get(agency).copied();
        // A card that somebody had who has left says nothing of today.
        let of_today =
            |file: &&SignedFile| Card::verify(file, root).is_ok() || Card::former(file, &former).is_none();
        let cards: Vec<_> = files(DocumentKind::Card).into_iter().filter(of_today).collect();
        let cards = latest(&cards, &floor, card, &mut problems);
        let floor = std::rc::Rc::new(floor);
        let of_builder = std::rc::Rc::clone(&floor);
        let mut builder = DirectoryBuilder::new(succession.current().clone())
            .above(move |name: &str| (*of_builder)(name))
            .stopped_by(succession.emergency_keys())
            .formerly(former_keys(set, &former));
        for (file, _) in cards {
            problems.extend(builder.card(file).err());
        }
        let keyring = |file: &SignedFile| {
            let keyring = Keyring::verify(file, |agency| builder.directory().keyring_keys(agency))?;
            Ok((format!("keyring/{}", keyring.agency), keyring))
        };
        let keyrings = latest(&files(DocumentKind::Keyring), &*floor, keyring, &mut problems);
        for (file, before) in keyrings {
            match builder.keyring(file) {
                Ok(()) => before.into_iter().for_each(|before| builder.before(before)),
                Err(problem) => problems.push(problem),
            }
        }
        for file in files(DocumentKind::Block) {
            problems.extend(builder.block(file).err());
        }
        Ok((builder.build(), problems))
    }
}

/// The agreement keys of those who have left, by the cards that they had.
fn former_keys(set: &DocumentSet, former: &FormerRoots) -> BTreeMap<AgencyId, Vec<PublicKey>> {
    let keys = |agency: &AgencyId| {
        let cards = set.of_name(DocumentKind::Card, agency.as_str());
        let cards = cards.filter_map(|(_, file)| Card::former(file, former));
        cards.flat_map(|card| card.agreement_keys()).collect::<BTreeSet<_>>().into_iter().collect()
    };
    former.keys().map(|agency| (agency.clone(), keys(agency))).collect()
}

/// The successors of one charter that exclude each other, but one that counts: somebody signed both, which people must
/// know.
fn rival_charters(set: &DocumentSet, succession: &Succession) -> Vec<DocumentError> {
    let counting: BTreeSet<Digest> = succession.charters().map(Signed::digest).collect();
    let excluded = |digest: &Digest| succession.rivals().contains(digest) && !counting.contains(digest);
    let rivals = set.of_kind(DocumentKind::Charter).filter(|(at, _)| excluded(&at.digest));
    rivals
        .map(|(at, file)| DocumentError::OtherText { file: file.name.clone(), sequence: at.sequence })
        .collect()
}

/// Of each name the file that counts, with the document before it where that is there. Those below what was seen go
/// silently where something reaches it: old versions stay in the set for good.
fn latest<'a, T: Document + Clone>(
    files: &[&'a SignedFile],
    floor: &impl Floor,
    verify: impl Fn(&SignedFile) -> Result<(String, Signed<T>), DocumentError>,
    problems: &mut Vec<DocumentError>,
) -> Vec<(&'a SignedFile, Option<Signed<T>>)> {
    let mut by_name: BTreeMap<String, Vec<Candidate<'a, T>>> = BTreeMap::new();
    for file in files {
        match verify(file) {
            Ok((name, document)) => {
                by_name.entry(name).or_default().push((document.link().0, *file, document));
            }
            Err(problem) => problems.push(problem),
        }
    }
    let chosen = by_name.into_iter().filter_map(|(name, of_name)| {
        let (_, file, document) = choose(&of_name, floor(&name), problems)?;
        let (_, previous) = document.link();
        let before = of_name.iter().find(|(_, _, other)| Some(other.digest) == previous);
        Some((*file, before.map(|(_, _, before)| before.clone())))
    });
    chosen.collect()
}

type Candidate<'a, T> = (u64, &'a SignedFile, Signed<T>);

fn choose<'c, 'a, T>(
    of_name: &'c [Candidate<'a, T>],
    seen: Option<(u64, Digest)>,
    problems: &mut Vec<DocumentError>,
) -> Option<&'c Candidate<'a, T>> {
    let mut texts: BTreeMap<u64, BTreeSet<Digest>> = BTreeMap::new();
    for (sequence, _, document) in of_name {
        texts.entry(*sequence).or_default().insert(document.digest);
    }
    if let Some((sequence, digest)) = seen {
        texts.entry(sequence).or_default().insert(digest);
    }
    let from = seen.map_or(0, |(sequence, _)| sequence);
    let contested = texts.range(from..).find(|(_, texts)| texts.len() > 1).map(|(sequence, _)| *sequence);
    if let Some(sequence) = contested {
        let rival = |(of, _, document): &&Candidate<'a, T>| {
            *of == sequence && seen.is_none_or(|(_, digest)| document.digest != digest)
        };
        let rival = of_name.iter().rfind(rival);
        problems
            .extend(rival.map(|(_, file, _)| DocumentError::OtherText { file: file.name.clone(), sequence }));
    }
    let reaches = |(sequence, _, _): &&Candidate<'a, T>| contested.is_none_or(|end| *sequence <= end);
    let highest = of_name.iter().filter(reaches).map(|(sequence, _, _)| *sequence).max()?;
    let mut highest = of_name.iter().filter(|(sequence, _, _)| *sequence == highest);
    let first = highest.clone().next();
    let was_seen = |(_, _, document): &&Candidate<'a, T>| seen.is_some_and(|(_, d)| d == document.digest);
    highest.find(was_seen).or(first)
}
