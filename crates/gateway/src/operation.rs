//! What a service brings: how to read what is asked, how to serve it, how to write the answer.

use crate::admission::Overloaded;
use crate::arrival::Arrival;
use crate::record::Refused;
use concord_agreements::{Facts, Permit, Question, Quota, Rules, decide};
use concord_domain::wanted::{Authority, Fields};
use concord_domain::{Operation as Name, OutcomeKind, Refusal, Timestamp, Vetting};
use concord_store::Change;
use concord_trust::envelope::{Principal, Source};
use futures_util::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::Arc;
use thiserror::Error;

/// Something on our own side failed; the caller learns only an incident id.
#[derive(Debug, Error)]
#[error("{what}: {source}")]
pub struct Fault {
    /// What was being done.
    pub what: &'static str,
    /// What went wrong.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl Fault {
    /// A fault while doing `what`.
    pub fn new(what: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { what, source: source.into() }
    }
}

/// One operation, such as `wanted.search`. Its type is also the question that its permit answers.
pub trait Operation: Question + Send + Sync + Sized + 'static {
    /// What is asked.
    type Ask: Send + Sync;
    /// What is answered.
    type Answer: Send;

    /// Whether another attempt may go out while the one before is still waited for. Every operation is executed once however
    /// many attempts arrive; but each attempt is carried, decided and recorded, which only something as light and as
    /// urgent as a search is worth.
    const REPEATABLE: bool = false;

    /// The operation's name.
    fn name() -> Name;

    /// The bytes to seal.
    fn encode_ask(ask: &Self::Ask) -> Vec<u8>;

    /// Reads opened bytes; `None` if they are no valid ask.
    fn decode_ask(bytes: &[u8]) -> Option<Self::Ask>;

    /// The bytes to seal.
    fn encode_answer(answer: &Self::Answer) -> Vec<u8>;

    /// Reads opened bytes; `None` if they are no valid answer.
    fn decode_answer(bytes: &[u8]) -> Option<Self::Answer>;

    /// What an answer amounts to: a hit or not. An answer that says something else of itself does not count.
    fn outcome(answer: &Self::Answer) -> OutcomeKind;

    /// The same answer without what the fields do not grant: a broker passes on no more than its own clause discloses.
    fn narrow(answer: Self::Answer, fields: &Fields) -> Self::Answer;

    /// Builds the answer from the agency's own data and how the request came here, within what the permit allows.
    fn serve(
        &self,
        permit: Permit<Self>,
        ask: Self::Ask,
        arrival: &Arrival,
    ) -> impl Future<Output = Result<Draft<Self>, Fault>> + Send;
}

/// An answer that is not on the record yet, with the permit that it was made under.
#[derive(Debug)]
#[must_use]
pub struct Draft<O: Operation> {
    permit: Permit<O>,
    answer: O::Answer,
}

impl<O: Operation> Draft<O> {
    /// An answer under a permit.
    pub fn new(permit: Permit<O>, answer: O::Answer) -> Self {
        Self { permit, answer }
    }
}

/// A draft of whichever operation. Made from a draft with its permit, and by nothing else.
#[derive(Debug)]
pub(crate) struct AnyDraft {
    pub(crate) authority: Authority,
    pub(crate) outcome: OutcomeKind,
    pub(crate) content: Vec<u8>,
    /// When what it was decided by ends.
    pub(crate) until: Timestamp,
    /// What it costs.
    pub(crate) quota: Option<Quota>,
    /// For whom it was asked, the first asker first.
    pub(crate) behalf: Vec<Principal>,
    /// Where it is from, if we are a broker.
    pub(crate) source: Option<Source>,
    /// What else changes with it.
    pub(crate) changes: Vec<Change>,
}

impl<O: Operation> From<Draft<O>> for AnyDraft {
    fn from(draft: Draft<O>) -> Self {
        let Draft { permit, answer } = draft;
        let authority =
            Authority { agreement: permit.agreement().clone(), clause: Some(permit.clause().clone()) };
        Self {
            authority,
            outcome: O::outcome(&answer),
            content: O::encode_answer(&answer),
            until: permit.until(),
            quota: permit.quota(),
            behalf: Vec::new(),
            source: None,
            changes: Vec::new(),
        }
    }
}

/// Why an opened request is not served.
#[derive(Debug)]
pub(crate) enum Unserved {
    Refused(Box<Refused>),
    Overloaded(Overloaded),
    Fault(Fault),
}

/// A request that a broker may ask on, with the permit for it.
pub(crate) trait Vetted: Send + Sync {
    /// What came of asking on, as far as our own clause discloses it, and whether something had to be left out. `None`
    /// if the content is no answer.
    fn answered(self: Box<Self>, content: &[u8]) -> Option<(AnyDraft, bool)>;

    /// That nothing came of it.
    fn unanswered(self: Box<Self>, outcome: OutcomeKind) -> AnyDraft;

    /// The clause.
    fn authority(&self) -> Authority;

    /// What asking on costs. It is charged before anything is sent, so what comes of it costs nothing more.
    fn quota(&self) -> Option<Quota>;

    /// Who decides whether it is asked on.
    fn vetting(&self) -> Vetting;
}

struct VettedBy<O: Operation>(Permit<O>);

