//! Ways through honest carriers.

use super::*;
use concord_trust::envelope::Envelope;
use std::sync::{Arc, Mutex};

#[tokio::test(start_paused = true)]
async fn a_request_goes_by_the_ministry_where_no_line_leads() {
    let scene = Scene::new().await;
    let asked = scene.ask("hello").await;
    assert_eq!((outcome(&asked), asked.1.as_deref()), (Outcome::Hit, Some("hello #1")));
    assert_eq!(route(&asked), [agency(MINISTRY), agency(HERE)]);

    let [(from, next, request)] = carriages(&scene.ministry).try_into().unwrap();
    assert_eq!((from, next), (agency(ORIGIN), agency(HERE)));
    assert_eq!((request.origin, request.destination), (agency(ORIGIN), agency(HERE)));
    assert!(carriages(&scene.other).is_empty());
    let released = scene.here.ledger().into_iter().find_map(|event| {
        let Event::Released { request, .. } = event else { return None };
        Some(request.carriers)
    });
    assert_eq!(released, Some(vec![agency(MINISTRY)]), "the destination's record names the way");
}

#[tokio::test(start_paused = true)]
async fn a_line_is_taken_where_there_is_one() {
    let scene = Scene::with(&[], &[]).await;
    let asked = scene.ask("hello").await;
    assert_eq!((outcome(&asked), route(&asked)), (Outcome::Hit, vec![agency(HERE)]));
    assert!(carriages(&scene.ministry).is_empty() && carriages(&scene.other).is_empty());
}

#[tokio::test(start_paused = true)]
async fn another_carrier_takes_over_and_with_none_left_the_outcome_says_so() {
    let scene = Scene::new().await;
    scene.mesh.leave(MINISTRY);
    let asked = scene.ask("hello").await;
    assert_eq!((outcome(&asked), route(&asked)), (Outcome::Hit, vec![agency(OTHER), agency(HERE)]));

    let tried = |asked: &(Concluded, Option<String>)| asked.0.evidence().tried.clone();
    let unconnected = Outcome::Unreachable(Failure::ConnectFailed);
    assert_eq!(tried(&asked), [(agency(MINISTRY), unconnected)]);

    scene.mesh.leave(OTHER);
    let asked = scene.ask("hello").await;
    assert_eq!(outcome(&asked), Outcome::Unreachable(Failure::NoRoute));
    assert_eq!(tried(&asked), [MINISTRY, OTHER].map(|way| (agency(way), unconnected)));
    let explanation = &asked.0.evidence().explanation;
    assert!(explanation.contains(MINISTRY) && explanation.contains(OTHER), "{explanation}");
}

#[tokio::test(start_paused = true)]
async fn a_carrier_that_keeps_silent_leaves_time_for_the_next() {
    let scene = Scene::new().await;
    scene.mesh.put(MINISTRY, |_, _, _| Box::pin(std::future::pending()));
    let asked = scene.ask("hello").await;
    assert_eq!((outcome(&asked), route(&asked)), (Outcome::Hit, vec![agency(OTHER), agency(HERE)]));
}

#[tokio::test(start_paused = true)]
async fn a_carrier_without_a_line_hands_on_to_another() {
    let scene = Scene::with(&[HERE, OTHER], &[HERE]).await;
    let asked = scene.ask("hello").await;
    assert_eq!(outcome(&asked), Outcome::Hit);
    assert_eq!(route(&asked), [agency(MINISTRY), agency(OTHER), agency(HERE)]);
    let [(_, next, _)] = carriages(&scene.ministry).try_into().unwrap();
    assert_eq!(next, agency(OTHER));
    let [(from, _, request)] = carriages(&scene.other).try_into().unwrap();
    assert_eq!((from, request.carriers), (agency(MINISTRY), vec![agency(MINISTRY)]));
}

#[tokio::test(start_paused = true)]
async fn a_carrier_that_reaches_nobody_says_that_nothing_was_sent() {
    let scene = Scene::with(&[HERE, OTHER], &[HERE, OTHER]).await;
    let asked = scene.ask("hello").await;
    assert_eq!(outcome(&asked), Outcome::Unreachable(Failure::NoRoute));
    assert_eq!(scene.here.echo.served(), 0);
    assert!(carriages(&scene.ministry).is_empty(), "nothing was handed on");
}

#[tokio::test(start_paused = true)]
async fn an_answer_lost_behind_a_carrier_is_given_again_by_another_way() {
    let scene = Scene::new().await;
    let (mesh, lost) = (scene.mesh.clone(), Arc::new(Mutex::new(0)));
    let ministry = scene.ministry.inbound.clone();
    let counted = Arc::clone(&lost);
    mesh.put(MINISTRY, move |from, envelope: Envelope, deadline| {
        *counted.lock().unwrap() += 1;
        let ministry = ministry.clone();
        Box::pin(async move {
            drop(ministry.deliver(&from, envelope, deadline).await);
            Err(NoAnswer::Broken)
        })
    });
    let asked = scene.ask("hello").await;
    assert_eq!((outcome(&asked), asked.1.as_deref()), (Outcome::Hit, Some("hello #1")));
    assert_eq!(scene.here.echo.served(), 1, "executed once, however many attempts");
    assert!(*lost.lock().unwrap() >= 1);
}

#[tokio::test(start_paused = true)]
async fn each_hop_leaves_the_next_less_time() {
    let scene = Scene::new().await;
    let left = Arc::new(Mutex::new(None));
    let (seen, here) = (Arc::clone(&left), scene.here.inbound.clone());
    scene.mesh.put(HERE, move |from, envelope, deadline| {
        *seen.lock().unwrap() = Some(deadline.left());
        let here = here.clone();
        Box::pin(async move { here.deliver(&from, envelope, deadline).await.map_err(|_| NoAnswer::Broken) })
    });
    assert_eq!(outcome(&scene.ask("hello").await), Outcome::Hit);
    let (given, left) = (soon().share(2).left(), left.lock().unwrap().unwrap());
    assert!(left <= given - crate::carry::HOP_MARGIN, "{left:?} of {given:?}");
}

#[tokio::test(start_paused = true)]
async fn an_operation_is_told_how_its_request_came() {
    let scene = Scene::with(&[HERE, OTHER], &[HERE]).await;
    let asked = scene.ask("way").await;
    assert_eq!(asked.1, Some([ORIGIN, MINISTRY, OTHER, HERE].join(" > ")));
    let straight = Scene::with(&[], &[]).await;
    assert_eq!(straight.ask("way").await.1, Some([ORIGIN, HERE].join(" > ")));
}
