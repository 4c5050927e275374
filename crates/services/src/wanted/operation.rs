//! `wanted.search`: what another agency may ask of our register.

use crate::register::Register;
use concord_agreements::{Permit, Question};
use concord_domain::wanted::{Candidate, Fields};
use concord_domain::{Operation as Name, OutcomeKind};
use concord_gateway::{Arrival, Draft, Fault, Operation};
use concord_wire::{Ask, decode_answer, encode_answer};
use std::sync::Arc;

const NAME: &str = "wanted.search";

/// Searches our register for another agency, and discloses what its grant allows.
#[derive(Debug, Clone)]
pub struct WantedSearch {
    register: Arc<Register>,
}

impl WantedSearch {
    /// Over the agency's register.
    pub fn new(register: Arc<Register>) -> Self {
        Self { register }
    }
}

impl Question for WantedSearch {
    const NAME: &'static str = NAME;

    fn admits(operation: &Name) -> bool {
        operation.as_str() == NAME
    }
}

impl Operation for WantedSearch {
    /// It changes nothing, and somebody waits for it.
    const REPEATABLE: bool = true;

    type Ask = Ask;
    type Answer = Vec<Candidate>;

    #[allow(clippy::expect_used, reason = "a constant of letters and a dot is an operation's name")]
    fn name() -> Name {
        NAME.parse().expect("a valid operation")
    }

    fn encode_ask(ask: &Ask) -> Vec<u8> {
        ask.encode()
    }

    fn decode_ask(bytes: &[u8]) -> Option<Ask> {
        Ask::decode(bytes).ok()
    }

    fn encode_answer(answer: &Vec<Candidate>) -> Vec<u8> {
        encode_answer(answer)
    }

    fn decode_answer(bytes: &[u8]) -> Option<Vec<Candidate>> {
        decode_answer(bytes).ok()
    }

    fn outcome(answer: &Vec<Candidate>) -> OutcomeKind {
        if answer.is_empty() { OutcomeKind::NoHit } else { OutcomeKind::Hit }
    }

    fn narrow(answer: Vec<Candidate>, fields: &Fields) -> Vec<Candidate> {
        let narrowed =
            |candidate: Candidate| Candidate { notice: candidate.notice.disclose(fields), ..candidate };
        answer.into_iter().map(narrowed).collect()
    }

    async fn serve(&self, permit: Permit<Self>, ask: Ask, _: &Arrival) -> Result<Draft<Self>, Fault> {
        let candidates = self.register.find(ask.subject, permit.fields().clone()).await?;
        Ok(Draft::new(permit, candidates))
    }
}

#[cfg(test)]
mod tests;
