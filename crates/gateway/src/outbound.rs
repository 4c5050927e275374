//! The way out: one agency is asked, and what came of it is on the record before anybody sees it.

mod exchange;
mod inquiry;
mod judge;
mod outlook;
mod send;
#[cfg(test)]
mod tests;

use crate::authority::{Authority, InForce};
use crate::courier::Courier;
use crate::deadline::Deadline;
use crate::keys::HeldKeys;
use crate::operation::{Fault, Operation, closest};
use crate::record::{Concluded, Evidence, NotRecorded, Recorder};
use crate::ways::Ways;
use concord_agreements::Facts;
use concord_domain::wanted::Authority as Clause;
use concord_domain::{
    AgencyId, Branch, Clock, Entropy, Failure, Handling, OffenceNature, Outcome, Purpose, RequestId,
    Timestamp,
};
use concord_ledger::RequestFacts;
use concord_trust::Keyring;
use concord_trust::envelope::{Body, Context, LIFE_MAX, PROTOCOL, Principal, SUITE, SealedRequest};
pub use inquiry::Continued;
use inquiry::Plan;
pub(crate) use inquiry::{Inquiry, Returned};
use judge::Judged;
pub use outlook::Outlook;
use send::Sending;
use std::sync::Arc;
use std::time::Duration;
use tower::retry::budget::TpsBudget;

/// What is asked of each agency alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Why.
    pub purpose: Purpose,
    /// How far the information may go on.
    pub handling: Handling,
    /// The officer's branch.
    pub branch: Option<Branch>,
    /// The nature of the offence, where it may exclude cooperation; it stands in the sealed body.
    pub nature: Option<OffenceNature>,
}

/// Asks other agencies.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// This agency.
    pub agency: AgencyId,
    /// Opens answers.
    pub keys: HeldKeys,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes identifiers and salts.
    pub entropy: Arc<dyn Entropy>,
    /// The rules in force.
    pub authority: Authority,
    /// Puts everything on the record.
    pub recorder: Recorder,
    /// Chooses whom to hand a request to.
    pub ways: Ways,
    /// Hands it over.
    pub courier: Arc<dyn Courier>,
    /// Bounds how much of all sending is sending again: a fifth, and some a second.
    pub retries: Arc<TpsBudget>,
    /// How long an answer by one way is waited for before the request goes by the next one too, where it is safe to repeat
    /// ([`Operation::REPEATABLE`]); none where one way is waited for alone.
    pub hedge_after: Option<Duration>,
}

/// Times a request is decided again because newer rules came into force meanwhile.
const DECISIONS_MAX: usize = 3;

impl Outbound {
    /// Asks one agency, by a broker where no agreement lets us ask it ourselves. Whatever happens is an outcome; only a
    /// record that cannot be written is an error, because then nothing may be shown.
    pub async fn ask<O: Operation>(
        &self,
        to: &AgencyId,
        question: Question,
        ask: &O::Ask,
        deadline: Deadline,
    ) -> Result<(Concluded, Option<O::Answer>), NotRecorded> {
        self.ask_under::<O>(to, question, &O::encode_ask(ask), None, deadline).await
    }

    /// Asks again what waits with a broker: a request of its own, decided by the rules of now, that names the reference.
    /// Where the rules let us ask directly by now, or by another broker only, nothing is continued.
    pub async fn ask_again<O: Operation>(
        &self,
        to: &AgencyId,
        question: Question,
        ask: &[u8],
        continued: &Continued,
        deadline: Deadline,
    ) -> Result<(Concluded, Option<O::Answer>), NotRecorded> {
        self.ask_under::<O>(to, question, ask, Some(continued), deadline).await
    }

    async fn ask_under<O: Operation>(
        &self,
        to: &AgencyId,
        question: Question,
        ask: &[u8],
        continues: Option<&Continued>,
        deadline: Deadline,
    ) -> Result<(Concluded, Option<O::Answer>), NotRecorded> {
        let operation = O::name();
        let read = |content: &[u8]| O::decode_answer(content).map(|answer| O::outcome(&answer));
        let inquiry = Inquiry {
            continues,
            synced: self.authority.synced(),
            repeatable: O::REPEATABLE,
            ..Inquiry::ours(&operation, to, question, ask, &read)
        };
        let Returned { concluded, content, source: _ } = self.inquire(inquiry, deadline).await?;
        Ok((concluded, content.and_then(|content| O::decode_answer(&content))))
    }

    /// The same for whatever operation, and for others.
    pub(crate) async fn inquire(
        &self,
        inquiry: Inquiry<'_>,
        deadline: Deadline,
    ) -> Result<Returned, NotRecorded> {
        let mut in_force = self.authority.current();
        for _ in 1..DECISIONS_MAX {
            match self.inquire_under(&in_force, inquiry, deadline).await {
                Err(NotRecorded::RulesChanged) => in_force = self.authority.newer_than(in_force.epoch).await,
                Err(NotRecorded::TimePassed) => {}
                other => return other,
            }
        }
        self.inquire_under(&in_force, inquiry, deadline).await
    }

