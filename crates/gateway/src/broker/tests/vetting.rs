//! Shaanxi vets by its officers what Yunnan asks of Gansu by way of the ministry.

mod renewed;

use super::*;
use crate::outbound::Continued;
use crate::vetting::NotDecided;
use concord_agreements::{Documents, LocalRule, LocalRules, Rules};
use concord_domain::{AgencyId, Reference, Timestamp, Vetting, VettingDecision, VettingReason, VettingState};
use concord_store::{Change, KeptVetting, Write};
use std::time::Duration;

const OFFICER: &str = "sn-officer-77";

fn vetted(agreement: Agreement) -> Agreement {
    let mut grants = agreement.grants.clone();
    grants[0].vetting = Vetting::Officer;
    Agreement { grants, ..agreement }
}

fn question() -> Question {
    let (purpose, handling) = (Purpose::FugitiveApprehension, Handling::default());
    Question { purpose, handling, branch: None, nature: None }
}

type Came = (Concluded, Option<String>);

impl Scene {
    async fn vetting() -> Self {
        Self::new(&[vetted(to_province()), to_ministry(), abroad()]).await
    }

    /// Asks what is to be vetted; it waits.
    async fn waits(&self, word: &str) -> Continued {
        let (concluded, answer) = self.ask(word, None).await;
        assert_eq!((concluded.evidence().outcome, answer), (Outcome::Pending, None), "{concluded:?}");
        let (continued, _) = concluded.evidence().pending.clone().unwrap();
        assert_eq!(continued.broker, agency(OTHER));
        continued
    }

    async fn again(&self, word: &str, continued: &Continued) -> Came {
        again(&self.origin, HERE, word, continued).await
    }

    async fn refusal(&self, word: &str, continued: &Continued) -> Refusal {
        refusal(self.again(word, continued).await)
    }

    async fn decides(&self, at: &World, reference: Reference, decision: VettingDecision) {
        let vettings = &at.inbound.broker.vettings;
        vettings.decide(&reference, decision, OFFICER.parse().unwrap()).await.unwrap();
    }

    async fn approves(&self, continued: &Continued) {
        self.decides(&self.province, continued.reference, VettingDecision::Approve).await;
    }

    /// The state of what waits in the province.
    fn state(&self, continued: &Continued) -> VettingState {
        self.province.store.vetting(&continued.reference).unwrap().unwrap().state
    }

    fn pass(&self, time: Duration) {
        for world in [&self.origin, &self.province, &self.ministry, &self.here] {
            world.clock.advance(time);
        }
    }
}

async fn again(origin: &World, to: &str, word: &str, continued: &Continued) -> Came {
    let ask = word.as_bytes();
    origin.outbound().ask_again::<Echo>(&agency(to), question(), ask, continued, soon()).await.unwrap()
}

fn refusal((concluded, answer): Came) -> Refusal {
    assert_eq!(answer, None);
    let Outcome::Refused(refusal) = concluded.evidence().outcome else { panic!("{concluded:?}") };
    refusal
}

fn hit((concluded, answer): Came) -> Option<String> {
    assert_eq!(concluded.evidence().outcome, Outcome::Hit, "{concluded:?}");
    answer
}

fn decisions(world: &World) -> Vec<(RequestFacts, Option<Refusal>)> {
    let decided = world.ledger().into_iter().filter_map(|event| {
        let Event::Vetted { request, refusal, decision: _ } = event else { return None };
        Some((request, refusal))
    });
    decided.collect()
}

