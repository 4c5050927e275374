//! Envelopes that nobody can be held to: no signature counts, so there is no answer and no trace.

use crate::PROGRAM;
use concord_domain::SystemEntropy;
use concord_ledger::{Entry, Event};
use concord_testkit::cluster::{TestCluster, agency};
use concord_testkit::forge::{Forger, ask};
use concord_testkit::people::notice;
use concord_trust::envelope::{Envelope, Verdict};
use concord_trust::{Kind, SigningKey};
use futures_util::{StreamExt, TryStreamExt};
use tonic::{Code, Status};

const YUNNAN: &str = "yn.police.cn";
const SICHUAN: &str = "sc.police.cn";
const GUIZHOU: &str = "gz.police.cn";
const AGREEMENT: &str = "pan-southwest";

async fn start() -> (TestCluster, Forger) {
    let cluster = TestCluster::start(PROGRAM, &[YUNNAN, SICHUAN, GUIZHOU]).await.unwrap();
    cluster.import(SICHUAN, "sample", vec![notice(7, "Person Number 7")]).await.unwrap();
    let forger = forger(&cluster, YUNNAN);
    (cluster, forger)
}

fn forger(cluster: &TestCluster, origin: &str) -> Forger {
    let address = &cluster.node(SICHUAN).federation_api;
    Forger::new(&cluster.layout(), &agency(origin), &agency(SICHUAN), address)
}

/// What stands on the record of Sichuan but for the names of peers that handed over what does not count.
async fn entries(cluster: &TestCluster) -> usize {
    let client = cluster.application(SICHUAN).unwrap();
    let about_requests = client.entries(0, None).await.unwrap().try_filter(|entry| {
        let event = Entry::decode(&entry.bytes).unwrap().event;
        std::future::ready(!matches!(event, Event::Distrusted { .. }))
    });
    about_requests.count().await
}

async fn status(forger: &Forger, envelope: Envelope) -> Status {
    forger.deliver(envelope).await.expect_err("it should not be answered")
}

fn reason(status: &Status) -> Option<String> {
    let concord_client::ClientError::Rejected(rejection) = status.clone().into() else { return None };
    rejection.reason
}

/// One bit of every few bytes turned over, in the signed part and in the sealed body.
fn altered(good: &Envelope) -> Vec<(String, Envelope)> {
    let mut all = Vec::new();
    for at in (0..good.request.len()).step_by(5) {
        let mut envelope = good.clone();
        envelope.request[at] ^= 1 << (at % 8);
        all.push((format!("request, byte {at}"), envelope));
    }
    for at in (0..good.sealed_body.len()).step_by(83) {
        let mut envelope = good.clone();
        envelope.sealed_body[at] ^= 1 << (at % 8);
        all.push((format!("sealed body, byte {at}"), envelope));
    }
    all
}

/// Parts missing, added or taken from another envelope.
fn put_together_wrongly(good: &Envelope, other: &Envelope) -> Vec<(String, Envelope)> {
    let request = |request: &[u8]| Envelope { request: request.to_vec(), ..good.clone() };
    let body = |body: &[u8]| Envelope { sealed_body: body.to_vec(), ..good.clone() };
    let half = good.request.len() / 2;
    [
        ("no request", request(&[])),
        ("half a request", request(&good.request[..half])),
        ("more than a request", request(&[good.request.as_slice(), &[0]].concat())),
        ("no body", body(&[])),
        ("less of the body", body(&good.sealed_body[1..])),
        ("more than the body", body(&[good.sealed_body.as_slice(), &[0]].concat())),
        ("another request's body", body(&other.sealed_body)),
        ("another body's request", request(&other.request)),
    ]
    .map(|(what, envelope)| (what.to_owned(), envelope))
    .into()
}

