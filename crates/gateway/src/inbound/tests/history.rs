//! Any history of deliveries and restarts against a model of what attempts mean.

use super::*;
use concord_trust::envelope::SealedRequest;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
enum Op {
    /// One of two requests under an identifier.
    Deliver {
        id: u8,
        other: bool,
        attempt: u32,
    },
    Restart,
}

fn op() -> impl Strategy<Value = Op> {
    let deliver = (0..3u8, prop::bool::weighted(0.2), 1..5u32);
    let deliver = deliver.prop_map(|(id, other, attempt)| Op::Deliver { id, other, attempt });
    prop_oneof![8 => deliver, 1 => Just(Op::Restart)]
}

/// What is known of an identifier: which request took it, its last attempt, its commitment and receipt.
type Known = (bool, u32, concord_domain::Digest, Vec<u8>);

async fn run(ops: Vec<Op>) {
    let mut world = World::new().await;
    let requests: BTreeMap<(u8, bool), SealedRequest> = (0..3)
        .flat_map(|id| [(id, false), (id, true)])
        .map(|key| (key, world.request(key.0, "hello")))
        .collect();
    let mut known: BTreeMap<u8, Known> = BTreeMap::new();
    for op in ops {
        let (id, other, attempt) = match op {
            Op::Deliver { id, other, attempt } => (id, other, attempt),
            Op::Restart => {
                world = world.restarted().await;
                continue;
            }
        };
        let received = world.deliver(&requests[&(id, other)], attempt).await;
        let reply = &received.reply;
        match known.get_mut(&id) {
            None => {
                assert_eq!(received.verdict(), Verdict::Served(OutcomeKind::Hit));
                known.insert(id, (other, attempt, reply.commitment, reply.attached.receipt.clone()));
            }
            Some((taken, ..)) if *taken != other => {
                assert_eq!(received.verdict(), Verdict::Refused(Refusal::IdReused));
            }
            Some((_, last, ..)) if attempt <= *last => {
                assert_eq!(received.verdict(), Verdict::Refused(Refusal::Replayed));
            }
            Some((_, last, commitment, receipt)) => {
                assert_eq!((&reply.commitment, &reply.attached.receipt), (&*commitment, &*receipt));
                *last = attempt;
            }
        }
        assert_eq!(world.echo.served(), known.len());
        assert_eq!(released(&world), known.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn each_request_is_executed_once(ops in prop::collection::vec(op(), 1..16)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(run(ops));
    }
}
