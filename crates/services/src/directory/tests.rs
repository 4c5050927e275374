//! Yunnan lists and pings Gansu, over a line in memory that can be cut.

use super::*;
use crate::heavy::Heavy;
use crate::testing::{ANSWERS, ASKS, Nobody, World, agency, now, outbound, pact, rules_of};
use concord_agreements::Agreement;
use concord_domain::{Circuit, Failure, Health, OutcomeKind, SystemEntropy};
use concord_gateway::{Authority, Courier, Handover, InForce, Inbound, NoAnswer, Operations};
use concord_ledger::{Event, RequestFacts};
use concord_transport::Peer;
use concord_trust::envelope::{Envelope, SealedAnswer};
use concord_wire::pb::directory::v1 as pb;
use concord_wire::pb::directory::v1::directory_service_server::DirectoryService;
use concord_wire::{Listing, Way};
use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tonic::{Code, Request, Status};

/// Hands everything to the node of [`ANSWERS`], unless the line is cut.
#[derive(Debug)]
struct Line {
    to: Inbound,
    cut: Arc<AtomicBool>,
}

impl Courier for Line {
    fn deliver<'a>(
        &'a self,
        _: Handover<'a>,
        envelope: Envelope,
        deadline: Deadline,
    ) -> BoxFuture<'a, Result<SealedAnswer, NoAnswer>> {
        Box::pin(async move {
            if self.cut.load(Ordering::SeqCst) {
                return Err(NoAnswer::Unreachable(Failure::ConnectFailed));
            }
            let answer = self.to.deliver(&agency(ASKS), envelope, deadline).await;
            answer.map_err(|_| NoAnswer::Failed(Failure::PeerFault))
        })
    }
}

struct Scene {
    asks: World,
    answers: World,
    api: DirectoryApi,
    cut: Arc<AtomicBool>,
}

impl Scene {
    async fn new(pact: &Agreement) -> Self {
        let authority = Authority::new(InForce { rules: rules_of(pact), epoch: 0 });
        let (asks, answers) = (World::new().await, World::new().await);
        let out = outbound(&answers.store, ANSWERS, authority.clone(), Arc::new(Nobody));
        let to = Inbound::new(out, answers.store.clone(), Operations::default().with(DirectoryPing));
        let cut = Arc::new(AtomicBool::new(false));
        let line = Arc::new(Line { to, cut: Arc::clone(&cut) });
        let out = outbound(&asks.store, ASKS, authority, line);
        let api = DirectoryApi::new(out, Heavy::Inline, Arc::new(SystemEntropy));
        Self { asks, answers, api, cut }
    }

    async fn listed(&self, agency: &str) -> Result<Vec<Listing>, Status> {
        let request = by_liaison(pb::ListAgenciesRequest { agency: agency.to_owned() });
        let pages: Vec<_> = self.api.list_agencies(request).await?.into_inner().try_collect().await?;
        let agencies = pages.into_iter().flat_map(|page| page.agencies);
        Ok(agencies.map(|agency| agency.try_into().unwrap()).collect())
    }

    /// What is told of [`ANSWERS`], who must be the only one.
    async fn other(&self) -> Listing {
        let listed: [Listing; 1] = self.listed("").await.unwrap().try_into().unwrap();
        let [listing] = listed;
        assert_eq!(listing.agency, agency(ANSWERS));
        listing
    }

    async fn ping(&self, ping: pb::PingRequest) -> Result<Pinged, Status> {
        Ok(self.api.ping(by_liaison(ping)).await?.into_inner().try_into().unwrap())
    }
}

/// As the listener hands it over.
fn by_liaison<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let identity = format!("spiffe://{ASKS}/app/monitor").parse().unwrap();
    request.extensions_mut().insert(Peer { identity, roles: vec!["liaison".to_owned()] });
    request
}

fn whom(agency: &str) -> pb::PingRequest {
    pb::PingRequest { agency: agency.to_owned(), ..Default::default() }
}

fn released(world: &World) -> Vec<(RequestFacts, OutcomeKind)> {
    let released = world.ledger().into_iter().filter_map(|event| {
        let Event::Released { request, outcome, .. } = event else { return None };
        Some((request, outcome))
    });
    released.collect()
}

#[tokio::test(start_paused = true)]
async fn a_ping_goes_the_way_of_every_request_and_shows_it() {
    let scene = Scene::new(&pact(&[])).await;
    let pinged = scene.ping(whom(ANSWERS)).await.unwrap();
    assert_eq!((pinged.outcome, pinged.reason.as_str()), (PingOutcome::Answered, ""), "{pinged:?}");
    assert_eq!(pinged.route, [ASKS, ANSWERS].map(agency));
    let hops = [ASKS, ANSWERS].map(|name| Passed { agency: agency(name), at: now() });
    assert_eq!(pinged.hops, hops);
    assert_eq!(pinged.purpose, Purpose::FugitiveApprehension);
    assert_eq!(pinged.authority.unwrap().agreement.id, pact(&[]).id);
    let [(request, outcome)] = released(&scene.answers).try_into().unwrap();
    assert_eq!((request.operation.as_str(), outcome), ("directory.ping", OutcomeKind::NoHit));
    let receipt = pinged.receipt.unwrap();
    assert_eq!((receipt.ledger, receipt.index), (agency(ANSWERS), 0));
    let names: Vec<_> = scene.asks.ledger().iter().map(Event::name).collect();
    assert_eq!(names, ["asked", "concluded"]);
    assert_eq!(pinged.record.unwrap().index, 1);
}