#[tokio::test]
async fn what_is_altered_is_not_answered_and_leaves_no_trace() {
    let (cluster, yunnan) = start().await;
    let before = entries(&cluster).await;
    let request = yunnan.seal(yunnan.context(AGREEMENT), ask(7));
    let other = yunnan.attempt(&yunnan.seal(yunnan.context(AGREEMENT), ask(7)), 1);
    let good = yunnan.attempt(&request, 1);
    let cases = [altered(&good), put_together_wrongly(&good, &other)].concat();
    assert!(cases.len() > 100, "{}", cases.len());
    for (what, envelope) in cases {
        let status = status(&yunnan, envelope).await;
        assert_eq!(status.code(), Code::Unauthenticated, "{what}: {status}");
        assert_eq!(reason(&status).as_deref(), Some("ENVELOPE_NOT_AUTHENTIC"), "{what}");
    }
    assert_eq!(entries(&cluster).await, before);
    // Nothing was wrong with it before.
    let answer = yunnan.open(&request, yunnan.deliver(good).await.unwrap()).reply.answer;
    assert!(matches!(answer.verdict, Verdict::Served(_)), "{answer:?}");
    assert_eq!(entries(&cluster).await, before + 1);
}

/// A member that carries another's envelope says nothing about its origin, and could not read the answer.
#[tokio::test]
async fn what_another_node_hands_over() {
    let (cluster, yunnan) = start().await;
    let before = entries(&cluster).await;
    let request = yunnan.seal(yunnan.context(AGREEMENT), ask(7));
    let good = yunnan.attempt(&request, 1);
    let address = &cluster.node(SICHUAN).federation_api;
    let carrier =
        Forger::carried_by(&cluster.layout(), &agency(GUIZHOU), &agency(YUNNAN), &agency(SICHUAN), address);
    let status = status(&carrier, good.clone()).await;
    assert_eq!((status.code(), reason(&status).as_deref()), (Code::Unauthenticated, Some("HOP_LINE_BROKEN")));
    assert_eq!(entries(&cluster).await, before);
    // Nor does it use up the attempt.
    let answer = yunnan.open(&request, yunnan.deliver(good).await.unwrap()).reply.answer;
    assert!(matches!(answer.verdict, Verdict::Served(_)), "{answer:?}");
}

#[tokio::test]
async fn another_key_another_kind_or_another_name() {
    let (cluster, yunnan) = start().await;
    let guizhou = forger(&cluster, GUIZHOU);
    let before = entries(&cluster).await;
    let request = yunnan.seal(yunnan.context(AGREEMENT), ask(7));
    let nobody = SigningKey::generate(&SystemEntropy);
    let by = |key: &SigningKey| request.dispatch(yunnan.dispatch(1), key);
    let good = yunnan.attempt(&request, 1);
    let payload = concord_trust::Cose::parse(&good.request).unwrap();
    let payload = payload.verify(Kind::Request, &yunnan.message.public()).unwrap().to_vec();
    let as_kind = |kind| Envelope { request: yunnan.message.sign(kind, payload.clone()), ..good.clone() };
    for (what, over, envelope) in [
        ("a key that nobody publishes", &yunnan, by(&nobody)),
        ("signed by another member", &yunnan, by(&guizhou.message)),
        ("signed and sent by another member", &guizhou, by(&guizhou.message)),
        ("signed as an answer", &yunnan, as_kind(Kind::Answer)),
        ("signed as a receipt", &yunnan, as_kind(Kind::Receipt)),
        ("signed as a keyring", &yunnan, as_kind(Kind::Keyring)),
    ] {
        assert_eq!(status(over, envelope).await.code(), Code::Unauthenticated, "{what}");
    }
    let nonsense =
        Envelope { request: yunnan.message.sign(Kind::Request, b"nonsense".to_vec()), ..good.clone() };
    let malformed = status(&yunnan, nonsense).await;
    assert_eq!(malformed.code(), Code::InvalidArgument);
    assert_eq!(reason(&malformed).as_deref(), Some("ENVELOPE_MALFORMED"));
    // Twice the largest size class of a body.
    let huge = Envelope { sealed_body: vec![0; 2 << 20], ..good.clone() };
    let huge = status(&yunnan, huge).await;
    assert!(huge.code() == Code::OutOfRange && huge.message().contains("the limit is"), "{huge}");
    assert_eq!(entries(&cluster).await, before);
    let answer = yunnan.open(&request, yunnan.deliver(good).await.unwrap()).reply.answer;
    assert!(matches!(answer.verdict, Verdict::Served(_)), "{answer:?}");
}