    async fn inquire_under(
        &self,
        in_force: &InForce,
        inquiry: Inquiry<'_>,
        deadline: Deadline,
    ) -> Result<Returned, NotRecorded> {
        let now = self.clock.now();
        let id = RequestId::random(&*self.entropy);
        let Plan { permit, destination, onward } = match inquiry.plan(&in_force.rules, &self.agency, now) {
            Ok(plan) => plan,
            Err(denial) => {
                let mut evidence = Evidence::of(Outcome::Refused(denial.refusal)).under(closest(&denial));
                evidence.explanation = denial.to_string();
                return self
                    .unsent(id, &inquiry.facts(&self.agency, inquiry.to), inquiry.principals, evidence)
                    .await;
            }
        };
        let facts = inquiry.facts(&self.agency, &destination);
        let authority =
            Clause { agreement: permit.agreement().clone(), clause: Some(permit.clause().clone()) };
        let directory = in_force.directory();
        let ours = directory.keyring(&self.agency).map(|k| k.sequence).unwrap_or_default();
        let keyring = directory.keyring(&destination).filter(|k| k.is_current(now));
        let ends = (&self.agency, &destination);
        let ways = self.ways.next(in_force, &authority.agreement, ends, &[], now);
        let Some(keyring) = keyring.filter(|_| !ways.is_empty()) else {
            let failure = if keyring.is_some_and(|k| !k.endpoints.is_empty()) {
                Failure::NoRoute
            } else {
                Failure::NoEndpoint
            };
            let evidence = Evidence::of(Outcome::Unreachable(failure)).under(Some(authority));
            return self.unsent(id, &facts, inquiry.principals, evidence).await;
        };
        let brief = inquiry.brief(onward.clone()).encode();
        let body = Body::new(brief, &*self.entropy).map_err(|e| Fault::new("sealing a request", e))?;
        let context = self.context(id, &facts, &authority, ours, keyring, now, deadline);
        let request = SealedRequest::seal(context, &body, &keyring.sealing, &*self.entropy);
        let asked = self
            .recorder
            .asked(permit, request, (inquiry.principals, inquiry.charge), in_force.epoch)
            .await?;
        let sending = Sending {
            outbound: self,
            asked: &asked,
            in_force,
            destination: keyring,
            deadline,
            read: inquiry.read,
            onward: onward.as_ref(),
            hedge_after: self.hedge_after.filter(|_| inquiry.repeatable),
        };
        let Judged { evidence, content, source } = sending.exchange(ways).await;
        let concluded = self.recorder.conclude(asked, evidence).await?;
        if let Some(answered) = concluded.evidence().says_of(inquiry.to) {
            self.ways.peers().asked(inquiry.to, answered);
        }
        let outcome = concluded.evidence().outcome;
        tracing::info!(target: "concord::outbound", %id, to = %inquiry.to, %outcome, "concluded");
        Ok(Returned { concluded, content, source })
    }

    async fn unsent(
        &self,
        id: RequestId,
        facts: &Facts<'_>,
        principals: &[Principal],
        evidence: Evidence,
    ) -> Result<Returned, NotRecorded> {
        let (agreement, clause) = evidence.authority.clone().map(|a| (a.agreement, a.clause)).unzip();
        let recorded = RequestFacts {
            id,
            digest: None,
            origin: facts.from.clone(),
            destination: facts.to.clone(),
            operation: facts.operation.clone(),
            purpose: facts.purpose,
            handling: facts.handling,
            agreement,
            clause: clause.flatten(),
            commitment: None,
            carriers: Vec::new(),
            behalf: principals.to_vec(),
        };
        let outcome = evidence.outcome;
        let concluded = self.recorder.conclude_unsent(recorded, evidence).await?;
        tracing::info!(target: "concord::outbound", %id, to = %facts.to, %outcome, "not sent");
        Ok(Returned { concluded, content: None, source: None })
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "each is a different part of one context, and there is one caller"
    )]
    fn context(
        &self,
        id: RequestId,
        facts: &Facts<'_>,
        authority: &Clause,
        origin_keyring: u64,
        destination: &Keyring,
        now: Timestamp,
        deadline: Deadline,
    ) -> Context {
        Context {
            protocol: PROTOCOL,
            suite: SUITE,
            id,
            origin: self.agency.clone(),
            destination: facts.to.clone(),
            operation: facts.operation.clone(),
            purpose: facts.purpose,
            handling: facts.handling,
            branch: facts.branch,
            agreement: authority.agreement.clone(),
            origin_keyring,
            destination_keyring: destination.sequence,
            sealing_key: destination.sealing.key_id(),
            created: now,
            expires: now.plus(deadline.left().min(LIFE_MAX)),
        }
    }
}
