//! From documents to the chains that count.

use super::absences::Absences;
use super::chain::{Chain, Conflict, Leave};
use super::pending::Pending;
use crate::declaration::{Act, SignedDeclaration};
use crate::error::AgreementError;
use crate::signed::{SignedAgreement, Text};
use concord_domain::{AgencyId, AgreementRef, Digest};
use concord_trust::Directory;
use std::collections::BTreeSet;

/// What building finds besides the chains.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) problems: Vec<AgreementError>,
    pub(super) conflicts: Vec<Conflict>,
    pub(super) pending: Vec<Pending>,
}

/// Builds the chains of one agreement: mostly one. `texts` are all about it, in the order of version and digest.
pub(super) fn build(
    texts: &[Text],
    declarations: &[SignedDeclaration],
    directory: &Directory,
    found: &mut Found,
) -> Vec<Chain> {
    let mut builder = Builder { texts, declarations, directory, found, judged: BTreeSet::new() };
    let roots = builder.roots();
    let chains: Vec<_> = roots.into_iter().flat_map(|root| builder.extended(root)).collect();
    builder.tell_the_rest(&chains);
    chains
}

struct Builder<'a> {
    texts: &'a [Text],
    declarations: &'a [SignedDeclaration],
    directory: &'a Directory,
    found: &'a mut Found,
    /// The texts that were held against a chain.
    judged: BTreeSet<Digest>,
}

