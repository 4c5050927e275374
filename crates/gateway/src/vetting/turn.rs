//! What becomes of a request that is to be asked on: it is asked on now, or it waits.

use super::{Vettings, Waiting};
use crate::broker::Brokered;
use crate::operation::{Fault, Unserved, Vetted};
use crate::outbound::Continued;
use crate::record::{Evidence, verified_facts};
use concord_domain::wanted::Authority;
use concord_domain::{Outcome, Reference, Refusal, Timestamp, Vetting, VettingState};
use concord_ledger::RequestFacts;
use concord_store::{Change, KeptVetting};
use concord_trust::envelope::{Context, Pending};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// What becomes of a request.
pub(crate) enum Turn {
    /// It is asked on.
    AskOn(Leave),
    /// It waits: what we answer, and what changes with that.
    Wait(Settled),
}

/// By what leave a request is asked on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leave {
    /// What was approved, and until when; none if our rules alone let us.
    approved: Option<(Reference, Timestamp)>,
    /// With whom it waits in turn.
    pub(crate) beyond: Option<Continued>,
}

/// What our answer says and changes besides what the service does.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// What it waits for; none if it has an end.
    pub(crate) pending: Option<Pending>,
    /// What changes with it.
    pub(crate) changes: Vec<Change>,
}

/// Keeps everybody else from asking on under a reference at the same time.
#[derive(Debug)]
pub(crate) struct Held {
    asking: Arc<Mutex<BTreeSet<Reference>>>,
    reference: Reference,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.asking.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.reference);
    }
}

impl Vettings {
    /// What becomes of a request that our rules let us ask on. Until what came of it is on the record, `held` keeps a
    /// second one from being asked on by the same approval.
    pub(crate) fn turn(
        &self,
        vetted: &dyn Vetted,
        brokered: Brokered<'_>,
        now: Timestamp,
        held: &mut Option<Held>,
    ) -> Result<Turn, Unserved> {
        match (brokered.brief.continues, vetted.vetting()) {
            (Some(reference), _) => self.continued(vetted, reference, brokered, now, held),
            (None, Vetting::Automatic) => Ok(Turn::AskOn(Leave::default())),
            (None, Vetting::Officer) => {
                let expires = now.plus(self.within);
                let waits = (VettingState::Open, None, expires);
                self.opened(brokered, vetted.authority(), waits, now).map(Turn::Wait)
            }
        }
    }

    /// Asked again: only by whom it waits for, and only exactly the same. What only the rules of then let us ask on has to
    /// be asked anew where those of now demand an officer.
    fn continued(
        &self,
        vetted: &dyn Vetted,
        reference: Reference,
        brokered: Brokered<'_>,
        now: Timestamp,
        held: &mut Option<Held>,
    ) -> Result<Turn, Unserved> {
        // Before it is looked up, so that what is read cannot be spent meanwhile.
        *held = held.take().or_else(|| self.hold(reference));
        let vetting = self.store.vetting(&reference).map_err(|e| Fault::new("reading what waits", e))?;
        let unknown = || Unserved::plain(Refusal::VettingUnknown);
        let vetting = vetting.ok_or_else(unknown)?;
        if !self.read(&vetting)?.is(brokered, &vetted.authority()) {
            return Err(unknown());
        }
        let waits = || {
            let pending = Pending { reference, until: vetting.expires };
            Ok(Turn::Wait(Settled { pending: Some(pending), changes: vec![] }))
        };
        match vetting.state {
            VettingState::Refused => Err(self.refused(&vetting)?),
            VettingState::Spent => Err(Unserved::plain(Refusal::VettingSpent)),
            VettingState::Open | VettingState::Approved if vetting.expires <= now => {
                Err(Unserved::plain(Refusal::VettingExpired))
            }
            VettingState::Open => waits(),
            VettingState::Approved if vetting.decision.is_none() && vetted.vetting() == Vetting::Officer => {
                Err(unknown())
            }
            VettingState::Approved if held.is_none() => waits(),
            VettingState::Approved => {
                let beyond = vetting.beyond.as_deref().map(minicbor::decode).transpose();
                let beyond = beyond.map_err(|e| Fault::new("reading what waits", e))?;
                Ok(Turn::AskOn(Leave { approved: Some((reference, vetting.expires)), beyond }))
            }
        }
    }

    fn hold(&self, reference: Reference) -> Option<Held> {
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        asking.insert(reference).then(|| Held { asking: Arc::clone(&self.asking), reference })
    }

    /// An officer's refusal, in the officer's words.
    fn refused(&self, vetting: &KeptVetting) -> Result<Unserved, Fault> {
        let refusal = Refusal::VettingRefused;
        let reason = self.decision(vetting)?.and_then(|decided| decided.reason);
        Ok(match reason {
            Some(reason) => {
                Unserved::refused(refusal, format!("{}: {}", refusal.sentence(), reason.as_str()))
            }
            None => Unserved::plain(refusal),
        })
    }

