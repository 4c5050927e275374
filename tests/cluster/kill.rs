//! SIGKILL in the middle of a stream of searches: silence is told as such, and what was acknowledged is kept.

use crate::PROGRAM;
use concord_client::{Client, SearchEvent};
use concord_domain::wanted::{Finding, LedgerPosition};
use concord_domain::{AgencyId, OutcomeKind};
use concord_ledger::{Entry, Event, leaf_hash};
use concord_testkit::audit::assert_in_both;
use concord_testkit::cluster::{Stopped, TestCluster, agency};
use concord_testkit::people::{notice, passport};
use concord_testkit::searching::{agencies, by_id, query};
use futures_util::StreamExt;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

const ASKING: &str = "yn.police.cn";
const KILLED: &str = "sc.police.cn";
const OTHER: &str = "gz.police.cn";

/// Searches under way at once.
const AT_ONCE: u32 = 8;
/// Findings before something is killed, so that the connection and the record are busy.
const BUSY: usize = 40;
/// Of each search.
const DEADLINE: Duration = Duration::from_secs(5);
/// For what must come, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

async fn start() -> TestCluster {
    let cluster = TestCluster::start(PROGRAM, &[ASKING, KILLED, OTHER]).await.unwrap();
    for holder in [KILLED, OTHER] {
        let notices = (0..AT_ONCE).map(|n| notice(n, &format!("Person Number {n}"))).collect();
        cluster.import(holder, "sample", notices).await.unwrap();
    }
    cluster
}

/// Searches without end, each finding as it is seen; ends when the node does or nobody listens.
async fn searcher(client: Client, number: u32, seen: mpsc::UnboundedSender<Finding>) {
    loop {
        let query = query(by_id(&format!("passport:{}", passport(number))), agencies(&[KILLED, OTHER]));
        let Ok(events) = client.search(query, DEADLINE).await else { return };
        let mut events = Box::pin(events);
        while let Some(event) = events.next().await {
            match event {
                Ok(SearchEvent::Finding(finding)) => {
                    if seen.send(*finding).is_err() {
                        return;
                    }
                }
                Ok(SearchEvent::Summary { .. }) => {}
                Err(_) => return,
            }
        }
    }
}

/// What searchers see, until they are stopped or the node is gone.
struct Searches {
    tasks: JoinSet<()>,
    seen: mpsc::UnboundedReceiver<Finding>,
    findings: Vec<Finding>,
}

impl Searches {
    fn start(cluster: &TestCluster) -> Self {
        let (tell, seen) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        for number in 0..AT_ONCE {
            tasks.spawn(searcher(cluster.application(ASKING).unwrap(), number, tell.clone()));
        }
        Self { tasks, seen, findings: Vec::new() }
    }

    /// Goes on until so many findings about `about` were seen that pass.
    async fn until(&mut self, what: &str, about: &str, count: usize, pass: impl Fn(OutcomeKind) -> bool) {
        let mut left = count;
        while left > 0 {
            let next = timeout(PATIENCE, self.seen.recv()).await;
            let finding = next.unwrap_or_else(|_| panic!("no finding any more: {what}"));
            let finding = finding.unwrap_or_else(|| panic!("searches ended: {what}"));
            left -= usize::from(finding.agency.as_str() == about && pass(finding.outcome.kind()));
            self.findings.push(finding);
        }
    }

    /// Lets the searchers end by themselves, which they do when their node is gone.
    async fn end(mut self) -> Vec<Finding> {
        while let Some(finding) = timeout(PATIENCE, self.seen.recv()).await.expect("searches end") {
            self.findings.push(finding);
        }
        self.findings
    }

    /// Stops the searchers.
    async fn stop(mut self) -> Vec<Finding> {
        self.tasks.shutdown().await;
        self.end().await
    }
}

fn answered(kind: OutcomeKind) -> bool {
    kind == OutcomeKind::Hit
}

