//! The agreements that a node decides by.

mod absences;
mod brokers;
mod carriers;
mod chain;
mod chains;
mod documents;
mod floor;
mod members;
mod pending;
mod supposing;
#[cfg(test)]
mod tests;

pub use absences::Absence;
pub use chain::Conflict;
pub use documents::Documents;
pub use pending::Pending;

pub(crate) use chain::Chain;

use crate::coverage::Line;
use crate::declaration::SignedDeclaration;
use crate::error::AgreementError;
use crate::local::LocalRules;
use crate::signed::{SignedAgreement, Text};
use chains::Found;
use concord_domain::{AgencyId, AgreementId, Digest, Timestamp};
use concord_trust::{Directory, SignedFile};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// The agreements that a node decides by with what their parties declared, the charter's order of its members, and the
/// node's own rules. Immutable; a change makes a new set.
#[derive(Debug, Clone)]
pub struct Rules {
    directory: Arc<Directory>,
    local: LocalRules,
    /// By name. More than one of a name only where two texts of one version of it were signed; the one that the name means
    /// comes first.
    chains: Vec<Chain>,
    /// For each party of any version the places of its chains, in their order.
    by_party: BTreeMap<AgencyId, Vec<usize>>,
    declarations: Vec<SignedDeclaration>,
    conflicts: Vec<Conflict>,
    pending: Vec<Pending>,
}

impl Rules {
    /// Reads the `agreements` and `declarations` of `folder`; see [`Documents::read`]. What does not count is left out
    /// and told in the list; see [`Self::build`].
    pub fn read(
        folder: &Path,
        directory: Arc<Directory>,
        local: LocalRules,
        floor: impl Fn(&AgreementId) -> Option<(u32, Digest)>,
    ) -> (Self, Vec<AgreementError>) {
        let (documents, mut problems) = Documents::read(folder);
        let (rules, more) = Self::build(documents, directory, local, floor);
        problems.extend(more);
        (rules, problems)
    }

    /// Takes of each agreement the versions that count: the first if all its parties signed it, and each further one
    /// that all its parties signed and those of the version before too, unless they have withdrawn by then. Of two such
    /// texts of one version each counts, but for those who had to sign both: they take part in neither from the beginning
    /// of the earlier one on.
    ///
    /// `floor` tells the highest version ever seen here, with its digest: where the versions do not reach it, or have
    /// another text there, the agreement does not count at all. The order of the documents makes no difference.
    pub fn build(
        documents: Documents,
        directory: Arc<Directory>,
        local: LocalRules,
        floor: impl Fn(&AgreementId) -> Option<(u32, Digest)>,
    ) -> (Self, Vec<AgreementError>) {
        let mut found = Found::default();
        let declared = declarations(documents.declarations, &directory, &mut found);
        let mut texts = texts(documents.agreements, &directory, &mut found);
        // Declarations about what is not known here are told as well.
        for id in declared.keys() {
            texts.entry(id.clone()).or_default();
        }
        let mut chains = Vec::new();
        for (id, texts) in texts {
            let declarations = declared.get(&id).map_or(&[][..], Vec::as_slice);
            let of_id = chains::build(&texts, declarations, &directory, &mut found);
            chains.extend(floor::above(of_id, floor(&id), &mut found.problems));
        }
        let Found { problems, conflicts, pending } = found;
        let (by_party, declarations) = (by_party(&chains), declared.into_values().flatten().collect());
        (Self { directory, local, chains, by_party, declarations, conflicts, pending }, problems)
    }

    /// The verified charter, cards, keyrings and block notices that these rules were read against.
    pub fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// The node's own rules.
    pub fn local(&self) -> &LocalRules {
        &self.local
    }

    /// The version of that agreement to judge by at `now`: the highest that has begun, or the first if none has. Whether
    /// it is in force is for the caller to ask.
    pub fn get(&self, id: &AgreementId, now: Timestamp) -> Option<&SignedAgreement> {
        self.chains_of(id).next().map(|chain| chain.at(now))
    }

    /// All versions of that agreement that count, lowest first.
    pub fn versions(&self, id: &AgreementId) -> impl Iterator<Item = &SignedAgreement> {
        self.chains_of(id).take(1).flat_map(Chain::texts)
    }

    /// Of each agreement the version to judge by at `now`, by name; whether it is in force is for the caller to ask.
    pub fn agreements(&self, now: Timestamp) -> impl Iterator<Item = &SignedAgreement> {
        self.named().map(move |chain| chain.at(now))
    }

    /// The members that are parties of the version of an agreement to judge by at `now`, whether they take part or not; of
    /// each where two texts are signed. Nobody if there is no such agreement.
    pub fn members_of(&self, id: &AgreementId, now: Timestamp) -> BTreeSet<&AgencyId> {
        let parties = self.chains_of(id).flat_map(|chain| &chain.at(now).parties);
        parties.filter(|party| !self.directory.has_left(party)).collect()
    }

    /// The parties that take part in the version of an agreement that is in force at `now`; nobody if none is.
    pub fn participants(&self, id: &AgreementId, now: Timestamp) -> impl Iterator<Item = &AgencyId> {
        let text = self
            .chains_of(id)
            .next()
            .map(|chain| (chain, chain.at(now)))
            .filter(|(_, text)| text.in_force(now));
        text.into_iter().flat_map(move |(chain, text)| chain.present(text, now))
    }

    /// Whether the version of an agreement to judge by is in force at `now`: its time has come and is not over, and two
    /// parties at least take part.
    pub fn in_force(&self, id: &AgreementId, now: Timestamp) -> bool {
        self.participants(id, now).nth(1).is_some()
    }