impl Builder<'_> {
    /// Each first version that all its parties signed begins a chain.
    fn roots(&mut self) -> Vec<Chain> {
        let texts = self.texts;
        let candidates: Vec<_> = texts.iter().filter(|text| text.agreement.version == 1).collect();
        let roots = self.complete(&candidates, |_| Vec::new(), |_| Ok(Leave::OfAll));
        let suspended = Absences::suspended(self.declarations);
        let begin = |signed: &SignedAgreement| Chain::new(signed.clone(), suspended.clone());
        self.side_by_side(roots, begin, |_| Vec::new())
    }

    /// Adds version after version, up to one that nothing follows; a chain by way of each where several follow one.
    fn extended(&mut self, root: Chain) -> Vec<Chain> {
        let (mut open, mut ended) = (vec![root], Vec::new());
        while let Some(chain) = open.pop() {
            let longer = self.followed(&chain);
            if longer.is_empty() {
                ended.push(chain);
            }
            open.extend(longer.into_iter().rev());
        }
        ended
    }

    /// The chain with each text that may be its next version.
    fn followed(&mut self, chain: &Chain) -> Vec<Chain> {
        let texts = self.texts;
        let before = chain.highest();
        let follows = |text: &&Text| {
            Some(text.agreement.version) == before.version.checked_add(1)
                && text.agreement.previous == Some(before.digest())
        };
        let candidates: Vec<_> = texts.iter().filter(follows).collect();
        let bound = |text: &Text| chain.bound_at(before, text.agreement.valid_from).cloned().collect();
        let directory = self.directory;
        let complete = self.complete(&candidates, bound, |text| chain.releases(text, directory));
        let follow = |signed: &SignedAgreement| {
            let mut chain = chain.clone();
            chain.follow(signed.clone());
            chain
        };
        self.side_by_side(complete, follow, bound)
    }

    /// A chain for each of these texts of one version, mostly one. Whoever had to sign two of them, and did, takes part in
    /// neither from the time on at which the earlier one begins: so a name or a version that others use too takes nothing
    /// away from those who signed one text only.
    fn side_by_side(
        &mut self,
        texts: Vec<(&Text, SignedAgreement)>,
        chain: impl Fn(&SignedAgreement) -> Chain,
        others: impl Fn(&Text) -> Vec<AgencyId>,
    ) -> Vec<Chain> {
        let signers = |text: &Text| -> BTreeSet<AgencyId> {
            text.agreement.parties.iter().cloned().chain(others(text)).collect()
        };
        let mut chains = Vec::with_capacity(texts.len());
        for (text, signed) in &texts {
            let (mut chain, signed_this) = (chain(signed), signers(text));
            chain.withdraw(self.declarations, &mut self.found.problems);
            chain.part_from_former_members();
            for (rival, _) in texts.iter().filter(|(rival, _)| rival.digest != text.digest) {
                let since = text.agreement.valid_from.min(rival.agreement.valid_from);
                for party in signers(rival).intersection(&signed_this) {
                    chain.absences().signed_two_texts(party, since);
                }
            }
            chains.push(chain);
        }
        let texts: Vec<_> = texts.into_iter().map(|(text, _)| text).collect();
        self.tell_conflict(&texts);
        chains
    }

    /// Those of the candidates that all signed who must: the parties, and who else `others` names. What the others lack
    /// is told, and waited for unless one of the candidates counts already.
    fn complete<'t>(
        &mut self,
        candidates: &[&'t Text],
        others: impl Fn(&Text) -> Vec<AgencyId>,
        released: impl Fn(&Text) -> Result<Leave, AgreementError>,
    ) -> Vec<(&'t Text, SignedAgreement)> {
        let (mut complete, mut pending) = (Vec::new(), Vec::new());
        for text in candidates {
            self.judged.insert(text.digest);
            match text.signed(self.directory).and_then(|signed| Ok((released(text)?, signed))) {
                Ok((leave, signed)) => complete.push((leave, *text, signed)),
                Err(problem) => {
                    self.found.problems.push(problem);
                    pending.push(self.missing(text, others(text)));
                }
            }
        }
        if complete.is_empty() {
            self.found.pending.append(&mut pending);
        }
        // That somebody left revives no draft beside what all agreed on.
        let of_all = complete.iter().any(|(leave, ..)| *leave == Leave::OfAll);
        let counting = complete.into_iter().filter(|(leave, ..)| !of_all || *leave == Leave::OfAll);
        counting.map(|(_, text, signed)| (text, signed)).collect()
    }

    fn missing(&self, text: &Text, others: Vec<AgencyId>) -> Pending {
        let mut missing = Vec::new();
        let others = others.into_iter().filter(|agency| !self.directory.had_left(agency));
        for agency in text.agreement.parties.iter().cloned().chain(others) {
            if !missing.contains(&agency) && text.signed_by(&agency, self.directory).is_err() {
                missing.push(agency);
            }
        }
        let (id, version, digest) = (text.agreement.id.clone(), text.agreement.version, text.digest);
        Pending { text: AgreementRef { id, version, digest }, file: text.file.name.clone(), missing }
    }

    fn tell_conflict(&mut self, rivals: &[&Text]) {
        let [first, second, ..] = rivals else { return };
        self.found.problems.push(AgreementError::TwoTexts {
            file: first.file.name.clone(),
            other: second.file.name.clone(),
            id: first.agreement.id.clone(),
            version: first.agreement.version,
        });
        self.found.conflicts.extend(Conflict::of(rivals));
    }

    /// Versions that follow nothing, and withdrawals from nothing.
    fn tell_the_rest(&mut self, chains: &[Chain]) {
        for text in self.texts.iter().filter(|text| !self.judged.contains(&text.digest)) {
            self.found.problems.push(AgreementError::NoPredecessor {
                file: text.file.name.clone(),
                id: text.agreement.id.clone(),
                version: text.agreement.version,
            });
        }
        for declaration in self.declarations {
            let is_withdrawal = matches!(declaration.act, Act::Withdrawal { .. });
            let speaks_of = |text: &SignedAgreement| {
                text.version == declaration.version && text.parties.contains(&declaration.party)
            };
            if is_withdrawal && !chains.iter().flat_map(Chain::texts).any(speaks_of) {
                self.found.problems.push(AgreementError::NothingToWithdrawFrom {
                    file: declaration.file().to_owned(),
                    id: declaration.agreement.clone(),
                    version: declaration.version,
                    party: declaration.party.clone(),
                });
            }
        }
    }
}
