//! A search over a scope: every agency is asked at once, and each outcome is passed on as it arrives.

use super::WantedSearch;
use concord_domain::wanted::{Candidate, Finding, LedgerPosition, Query, Totals};
use concord_domain::{AgencyId, Officer};
use concord_gateway::{
    Concluded, Deadline, Evidence, NotRecorded, Outbound, Question, ScopeInvalid, resolve,
};
use concord_wire::{Ask, SearchEvent};
use futures_util::Stream;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

/// Searches other agencies' registers.
#[derive(Debug, Clone)]
pub struct Search {
    outbound: Outbound,
    under_way: TaskTracker,
}

type Asked = Result<Finding, NotRecorded>;

impl Search {
    /// What is kept of a deadline for recording the last outcomes and sending them back.
    pub const REPLY_MARGIN: Duration = Duration::from_millis(300);

    /// A search that goes out through the gateway.
    pub fn new(outbound: Outbound) -> Self {
        Self { outbound, under_way: TaskTracker::new() }
    }

    /// Every request of every search. A search that is dropped gives its requests up, which are soon but not at once
    /// on the record as such: a node that ends waits for them here.
    pub fn under_way(&self) -> TaskTracker {
        self.under_way.clone()
    }

    /// Asks every agency in scope. The stream gives one finding for each, then the summary; it ends early only if an
    /// outcome cannot be put on the record. Dropping it stops every request under way.
    pub fn start(
        &self,
        query: Query,
        officer: Officer,
        deadline: Deadline,
    ) -> Result<impl Stream<Item = Result<SearchEvent, NotRecorded>> + use<>, ScopeInvalid> {
        let in_force = self.outbound.authority.current();
        let agencies = resolve(&query.scope, &self.outbound.agency, &in_force, self.outbound.clock.now())?;
        let margin = Self::REPLY_MARGIN.min(deadline.left() / 4);
        let Query { purpose, handling, branch, nature, .. } = query;
        let question = Question { purpose, handling, branch, nature };
        let ask = Arc::new(Ask { subject: query.subject, case: query.case, officer });
        let started = Instant::now();
        let mut requests = JoinSet::new();
        for agency in agencies {
            let (outbound, ask) = (self.outbound.clone(), Arc::clone(&ask));
            let asking = one(outbound, agency, question, ask, deadline.less(margin), started);
            requests.spawn(self.under_way.track_future(asking));
        }
        Ok(events(requests, started))
    }
}

async fn one(
    outbound: Outbound,
    agency: AgencyId,
    question: Question,
    ask: Arc<Ask>,
    deadline: Deadline,
    started: Instant,
) -> Asked {
    let (concluded, candidates) = outbound.ask::<WantedSearch>(&agency, question, &ask, deadline).await?;
    let route = std::iter::once(&outbound.agency).chain(&concluded.evidence().route).cloned().collect();
    Ok(finding(agency, route, &concluded, candidates.unwrap_or_default(), started.elapsed()))
}

/// Only what is on the record becomes a finding.
fn finding(
    agency: AgencyId,
    route: Vec<AgencyId>,
    concluded: &Concluded,
    candidates: Vec<Candidate>,
    elapsed: Duration,
) -> Finding {
    let Evidence { outcome, explanation, authority, answer: _, receipt, checkpoint: _, route: _, tried: _ } =
        concluded.evidence().clone();
    let (receipt, signed_receipt) = receipt.unzip();
    Finding {
        agency,
        outcome,
        explanation,
        authority,
        route,
        candidates,
        receipt: receipt.map(|r| LedgerPosition { ledger: r.ledger, index: r.index, leaf: r.leaf }),
        signed_receipt: signed_receipt.unwrap_or_default(),
        record: Some(concluded.record().clone()),
        elapsed,
    }
}

/// What is left of a search while it streams.
struct Streaming {
    requests: JoinSet<Asked>,
    totals: Totals,
    started: Instant,
    open: bool,
}

fn events(
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