impl<O: Operation> Vetted for VettedBy<O> {
    fn answered(self: Box<Self>, content: &[u8]) -> Option<(AnyDraft, bool)> {
        let answer = O::narrow(O::decode_answer(content)?, self.0.fields());
        let draft = AnyDraft { quota: None, ..AnyDraft::from(Draft::new(self.0, answer)) };
        let redacted = draft.content != content;
        Some((draft, redacted))
    }

    fn unanswered(self: Box<Self>, outcome: OutcomeKind) -> AnyDraft {
        AnyDraft {
            authority: self.authority(),
            outcome,
            content: Vec::new(),
            until: self.0.until(),
            quota: None,
            behalf: Vec::new(),
            source: None,
            changes: Vec::new(),
        }
    }

    fn authority(&self) -> Authority {
        Authority { agreement: self.0.agreement().clone(), clause: Some(self.0.clause().clone()) }
    }

    fn quota(&self) -> Option<Quota> {
        self.0.quota()
    }

    fn vetting(&self) -> Vetting {
        self.0.vetting()
    }
}

/// An operation without its types, as the inbound way calls it.
trait AnyOperation: Send + Sync {
    fn vet(
        &self,
        rules: &Rules,
        facts: &Facts<'_>,
        now: Timestamp,
        content: &[u8],
    ) -> Result<Box<dyn Vetted>, Unserved>;

    fn read(&self, content: &[u8]) -> Option<OutcomeKind>;

    fn serve<'a>(
        &'a self,
        rules: &'a Rules,
        facts: &'a Facts<'a>,
        arrival: &'a Arrival,
        content: &'a [u8],
    ) -> BoxFuture<'a, Result<AnyDraft, Unserved>>;
}

impl<O: Operation> AnyOperation for O {
    fn vet(
        &self,
        rules: &Rules,
        facts: &Facts<'_>,
        now: Timestamp,
        content: &[u8],
    ) -> Result<Box<dyn Vetted>, Unserved> {
        O::decode_ask(content).ok_or_else(|| Unserved::plain(Refusal::BodyInvalid))?;
        Ok(Box::new(VettedBy(decide::<O>(rules, facts, now)?)))
    }

    fn read(&self, content: &[u8]) -> Option<OutcomeKind> {
        O::decode_answer(content).map(|answer| O::outcome(&answer))
    }

    fn serve<'a>(
        &'a self,
        rules: &'a Rules,
        facts: &'a Facts<'a>,
        arrival: &'a Arrival,
        content: &'a [u8],
    ) -> BoxFuture<'a, Result<AnyDraft, Unserved>> {
        Box::pin(async move {
            let ask = O::decode_ask(content).ok_or_else(|| Unserved::plain(Refusal::BodyInvalid))?;
            let permit = decide::<O>(rules, facts, arrival.at()).map_err(Unserved::from)?;
            let draft = Operation::serve(self, permit, ask, arrival).await.map_err(Unserved::Fault)?;
            Ok(draft.into())
        })
    }
}

impl Unserved {
    pub(crate) fn plain(refusal: Refusal) -> Self {
        Self::refused(refusal, refusal.sentence().to_owned())
    }

    pub(crate) fn refused(refusal: Refusal, explanation: String) -> Self {
        Self::Refused(Box::new(Refused { refusal, authority: None, explanation, changes: Vec::new() }))
    }
}

impl From<Fault> for Unserved {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<concord_agreements::Denial> for Unserved {
    fn from(denial: concord_agreements::Denial) -> Self {
        Self::Refused(Box::new(Refused {
            refusal: denial.refusal,
            explanation: denial.to_string(),
            authority: closest(&denial),
            changes: Vec::new(),
        }))
    }
}

/// The closest agreement that a denial names, as an authority to report.
pub(crate) fn closest(denial: &concord_agreements::Denial) -> Option<Authority> {
    denial.closest.clone().map(|(agreement, clause)| Authority { agreement, clause })
}

/// The operations that a node serves.
#[derive(Clone, Default)]
pub struct Operations(BTreeMap<Name, Arc<dyn AnyOperation>>);

impl Operations {
    /// Adds an operation.
    #[must_use]
    pub fn with<O: Operation>(mut self, operation: O) -> Self {
        self.0.insert(O::name(), Arc::new(operation));
        self
    }

    /// Decides whether opened bytes may be asked on by the operation of that name.
    pub(crate) fn vet(
        &self,
        rules: &Rules,
        facts: &Facts<'_>,
        now: Timestamp,
        content: &[u8],
    ) -> Result<Box<dyn Vetted>, Unserved> {
        let operation =
            self.0.get(facts.operation).ok_or_else(|| Unserved::plain(Refusal::OperationUnknown))?;
        operation.vet(rules, facts, now, content)
    }

    /// What an answer of the operation of that name amounts to; `None` if the content is no answer.
    pub(crate) fn read(&self, operation: &Name, content: &[u8]) -> Option<OutcomeKind> {
        self.0.get(operation)?.read(content)
    }

    /// Serves opened bytes by the operation of that name.
    pub(crate) async fn serve(
        &self,
        rules: &Rules,
        facts: &Facts<'_>,
        arrival: &Arrival,
        content: &[u8],
    ) -> Result<AnyDraft, Unserved> {
        let operation =
            self.0.get(facts.operation).ok_or_else(|| Unserved::plain(Refusal::OperationUnknown))?;
        operation.serve(rules, facts, arrival, content).await
    }
}

impl std::fmt::Debug for Operations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
