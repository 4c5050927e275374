//! A search over a scope: agencies are asked side by side, and each outcome is passed on as it arrives.

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

    /// Agencies asked at the same moment by one search: every province and the ministry twice over. A larger scope takes
    /// turns, so that one search leaves lines, slots and memory to the others.
    pub const ASKED_AT_ONCE_MAX: usize = 64;

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
    ///
    /// Where more are in scope than are [asked at once](Self::ASKED_AT_ONCE_MAX), the time left is shared among the turns
    /// that are still to come, so that those who do not answer leave time to ask the others.
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
        let each = Each { question, ask, deadline: deadline.less(margin), started: Instant::now() };
        let Self { outbound, under_way } = self.clone();
        let waiting = agencies.into_iter();
        let (requests, totals) = (JoinSet::new(), Totals::default());
        Ok(events(Streaming { outbound, under_way, each, waiting, requests, totals, open: true }))
    }
}

/// What is asked of each agency alike.
#[derive(Clone)]
struct Each {
    question: Question,
    ask: Arc<Ask>,
    deadline: Deadline,
    started: Instant,
}

async fn one(outbound: Outbound, agency: AgencyId, each: Each) -> Asked {
    let Each { question, ask, deadline, started } = each;
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
    outbound: Outbound,
    under_way: TaskTracker,
    each: Each,
    /// Those who are not asked yet.
    waiting: std::vec::IntoIter<AgencyId>,
    requests: JoinSet<Asked>,
    totals: Totals,
    open: bool,
}

impl Streaming {
    /// Asks as many more as may be asked at once.
    fn fill(&mut self) {
        while self.requests.len() < Search::ASKED_AT_ONCE_MAX {
            let turns = turns(self.requests.len(), self.waiting.len());
            let Some(agency) = self.waiting.next() else { return };
            let deadline = self.each.deadline.share(turns);
            let asking = one(self.outbound.clone(), agency, Each { deadline, ..self.each.clone() });
            self.requests.spawn(self.under_way.track_future(asking));
        }
    }
}

/// How often as many as may be asked at once can be asked until nobody waits.
fn turns(asked: usize, waiting: usize) -> u32 {
    let turns = asked.saturating_add(waiting).div_ceil(Search::ASKED_AT_ONCE_MAX);
    u32::try_from(turns).unwrap_or(u32::MAX)
}

fn events(streaming: Streaming) -> impl Stream<Item = Result<SearchEvent, NotRecorded>> + use<> {
    futures_util::stream::unfold(streaming, |mut streaming| async move {
        if !streaming.open {
            return None;
        }
        streaming.fill();
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
                let elapsed = streaming.each.started.elapsed();
                Ok(SearchEvent::Summary { totals: std::mem::take(&mut streaming.totals), elapsed })
            }
        };
        // After an error nothing more may be shown: what is not on the record must not look complete.
        streaming.open &= event.is_ok();
        Some((event, streaming))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_can_be_asked_at_once_has_all_the_time() {
        let most = Search::ASKED_AT_ONCE_MAX;
        assert_eq!([turns(0, 1), turns(0, most), turns(most - 1, 1)], [1; 3]);
        assert_eq!([turns(0, most + 1), turns(most - 1, most), turns(0, 10 * most)], [2, 2, 10]);
    }
}
