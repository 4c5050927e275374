//! `directory.ping`: whether we answer, and how the question came.

use concord_agreements::{Permit, Question};
use concord_domain::wanted::Fields;
use concord_domain::{Operation as Name, OutcomeKind, Passed};
use concord_gateway::{Arrival, Draft, Fault, Operation};
use concord_wire::{decode_ping_answer, decode_ping_ask, encode_ping_answer};

/// Answers another agency with the way that its request took. Nothing of ours is looked at.
#[derive(Debug, Clone, Copy)]
pub struct DirectoryPing;

impl Question for DirectoryPing {
    const NAME: &'static str = Name::PING;

    fn admits(operation: &Name) -> bool {
        operation.as_str() == Name::PING
    }
}

impl Operation for DirectoryPing {
    type Ask = ();
    type Answer = Vec<Passed>;

    #[allow(clippy::expect_used, reason = "a constant of letters and a dot is an operation's name")]
    fn name() -> Name {
        Name::PING.parse().expect("a valid operation")
    }

    fn encode_ask((): &()) -> Vec<u8> {
        Vec::new()
    }

    fn decode_ask(bytes: &[u8]) -> Option<()> {
        decode_ping_ask(bytes).ok()
    }

    fn encode_answer(answer: &Vec<Passed>) -> Vec<u8> {
        encode_ping_answer(answer)
    }

    fn decode_answer(bytes: &[u8]) -> Option<Vec<Passed>> {
        decode_ping_answer(bytes).ok()
    }

    /// Nothing is searched, so that nothing is hit.
    fn outcome(_: &Vec<Passed>) -> OutcomeKind {
        OutcomeKind::NoHit
    }

    /// No field of a notice stands in it.
    fn narrow(answer: Vec<Passed>, _: &Fields) -> Vec<Passed> {
        answer
    }

    async fn serve(&self, permit: Permit<Self>, (): (), arrival: &Arrival) -> Result<Draft<Self>, Fault> {
        Ok(Draft::new(permit, arrival.passed().to_vec()))
    }
}
