//! A search over a scope: agencies are asked side by side, and each outcome is passed on as it arrives.

use super::WantedSearch;
use super::events::{Asked, events};
use super::watch::{Attempts, Watch};
use concord_domain::wanted::{Candidate, Finding, LedgerPosition, Query, Scope};
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
    pub(super) attempts: Attempts,
}

impl Search {
    /// What is kept of a deadline for recording the last outcomes and sending them back.
    pub const REPLY_MARGIN: Duration = Duration::from_millis(300);

    /// Agencies asked at the same moment by one search, and by all watches of a node together: every province and the
    /// ministry twice over. Those beyond take turns, so that lines, slots and memory are left to the others.
    pub const ASKED_AT_ONCE_MAX: usize = 64;

    /// A search that goes out through the gateway, and keeps in the store what is pending; nothing is watched any more once
    /// the node is `closing`.
    pub fn new(outbound: Outbound, store: Store, closing: CancellationToken) -> Self {
        let awaiting = Awaiting::new(&outbound, store);
        Self { outbound, awaiting, closing, under_way: TaskTracker::new(), attempts: Attempts::new() }
    }

    /// Every request of every search and watch. A search that is dropped gives its requests up, which are soon but not at
    /// once on the record as such, and a watch's attempt goes on without it: a node that ends waits for them here.
    pub fn under_way(&self) -> TaskTracker {
        self.under_way.clone()
    }

    /// Whom a search of this scope asks. In a large federation this takes milliseconds.
    ///
    /// # Errors
    /// Why the scope means nobody, or too many.
    pub fn in_scope(&self, scope: &Scope) -> Result<Vec<AgencyId>, ScopeInvalid> {
        let (outbound, in_force) = (&self.outbound, self.outbound.authority.current());
        resolve(scope, &outbound.agency, &in_force, outbound.clock.now())
    }

    /// Asks each of these agencies for `owner`, which alone may watch what is pending. The stream gives one finding for each,
    /// then the summary; it ends early only if an outcome cannot be put on the record. Dropping it stops every request under
    /// way.
    ///
    /// Where more are in scope than are [asked at once](Self::ASKED_AT_ONCE_MAX), the time left is shared among the turns
    /// that are still to come, so that those who do not answer leave time to ask the others.
    pub fn start(
        &self,
        agencies: Vec<AgencyId>,
        query: Query,
        officer: Officer,
        owner: String,
        deadline: Deadline,
    ) -> impl Stream<Item = Result<SearchEvent, NotRecorded>> + use<> {
        let margin = Self::REPLY_MARGIN.min(deadline.left() / 4);
        let Query { purpose, handling, branch, nature, .. } = query;
        let question = Question { purpose, handling, branch, nature };
        let ask = Arc::new(Ask { subject: query.subject, case: query.case, officer });
        let watch = Watch { watch: Reference::random(&*self.outbound.entropy), owner: Redacted(owner) };
        let (deadline, started) = (deadline.less(margin), Instant::now());
        let each = Each { search: self.clone(), watch, question, ask, deadline, started };
        let mut waiting = agencies.into_iter();
        events(JoinSet::new(), started, move |requests| each.fill(requests, &mut waiting))
    }
}

/// What is asked of each agency alike.
#[derive(Clone)]
struct Each {
    search: Search,
    watch: Watch,
    question: Question,
    ask: Arc<Ask>,
    deadline: Deadline,
    started: Instant,
}

impl Each {
    /// Asks as many more of those who wait as may be asked at once.
    fn fill(&self, requests: &mut JoinSet<Asked>, waiting: &mut std::vec::IntoIter<AgencyId>) {
        while requests.len() < Search::ASKED_AT_ONCE_MAX {
            let turns = turns(requests.len(), waiting.len());
            let Some(agency) = waiting.next() else { return };
            let one = Self { deadline: self.deadline.share(turns), ..self.clone() };
            requests.spawn(self.search.under_way.track_future(one.ask(agency)));
        }
    }

    async fn ask(self, agency: AgencyId) -> Asked {
        let Self { search, watch, question, ask, deadline, started } = self;
        let outbound = &search.outbound;
        let (concluded, candidates) = outbound.ask::<WantedSearch>(&agency, question, &ask, deadline).await?;
        let finding = finding(outbound, agency, &concluded, candidates, started.elapsed());
        match concluded.evidence().pending.clone() {
            Some(pending) => search.wait_for(watch, finding, question, &ask, pending).await,
            None => Ok(finding),
        }
    }
}

/// How often as many as may be asked at once can be asked until nobody waits.
fn turns(asked: usize, waiting: usize) -> u32 {
    let turns = asked.saturating_add(waiting).div_ceil(Search::ASKED_AT_ONCE_MAX);
    u32::try_from(turns).unwrap_or(u32::MAX)
}

/// Only what is on the record becomes a finding.
pub(super) fn finding(
    outbound: &Outbound,
    agency: AgencyId,
    concluded: &Concluded,
    candidates: Option<Vec<Candidate>>,
    elapsed: Duration,
) -> Finding {
    let Evidence {
        outcome,
        explanation,
        authority,
        answer: _,
        receipt,
        checkpoint: _,
        route,
        tried: _,
        pending: _,
    } = concluded.evidence().clone();
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
