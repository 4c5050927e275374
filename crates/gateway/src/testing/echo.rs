//! An operation that gives back what it is asked, and lets a test do something in the middle of it.

use crate::arrival::Arrival;
use crate::operation::{Draft, Fault, Operation};
use concord_agreements::{Permit, Question};
use concord_domain::wanted::{Field, Fields};
use concord_domain::{Operation as Name, OutcomeKind};
use concord_trust::envelope::Body;
use futures_util::future::BoxFuture;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Answers `WORD #N`, where N counts how often it has served. Asked for `nobody` it has no hit, for `fault` it fails,
/// for `long` its answer does not fit into a body, for `way` it tells whom the request passed; nothing at all is no valid ask.
#[derive(Clone, Default)]
pub(crate) struct Echo {
    served: Arc<AtomicUsize>,
    meanwhile: Arc<Mutex<VecDeque<BoxFuture<'static, ()>>>>,
}

impl Echo {
    /// How often it has served.
    pub(crate) fn served(&self) -> usize {
        self.served.load(Ordering::SeqCst)
    }

    /// What the next serving waits for; several go to one serving each, in this order.
    pub(crate) fn meanwhile(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.meanwhile.lock().unwrap().push_back(Box::pin(work));
    }
}

impl Question for Echo {
    const NAME: &'static str = "test.echo";

    fn admits(operation: &Name) -> bool {
        operation.as_str() == Self::NAME
    }
}

impl Operation for Echo {
    type Ask = String;
    type Answer = String;

    fn name() -> Name {
        Self::NAME.parse().unwrap()
    }

    fn encode_ask(ask: &String) -> Vec<u8> {
        ask.clone().into_bytes()
    }

    fn decode_ask(bytes: &[u8]) -> Option<String> {
        String::from_utf8(bytes.to_vec()).ok().filter(|ask| !ask.is_empty())
    }

    fn encode_answer(answer: &String) -> Vec<u8> {
        answer.clone().into_bytes()
    }

    fn decode_answer(bytes: &[u8]) -> Option<String> {
        String::from_utf8(bytes.to_vec()).ok()
    }

    fn outcome(answer: &String) -> OutcomeKind {
        if answer.starts_with("nobody") { OutcomeKind::NoHit } else { OutcomeKind::Hit }
    }

    /// Without the field of names, an echo keeps only its first word.
    fn narrow(answer: String, fields: &Fields) -> String {
        if fields.contains(Field::Name) {
            return answer;
        }
        answer.split(' ').next().unwrap_or_default().to_owned()
    }

    async fn serve(
        &self,
        permit: Permit<Self>,
        ask: String,
        arrival: &Arrival,
    ) -> Result<Draft<Self>, Fault> {
        let count = self.served.fetch_add(1, Ordering::SeqCst) + 1;
        let meanwhile = self.meanwhile.lock().unwrap().pop_front();
        if let Some(work) = meanwhile {
            work.await;
        }
        match ask.as_str() {
            "fault" => Err(Fault::new("echoing", "asked to fail")),
            "way" => {
                let way: Vec<_> = arrival.passed().iter().map(|passed| passed.agency.as_str()).collect();
                Ok(Draft::new(permit, way.join(" > ")))
            }
            "long" => Ok(Draft::new(permit, "x".repeat(Body::CONTENT_MAX))),
            word => Ok(Draft::new(permit, format!("{word} #{count}"))),
        }
    }
}
