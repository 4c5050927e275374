//! Each attempt of a request is taken once, whatever happens in between.

use crate::PROGRAM;
use concord_domain::{OutcomeKind, Refusal, RequestId};
use concord_ledger::Event;
use concord_testkit::cluster::{TestCluster, agency};
use concord_testkit::forge::{Forger, Verified, ask};
use concord_testkit::people::notice;
use concord_trust::envelope::{ATTEMPTS_MAX, SealedRequest, Verdict};

const YUNNAN: &str = "yn.police.cn";
const SICHUAN: &str = "sc.police.cn";
const AGREEMENT: &str = "pan-southwest";

const HIT: Verdict = Verdict::Served(OutcomeKind::Hit);
const REPLAYED: Verdict = Verdict::Refused(Refusal::Replayed);
const ID_REUSED: Verdict = Verdict::Refused(Refusal::IdReused);
const EXHAUSTED: Verdict = Verdict::Refused(Refusal::AttemptsExhausted);
const IN_PROGRESS: Verdict = Verdict::Refused(Refusal::InProgress);

async fn start() -> TestCluster {
    let cluster = TestCluster::start(PROGRAM, &[YUNNAN, SICHUAN]).await.unwrap();
    cluster.import(SICHUAN, "sample", vec![notice(7, "Person Number 7")]).await.unwrap();
    cluster
}

fn forger(cluster: &TestCluster) -> Forger {
    let address = &cluster.node(SICHUAN).federation_api;
    Forger::new(&cluster.layout(), &agency(YUNNAN), &agency(SICHUAN), address)
}

async fn attempt(forger: &Forger, request: &SealedRequest, number: u32) -> Verified {
    let answer = forger.deliver(forger.attempt(request, number)).await.expect("a signed answer");
    forger.open(request, answer)
}

fn verdict(verified: &Verified) -> Verdict {
    verified.reply.answer.verdict
}

/// Another request under the identifier of an earlier one.
fn same_id(forger: &Forger, id: RequestId) -> SealedRequest {
    let mut context = forger.context(AGREEMENT);
    context.id = id;
    forger.seal(context, ask(8))
}

#[tokio::test]
async fn a_repeat_gets_the_recorded_answer_also_after_a_crash() {
    let mut cluster = start().await;
    let yunnan = forger(&cluster);
    let request = yunnan.seal(yunnan.context(AGREEMENT), ask(7));
    let first = attempt(&yunnan, &request, 1).await;
    assert_eq!(verdict(&first), HIT);
    let replayed = attempt(&yunnan, &request, 1).await;
    assert_eq!(verdict(&replayed), REPLAYED);
    assert!(replayed.reply.answer.content.is_empty());
    let again = attempt(&yunnan, &request, 3).await;
    assert_eq!((&again.reply.answer, &again.receipt), (&first.reply.answer, &first.receipt));
    assert_eq!(again.reply.commitment, first.reply.commitment);
    for earlier in [3, 2] {
        assert_eq!(verdict(&attempt(&yunnan, &request, earlier).await), REPLAYED, "attempt {earlier}");
    }
    for beyond in [0, ATTEMPTS_MAX + 1, u32::MAX] {
        assert_eq!(verdict(&attempt(&yunnan, &request, beyond).await), EXHAUSTED, "attempt {beyond}");
    }
    let id = request.context().id;
    for number in [1, 4] {
        let other = same_id(&yunnan, id);
        assert_eq!(verdict(&attempt(&yunnan, &other, number).await), ID_REUSED);
    }

    cluster.kill(SICHUAN).await.unwrap();
    cluster.restart(SICHUAN).await.unwrap();
    let yunnan = forger(&cluster);
    let replayed = attempt(&yunnan, &request, 3).await;
    assert_eq!(verdict(&replayed), REPLAYED);
    assert_eq!(verdict(&attempt(&yunnan, &same_id(&yunnan, id), 5).await), ID_REUSED);
    let again = attempt(&yunnan, &request, 5).await;
    assert_eq!((&again.reply.answer, &again.receipt), (&first.reply.answer, &first.receipt));

    let stopped = cluster.stop().await.unwrap();
    stopped.verify(SICHUAN).unwrap();
    let entries = stopped.entries(SICHUAN).unwrap();
    let released: Vec<_> = (0u64..).zip(&entries).filter(|(_, e)| e.event.name() == "released").collect();
    let [(index, entry)] = released.as_slice() else { panic!("released once, not {}", released.len()) };
    assert_eq!((*index, entry.time), (first.receipt.index, first.receipt.time));
    let Event::Released { request: facts, answer, .. } = &entry.event else { panic!("{entry:?}") };
    assert_eq!((facts.id, *answer), (id, first.reply.commitment));
    assert_eq!(facts.digest, Some(request.digest()));
    let last = &entries[usize::try_from(replayed.receipt.index).unwrap()];
    let Event::Refused { refusal, .. } = &last.event else { panic!("{last:?}") };
    assert_eq!(*refusal, Refusal::Replayed);
}

#[tokio::test]
async fn attempts_at_the_same_time_are_executed_once() {
    const REQUESTS: usize = 8;
    let cluster = start().await;
    let yunnan = forger(&cluster);
    let mut first_receipts = Vec::new();
    for _ in 0..REQUESTS {
        let request = yunnan.seal(yunnan.context(AGREEMENT), ask(7));
        // Twice each, in any order.
        let numbers = [1, 2, 3, 4, 4, 3, 2, 1];
        let all =
            futures_util::future::join_all(numbers.map(|number| attempt(&yunnan, &request, number))).await;
        let (hits, others): (Vec<_>, Vec<_>) = all.iter().partition(|verified| verdict(verified) == HIT);
        for other in others {
            assert!([REPLAYED, IN_PROGRESS].contains(&verdict(other)), "{:?}", verdict(other));
        }
        let first = hits.first().expect("one of them is executed");
        assert!(hits.iter().all(|hit| hit.receipt == first.receipt), "all get the one recorded answer");
        first_receipts.push(first.receipt.index);
    }
    let stopped = cluster.stop().await.unwrap();
    stopped.verify(SICHUAN).unwrap();
    let entries = stopped.entries(SICHUAN).unwrap();
    let released = (0u64..).zip(&entries).filter(|(_, entry)| entry.event.name() == "released");
    assert_eq!(released.map(|(index, _)| index).collect::<Vec<_>>(), first_receipts);
}
