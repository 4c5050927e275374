//! The versions of one agreement, each by leave of the one before.

use super::absences::{Absence, Absences};
use crate::coverage::Line;
use crate::declaration::{Act, SignedDeclaration};
use crate::error::AgreementError;
use crate::signed::{SignedAgreement, Text};
use concord_domain::{AgencyId, AgreementId, AgreementRef, Timestamp};
use concord_trust::{Directory, SignedFile};

/// The versions of one agreement that count, from the first on without a gap.
///
/// A version counts only if all its parties signed it, it names the digest of the version before, that one counts, and
/// all *its* parties signed the new one too, but for those whose withdrawal from it is in effect when the new one
/// begins. Some of the parties can therefore never displace what they agreed with the others. Where two texts of one
/// version count by that, there is a chain by way of each, and whoever had to sign both takes part in neither: not even
/// all parties of an old version can end what those who joined later agreed on.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    first: SignedAgreement,
    later: Vec<SignedAgreement>,
    absences: Absences,
}

/// Two or more texts of one version, signed by all who must sign each: the proof against who signed them.
#[derive(Debug, Clone)]
pub struct Conflict {
    /// The agreement.
    pub id: AgreementId,
    /// The version.
    pub version: u32,
    /// From this instant on they do harm: when the earliest of them would have begun.
    pub since: Timestamp,
    /// The texts with their signatures, in the order of their digests.
    pub files: Vec<SignedFile>,
}

/// Who gave leave to a next version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    /// All who were bound by the version before.
    OfAll,
    /// All but some who have left the federation.
    OfThoseWhoStayed,
}

impl Conflict {
    pub(super) fn of(texts: &[&Text]) -> Option<Self> {
        let first = &texts.first()?.agreement;
        let since = texts.iter().map(|text| text.agreement.valid_from).min()?;
        let files = texts.iter().map(|text| text.file.clone()).collect();
        Some(Self { id: first.id.clone(), version: first.version, since, files })
    }
}

impl Chain {
    /// Begins with a first version that all its parties signed.
    pub(super) fn new(first: SignedAgreement, absences: Absences) -> Self {
        Self { first, later: Vec::new(), absences }
    }

    pub(super) fn absences(&mut self) -> &mut Absences {
        &mut self.absences
    }

    /// All versions that count, lowest first.
    pub(crate) fn texts(&self) -> impl DoubleEndedIterator<Item = &SignedAgreement> {
        std::iter::once(&self.first).chain(&self.later)
    }

    /// The highest version that counts, begun or not.
    pub(crate) fn highest(&self) -> &SignedAgreement {
        self.later.last().unwrap_or(&self.first)
    }

    /// The version to judge by at `now`: the highest that has begun, or the first if none has.
    pub(crate) fn at(&self, now: Timestamp) -> &SignedAgreement {
        self.texts().rev().find(|text| text.valid_from <= now).unwrap_or(&self.first)
    }

    /// The text that `claimed` points at, whether its time has come or not.
    pub(crate) fn text(&self, claimed: &AgreementRef) -> Option<&SignedAgreement> {
        self.texts().find(|text| text.is(claimed))
    }

    /// Why the party takes no part in the version at `now`.
    pub(crate) fn absence(&self, party: &AgencyId, version: u32, now: Timestamp) -> Option<Absence> {
        self.absences.of_party(party, version, now)
    }

