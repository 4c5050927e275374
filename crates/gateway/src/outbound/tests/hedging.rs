//! Two ways at once: Yunnan asks Gansu, to whom it has no line, by way of the ministry and, where that one keeps it
//! waiting, of Shaanxi. Time is paused, so that it passes only while everybody waits.

use crate::carry::Carrier;
use crate::courier::NoAnswer;
use crate::deadline::Deadline;
use crate::lines::Lines;
use crate::operation::Operation;
use crate::outbound::{Inquiry, Outbound, Question, Returned};
use crate::testing::{Echo, HERE, MINISTRY, Mesh, ORIGIN, OTHER, World, agency, carried, rules, soon};
use crate::ways::Place;
use concord_domain::{AgencyId, Failure, Handling, Outcome, Purpose, Refusal};
use concord_trust::envelope::Envelope;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tower::retry::budget::{Budget as _, TpsBudget};

/// How long an answer is waited for before another way is tried.
const HEDGE_AFTER: Duration = Duration::from_millis(200);
/// How long a slow line takes: it would be in time.
const SLOW: Duration = Duration::from_secs(1);
/// Where the node at the end of a slow line is.
const BEHIND: &str = "behind.police.cn";

/// On which way a slow line is slow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slow {
    There,
    Back,
}

struct Scene {
    mesh: Mesh,
    origin: World,
    ministry: World,
    other: World,
    here: World,
}

impl Scene {
    /// Yunnan has no line to `without`.
    async fn new(without: &[&str]) -> Self {
        let mesh = Mesh::default();
        let at = |name, lines| World::at(name, rules(&[carried()]), mesh.clone(), lines);
        let without = Lines::without(without.iter().map(|name| name.parse().unwrap()).collect());
        Self {
            origin: at(ORIGIN, without).await,
            ministry: at(MINISTRY, Lines::default()).await,
            other: at(OTHER, Lines::default()).await,
            here: at(HERE, Lines::default()).await,
            mesh,
        }
    }

    /// Yunnan's line to the ministry is slow.
    async fn with_slow(slow: Slow) -> Self {
        let scene = Self::new(&[HERE]).await;
        scene.slow_line(MINISTRY, &scene.ministry, slow);
        scene
    }

    /// Makes Yunnan's line to that node slow, and nobody else's.
    fn slow_line(&self, to: &str, node: &World, slow: Slow) {
        self.mesh.join(BEHIND, node.inbound.clone());
        let mesh = self.mesh.clone();
        self.mesh.put(to, move |from: AgencyId, envelope: Envelope, deadline: Deadline| {
            let mesh = mesh.clone();
            let [there, back] = [Slow::There, Slow::Back].map(|side| from.as_str() == ORIGIN && slow == side);
            Box::pin(async move {
                if there {
                    tokio::time::sleep(SLOW).await;
                }
                let answer = mesh.hand(from.as_str(), BEHIND, envelope, deadline).await;
                if back {
                    tokio::time::sleep(SLOW).await;
                }
                answer
            })
        });
    }

    /// All places that Yunnan has at the ministry.
    async fn all_places(outbound: &Outbound) -> Vec<Place> {
        let mut places = Vec::new();
        for _ in 0..Carrier::CARRIED_PER_PEER_MAX {
            places.push(outbound.ways.place_at(&agency(MINISTRY)).await);
        }
        places
    }

    /// The way out of Yunnan, which hedges.
    fn hedging(&self) -> Outbound {
        Outbound { hedge_after: Some(HEDGE_AFTER), ..self.origin.outbound() }
    }
}

/// What came of asking Gansu, by which route, and how long it took.
struct Came {
    returned: Returned,
    took: Duration,
}

impl Came {
    fn outcome(&self) -> Outcome {
        self.returned.concluded.evidence().outcome
    }

    /// The first on the way.
    fn by(&self) -> &str {
        self.returned.concluded.evidence().route.first().map(|agency| agency.as_str()).unwrap_or_default()
    }
}

