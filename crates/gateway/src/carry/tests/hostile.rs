//! Carriers that alter, drop, replay, cut trails, or answer themselves: nothing false is accepted, and the record shows
//! who did it.

use super::*;
use crate::authority::InForce;
use crate::testing::{MESSAGE, key, now, sealing_key};
use concord_domain::{OutcomeKind, Refusal, SystemEntropy};
use concord_trust::envelope::{
    Answer, AnswerContext, Attached, Envelope, PROTOCOL, SUITE, SealedAnswer, Verdict,
};
use std::sync::{Arc, Mutex};

type Altered = fn(Envelope) -> Envelope;

fn flipped(mut bytes: Vec<u8>) -> Vec<u8> {
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    bytes
}

/// The end of a COSE_Sign1 is its signature.
fn forged(hop: &[u8]) -> Vec<u8> {
    let mut hop = hop.to_vec();
    *hop.last_mut().unwrap() ^= 1;
    hop
}

/// The ministry makes an honest hop, and then does to the envelope as it likes.
fn altering(scene: &Scene, alter: Altered) {
    let (mesh, rules) = (scene.mesh.clone(), scene.ministry.authority.current());
    scene.mesh.put(MINISTRY, move |_, envelope: Envelope, deadline| {
        let (mesh, rules) = (mesh.clone(), rules.clone());
        Box::pin(async move {
            let request = envelope.verify(rules.directory()).unwrap();
            let hop = request.carry(&agency(MINISTRY), &agency(ORIGIN), now(), rules.directory()).unwrap();
            let passed = hop.pass_on(&agency(MINISTRY), &agency(HERE), now(), &key(MINISTRY, MESSAGE));
            mesh.hand(MINISTRY, HERE, alter(passed), deadline).await
        })
    });
}

#[tokio::test(start_paused = true)]
async fn what_is_altered_on_the_way_is_not_served_and_the_record_names_the_carrier() {
    let alterations: [(&str, Altered); 4] = [
        ("the body", |e| Envelope { sealed_body: flipped(e.sealed_body), ..e }),
        ("the request", |e| Envelope { request: flipped(e.request), ..e }),
        ("the trail, cut", |e| Envelope { hops: vec![], ..e }),
        ("the trail, doubled", |e| Envelope { hops: [e.hops.clone(), e.hops].concat(), ..e }),
    ];
    for (what, alter) in alterations {
        let scene = Scene::new().await;
        altering(&scene, alter);
        let asked = scene.ask("hello").await;
        assert_eq!(outcome(&asked), Outcome::Hit, "{what}");
        assert_eq!(route(&asked), [agency(OTHER), agency(HERE)], "{what}: by the next carrier");
        assert_eq!(scene.here.echo.served(), 1, "{what}");
        let told: Vec<_> = distrusted(&scene.here).into_iter().map(|(peer, _)| peer).collect();
        assert_eq!(told, [agency(MINISTRY)], "{what}: on the destination's record");
    }
}

