//! What a document counts for, by the rules in force.

use concord_agreements::{Absence, Act, Rules};
use concord_domain::{AgencyId, AgreementId, Digest, Timestamp};
use concord_trust::{Directory, DocumentKind, DocumentRef, sha256};
use concord_wire::pb::agreement::v1::DocumentState;
use std::cmp::Ordering;
use std::sync::Arc;

/// The rules at one instant.
pub(super) struct States {
    rules: Arc<Rules>,
    now: Timestamp,
}

impl States {
    pub(super) fn new(rules: Arc<Rules>, now: Timestamp) -> Self {
        Self { rules, now }
    }

    /// What a document counts for, and who still must sign if that is what it lacks.
    pub(super) fn of(&self, at: &DocumentRef) -> (DocumentState, Vec<AgencyId>) {
        let state = match at.kind {
            DocumentKind::Charter => {
                let charter = self.directory().charter();
                beside(at, charter.sequence, charter.digest(), DocumentState::InForce)
            }
            DocumentKind::Card => self.card(at),
            DocumentKind::Keyring => self.keyring(at),
            DocumentKind::Block => self.block(at),
            DocumentKind::Declaration => self.declaration(at),
            DocumentKind::Agreement => return self.agreement(at),
        };
        (state, Vec::new())
    }

    fn directory(&self) -> &Directory {
        self.rules.directory()
    }

    fn card(&self, at: &DocumentRef) -> DocumentState {
        let card = at.name.parse().ok().and_then(|agency| self.directory().card(&agency));
        card.map_or(DocumentState::Idle, |card| {
            beside(at, card.sequence, card.digest(), DocumentState::InForce)
        })
    }

    fn keyring(&self, at: &DocumentRef) -> DocumentState {
        let keyring = at.name.parse().ok().and_then(|agency| self.directory().keyring(&agency));
        keyring.map_or(DocumentState::Idle, |keyring| {
            let alive =
                if keyring.is_current(self.now) { DocumentState::InForce } else { DocumentState::Ended };
            beside(at, keyring.sequence, keyring.digest(), alive)
        })
    }

    fn block(&self, at: &DocumentRef) -> DocumentState {
        let Ok(agency) = at.name.parse() else { return DocumentState::Idle };
        let standing = self.directory().blocks_of(&agency);
        match standing.iter().find(|block| block.digest() == at.digest) {
            Some(block) if block.stops(self.now) => DocumentState::InForce,
            Some(block) if !block.lifted && self.now < block.from => DocumentState::Upcoming,
            Some(_) => DocumentState::Ended,
            None if standing.iter().any(|block| block.sequence > at.sequence) => DocumentState::Superseded,
            None if standing.iter().any(|block| block.sequence == at.sequence) => DocumentState::Conflict,
            None => DocumentState::Idle,
        }
    }

    /// A withdrawal counts whatever its party declares later, unless its notice is too short; of suspensions and
    /// resumptions the latest.
    fn declaration(&self, at: &DocumentRef) -> DocumentState {
        let all = self.rules.declarations();
        let Some(this) = all.iter().find(|declaration| declaration.digest() == at.digest) else {
            return DocumentState::Idle;
        };
        if let Act::Withdrawal { effective_at } = this.act {
            let absence = self.rules.absence(&this.agreement, &this.party, self.now.max(effective_at));
            return match absence {
                Some(Absence::Withdrawn { .. }) if self.now < effective_at => DocumentState::Upcoming,
                Some(Absence::Withdrawn { .. }) => DocumentState::InForce,
                Some(Absence::Left | Absence::Suspended { .. } | Absence::TwoTexts { .. }) | None => {
                    DocumentState::Idle
                }
            };
        }
        let rivals = all.iter().filter(|other| {
            (&other.agreement, &other.party) == (&this.agreement, &this.party)
                && !matches!(other.act, Act::Withdrawal { .. })
        });
        rivals.max_by_key(|other| other.sequence).map_or(DocumentState::Idle, |latest| {
            beside(at, latest.sequence, latest.digest(), DocumentState::InForce)
        })
    }

    fn agreement(&self, at: &DocumentRef) -> (DocumentState, Vec<AgencyId>) {
        if let Some(pending) = self.rules.pending().iter().find(|pending| pending.text.digest == at.digest) {
            return (DocumentState::Pending, pending.missing.clone());
        }
        let conflicting = self.rules.conflicts().iter().flat_map(|conflict| &conflict.files);
        if conflicting.into_iter().any(|file| sha256(&[&file.bytes]) == at.digest) {
            return (DocumentState::Conflict, Vec::new());
        }
        let state = at.name.parse().ok().map_or(DocumentState::Idle, |id| self.version(&id, at));
        (state, Vec::new())
    }

    fn version(&self, id: &AgreementId, at: &DocumentRef) -> DocumentState {
        let Some(text) = self.rules.versions(id).find(|text| text.digest() == at.digest) else {
            return DocumentState::Idle;
        };
        let judged_by = self.rules.get(id, self.now).map(|text| text.version);
        match judged_by.map(|version| text.version.cmp(&version)) {
            Some(Ordering::Less) => DocumentState::Superseded,
            Some(Ordering::Greater) => DocumentState::Upcoming,
            Some(Ordering::Equal) if self.now < text.valid_from => DocumentState::Upcoming,
            Some(Ordering::Equal) if self.rules.in_force(id, self.now) => DocumentState::InForce,
            Some(Ordering::Equal) | None => DocumentState::Ended,
        }
    }
}

/// A document beside the one that counts, of which `counting` is told.
fn beside(at: &DocumentRef, sequence: u64, digest: Digest, counting: DocumentState) -> DocumentState {
    match at.sequence.cmp(&sequence) {
        Ordering::Equal if at.digest == digest => counting,
        Ordering::Equal => DocumentState::Conflict,
        Ordering::Less => DocumentState::Superseded,
        Ordering::Greater => DocumentState::Idle,
    }
}
