//! Who may watch, and what is told when nobody answers.

use super::*;
use crate::testing::{ANSWERS, ASKS, World, agency, named, now, outbound, rules};
use concord_agreements::{Documents, LocalRules, Rules};
use concord_domain::wanted::{Field, Totals};
use concord_domain::{Failure, Handling, OutcomeKind, Purpose};
use concord_gateway::{Authority, Courier, Handover, InForce, NoAnswer};
use concord_ledger::Event;
use concord_transport::Peer;
use concord_trust::envelope::{Envelope, SealedAnswer};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

const WATCH: Reference = Reference([5; 16]);

/// Lines to nobody, with a count of how often they were tried; each attempt waits for a place at the gate.
#[derive(Debug)]
struct Dead(AtomicUsize, Semaphore);

impl Dead {
    fn tried(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Courier for Dead {
    fn deliver<'a>(
        &'a self,
        _: Handover<'a>,
        _: Envelope,
        deadline: Deadline,
    ) -> BoxFuture<'a, Result<SealedAnswer, NoAnswer>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            let _open = tokio::time::timeout_at(deadline.instant(), self.1.acquire()).await;
            Err(NoAnswer::Unreachable(Failure::ConnectFailed))
        })
    }
}

struct Scene {
    search: Search,
    dead: Arc<Dead>,
    closing: CancellationToken,
    world: World,
}

impl Scene {
    /// The application `records` waits for an answer that it asked for in an officer's name.
    async fn new() -> Self {
        let world = World::new().await;
        let (store, dead) = (world.store.clone(), Arc::new(Dead(AtomicUsize::new(0), Semaphore::new(1))));
        let authority = Authority::new(InForce { rules: rules(&[Field::Name]), epoch: 0 });
        let outbound = outbound(&store, ASKS, authority, Arc::<Dead>::clone(&dead));
        let closing = CancellationToken::new();
        let search = Search::new(outbound, store, closing.clone());
        let ask = Ask { subject: named("X"), case: "A".parse().unwrap(), officer: "053211".parse().unwrap() };
        let (purpose, handling) = (Purpose::FugitiveApprehension, Handling::default());
        let awaited = Awaited {
            agency: agency(ANSWERS),
            owner: Redacted("app/records".to_owned()),
            question: Question { purpose, handling, branch: None, nature: None },
            ask: Redacted(ask.encode()),
            continued: Continued { broker: agency(ANSWERS), reference: WATCH },
        };
        search.awaiting.keep(WATCH, awaited, now().plus(Duration::from_secs(3600))).await.unwrap();
        Self { search, dead, closing, world }
    }

    async fn watched(&self, within: Duration) -> (Finding, Totals) {
        let stream = self.search.watch(WATCH, &records(), Deadline::after(within)).unwrap();
        let events: Vec<_> = stream.map(Result::unwrap).collect().await;
        let events: [SearchEvent; 2] = events.try_into().unwrap();
        let [SearchEvent::Finding(finding), SearchEvent::Summary { totals, .. }] = events else {
            panic!("a finding and a summary")
        };
        (*finding, totals)
    }
}

fn caller(name: &str, roles: &[&str]) -> Caller {
    let roles = roles.iter().map(ToString::to_string).collect();
    Caller::new(&Peer { identity: format!("spiffe://{ASKS}/{name}").parse().unwrap(), roles })
}

fn records() -> Caller {
    caller("app/records", &["inquirer", "on-behalf"])
}

#[tokio::test(start_paused = true)]
async fn only_the_caller_that_asked_may_watch_while_it_may_act_for_the_officer() {
    let scene = Scene::new().await;
    let refused = |caller: &Caller| {
        let watched = scene.search.watch(WATCH, caller, Deadline::after(PAUSE_MIN)).map(drop);
        matches!(watched, Err(NotWatched::Unknown))
    };
    assert!(refused(&caller("app/other", &["inquirer", "on-behalf"])));
    assert!(refused(&caller("officer/053211", &["inquirer"])));
    assert!(refused(&caller("app/records", &["inquirer"])), "it has lost the role");
    assert!(!refused(&records()));
    let made_up = scene.search.watch(Reference([6; 16]), &records(), Deadline::after(PAUSE_MIN)).map(drop);
    assert!(matches!(made_up, Err(NotWatched::Unknown)));
}