    /// The parties of `text` that take part at `now`.
    pub(crate) fn present<'a>(
        &'a self,
        text: &'a SignedAgreement,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a AgencyId> {
        text.parties.iter().filter(move |party| self.absence(party, text.version, now).is_none())
    }

    /// Whether the agency may carry what `text` grants between these two, at `now`: it is among the carriers that are
    /// named, or one of the two's superiors up to the party that this one stands behind; and behind a party that takes part.
    pub(crate) fn lets_carry(
        &self,
        text: &SignedAgreement,
        carrier: &Line<'_>,
        ends: [&Line<'_>; 2],
        now: Timestamp,
    ) -> bool {
        let is_above =
            |end: &&Line<'_>| text.superiors(end).any(|above| carrier.iter().next() == Some(above));
        (text.carried_by(carrier) || ends.iter().any(is_above)) && self.takes_part(text, carrier, now)
    }

    /// Whether the party that the agency stands behind takes part in `text` at `now`.
    pub(crate) fn takes_part(&self, text: &SignedAgreement, agency: &Line<'_>, now: Timestamp) -> bool {
        text.party_of(agency).is_some_and(|party| self.absence(party, text.version, now).is_none())
    }

    /// Whether everybody takes part at any time.
    pub(crate) fn is_undisturbed(&self) -> bool {
        self.absences.is_empty()
    }

    /// The next instant after `now` at which `text` may no longer say what it says, or to one of `resting_on` no longer.
    pub(crate) fn next_change<'a>(
        &self,
        text: &SignedAgreement,
        resting_on: impl Iterator<Item = &'a AgencyId>,
        now: Timestamp,
    ) -> Timestamp {
        let begins = |other: &&SignedAgreement| other.version > text.version && other.valid_from > now;
        let successors = self.later.iter().filter(begins).map(|successor| successor.valid_from);
        let absences = resting_on.filter_map(|party| self.absences.next(party, text.version, now));
        successors.chain(absences).min().map_or(text.valid_until, |at| at.min(text.valid_until))
    }

    /// Takes the declarations that withdraw from the highest version. One with too short a notice is told.
    pub(super) fn withdraw(
        &mut self,
        declarations: &[SignedDeclaration],
        problems: &mut Vec<AgreementError>,
    ) {
        let text = self.later.last().unwrap_or(&self.first);
        for declaration in declarations.iter().filter(|d| d.version == text.version) {
            let Act::Withdrawal { effective_at } = declaration.act else { continue };
            if !text.parties.contains(&declaration.party) {
                continue;
            }
            let earliest = declaration.issued.plus(text.terms.withdrawal_notice());
            if effective_at < earliest {
                let file = declaration.file().to_owned();
                problems.push(AgreementError::NoticeTooShort { file, effective_at, earliest });
            } else {
                self.absences.withdraws(&declaration.party, text.version, effective_at);
            }
        }
    }

    /// Those of the highest version's parties who have left the federation since take no part in it.
    pub(super) fn part_from_former_members(&mut self) {
        let text = self.later.last().unwrap_or(&self.first);
        text.left().iter().for_each(|party| self.absences.has_left(party, text.version));
    }

    /// Whether the text may follow the highest version: who of that one's parties must have signed, did. Nobody waits for
    /// the leave of those who have left; a text that lacks it is told apart from one that all signed.
    pub(super) fn releases(&self, text: &Text, directory: &Directory) -> Result<Leave, AgreementError> {
        let before = self.highest();
        let mut leave = Leave::OfAll;
        for party in self.bound_at(before, text.agreement.valid_from) {
            let Err(source) = text.signed_by(party, directory) else { continue };
            if !directory.had_left(party) {
                return Err(AgreementError::PredecessorNotSigned {
                    file: text.file.name.clone(),
                    version: before.version,
                    party: party.clone(),
                    source: Box::new(source),
                });
            }
            leave = Leave::OfThoseWhoStayed;
        }
        Ok(leave)
    }

    /// The parties that have not withdrawn from the text by `at`. One that suspended its part is still bound.
    pub(super) fn bound_at<'a>(
        &'a self,
        text: &'a SignedAgreement,
        at: Timestamp,
    ) -> impl Iterator<Item = &'a AgencyId> {
        text.parties.iter().filter(move |party| !self.absences.has_withdrawn(party, text.version, at))
    }

    pub(super) fn follow(&mut self, text: SignedAgreement) {
        self.later.push(text);
    }
}
