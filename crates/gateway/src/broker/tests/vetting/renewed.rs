//! What an approval is worth once rules have changed, and what a next broker's word is.

use super::*;

#[tokio::test(start_paused = true)]
async fn what_no_officer_has_approved_is_asked_anew_once_the_rules_demand_one() {
    let agreements = [to_province(), vetted(to_ministry()), abroad()];
    let scene = Scene::new(&agreements).await;
    let continued = scene.waits("hello").await;
    assert_eq!(scene.state(&continued), VettingState::Approved, "by the rules of then");
    let [(_, waiting)] = scene.ministry.inbound.broker.vettings.page(0, 10).unwrap().try_into().unwrap();
    scene.decides(&scene.ministry, waiting.reference, VettingDecision::Approve).await;
    let before = asked(&scene.province);
    scene.province.replacing(only_by_an_officer(&agreements), 2).await;
    assert_eq!(scene.refusal("hello", &continued).await, Refusal::VettingUnknown);
    assert_eq!((asked(&scene.province), scene.here.echo.served()), (before, 0));
    let anew = scene.waits("hello").await;
    assert_eq!(scene.state(&anew), VettingState::Open);
}

#[tokio::test(start_paused = true)]
async fn an_approval_is_under_the_agreement_under_which_it_was_given() {
    let scene = Scene::vetting().await;
    let continued = scene.waits("hello").await;
    scene.approves(&continued).await;
    let other = Agreement { id: "another".parse().unwrap(), ..vetted(to_province()) };
    let another = rules(&[other, to_ministry(), abroad()]);
    for world in [&scene.origin, &scene.province] {
        world.replacing(std::sync::Arc::clone(&another), 2).await;
    }
    assert_eq!(scene.refusal("hello", &continued).await, Refusal::VettingUnknown);
    assert_eq!((asked(&scene.province), scene.state(&continued)), (0, VettingState::Approved));
}

#[tokio::test(start_paused = true)]
async fn a_denial_of_our_own_spends_no_approval() {
    let scene = Scene::vetting().await;
    let continued = scene.waits("hello").await;
    scene.approves(&continued).await;
    let before = asked(&scene.province);
    scene.province.replacing(rules(&[vetted(to_province()), abroad()]), 2).await;
    assert_eq!(scene.refusal("hello", &continued).await, Refusal::NoAgreement);
    assert_eq!((asked(&scene.province), scene.state(&continued)), (before, VettingState::Approved));
    scene.province.replacing(rules(&[vetted(to_province()), to_ministry(), abroad()]), 3).await;
    assert_eq!(hit(scene.again("hello", &continued).await).as_deref(), Some("hello #1"), "it is back");
    assert_eq!(scene.state(&continued), VettingState::Spent);
}

#[tokio::test(start_paused = true)]
async fn what_the_next_broker_says_waits_until_a_time_that_has_passed_does_not_count() {
    let scene = Scene::new(&[to_province(), vetted(to_ministry()), abroad()]).await;
    let mut ministry = scene.ministry.inbound.clone();
    ministry.broker.vettings = ministry.broker.vettings.within(Duration::ZERO);
    scene.mesh.join(MINISTRY, ministry);
    let (concluded, _) = scene.ask("hello", None).await;
    assert!(matches!(concluded.evidence().outcome, Outcome::Failed(_)), "{concluded:?}");
    assert!(scene.province.inbound.broker.vettings.page(0, 10).unwrap().is_empty(), "nothing waits here");
}