#[tokio::test(start_paused = true)]
async fn it_is_asked_again_less_and_less_often_and_told_as_it_stands() {
    let scene = Scene::new().await;
    let (finding, totals) = scene.watched(Duration::from_secs(15 * 60)).await;
    assert_eq!(finding.outcome, Outcome::Unreachable(Failure::ConnectFailed));
    assert_eq!((finding.watch, totals.of(OutcomeKind::Unreachable)), (Some(WATCH), 1));
    // After 0, 2, 6, 14, 30 and 62 seconds, then once a minute.
    assert_eq!(scene.dead.tried(), 6 + (15 * 60 - 62) / 60);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_ends_is_not_held_up() {
    let scene = Scene::new().await;
    scene.closing.cancel();
    let (finding, _) = scene.watched(Duration::from_secs(15 * 60)).await;
    assert_eq!(finding.watch, Some(WATCH));
    assert_eq!(scene.dead.tried(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_kept_end_is_told_without_asking() {
    let scene = Scene::new().await;
    let (finding, _) = scene.watched(PAUSE_MIN).await;
    let end = Finding { outcome: Outcome::NoHit, watch: None, ..finding };
    scene.search.awaiting.end(WATCH, agency(ANSWERS), &encode_finding(end)).await.unwrap();
    let before = scene.dead.tried();
    let (finding, _) = scene.watched(PAUSE_MIN).await;
    assert_eq!((finding.outcome, finding.watch), (Outcome::NoHit, None));
    assert_eq!(scene.dead.tried(), before);
}

#[tokio::test(start_paused = true)]
async fn what_our_own_rules_forbid_by_now_is_no_end() {
    let scene = Scene::new().await;
    let authority = &scene.search.outbound.authority;
    let before = authority.current();
    let directory = Arc::clone(before.rules.directory());
    let nothing = Rules::build(Documents::agreements([]), directory, LocalRules::default(), |_| None).0;
    authority.replace(InForce { rules: Arc::new(nothing), epoch: 0 });
    let (finding, _) = scene.watched(Duration::from_secs(60)).await;
    assert!(matches!(finding.outcome, Outcome::Refused(_)), "{finding:?}");
    assert_eq!((finding.watch, scene.dead.tried()), (Some(WATCH), 0));
    authority.replace(InForce { rules: Arc::clone(&before.rules), epoch: 0 });
    let (finding, _) = scene.watched(PAUSE_MIN).await;
    assert_eq!((finding.watch, scene.dead.tried()), (Some(WATCH), 1), "what was missing is there");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_goes_on_when_whoever_watches_is_gone() {
    let scene = Scene::new().await;
    let gate = scene.dead.1.acquire().await.unwrap();
    let stream = scene.search.watch(WATCH, &records(), Deadline::after(Duration::from_secs(60))).unwrap();
    let gone = tokio::time::timeout(Duration::from_secs(1), stream.collect::<Vec<_>>()).await;
    assert!(gone.is_err() && scene.dead.tried() == 1);
    drop(gate);
    scene.search.under_way.close();
    scene.search.under_way.wait().await;
    let came = scene.world.ledger().into_iter().find_map(|event| {
        let Event::Concluded { outcome, .. } = event else { return None };
        Some(outcome)
    });
    assert_eq!(came, Some(OutcomeKind::Unreachable), "and not given up");
}

#[tokio::test(start_paused = true)]
async fn two_who_watch_the_same_do_not_ask_at_once() {
    let scene = Scene::new().await;
    let gate = scene.dead.1.acquire().await.unwrap();
    let within = Duration::from_secs(5);
    let (first, second) = tokio::join!(scene.watched(within), scene.watched(within));
    assert_eq!(scene.dead.tried(), 1);
    let outcomes = [first.0.outcome, second.0.outcome];
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Pending).count(), 1, "{outcomes:?}");
    assert_eq!([first.0.watch, second.0.watch], [Some(WATCH); 2]);
    drop(gate);
}

#[tokio::test(start_paused = true)]
async fn whoever_finds_no_place_or_no_time_is_told_that_it_waits() {
    let scene = Scene::new().await;
    let others = (0..Search::ASKED_AT_ONCE_MAX).map(|n| {
        let watch = Reference(u128::try_from(n).unwrap().to_be_bytes());
        scene.search.attempts.begin(watch, agency(ANSWERS))
    });
    let others = futures_util::future::join_all(others).await;
    let (finding, totals) = scene.watched(Duration::from_secs(30)).await;
    assert_eq!((finding.outcome, finding.watch, scene.dead.tried()), (Outcome::Pending, Some(WATCH), 0));
    assert_eq!(totals.of(OutcomeKind::Pending), 1);
    drop(others);
    let (finding, _) = scene.watched(Duration::from_millis(900)).await;
    assert_eq!((finding.outcome, finding.watch, scene.dead.tried()), (Outcome::Pending, Some(WATCH), 0));
    scene.watched(PAUSE_MIN).await;
    assert_eq!(scene.dead.tried(), 1);
}
