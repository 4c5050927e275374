//! A search over a scope: every agency is asked at once, and each outcome is passed on as it arrives.

use super::WantedSearch;
use super::watch::Watch;
use concord_domain::wanted::{Candidate, Finding, LedgerPosition, Query, Totals};
use concord_domain::{AgencyId, Officer, Redacted, Reference};
use concord_gateway::{
    Awaiting, Concluded, Deadline, Evidence, NotRecorded, Outbound, Question, ScopeInvalid, resolve,
};
use concord_store::Store;
use concord_wire::{Ask, SearchEvent};
use futures_util::Stream;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Searches other agencies' registers.
#[derive(Debug, Clone)]
pub struct Search {
    pub(super) outbound: Outbound,
    pub(super) awaiting: Awaiting,
    pub(super) closing: CancellationToken,
    pub(super) under_way: TaskTracker,
}

pub(super) type Asked = Result<Finding, NotRecorded>;

impl Search {
    /// What is kept of a deadline for recording the last outcomes and sending them back.
    pub const REPLY_MARGIN: Duration = Duration::from_millis(300);

    /// A search that goes out through the gateway, and keeps in the store what is pending; nothing is watched any more once
    /// the node is `closing`.
    pub fn new(outbound: Outbound, store: Store, closing: CancellationToken) -> Self {
        let awaiting = Awaiting::new(&outbound, store);
        Self { outbound, awaiting, closing, under_way: TaskTracker::new() }
    }

    /// Every request of every search. A search that is dropped gives its requests up, which are soon but not at once
    /// on the record as such: a node that ends waits for them here.
    pub fn under_way(&self) -> TaskTracker {
        self.under_way.clone()
    }

    /// Asks every agency in scope for `owner`, which alone may watch what is pending. The stream gives one finding for each,
    /// then the summary; it ends early only if an outcome cannot be put on the record. Dropping it stops every request under way.
    pub fn start(
        &self,
        query: Query,
        officer: Officer,
        owner: String,
        deadline: Deadline,
    ) -> Result<impl Stream<Item = Result<SearchEvent, NotRecorded>> + use<>, ScopeInvalid> {
        let in_force = self.outbound.authority.current();
        let agencies = resolve(&query.scope, &self.outbound.agency, &in_force, self.outbound.clock.now())?;
        let margin = Self::REPLY_MARGIN.min(deadline.left() / 4);
        let Query { purpose, handling, branch, nature, .. } = query;
        let question = Question { purpose, handling, branch, nature };
        let ask = Arc::new(Ask { subject: query.subject, case: query.case, officer });
        let watch = Watch { watch: Reference::random(&*self.outbound.entropy), owner: Redacted(owner) };
        let started = Instant::now();
        let mut requests = JoinSet::new();
        for agency in agencies {
            let (search, watch, ask) = (self.clone(), watch.clone(), Arc::clone(&ask));
            let asking = one(search, watch, agency, question, ask, deadline.less(margin), started);
            requests.spawn(self.under_way.track_future(asking));
        }
        Ok(events(requests, started))
    }
}

async fn one(
    search: Search,
    watch: Watch,
    agency: AgencyId,
    question: Question,
    ask: Arc<Ask>,
    deadline: Deadline,
    started: Instant,
) -> Asked {
    let outbound = &search.outbound;
    let (concluded, candidates) = outbound.ask::<WantedSearch>(&agency, question, &ask, deadline).await?;
    let finding = finding(outbound, agency.clone(), &concluded, candidates, started.elapsed());
    match concluded.evidence().pending.clone() {
        Some(pending) => search.wait_for(watch, finding, question, &ask, pending).await,
        None => Ok(finding),
    }
}

/// Only what is on the record becomes a finding.
pub(super) fn finding(
    outbound: &Outbound,
    agency: AgencyId,
    concluded: &Concluded,
    candidates: Option<Vec<Candidate>>,
    elapsed: Duration,
) -> Finding {
    let Evidence { outcome, explanation, authority, answer: _, receipt, checkpoint: _, route, pending: _ } =
        concluded.evidence().clone();
    let route = std::iter::once(outbound.agency.clone()).chain(route).collect();
    let (receipt, signed_receipt) = receipt.unzip();
    Finding {
        agency,
        outcome,
        explanation,
        authority,
        route,
        candidates: candidates.unwrap_or_default(),
        receipt: receipt.map(|r| LedgerPosition { ledger: r.ledger, index: r.index, leaf: r.leaf }),
        signed_receipt: signed_receipt.unwrap_or_default(),
        record: Some(concluded.record().clone()),
        elapsed,
        watch: None,
    }
}

/// What is left of a search while it streams.
struct Streaming {
    requests: JoinSet<Asked>,
    totals: Totals,
    started: Instant,
    open: bool,
}

pub(super) fn events(
    requests: JoinSet<Asked>,
    started: Instant,
) -> impl Stream<Item = Result<SearchEvent, NotRecorded>> + use<> {
    let streaming = Streaming { requests, totals: Totals::default(), started, open: true };
    futures_util::stream::unfold(streaming, |mut streaming| async move {
        if !streaming.open {
            return None;
        }
        let event = match streaming.requests.join_next().await {
            Some(Ok(Ok(finding))) => {
                streaming.totals.count(finding.outcome.kind());
                metrics::counter!("concord_search_outcomes_total", "outcome" => finding.outcome.kind().as_str())
                    .increment(1);
                Ok(SearchEvent::Finding(Box::new(finding)))
            }
            Some(Ok(Err(error))) => Err(error),
            Some(Err(panicked)) => {
                Err(NotRecorded::Fault(concord_gateway::Fault::new("asking an agency", panicked)))
            }
            None => {
                streaming.open = false;
                let elapsed = streaming.started.elapsed();
                Ok(SearchEvent::Summary { totals: std::mem::take(&mut streaming.totals), elapsed })
            }
        };
        // After an error nothing more may be shown: what is not on the record must not look complete.
        streaming.open &= event.is_ok();
        Some((event, streaming))
    })
}