async fn ask(outbound: &Outbound, repeatable: bool) -> Came {
    let question = Question {
        purpose: Purpose::FugitiveApprehension,
        handling: Handling::default(),
        branch: None,
        nature: None,
    };
    let (operation, to) = (Echo::name(), agency(HERE));
    let read = |content: &[u8]| Echo::decode_answer(content).map(|answer| Echo::outcome(&answer));
    let inquiry = Inquiry { repeatable, ..Inquiry::ours(&operation, &to, question, b"hello", &read) };
    let began = Instant::now();
    let returned = outbound.inquire(inquiry, soon()).await.unwrap();
    Came { returned, took: began.elapsed() }
}

#[tokio::test(start_paused = true)]
async fn what_keeps_us_waiting_is_asked_by_the_next_way_too_and_executed_once() {
    // The route is the one by which the request that was executed came, whoever brought its answer.
    for (slow, by) in [(Slow::There, OTHER), (Slow::Back, MINISTRY)] {
        let scene = Scene::with_slow(slow).await;
        let came = ask(&scene.hedging(), true).await;
        assert_eq!((came.outcome(), came.by()), (Outcome::Hit, by));
        assert_eq!(came.took, HEDGE_AFTER, "and no longer");
        assert_eq!(scene.here.echo.served(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_setting_one_way_is_waited_for() {
    let scene = Scene::with_slow(Slow::There).await;
    let came = ask(&scene.origin.outbound(), true).await;
    assert_eq!((came.outcome(), came.by(), came.took), (Outcome::Hit, MINISTRY, SLOW));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_safe_to_repeat_is_not_hedged() {
    let scene = Scene::with_slow(Slow::There).await;
    let came = ask(&scene.hedging(), false).await;
    assert_eq!((came.outcome(), came.by(), came.took), (Outcome::Hit, MINISTRY, SLOW));
}

#[tokio::test(start_paused = true)]
async fn hedging_takes_from_the_budget_of_retries_and_ends_with_it() {
    let scene = Scene::with_slow(Slow::There).await;
    let spent = Arc::new(TpsBudget::new(Duration::from_secs(10), 0, 0.0));
    let came = ask(&Outbound { retries: spent, ..scene.hedging() }, true).await;
    assert_eq!((came.outcome(), came.by(), came.took), (Outcome::Hit, MINISTRY, SLOW));
}

#[tokio::test(start_paused = true)]
async fn that_the_destination_still_works_on_it_ends_no_waiting() {
    let scene = Scene::new(&[HERE]).await;
    scene.here.echo.meanwhile(tokio::time::sleep(SLOW));
    // Enough for the other attempt, and for nothing after it.
    let one = Arc::new(TpsBudget::new(Duration::from_secs(10), 0, 1.0));
    let came = ask(&Outbound { retries: one, ..scene.hedging() }, true).await;
    assert_eq!((came.outcome(), came.by(), came.took), (Outcome::Hit, MINISTRY, SLOW));
    assert_eq!(scene.here.echo.served(), 1);
    assert_eq!(scene.other.ledger().len(), 1, "the other attempt was on its way");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_overtaken_ends_no_waiting() {
    for (without, slow_to, by) in [(&[HERE][..], MINISTRY, OTHER), (&[], HERE, MINISTRY)] {
        let scene = Scene::new(without).await;
        let node = if slow_to == HERE { &scene.here } else { &scene.ministry };
        scene.slow_line(slow_to, node, Slow::There);
        scene.here.echo.meanwhile(tokio::time::sleep(2 * SLOW));
        let came = ask(&scene.hedging(), true).await;
        assert_eq!((came.outcome(), came.by()), (Outcome::Hit, by));
        assert_eq!(came.took, 2 * SLOW, "the first attempt is told that it is replayed long before");
        assert_eq!(scene.here.echo.served(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_overtaken_ends_nothing_while_ways_are_left() {
    // What overtakes it is executed, and its answer lost, after the other one is told so or before.
    for lost_after in [2 * SLOW, Duration::ZERO] {
        let scene = Scene::new(&[]).await;
        scene.slow_line(HERE, &scene.here, Slow::There);
        let ministry = scene.ministry.inbound.clone();
        scene.mesh.put(MINISTRY, move |from, envelope, deadline| {
            let ministry = ministry.clone();
            Box::pin(async move {
                drop(ministry.deliver(&from, envelope, deadline).await);
                tokio::time::sleep(lost_after).await;
                Err(NoAnswer::Failed(Failure::PeerFault))
            })
        });
        // Enough for the second way at the same moment, and for no third.
        let one = Arc::new(TpsBudget::new(Duration::from_secs(10), 0, 1.0));
        let outbound = Outbound { retries: one, ..scene.hedging() };
        let came = ask(&outbound, true).await;
        assert_eq!((came.outcome(), came.by()), (Outcome::Hit, MINISTRY), "the recorded answer");
        assert_eq!(scene.here.echo.served(), 1);
        scene.mesh.leave(OTHER);
        let came = ask(&outbound, true).await;
        assert_eq!(came.outcome(), Outcome::Refused(Refusal::Replayed), "with no way left");
    }
}

#[tokio::test(start_paused = true)]
async fn with_no_other_way_nothing_is_taken_from_the_budget() {
    let scene = Scene::new(&[HERE, OTHER]).await;
    scene.slow_line(MINISTRY, &scene.ministry, Slow::There);
    let one = Arc::new(TpsBudget::new(Duration::from_secs(10), 0, 1.0));
    let came = ask(&Outbound { retries: Arc::clone(&one), ..scene.hedging() }, true).await;
    assert_eq!((came.outcome(), came.took), (Outcome::Hit, SLOW));
    assert!(one.withdraw(), "what the request itself put in");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_place_is_not_kept_waiting_by_the_carrier() {
    let scene = Scene::new(&[HERE]).await;
    let outbound = scene.hedging();
    let mut places = Scene::all_places(&outbound).await;
    let freed = async {
        tokio::time::sleep(SLOW).await;
        places.pop();
    };
    let (came, ()) = tokio::join!(ask(&outbound, true), freed);
    assert_eq!((came.outcome(), came.by(), came.took), (Outcome::Hit, MINISTRY, SLOW));
    assert!(scene.other.ledger().is_empty(), "nothing was hedged");
}

#[tokio::test(start_paused = true)]
async fn a_carrier_without_a_place_in_time_comes_later_the_next_time() {
    let scene = Scene::new(&[HERE]).await;
    let outbound = scene.hedging();
    for (way, took) in [(MINISTRY, HEDGE_AFTER / 20), (OTHER, HEDGE_AFTER / 10)] {
        outbound.ways.kept_waiting(&agency(way), &agency(HERE), took);
    }
    let _places = Scene::all_places(&outbound).await;
    let came = ask(&outbound, true).await;
    assert_eq!((came.outcome(), came.by()), (Outcome::Hit, OTHER), "once its share of the time is over");
    let again = ask(&outbound, true).await;
    assert_eq!((again.by(), again.took), (OTHER, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_quick_way_costs_no_second_attempt() {
    let scene = Scene::new(&[HERE]).await;
    let came = ask(&scene.hedging(), true).await;
    assert_eq!((came.outcome(), came.by()), (Outcome::Hit, MINISTRY));
    assert!(scene.other.ledger().is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_kept_us_waiting_comes_later_the_next_time() {
    let scene = Scene::with_slow(Slow::There).await;
    let outbound = scene.hedging();
    for (way, took) in [(MINISTRY, HEDGE_AFTER / 20), (OTHER, HEDGE_AFTER / 10)] {
        outbound.ways.kept_waiting(&agency(way), &agency(HERE), took);
    }
    assert_eq!(ask(&outbound, true).await.took, HEDGE_AFTER, "the ministry was the quickest until then");
    let again = ask(&outbound, true).await;
    assert_eq!((again.by(), again.took), (OTHER, Duration::ZERO));
}