#[tokio::test(start_paused = true)]
async fn the_purpose_is_the_first_that_is_granted_unless_it_is_named() {
    let mut pact = pact(&[]);
    pact.grants[0].purposes = vec![Purpose::Research, Purpose::Narcotics];
    let scene = Scene::new(&pact).await;
    assert_eq!(scene.ping(whom(ANSWERS)).await.unwrap().purpose, Purpose::Narcotics);
    assert_eq!(scene.other().await.route.unwrap().purpose, Purpose::Narcotics);
    // Research, then fugitive-apprehension, by number.
    let named = |purpose| pb::PingRequest { purpose, ..whom(ANSWERS) };
    assert_eq!(scene.ping(named(10)).await.unwrap().purpose, Purpose::Research);
    let refused = scene.ping(named(1)).await.unwrap();
    assert_eq!((refused.outcome, refused.reason.as_str()), (PingOutcome::Refused, "PURPOSE_NOT_GRANTED"));
    assert_eq!((refused.route, refused.hops), (vec![agency(ASKS)], vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_clause_for_branches_wants_one_and_says_so() {
    let mut pact = pact(&[]);
    pact.grants[0].purposes = vec![Purpose::Narcotics];
    pact.grants[0].branches = Some(vec![Branch::Narcotics]);
    let scene = Scene::new(&pact).await;
    let denial = scene.other().await.route.unwrap_err();
    assert!(denial.contains("branch"), "{denial}");
    let refused = scene.ping(whom(ANSWERS)).await.unwrap();
    assert_eq!((refused.purpose, refused.reason.as_str()), (Purpose::Narcotics, "BRANCH_NOT_GRANTED"));
    // Narcotics, by number.
    let pinged = scene.ping(pb::PingRequest { branch: 3, ..whom(ANSWERS) }).await.unwrap();
    assert_eq!(pinged.outcome, PingOutcome::Answered);
}

#[tokio::test(start_paused = true)]
async fn a_listing_tells_what_was_published_and_what_was_seen() {
    let scene = Scene::new(&pact(&[])).await;
    let listing = scene.other().await;
    assert_eq!((listing.health, listing.stopped, listing.superior), (Health::Unknown, None, None));
    assert_eq!(listing.card.unwrap().names.en, "Test");
    let keyring = listing.keyring.unwrap();
    assert_eq!((keyring.sequence, keyring.ends), (1, now().plus(Duration::from_secs(86_400))));
    let route = listing.route.unwrap();
    assert_eq!(route.ways, [Way { next: agency(ANSWERS), circuit: Circuit::Closed, latency: None }]);
    assert_eq!((route.broker, route.authority.agreement.id), (None, pact(&[]).id));
    assert!(scene.asks.ledger().is_empty() && scene.answers.ledger().is_empty());

    scene.ping(whom(ANSWERS)).await.unwrap();
    let listing = scene.other().await;
    assert_eq!((listing.health, listing.seen.answered), (Health::Reachable, Some(now())));

    tokio::time::advance(Duration::from_secs(1)).await;
    scene.cut.store(true, Ordering::SeqCst);
    let pinged = scene.ping(whom(ANSWERS)).await.unwrap();
    assert_eq!((pinged.outcome, pinged.reason.as_str()), (PingOutcome::Unreachable, "CONNECT_FAILED"));
    let reason = "CONNECT_FAILED".to_owned();
    assert_eq!(pinged.tried, [PingTry { next: agency(ANSWERS), outcome: PingOutcome::Unreachable, reason }]);
    let listing = scene.other().await;
    assert_eq!((listing.health, listing.seen.unanswered), (Health::Failing, Some(now())));
}

#[tokio::test(start_paused = true)]
async fn only_other_members_are_listed_and_pinged() {
    let scene = Scene::new(&pact(&[])).await;
    assert_eq!(scene.listed(ANSWERS).await.unwrap().len(), 1);
    for wrong in [ASKS, "nobody.police.cn", "YN"] {
        assert_eq!(scene.listed(wrong).await.unwrap_err().code(), Code::InvalidArgument, "{wrong}");
        assert_eq!(scene.ping(whom(wrong)).await.unwrap_err().code(), Code::InvalidArgument, "{wrong}");
    }
    assert!(scene.asks.ledger().is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_caller_leaves_room_for_the_others() {
    let scene = Scene::new(&pact(&[])).await;
    let list = || scene.api.list_agencies(by_liaison(pb::ListAgenciesRequest::default()));
    let mut open = Vec::new();
    for _ in 0..DirectoryApi::CALLS_PER_CALLER_MAX {
        open.push(list().await.unwrap());
    }
    assert_eq!(list().await.map(drop).unwrap_err().code(), Code::ResourceExhausted);
    assert_eq!(scene.ping(whom(ANSWERS)).await.unwrap_err().code(), Code::ResourceExhausted);
    open.pop();
    assert!(list().await.is_ok());
}