#[tokio::test(start_paused = true)]
async fn a_forged_hop_ends_nothing_but_that_way_and_the_carrier_is_named() {
    let scene = Scene::new().await;
    altering(&scene, |e| Envelope { hops: e.hops.iter().map(|hop| forged(hop)).collect(), ..e });
    let asked = scene.ask("hello").await;
    assert_eq!((outcome(&asked), route(&asked)), (Outcome::Hit, vec![agency(OTHER), agency(HERE)]));
    assert_eq!(scene.here.echo.served(), 1);
    scene.mesh.leave(OTHER);
    let asked = scene.ask("hello").await;
    assert_eq!(outcome(&asked), Outcome::Unreachable(Failure::NoRoute));
    let explanation = &asked.0.evidence().explanation;
    assert!(explanation.contains("HOP_LINE_BROKEN"), "{explanation}");
    assert_eq!(distrusted(&scene.here), [(agency(MINISTRY), "HOP_LINE_BROKEN".to_owned())]);
    assert_eq!(scene.here.echo.served(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_carrier_that_keeps_the_answer_back_for_a_refusal_of_its_second_copy_hides_nothing() {
    let scene = Scene::new().await;
    let ministry = scene.ministry.inbound.clone();
    scene.mesh.put(MINISTRY, move |from, envelope: Envelope, deadline| {
        let ministry = ministry.clone();
        Box::pin(async move {
            drop(ministry.deliver(&from, envelope.clone(), deadline).await);
            ministry.deliver(&from, envelope, deadline).await.map_err(|_| NoAnswer::Broken)
        })
    });
    let asked = scene.ask("hello").await;
    assert_eq!((outcome(&asked), asked.1.as_deref()), (Outcome::Hit, Some("hello #1")));
    assert_eq!(scene.here.echo.served(), 1, "the recorded answer, by another way");
    assert!(scene.other.ledger().iter().any(|event| matches!(event, Event::Carried { .. })));
}

#[tokio::test(start_paused = true)]
async fn an_altered_answer_does_not_count_and_the_origin_names_the_carrier() {
    let scene = Scene::new().await;
    let ministry = scene.ministry.inbound.clone();
    scene.mesh.put(MINISTRY, move |from, envelope, deadline| {
        let ministry = ministry.clone();
        Box::pin(async move {
            let answer = ministry.deliver(&from, envelope, deadline).await.map_err(|_| NoAnswer::Broken)?;
            Ok(SealedAnswer { sealed_body: flipped(answer.sealed_body), ..answer })
        })
    });
    let asked = scene.ask("hello").await;
    assert_eq!((outcome(&asked), asked.1.as_deref()), (Outcome::Hit, Some("hello #1")));
    assert_eq!(distrusted(&scene.origin), [(agency(MINISTRY), "ANSWER_INVALID".to_owned())]);
}

/// An answer of the ministry's own making, to whatever it was handed.
fn own_answer(envelope: Envelope, rules: &InForce, verdict: Verdict) -> SealedAnswer {
    let request = envelope.verify(rules.directory()).unwrap();
    let answer = Answer {
        verdict,
        agreement: Some(request.context().agreement.clone()),
        clause: None,
        content: b"nobody".to_vec(),
        explanation: String::new(),
        source: None,
    };
    let to = sealing_key(ORIGIN);
    let context = AnswerContext {
        protocol: PROTOCOL,
        suite: SUITE,
        request: request.digest(),
        responder: agency(MINISTRY),
        sealing_key: to.public().key_id(),
        created: now(),
    };
    let attached = Attached { receipt: vec![], entry: vec![], checkpoint: None };
    let (body, key) = (answer.to_body(&SystemEntropy).unwrap(), key(MINISTRY, MESSAGE));
    SealedAnswer::seal(&body, attached, context, to.public(), &key, &SystemEntropy)
}

#[tokio::test(start_paused = true)]
async fn a_carrier_that_answers_itself_is_not_believed() {
    let verdicts = [
        Verdict::Served(OutcomeKind::NoHit),
        Verdict::Served(OutcomeKind::Hit),
        // Even a refusal needs a receipt of the one who refuses.
        Verdict::Refused(Refusal::NoAgreement),
    ];
    for verdict in verdicts {
        let scene = Scene::new().await;
        let rules = scene.ministry.authority.current();
        scene.mesh.put(MINISTRY, move |_, envelope, _| {
            let answer = own_answer(envelope, &rules, verdict);
            Box::pin(std::future::ready(Ok(answer)))
        });
        let asked = scene.ask("hello").await;
        assert_eq!((outcome(&asked), asked.1.as_deref()), (Outcome::Hit, Some("hello #1")), "{verdict:?}");
        assert_eq!(distrusted(&scene.origin), [(agency(MINISTRY), "ANSWER_INVALID".to_owned())]);
        scene.mesh.leave(OTHER);
        let asked = scene.ask("hello").await;
        assert_eq!(outcome(&asked), Outcome::Unreachable(Failure::NoRoute), "{verdict:?}");
        assert_eq!(asked.1, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_replay_is_refused_and_the_answer_of_another_request_does_not_count() {
    let scene = Scene::new().await;
    let ministry = scene.ministry.inbound.clone();
    let first: Arc<Mutex<Option<SealedAnswer>>> = Arc::default();
    scene.mesh.put(MINISTRY, move |from, envelope: Envelope, deadline| {
        let (ministry, first) = (ministry.clone(), Arc::clone(&first));
        Box::pin(async move {
            let kept = first.lock().unwrap().clone();
            if let Some(earlier) = kept {
                return Ok(earlier);
            }
            let honest = ministry.deliver(&from, envelope.clone(), deadline).await;
            drop(ministry.deliver(&from, envelope, deadline).await);
            let honest = honest.map_err(|_| NoAnswer::Broken)?;
            *first.lock().unwrap() = Some(honest.clone());
            Ok(honest)
        })
    });
    assert_eq!(outcome(&scene.ask("hello").await), Outcome::Hit);
    assert_eq!(scene.here.echo.served(), 1);
    let replayed = |event: &Event| matches!(event, Event::Refused { refusal: Refusal::Replayed, .. });
    assert!(scene.here.ledger().iter().any(replayed), "the second copy is on the record");

    let asked = scene.ask("again").await;
    assert_eq!((outcome(&asked), asked.1.as_deref()), (Outcome::Hit, Some("again #2")));
    assert_eq!(distrusted(&scene.origin), [(agency(MINISTRY), "ANSWER_INVALID".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_is_found_by_another_way() {
    let scene = Scene::new().await;
    let dropped = || Err(NoAnswer::Failed(Failure::PeerFault));
    scene.mesh.put(MINISTRY, move |_, _, _| Box::pin(std::future::ready(dropped())));
    let asked = scene.ask("hello").await;
    assert_eq!((outcome(&asked), route(&asked)), (Outcome::Hit, vec![agency(OTHER), agency(HERE)]));
    assert_eq!(scene.here.echo.served(), 1);
}
