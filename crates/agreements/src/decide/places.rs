//! The agencies of a request, each with everybody above it.

use super::denial::Denial;
use super::facts::Facts;
use crate::coverage::Line;
use crate::document::Agreement;
use crate::local::Side;
use concord_domain::{AgencyId, Timestamp};
use concord_trust::{Block, Directory, Signed};

/// Where the agencies of a request stand in the charter.
pub(super) struct Places<'a> {
    pub(super) from: Line<'a>,
    pub(super) to: Line<'a>,
    pub(super) via: Vec<Line<'a>>,
    pub(super) behalf: Vec<Line<'a>>,
    pub(super) onward: Option<Line<'a>>,
}

/// Every agency that a request is about.
fn everybody<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a AgencyId> {
    [facts.from, facts.to].into_iter().chain(facts.via).chain(facts.behalf).chain(facts.onward)
}

impl<'a> Places<'a> {
    /// Looks all of them up: each is a member, the two are not one, and no carrier is one of the two.
    pub(super) fn of(facts: &Facts<'_>, directory: &'a Directory) -> Result<Self, Denial> {
        if let Some(stranger) = everybody(facts).find(|agency| directory.member(agency).is_none()) {
            return Err(Denial::not_a_member(stranger));
        }
        if facts.from == facts.to {
            return Err(Denial::itself(facts.from));
        }
        if let Some(end) = facts.via.iter().find(|carrier| [facts.from, facts.to].contains(carrier)) {
            return Err(Denial::carries_its_own(end));
        }
        let line = |agency| Line::of(agency, directory);
        Ok(Self {
            from: line(facts.from),
            to: line(facts.to),
            via: facts.via.iter().map(line).collect(),
            behalf: facts.behalf.iter().map(line).collect(),
            onward: facts.onward.map(line),
        })
    }

    /// A notice that stops any of them.
    pub(super) fn block(
        &self,
        facts: &Facts<'_>,
        directory: &'a Directory,
        now: Timestamp,
    ) -> Option<&'a Signed<Block>> {
        everybody(facts).find_map(|agency| directory.blocked(agency, now))
    }

    /// The next instant after `now` at which a notice stops any of them.
    pub(super) fn next_block(
        &self,
        facts: &Facts<'_>,
        directory: &'a Directory,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let notices = everybody(facts).flat_map(|agency| directory.blocks_of(agency));
        let coming = notices.filter(|notice| !notice.lifted && notice.from > now);
        coming.map(|notice| notice.from).min()
    }

    /// Those whom a local rule looks at.
    pub(super) fn counterparts(&self, side: Side) -> Vec<&Line<'a>> {
        match side {
            Side::Asking => std::iter::once(&self.to).chain(&self.onward).collect(),
            Side::Serving => std::iter::once(&self.from).chain(&self.behalf).collect(),
            Side::Carrying => vec![&self.from, &self.to],
        }
    }

    /// The parties on whose taking part a permit under this agreement rests: those that the two and their carriers stand
    /// behind; all of them where the two stand behind one, for then any may be the second that it takes.
    pub(super) fn resting_on<'t>(
        &self,
        text: &'t Agreement,
    ) -> impl Iterator<Item = &'t AgencyId> + use<'t, 'a> {
        let of_two = [text.party_of(&self.from), text.party_of(&self.to)];
        let of_via: Vec<_> = self.via.iter().filter_map(|line| text.party_of(line)).collect();
        let all = of_two.first() == of_two.last();
        text.parties
            .iter()
            .filter(move |party| all || of_two.contains(&Some(party)) || of_via.contains(party))
    }
}