#[tokio::test(start_paused = true)]
async fn what_an_officer_must_vet_waits_and_is_asked_on_once_it_is_approved() {
    let scene = Scene::vetting().await;
    let continued = scene.waits("hello").await;
    assert!(scene.ministry.ledger().is_empty(), "nothing goes on");
    let vettings = &scene.province.inbound.broker.vettings;
    let shown = vettings.get(&continued.reference).unwrap();
    assert_eq!((shown.ask.0.as_slice(), &shown.request.origin), (b"hello".as_slice(), &agency(ORIGIN)));
    assert_eq!((&shown.request.onward, shown.request.state), (&agency(HERE), VettingState::Open));
    assert_eq!(shown.request.authority.as_ref().map(|a| a.agreement.id.as_str()), Some("to-province"));
    assert_eq!(vettings.page(0, 10).unwrap().len(), 1);
    let row = scene.province.store.vetting(&continued.reference).unwrap().unwrap();
    assert!(!row.sealed.windows(5).any(|bytes| bytes == b"hello"), "encrypted at rest");

    let (still, _) = scene.again("hello", &continued).await;
    assert_eq!(still.evidence().outcome, Outcome::Pending);
    assert_eq!(still.evidence().pending.as_ref().map(|(at, _)| at), Some(&continued), "the same one");
    assert_eq!(vettings.page(0, 10).unwrap().len(), 1, "and no second one");

    scene.approves(&continued).await;
    let came = scene.again("hello", &continued).await;
    assert_eq!(came.0.evidence().route, [OTHER, MINISTRY, HERE].map(agency));
    assert_eq!(hit(came).as_deref(), Some("hello #1"));
    assert_eq!(scene.state(&continued), VettingState::Spent);
    assert_eq!(scene.refusal("hello", &continued).await, Refusal::VettingSpent);
    assert_eq!(scene.here.echo.served(), 1);
    let [(request, refusal)] = decisions(&scene.province).try_into().unwrap();
    assert_eq!((request.origin, refusal), (agency(ORIGIN), None));
}

#[tokio::test(start_paused = true)]
async fn what_an_officer_refuses_is_refused_in_the_officers_words_and_nobody_is_named() {
    let scene = Scene::vetting().await;
    let continued = scene.waits("hello").await;
    let reason: VettingReason = "the case file is not attached".parse().unwrap();
    scene.decides(&scene.province, continued.reference, VettingDecision::Refuse(reason)).await;
    let came = scene.again("hello", &continued).await;
    let explanation = came.0.evidence().explanation.clone();
    assert!(explanation.ends_with(": the case file is not attached"), "{explanation}");
    assert!(came.0.evidence().receipt.is_some(), "under the broker's signature");
    assert_eq!(refusal(came), Refusal::VettingRefused);
    assert_eq!(scene.refusal("hello", &continued).await, Refusal::VettingRefused, "and stays so");
    assert!(scene.ministry.ledger().is_empty());
    assert_eq!(decisions(&scene.province)[0].1, Some(Refusal::VettingRefused));
    let size = usize::try_from(scene.province.store.head().unwrap().tree.size).unwrap();
    for entry in scene.province.store.entries(0, size).unwrap() {
        let says = |text: &str| entry.bytes.windows(text.len()).any(|bytes| bytes == text.as_bytes());
        assert!(!says(OFFICER) && !says("case file"));
    }
    let shown = scene.province.inbound.broker.vettings.get(&continued.reference).unwrap().request;
    assert_eq!(shown.decided_by.as_ref().map(|officer| officer.as_str()), Some(OFFICER), "to colleagues");
}