    /// A request that waits from now on, with whatever else is known of it.
    fn opened(
        &self,
        brokered: Brokered<'_>,
        authority: Authority,
        (state, beyond, expires): (VettingState, Option<&Continued>, Timestamp),
        now: Timestamp,
    ) -> Result<Settled, Unserved> {
        let fault = |error| Unserved::Fault(Fault::new("keeping what waits", error));
        let (reference, context) = (Reference::random(&*self.entropy), brokered.request.context());
        let waiting = minicbor::to_vec(Waiting::of(brokered, authority)).map_err(fault)?;
        let sealed = self.keys.current().storage.seal(&waiting, &reference.0, &*self.entropy);
        if sealed.len() > KeptVetting::BYTES_MAX {
            let limit = KeptVetting::BYTES_MAX;
            let why =
                format!("the ask has more bytes than can wait for vetting, {limit} with what is known of it");
            return Err(Unserved::refused(Refusal::BodyInvalid, why));
        }
        let vetting = KeptVetting {
            reference,
            origin: context.origin.clone(),
            state,
            created: now,
            expires,
            keep_until: expires.plus(Self::KEPT_AFTER),
            sealed,
            decision: None,
            beyond: beyond.map(minicbor::to_vec).transpose().map_err(fault)?,
        };
        let pending = Some(Pending { reference, until: expires });
        Ok(Settled { pending, changes: vec![Change::OpenVetting(Box::new(vetting))] })
    }

    /// What our answer says and changes once it is known what came of asking on. An approval is spent by an answer and by
    /// another agency's refusal that will not pass; while nobody answers it can be used again, and so it can where our own
    /// rules let nothing go out: what they lack may be on its way.
    pub(crate) fn settled(
        &self,
        leave: &Leave,
        brokered: Brokered<'_>,
        authority: Authority,
        evidence: &Evidence,
        now: Timestamp,
    ) -> Result<Settled, Unserved> {
        let spent = || leave.approved.map(|(reference, _)| Change::SpendVetting { reference });
        match evidence.outcome {
            Outcome::Refused(refusal) if refusal.passes() || evidence.receipt.is_none() => {
                Ok(Settled::default())
            }
            Outcome::Hit | Outcome::NoHit | Outcome::Refused(_) => {
                Ok(Settled { pending: None, changes: spent().into_iter().collect() })
            }
            Outcome::Unreachable(_) | Outcome::TimedOut | Outcome::Failed(_) => Ok(Settled::default()),
            Outcome::Pending => {
                let beyond = evidence.pending.as_ref();
                let (beyond, until) =
                    beyond.ok_or_else(|| Fault::new("asking on", "what is pending has no reference"))?;
                self.waits_beyond(leave, brokered, authority, (beyond, *until), now)
            }
        }
    }

    /// It waits with the next broker: that one's time bounds ours.
    fn waits_beyond(
        &self,
        leave: &Leave,
        brokered: Brokered<'_>,
        authority: Authority,
        (beyond, until): (&Continued, Timestamp),
        now: Timestamp,
    ) -> Result<Settled, Unserved> {
        let Some((reference, expires)) = leave.approved else {
            let expires = until.min(now.plus(self.within));
            return self.opened(brokered, authority, (VettingState::Approved, Some(beyond), expires), now);
        };
        let encoded = minicbor::to_vec(beyond).map_err(|e| Fault::new("keeping what waits", e))?;
        let changed = leave.beyond.as_ref() != Some(beyond);
        let change = changed.then_some(Change::PassVettingOn { reference, beyond: encoded });
        let pending = Some(Pending { reference, until: expires.min(until) });
        Ok(Settled { pending, changes: change.into_iter().collect() })
    }
}

impl Waiting {
    fn of(brokered: Brokered<'_>, authority: Authority) -> Self {
        let Brokered { request, brief, principals, onward, .. } = brokered;
        let request_facts = RequestFacts {
            agreement: Some(authority.agreement),
            clause: authority.clause,
            behalf: principals.to_vec(),
            ..verified_facts(&request)
        };
        Self {
            request: request_facts,
            branch: request.context().branch,
            nature: brief.nature,
            onward: onward.clone(),
            ask: brief.ask.clone(),
        }
    }

    /// Whether this is what is asked again: all of it, for the same agencies, under the same agreement. The requests by
    /// which those asked are others, and so may be the agreement's version; by that it is decided anew.
    fn is(&self, brokered: Brokered<'_>, authority: &Authority) -> bool {
        let Self { request, branch, nature, onward, ask } = self;
        let Context { origin, operation, purpose, handling, branch: asked_by, .. } =
            brokered.request.context();
        let for_whom = request.behalf.iter().map(|principal| &principal.agency);
        let agreement = request.agreement.as_ref().map(|agreement| &agreement.id);
        (&request.origin, &request.operation) == (origin, operation)
            && agreement == Some(&authority.agreement.id)
            && (request.purpose, request.handling, *branch) == (*purpose, *handling, *asked_by)
            && (*nature, onward, ask) == (brokered.brief.nature, brokered.onward, &brokered.brief.ask)
            && for_whom.eq(brokered.principals.iter().map(|principal| &principal.agency))
    }
}
