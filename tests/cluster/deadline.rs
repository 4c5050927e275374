//! A peer that takes a request and never answers, and a caller who gives up.

use crate::PROGRAM;
use concord_client::{Client, SearchEvent};
use concord_domain::wanted::{Finding, Query};
use concord_domain::{Failure, Outcome, OutcomeKind, RequestId};
use concord_ledger::{Entry, Event, RequestFacts};
use concord_testkit::cluster::{Signal, TestCluster, until};
use concord_testkit::people::{notice, passport};
use concord_testkit::searching::{PATIENCE, Searched, agencies, by_id, query};
use futures_util::{StreamExt, TryStreamExt};
use std::time::Duration;
use tokio::time::Instant;

const ASKING: &str = "yn.police.cn";
const SILENT: &str = "sc.police.cn";
const OTHER: &str = "gz.police.cn";

/// Of searches that run into it.
const DEADLINE: Duration = Duration::from_secs(2);
/// For what must come in the end, on a busy machine.
const SOON: Duration = Duration::from_secs(20);

fn both() -> Query {
    query(by_id(&format!("passport:{}", passport(1))), agencies(&[SILENT, OTHER]))
}

async fn entries(client: &Client, start: u64) -> anyhow::Result<Vec<Entry>> {
    let rows: Vec<_> = client.entries(start, None).await?.try_collect().await?;
    rows.iter().map(|row| Ok(Entry::decode(&row.bytes)?)).collect()
}

#[tokio::test]
async fn silence_and_giving_up() {
    let cluster = TestCluster::start(PROGRAM, &[ASKING, SILENT, OTHER]).await.unwrap();
    for holder in [SILENT, OTHER] {
        cluster.import(holder, "sample", vec![notice(1, "Person Number 1")]).await.unwrap();
    }
    let asking = cluster.application(ASKING).unwrap();

    cluster.freeze(SILENT).await.unwrap();
    timed_out(&asking, "while there is no connection yet").await;
    cluster.signal(SILENT, Signal::CONT).unwrap();
    all_answer(&asking, "going on").await;

    cluster.freeze(SILENT).await.unwrap();
    timed_out(&asking, "over a connection that was there").await;
    let given_up = cancelled(&asking).await;
    cluster.signal(SILENT, Signal::CONT).unwrap();
    all_answer(&asking, "going on again").await;
    nothing_further(&cluster, &given_up).await;
}

async fn all_answer(asking: &Client, when: &str) {
    let asked = Searched::of(asking, both(), PATIENCE).await.unwrap();
    assert_eq!((asked.outcome(SILENT), asked.outcome(OTHER)), (Outcome::Hit, Outcome::Hit), "{when}");
}

async fn timed_out(asking: &Client, when: &str) {
    let began = Instant::now();
    let mut events = Box::pin(asking.search(both(), DEADLINE).await.unwrap());
    let mut findings: Vec<Finding> = Vec::new();
    let mut summary = None;
    while let Some(event) = events.next().await {
        match event.unwrap_or_else(|error| panic!("{when}: {error}")) {
            SearchEvent::Finding(finding) => findings.push(*finding),
            SearchEvent::Summary { totals, .. } => summary = Some(totals),
        }
    }
    let took = began.elapsed();
    assert!(took < DEADLINE, "{when}: {took:?}, and the caller's deadline is {DEADLINE:?}");
    let [answered, silent] = findings.as_slice() else { panic!("{when}: {} findings", findings.len()) };
    assert_eq!((answered.agency.as_str(), answered.outcome), (OTHER, Outcome::Hit), "{when}");
    assert!(
        answered.elapsed < DEADLINE / 2,
        "{when}: nobody waits for the silent one: {:?}",
        answered.elapsed
    );
    assert_eq!((silent.agency.as_str(), silent.outcome), (SILENT, Outcome::TimedOut), "{when}");
    assert!(silent.receipt.is_none() && silent.candidates.is_empty());
    assert_eq!(summary.map(|totals| totals.of(OutcomeKind::TimedOut)), Some(1));

    let record = silent.record.as_ref().expect("it is on the record");
    let entries = entries(asking, record.index).await.unwrap();
    let event = &entries.first().expect("the entry of the record").event;
    assert_eq!((event.name(), event.outcome()), ("concluded", Some(OutcomeKind::TimedOut)), "{when}");
    assert_eq!(event.request().map(|request| request.destination.as_str()), Some(SILENT));
}

fn asked_of<'a>(entries: &'a [Entry], destination: &str) -> Option<&'a RequestFacts> {
    entries.iter().find_map(|entry| {
        let Event::Asked { request } = &entry.event else { return None };
        (request.destination.as_str() == destination).then_some(request)
    })
}

fn conclusion(entries: &[Entry], id: RequestId) -> Option<(OutcomeKind, Option<&str>)> {
    let about = |entry: &&Entry| {
        matches!(entry.event, Event::Concluded { .. }) && entry.event.request().is_some_and(|r| r.id == id)
    };
    entries.iter().find(about).and_then(|entry| Some((entry.event.outcome()?, entry.event.reason())))
}

/// Gives up a search once it is on its way to the silent one.
async fn cancelled(asking: &Client) -> RequestId {
    let before = u64::try_from(entries(asking, 0).await.unwrap().len()).unwrap();
    let mut events = Box::pin(asking.search(both(), PATIENCE).await.unwrap());
    let first = events.next().await.expect("an event").unwrap();
    assert!(matches!(first, SearchEvent::Finding(finding) if finding.agency.as_str() == OTHER));
    let id = until("it is on the record that the silent one is asked", SOON, async || {
        Ok(asked_of(&entries(asking, before).await?, SILENT).map(|request| request.id))
    })
    .await;
    assert_eq!(conclusion(&entries(asking, before).await.unwrap(), id), None, "nothing is known of it yet");
    drop(events);
    until("it is on the record that the caller gave up", SOON, async || {
        let entries = entries(asking, before).await?;
        let Some((outcome, reason)) = conclusion(&entries, id) else { return Ok(None) };
        assert_eq!((outcome, reason), (OutcomeKind::Failed, Some(Failure::Cancelled.as_str())));
        Ok(Some(()))
    })
    .await;
    id
}

/// What was given up was not carried out later: a search that came after it over the same connection was answered,
/// and of the one before there is nothing.
async fn nothing_further(cluster: &TestCluster, given_up: &RequestId) {
    let silent = cluster.application(SILENT).unwrap();
    let entries = entries(&silent, 0).await.unwrap();
    let ids: Vec<_> =
        entries.iter().filter_map(|entry| entry.event.request()).map(|request| request.id).collect();
    assert!(ids.len() >= 2, "the searches that it answered are there: {}", ids.len());
    assert!(!ids.contains(given_up), "it worked on a request that was given up");
}
