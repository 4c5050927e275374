//! The way out: one agency is asked, and what came of it is on the record before anybody sees it.

mod judge;
mod send;
#[cfg(test)]
mod tests;

use crate::authority::{Authority, InForce};
use crate::courier::Courier;
use crate::deadline::Deadline;
use crate::keys::Keys;
use crate::operation::{Fault, Operation, closest};
use crate::record::{Concluded, Evidence, NotRecorded, Recorder};
use crate::ways::Ways;
use concord_agreements::{Asking, Facts, decide};
use concord_domain::wanted::Authority as Clause;
use concord_domain::{
    AgencyId, Branch, Clock, Entropy, Failure, Handling, Outcome, Purpose, RequestId, Timestamp,
};
use concord_ledger::RequestFacts;
use concord_trust::Keyring;
use concord_trust::envelope::{Body, Context, LIFE_MAX, PROTOCOL, SUITE, SealedRequest};
use send::Sending;
use std::sync::Arc;
use tower::retry::budget::TpsBudget;

/// What is asked of each agency alike, outside the sealed body.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// Why.
    pub purpose: Purpose,
    /// How far the information may go on.
    pub handling: Handling,
    /// The officer's branch.
    pub branch: Option<Branch>,
}

/// Asks other agencies.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// This agency.
    pub agency: AgencyId,
    /// Opens answers.
    pub keys: Arc<Keys>,
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
}

/// Times a request is decided again because newer rules came into force meanwhile.
const DECISIONS_MAX: usize = 3;

impl Outbound {
    /// Asks one agency. Whatever happens is an outcome; only a record that cannot be written is an error, because
    /// then nothing may be shown.
    pub async fn ask<O: Operation>(
        &self,
        to: &AgencyId,
        question: Question,
        ask: &O::Ask,
        deadline: Deadline,
    ) -> Result<(Concluded, Option<O::Answer>), NotRecorded> {
        let mut in_force = self.authority.current();
        for _ in 1..DECISIONS_MAX {
            match self.ask_under::<O>(&in_force, to, question, ask, deadline).await {
                Err(NotRecorded::RulesChanged) => in_force = self.authority.newer_than(in_force.epoch).await,
                Err(NotRecorded::TimePassed) => {}
                other => return other,
            }
        }
        self.ask_under::<O>(&in_force, to, question, ask, deadline).await
    }

    async fn ask_under<O: Operation>(
        &self,
        in_force: &InForce,
        to: &AgencyId,
        question: Question,
        ask: &O::Ask,
        deadline: Deadline,
    ) -> Result<(Concluded, Option<O::Answer>), NotRecorded> {
        let now = self.clock.now();
        let operation = O::name();
        let facts = Facts {
            handling: question.handling,
            branch: question.branch,
            synced: self.authority.synced(),
            ..Facts::new(&self.agency, to, &operation, question.purpose)
        };
        let id = RequestId::random(&*self.entropy);
        let permit = match decide::<Asking>(&in_force.rules, &facts, now) {
            Ok(permit) => permit,
            Err(denial) => {
                let mut evidence = Evidence::of(Outcome::Refused(denial.refusal)).under(closest(&denial));
                evidence.explanation = denial.to_string();
                return self.unsent(id, &facts, evidence).await.map(|c| (c, None));
            }
        };
        let authority =
            Clause { agreement: permit.agreement().clone(), clause: Some(permit.clause().clone()) };
        let directory = in_force.directory();
        let ours = directory.keyring(&self.agency).map(|k| k.sequence).unwrap_or_default();
        let keyring = directory.keyring(to).filter(|k| k.is_current(now));
        let ways = self.ways.next(in_force, &authority.agreement, (&self.agency, to), &[], now);
        let Some(keyring) = keyring.filter(|_| !ways.is_empty()) else {
            let failure = if keyring.is_some_and(|k| !k.endpoints.is_empty()) {
                Failure::NoRoute
            } else {
                Failure::NoEndpoint
            };
            let evidence = Evidence::of(Outcome::Unreachable(failure)).under(Some(authority));
            return self.unsent(id, &facts, evidence).await.map(|c| (c, None));
        };
        let body =
            Body::new(O::encode_ask(ask), &*self.entropy).map_err(|e| Fault::new("sealing a request", e))?;
        let context = self.context(id, &facts, &authority, ours, keyring, now, deadline);
        let request = SealedRequest::seal(context, &body, &keyring.sealing, &*self.entropy);
        let asked = self.recorder.asked(permit, request, in_force.epoch).await?;
        let sending = Sending { outbound: self, asked: &asked, in_force, destination: keyring, deadline };
        let (evidence, answer) = sending.exchange::<O>(ways).await;
        let concluded = self.recorder.conclude(asked, evidence).await?;
        let outcome = concluded.evidence().outcome;
        tracing::info!(target: "concord::outbound", %id, %to, %outcome, "concluded");
        Ok((concluded, answer))
    }

    async fn unsent(
        &self,
        id: RequestId,
        facts: &Facts<'_>,
        evidence: Evidence,
    ) -> Result<Concluded, NotRecorded> {
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
            behalf: Vec::new(),
        };
        let outcome = evidence.outcome;
        let concluded = self.recorder.conclude_unsent(recorded, evidence).await?;
        tracing::info!(target: "concord::outbound", %id, to = %facts.to, %outcome, "not sent");
        Ok(concluded)
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