#[tokio::test(start_paused = true)]
async fn a_decision_is_made_once() {
    let scene = Scene::vetting().await;
    let continued = scene.waits("hello").await;
    scene.approves(&continued).await;
    let vettings = &scene.province.inbound.broker.vettings;
    let twice = vettings.decide(&continued.reference, VettingDecision::Approve, OFFICER.parse().unwrap());
    assert!(matches!(twice.await, Err(NotDecided::Decided(VettingState::Approved))));
    let unknown = vettings.decide(&Reference([9; 16]), VettingDecision::Approve, OFFICER.parse().unwrap());
    assert!(matches!(unknown.await, Err(NotDecided::Unknown)));
    assert_eq!(decisions(&scene.province).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_approval_covers_exactly_what_was_asked() {
    let scene = Scene::vetting().await;
    let continued = scene.waits("hello").await;
    scene.approves(&continued).await;
    assert_eq!(scene.refusal("goodbye", &continued).await, Refusal::VettingUnknown);
    let made_up = Continued { reference: Reference([9; 16]), ..continued.clone() };
    assert_eq!(scene.refusal("hello", &made_up).await, Refusal::VettingUnknown);
    let serious = Question { purpose: Purpose::SeriousCrime, ..question() };
    let nature = Question { nature: Some(OffenceNature::Military), ..question() };
    let branch = Question { branch: Some(Branch::Narcotics), ..question() };
    for question in [serious, nature, branch] {
        let outbound = scene.origin.outbound();
        let came = outbound.ask_again::<Echo>(&agency(HERE), question, b"hello", &continued, soon()).await;
        assert_eq!(refusal(came.unwrap()), Refusal::VettingUnknown, "{question:?}");
    }
    assert!(scene.ministry.ledger().is_empty());
    assert_eq!(hit(scene.again("hello", &continued).await).as_deref(), Some("hello #1"));
}

#[tokio::test(start_paused = true)]
async fn an_approval_is_for_whom_it_was_given() {
    let by_shaanxi =
        |id, from| vetted(pact(id, from, OTHER, |grant| grant.brokered_to = vec![MINISTRY.parse().unwrap()]));
    let on = pact("on", OTHER, MINISTRY, |grant| {
        grant.on_behalf_of = [ORIGIN, HERE].map(|name| name.parse().unwrap()).to_vec();
    });
    let scene = Scene::new(&[by_shaanxi("one", ORIGIN), by_shaanxi("two", HERE), on]).await;
    let ask = |world: &World| {
        let (outbound, word) = (world.outbound(), "hello".to_owned());
        async move { outbound.ask::<Echo>(&agency(MINISTRY), question(), &word, soon()).await.unwrap() }
    };
    let (concluded, _) = ask(&scene.origin).await;
    let (continued, _) = concluded.evidence().pending.clone().unwrap();
    scene.approves(&continued).await;
    let stranger = again(&scene.here, MINISTRY, "hello", &continued).await;
    assert_eq!(refusal(stranger), Refusal::VettingUnknown);
    assert_eq!(hit(again(&scene.origin, MINISTRY, "hello", &continued).await).as_deref(), Some("hello #1"));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_decides_or_uses_in_time_expires() {
    let scene = Scene::vetting().await;
    let (undecided, unused) = (scene.waits("hello").await, scene.waits("goodbye").await);
    scene.approves(&unused).await;
    scene.pass(Duration::from_secs(72 * 3600));
    let vettings = &scene.province.inbound.broker.vettings;
    let late = vettings.decide(&undecided.reference, VettingDecision::Approve, OFFICER.parse().unwrap());
    assert!(matches!(late.await, Err(NotDecided::Expired)));
    assert_eq!(scene.refusal("hello", &undecided).await, Refusal::VettingExpired);
    assert_eq!(scene.refusal("goodbye", &unused).await, Refusal::VettingExpired);
    assert!(scene.ministry.ledger().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_approval_outlives_no_agreement() {
    let scene = Scene::vetting().await;
    let continued = scene.waits("hello").await;
    scene.approves(&continued).await;
    scene.province.replacing(rules(&[to_ministry(), abroad()]), 2).await;
    assert_eq!(scene.refusal("hello", &continued).await, Refusal::AgreementUnknown);
    assert_eq!(scene.state(&continued), VettingState::Approved);
    assert!(scene.ministry.ledger().is_empty());
    scene.province.replacing(rules(&[vetted(to_province()), to_ministry(), abroad()]), 3).await;
    assert_eq!(hit(scene.again("hello", &continued).await).as_deref(), Some("hello #1"), "it is back");
}

#[tokio::test(start_paused = true)]
async fn an_approval_that_brought_nothing_can_be_used_again() {
    let scene = Scene::vetting().await;
    let continued = scene.waits("hello").await;
    scene.approves(&continued).await;
    scene.mesh.leave(HERE);
    let (concluded, _) = scene.again("hello", &continued).await;
    assert_eq!(concluded.evidence().outcome, Outcome::Unreachable(Failure::BeyondBroker));
    assert_eq!(scene.state(&continued), VettingState::Approved);
    scene.mesh.join(HERE, scene.here.inbound.clone());
    assert_eq!(hit(scene.again("hello", &continued).await).as_deref(), Some("hello #1"));
    assert_eq!(scene.state(&continued), VettingState::Spent);
}

#[tokio::test(start_paused = true)]
async fn an_approval_is_not_used_twice_at_once() {
    let scene = Scene::vetting().await;
    let continued = scene.waits("hello").await;
    scene.approves(&continued).await;
    let (outbound, at) = (scene.origin.outbound(), continued.clone());
    scene.here.echo.meanwhile(async move {
        let second = outbound.ask_again::<Echo>(&agency(HERE), question(), b"hello", &at, soon()).await;
        assert_eq!(second.unwrap().0.evidence().outcome, Outcome::Pending);
    });
    assert_eq!(hit(scene.again("hello", &continued).await).as_deref(), Some("hello #1"));
    assert_eq!((scene.here.echo.served(), asked(&scene.province)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_waits_outlives_a_restart_of_the_broker() {
    let mut scene = Scene::vetting().await;
    let continued = scene.waits("hello").await;
    scene.province = scene.province.restarted().await;
    scene.mesh.join(OTHER, scene.province.inbound.clone());
    scene.approves(&continued).await;
    scene.province = scene.province.restarted().await;
    scene.mesh.join(OTHER, scene.province.inbound.clone());
    assert_eq!(hit(scene.again("hello", &continued).await).as_deref(), Some("hello #1"));
}

#[tokio::test(start_paused = true)]
async fn it_is_continued_with_the_broker_with_whom_it_waits() {
    let scene = Scene::vetting().await;
    let continued = scene.waits("hello").await;
    scene.approves(&continued).await;
    let straight =
        pact("a-shorter-way", ORIGIN, MINISTRY, |grant| grant.brokered_to = vec![HERE.parse().unwrap()]);
    let both = rules(&[vetted(to_province()), to_ministry(), abroad(), straight]);
    let (from, to, echo) = (agency(ORIGIN), agency(HERE), "test.echo".parse().unwrap());
    assert_eq!(both.brokers(&from, &to, &echo, now()), [MINISTRY, OTHER].map(agency), "another comes first");
    for world in [&scene.origin, &scene.province, &scene.ministry, &scene.here] {
        world.replacing(std::sync::Arc::clone(&both), 2).await;
    }
    let came = scene.again("hello", &continued).await;
    assert_eq!(came.0.evidence().route, [OTHER, MINISTRY, HERE].map(agency));
    assert_eq!(hit(came).as_deref(), Some("hello #1"));
}

/// Of each in turn the officer approves; whoever asked asks again in between. It is charged once.
#[tokio::test(start_paused = true)]
async fn two_brokers_may_both_vet() {
    for mode in [Vetting::Officer, Vetting::Automatic] {
        let mut province = to_province();
        province.grants[0].vetting = mode;
        province.grants[0].quota = Some(Quota { requests: NonZeroU32::MIN, per: QuotaWindow::Day });
        let scene = Scene::new(&[province, vetted(to_ministry()), abroad()]).await;
        let continued = scene.waits("hello").await;
        if mode == Vetting::Officer {
            assert!(scene.ministry.ledger().is_empty());
            scene.approves(&continued).await;
        }
        for _ in 0..2 {
            let (concluded, _) = scene.again("hello", &continued).await;
            let pending = concluded.evidence().pending.as_ref();
            assert_eq!(pending.map(|(at, _)| at), Some(&continued), "{mode}: {concluded:?}");
        }
        let waiting = scene.ministry.inbound.broker.vettings.page(0, 10).unwrap();
        let [(_, waiting)] = waiting.try_into().unwrap();
        assert_eq!((&waiting.origin, waiting.behalf.as_slice()), (&agency(OTHER), &[agency(ORIGIN)][..]));
        scene.decides(&scene.ministry, waiting.reference, VettingDecision::Approve).await;
        assert_eq!(hit(scene.again("hello", &continued).await).as_deref(), Some("hello #1"), "{mode}");
        assert_eq!(scene.refusal("hello", &continued).await, Refusal::VettingSpent);
        let (fresh, _) = scene.ask("hello", None).await;
        let over = fresh.evidence().outcome;
        let spent = mode == Vetting::Officer || over == Outcome::Refused(Refusal::QuotaSpent);
        assert!(spent, "{mode}: {over}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_next_brokers_officer_comes_back() {
    let scene = Scene::new(&[to_province(), vetted(to_ministry()), abroad()]).await;
    let continued = scene.waits("hello").await;
    let [(_, waiting)] = scene.ministry.inbound.broker.vettings.page(0, 10).unwrap().try_into().unwrap();
    let reason = VettingDecision::Refuse("not this one".parse().unwrap());
    scene.decides(&scene.ministry, waiting.reference, reason).await;
    let came = scene.again("hello", &continued).await;
    assert!(came.0.evidence().explanation.contains("not this one"), "{:?}", came.0);
    assert_eq!(refusal(came), Refusal::VettingRefused);
    assert_eq!(scene.state(&continued), VettingState::Spent);
}

/// The same agreements with a rule of the broker's own that demands an officer.
fn only_by_an_officer(agreements: &[Agreement]) -> std::sync::Arc<Rules> {
    let rule = LocalRule {
        name: "abroad only by an officer".into(),
        when: None,
        agencies: None,
        operations: None,
        purposes: None,
        branches: None,
        handling_above: None,
        vetting: Some(Vetting::Officer),
    };
    let signed = agreements.iter().map(|agreement| {
        let parties: Vec<_> = agreement.parties.iter().map(AgencyId::as_str).collect();
        crate::testing::signed(agreement, &parties)
    });
    let directory = crate::testing::directory_of(&[MINISTRY, ORIGIN, HERE, OTHER]);
    let local = LocalRules::new(vec![rule]).unwrap();
    let (stricter, problems) = Rules::build(Documents::agreements(signed), directory, local, |_| None);
    assert!(problems.is_empty(), "{problems:?}");
    std::sync::Arc::new(stricter)
}

#[tokio::test(start_paused = true)]
async fn a_rule_of_the_brokers_own_may_demand_an_officer() {
    let agreements = [to_province(), to_ministry(), abroad()];
    let scene = Scene::new(&agreements).await;
    scene.province.replacing(only_by_an_officer(&agreements), 2).await;
    scene.waits("hello").await;
    assert!(scene.ministry.ledger().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_refused_with_its_limit_and_leaves_room_for_others() {
    let scene = Scene::vetting().await;
    let row = |n: usize| KeptVetting {
        reference: Reference(u128::try_from(n).unwrap().to_be_bytes()),
        origin: agency(ORIGIN),
        state: VettingState::Open,
        created: now(),
        expires: now().plus(Duration::from_secs(60)),
        keep_until: Timestamp::from_millis(u64::MAX),
        sealed: vec![],
        decision: None,
        beyond: None,
    };
    for n in 0..KeptVetting::WAITING_PER_AGENCY_MAX {
        let changes = vec![Change::OpenVetting(Box::new(row(n)))];
        let write = Write { name: "test_waiting", guards: vec![], changes, entries: vec![] };
        scene.province.store.submit(write).await.unwrap();
    }
    let came = scene.ask("hello", None).await;
    let explanation = came.0.evidence().explanation.clone();
    assert!(explanation.contains(&KeptVetting::WAITING_PER_AGENCY_MAX.to_string()), "{explanation}");
    assert_eq!(refusal(came), Refusal::VettingsTooMany);
    scene.pass(Duration::from_secs(61));
    scene.waits("hello").await;
}