    /// Why a party takes no part, at `now`, in the version of an agreement to judge by.
    pub fn absence(&self, id: &AgreementId, party: &AgencyId, now: Timestamp) -> Option<Absence> {
        let chain = self.chains_of(id).next()?;
        chain.absence(party, chain.at(now).version, now)
    }

    /// Highest version and digest of each agreement, by name: to be kept, and given back as the floor. An agreement of
    /// which two texts of one version are signed tells nothing.
    pub fn highest(&self) -> impl Iterator<Item = (&AgreementId, u32, Digest)> {
        let told = self.by_name().filter_map(|chains| match chains {
            [only] => Some(only.highest()),
            _ => None,
        });
        told.map(|text| (&text.id, text.version, text.digest()))
    }

    /// What parties declared, verified; by agreement, party and sequence.
    pub fn declarations(&self) -> &[SignedDeclaration] {
        &self.declarations
    }

    /// Texts of one version that exclude each other, all signed: to be kept and shown.
    pub fn conflicts(&self) -> &[Conflict] {
        &self.conflicts
    }

    /// Texts that make sense and lack signatures.
    pub fn pending(&self) -> &[Pending] {
        &self.pending
    }

    /// The chains of that name; the one that the name means comes first.
    pub(crate) fn chains_of(&self, id: &AgreementId) -> impl Iterator<Item = &Chain> {
        let begin = self.chains.partition_point(|chain| chain.highest().id < *id);
        self.chains.iter().skip(begin).take_while(move |chain| chain.highest().id == *id)
    }

    /// All chains, by name.
    pub(crate) fn chains(&self) -> impl Iterator<Item = &Chain> {
        self.chains.iter()
    }

    /// The chains of each name.
    fn by_name(&self) -> impl Iterator<Item = &[Chain]> {
        self.chains.chunk_by(|a, b| a.highest().id == b.highest().id)
    }

    /// Of each name the chain that it means.
    fn named(&self) -> impl Iterator<Item = &Chain> {
        self.by_name().filter_map(<[_]>::first)
    }

    /// The versions to judge by at `now` that bind both, in the order in which they are taken: the more specific kind
    /// first ([`crate::AgreementKind::precedence`]), then by name.
    pub(crate) fn between<'a>(
        &'a self,
        from: &'a Line<'_>,
        to: &'a Line<'_>,
        now: Timestamp,
    ) -> impl Iterator<Item = (&'a Chain, &'a SignedAgreement)> {
        let places = |line: &Line<'_>| {
            let of_line = line.iter().filter_map(|agency| self.by_party.get(agency));
            let mut places: Vec<_> = of_line.flatten().copied().collect();
            places.sort_unstable();
            places.dedup();
            places
        };
        let (of_from, of_to) = (places(from), places(to));
        let both = of_from.iter().filter(|place| of_to.binary_search(place).is_ok());
        let texts = both.filter_map(|place| self.chains.get(*place)).map(|chain| (chain, chain.at(now)));
        let mut texts: Vec<_> = texts.collect();
        // Stable, so that those of one kind stay by name.
        texts.sort_by_key(|(_, text)| text.kind.precedence());
        // The index knows the parties of all versions; who is bound by this one is looked at only when it is its turn.
        texts.into_iter().filter(move |(_, text)| text.binds(from) && text.binds(to))
    }
}

fn by_party(chains: &[Chain]) -> BTreeMap<AgencyId, Vec<usize>> {
    let mut index: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (place, chain) in chains.iter().enumerate() {
        for party in chain.texts().flat_map(|text| &text.parties) {
            let places = index.entry(party.clone()).or_default();
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    }
    index
}

/// Every text that makes sense, by agreement, in the order of version and digest. The same bytes in two files are one
/// text with the signatures of both.
fn texts(
    mut files: Vec<SignedFile>,
    directory: &Directory,
    found: &mut Found,
) -> BTreeMap<AgreementId, Vec<Text>> {
    files.sort_by(|a, b| (&a.bytes, &a.name).cmp(&(&b.bytes, &b.name)));
    files.dedup_by(|later, earlier| {
        let same = later.bytes == earlier.bytes;
        if same {
            earlier.signatures.append(&mut later.signatures);
        }
        same
    });
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let mut texts: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for file in &files {
        match Text::read(file) {
            Ok(text) => {
                found.problems.extend(text.check_names(directory).err());
                texts.entry(text.agreement.id.clone()).or_default().push(text);
            }
            Err(problem) => found.problems.push(problem),
        }
    }
    texts.values_mut().for_each(|texts| texts.sort_by_key(|text| (text.agreement.version, text.digest)));
    texts
}

/// Every declaration that its party signed, by agreement, in the order of party and sequence. Two under one sequence
/// are told, and both stay: what they take from their party counts.
fn declarations(
    files: Vec<SignedFile>,
    directory: &Directory,
    found: &mut Found,
) -> BTreeMap<AgreementId, Vec<SignedDeclaration>> {
    let mut declared: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for file in &files {
        match SignedDeclaration::verify(file, directory) {
            Ok(declaration) => declared.entry(declaration.agreement.clone()).or_default().push(declaration),
            Err(problem) => found.problems.push(problem),
        }
    }
    for of_id in declared.values_mut() {
        of_id.sort_by(|a, b| (&a.party, a.sequence, a.digest()).cmp(&(&b.party, b.sequence, b.digest())));
        of_id.dedup_by_key(|declaration| declaration.digest());
        let same =
            |a: &SignedDeclaration, b: &SignedDeclaration| (&a.party, a.sequence) == (&b.party, b.sequence);
        for twins in of_id.chunk_by(same) {
            let [one, other, ..] = twins else { continue };
            found.problems.push(AgreementError::TwoDeclarations {
                file: one.file().to_owned(),
                other: other.file().to_owned(),
                party: one.party.clone(),
                sequence: one.sequence,
            });
        }
    }
    declared
}