/// Whether the entry that a position names stands there.
fn stands(position: &LedgerPosition, ledgers: &BTreeMap<AgencyId, Vec<Entry>>) -> bool {
    let entry = usize::try_from(position.index).ok().and_then(|index| ledgers[&position.ledger].get(index));
    entry.is_some_and(|entry| leaf_hash(&entry.encode()) == position.leaf)
}

/// All ledgers verify, and every finding that was seen stands in them. Gives the ledgers.
fn check(stopped: &Stopped, findings: &[Finding]) -> BTreeMap<AgencyId, Vec<Entry>> {
    let mut ledgers = BTreeMap::new();
    for name in [ASKING, KILLED, OTHER] {
        let report = stopped.verify(name).unwrap_or_else(|error| panic!("{error:#}"));
        assert_eq!(report.signed, report.size, "{name}: a node that ends in peace signs its last entry");
        ledgers.insert(agency(name), stopped.entries(name).unwrap());
    }
    for finding in findings {
        let record = finding.record.as_ref().expect("a finding is on the record");
        assert!(stands(record, &ledgers), "{} says {} at {}", finding.agency, finding.outcome, record.index);
        let entry = &ledgers[&agency(ASKING)][usize::try_from(record.index).unwrap()];
        assert_eq!(entry.event.outcome(), Some(finding.outcome.kind()));
        assert_eq!(entry.event.request().map(|request| &request.destination), Some(&finding.agency));
        match &finding.receipt {
            Some(receipt) => assert!(stands(receipt, &ledgers), "{} entry {}", receipt.ledger, receipt.index),
            None => assert!(!answered(finding.outcome.kind()), "an answer has a receipt"),
        }
    }
    for responder in [KILLED, OTHER].map(agency) {
        let seen = findings.iter().filter(|f| f.agency == responder && f.receipt.is_some()).count();
        let kept = assert_in_both(&ledgers[&agency(ASKING)], &responder, &ledgers[&responder]);
        assert!(kept >= seen && seen >= BUSY, "{responder}: {seen} seen, {kept} kept");
    }
    ledgers
}

#[tokio::test]
async fn a_node_that_answers() {
    let mut cluster = start().await;
    let mut searches = Searches::start(&cluster);
    searches.until("before the kill", KILLED, BUSY, answered).await;
    cluster.kill(KILLED).await.unwrap();
    let silent = |kind| matches!(kind, OutcomeKind::Unreachable | OutcomeKind::TimedOut);
    searches.until("while it is dead", KILLED, BUSY, silent).await;
    searches.until("the other one while it is dead", OTHER, BUSY, answered).await;
    cluster.restart(KILLED).await.unwrap();
    searches.until("after its restart", KILLED, BUSY, answered).await;
    let findings = searches.stop().await;
    for finding in &findings {
        let kind = finding.outcome.kind();
        let may = answered(kind) || (finding.agency.as_str() == KILLED && silent(kind));
        assert!(may, "{}: {}", finding.agency, finding.outcome);
    }
    let ledgers = check(&cluster.stop().await.unwrap(), &findings);
    let starts = |entry: &&Entry| matches!(entry.event, Event::Started { .. });
    assert_eq!(ledgers[&agency(KILLED)].iter().filter(starts).count(), 2);
}

#[tokio::test]
async fn the_node_that_asks() {
    let mut cluster = start().await;
    let mut searches = Searches::start(&cluster);
    searches.until("before the kill", KILLED, BUSY, answered).await;
    searches.until("before the kill", OTHER, BUSY, answered).await;
    cluster.kill(ASKING).await.unwrap();
    let findings = searches.end().await;
    cluster.restart(ASKING).await.unwrap();
    let mut again = Searches::start(&cluster);
    again.until("after its restart", KILLED, 1, answered).await;
    let findings = [findings, again.stop().await].concat();
    check(&cluster.stop().await.unwrap(), &findings);
}
