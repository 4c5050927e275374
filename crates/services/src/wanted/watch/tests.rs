//! Who may watch, and what is told when nobody answers.

use super::*;
use crate::testing::{ANSWERS, ASKS, World, agency, named, now, outbound, rules};
use concord_agreements::{Documents, LocalRules, Rules};
use concord_domain::wanted::{Field, Totals};
use concord_domain::{Failure, Handling, OutcomeKind, Purpose};
use concord_gateway::{Authority, Courier, Handover, InForce, NoAnswer};
use concord_transport::Peer;
use concord_trust::envelope::{Envelope, SealedAnswer};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio_util::sync::CancellationToken;

const WATCH: Reference = Reference([5; 16]);

/// Lines to nobody, with a count of how often they were tried.
#[derive(Debug, Default)]
struct Dead(AtomicUsize);

impl Courier for Dead {
    fn deliver<'a>(
        &'a self,
        _: Handover<'a>,
        _: Envelope,
        _: Deadline,
    ) -> BoxFuture<'a, Result<SealedAnswer, NoAnswer>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::ready(Err(NoAnswer::Unreachable(Failure::ConnectFailed))))
    }
}

struct Scene {
    search: Search,
    dead: Arc<Dead>,
    closing: CancellationToken,
    _world: World,
}

impl Scene {
    /// The application `records` waits for an answer that it asked for in an officer's name.
    async fn new() -> Self {
        let world = World::new().await;
        let (store, dead) = (world.store.clone(), Arc::new(Dead::default()));
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
        Self { search, dead, closing, _world: world }
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
    assert_eq!(scene.dead.0.load(Ordering::SeqCst), 6 + (15 * 60 - 62) / 60);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_ends_is_not_held_up() {
    let scene = Scene::new().await;
    scene.closing.cancel();
    let (finding, _) = scene.watched(Duration::from_secs(15 * 60)).await;
    assert_eq!(finding.watch, Some(WATCH));
    assert_eq!(scene.dead.0.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_kept_end_is_told_without_asking() {
    let scene = Scene::new().await;
    let (finding, _) = scene.watched(PAUSE_MIN).await;
    let end = Finding { outcome: Outcome::NoHit, watch: None, ..finding };
    scene.search.awaiting.end(WATCH, agency(ANSWERS), &encode_finding(end)).await.unwrap();
    let before = scene.dead.0.load(Ordering::SeqCst);
    let (finding, _) = scene.watched(PAUSE_MIN).await;
    assert_eq!((finding.outcome, finding.watch), (Outcome::NoHit, None));
    assert_eq!(scene.dead.0.load(Ordering::SeqCst), before);
}

#[tokio::test(start_paused = true)]
async fn what_our_own_rules_forbid_by_now_is_an_end() {
    let scene = Scene::new().await;
    let authority = &scene.search.outbound.authority;
    let directory = Arc::clone(authority.current().rules.directory());
    let nothing = Rules::build(Documents::agreements([]), directory, LocalRules::default(), |_| None).0;
    authority.replace(InForce { rules: Arc::new(nothing), epoch: 0 });
    let (finding, _) = scene.watched(Duration::from_secs(60)).await;
    assert!(matches!(finding.outcome, Outcome::Refused(_)) && finding.watch.is_none(), "{finding:?}");
    assert_eq!(scene.dead.0.load(Ordering::SeqCst), 0);
}
