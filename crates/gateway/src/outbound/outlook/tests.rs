//! What is foretold is what happens, and nothing is asked for it.

use super::*;
use crate::lines::Lines;
use crate::record::Evidence;
use crate::testing::{
    Echo, HERE, MINISTRY, Mesh, ORIGIN, OTHER, World, agency, carried, northwest, now, rules, soon,
};
use concord_agreements::{Agencies, Agreement};
use concord_domain::{Digest, Handling, Outcome, Purpose, Refusal};
use concord_ledger::Receipt;

fn question(purpose: Purpose) -> Question {
    Question { purpose, handling: Handling::default(), branch: None, nature: None }
}

const PURSUIT: Purpose = Purpose::FugitiveApprehension;

/// A node of [`ORIGIN`] that has no line to these, in a mesh of its own.
async fn origin(agreements: &[Agreement], without: &[&str]) -> World {
    let lines = Lines::without(without.iter().map(|name| name.parse().unwrap()).collect());
    World::at(ORIGIN, rules(agreements), Mesh::default(), lines).await
}

fn ways(world: &World) -> Vec<AgencyId> {
    world.outbound().outlook::<Echo>(&agency(HERE), question(PURSUIT)).unwrap().ways
}

#[tokio::test(start_paused = true)]
async fn the_ways_are_those_that_a_request_would_take() {
    let world = origin(&[carried()], &[]).await;
    assert_eq!(ways(&world), [HERE, MINISTRY, OTHER].map(agency));
    assert_eq!(ways(&origin(&[carried()], &[HERE, MINISTRY]).await), [agency(OTHER)]);
    assert!(ways(&origin(&[northwest(1)], &[HERE]).await).is_empty(), "nobody may carry");
    assert!(world.ledger().is_empty(), "nothing was asked");
}

#[tokio::test(start_paused = true)]
async fn what_lets_us_ask_is_named_and_so_is_what_is_lacking() {
    let world = origin(&[carried()], &[HERE]).await;
    let outlook = world.outbound().outlook::<Echo>(&agency(HERE), question(PURSUIT)).unwrap();
    assert_eq!(outlook.authority.agreement.id, carried().id);
    assert_eq!(outlook.destination, agency(HERE));
    let denial = world.outbound().outlook::<Echo>(&agency(HERE), question(Purpose::Narcotics)).unwrap_err();
    assert_eq!(denial.refusal, Refusal::PurposeNotGranted);
}

#[tokio::test(start_paused = true)]
async fn a_broker_is_named_where_only_one_may_ask() {
    let mut pact = northwest(1);
    pact.parties = vec![agency(ORIGIN), agency(OTHER)];
    pact.grants[0].from = Agencies::Listed(vec![ORIGIN.parse().unwrap()]);
    pact.grants[0].to = Agencies::Listed(vec![OTHER.parse().unwrap()]);
    pact.grants[0].brokered_to = vec![HERE.parse().unwrap()];
    let world = origin(&[pact], &[]).await;
    let outlook = world.outbound().outlook::<Echo>(&agency(HERE), question(PURSUIT)).unwrap();
    assert_eq!((outlook.destination, outlook.ways), (agency(OTHER), vec![agency(OTHER)]));
}

#[tokio::test(start_paused = true)]
async fn what_came_of_asking_is_known_afterwards() {
    let mesh = Mesh::default();
    let at = |name| World::at(name, rules(&[northwest(1)]), mesh.clone(), Lines::default());
    let (origin, _here) = (at(ORIGIN).await, at(HERE).await);
    let outbound = origin.outbound();
    let ask = async || {
        let (concluded, _) = outbound
            .ask::<Echo>(&agency(HERE), question(PURSUIT), &"hello".to_owned(), soon())
            .await
            .unwrap();
        let seen = outbound.ways.peers().snapshot().remove(&agency(HERE)).unwrap();
        (concluded.evidence().outcome, seen.answered.is_some(), seen.unanswered.is_some())
    };
    assert_eq!(ask().await, (Outcome::Hit, true, false));
    mesh.leave(HERE);
    let (outcome, answered, unanswered) = ask().await;
    assert!(matches!(outcome, Outcome::Unreachable(_)), "{outcome}");
    assert!(answered && unanswered);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_an_answer_too() {
    let mesh = Mesh::default();
    let at = |name, rules| World::at(name, rules, mesh.clone(), Lines::default());
    let origin = at(ORIGIN, rules(&[northwest(1)])).await;
    let _here = at(HERE, rules(&[northwest(1), northwest(2)])).await;
    let outbound = origin.outbound();
    let (to, word) = (agency(HERE), "hello".to_owned());
    let (concluded, _) = outbound.ask::<Echo>(&to, question(PURSUIT), &word, soon()).await.unwrap();
    assert_eq!(concluded.evidence().outcome, Outcome::Refused(Refusal::AgreementDiffers));
    assert!(outbound.ways.peers().snapshot()[&agency(HERE)].answered.is_some());
}

#[test]
fn what_waits_with_a_broker_tells_nothing_of_the_agency_behind_it() {
    let receipt = Receipt { ledger: agency(OTHER), index: 7, leaf: Digest([7; 32]), time: now() };
    let receipt = Some((receipt, Vec::new()));
    for outcome in [Outcome::Pending, Outcome::Refused(Refusal::NoAgreement)] {
        let evidence = Evidence { receipt: receipt.clone(), ..Evidence::of(outcome) };
        assert_eq!(evidence.says_of(&agency(HERE)), None, "{outcome}");
        assert_eq!(evidence.says_of(&agency(OTHER)), Some(true), "{outcome}");
    }
}
