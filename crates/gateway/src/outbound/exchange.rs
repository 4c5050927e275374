//! One way after the other; or two at once, where the first keeps us waiting.

use super::judge::Judged;
use super::send::{ATTEMPT_PAUSE, Attempts, Sending, Tried};
use concord_domain::{AgencyId, Outcome, Refusal};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tower::retry::budget::Budget as _;

/// Ways that are tried at the same moment at most: what is slow because the destination is slow must not be asked of it
/// by everybody.
const AT_ONCE_MAX: usize = 2;

impl Sending<'_> {
    /// Sends by each way in turn, the time left shared among those that are left, and judges what comes back. What may be
    /// hedged goes by the next way already while the one before is still waited for; the first answer counts, and the
    /// other attempt is given up.
    pub(super) async fn exchange(&self, ways: Vec<AgencyId>) -> Judged {
        let attempts = Attempts::default();
        let mut left = u32::try_from(ways.len()).unwrap_or(u32::MAX);
        let mut ways = ways.into_iter().peekable();
        // Beside another that is under way, it is sending again; where no way is left, nothing is sent.
        let mut start = |pause, beside: bool| {
            let next = ways.next_if(|_| !beside || self.outbound.retries.withdraw())?;
            let until = self.deadline.share(left);
            left = left.saturating_sub(1);
            let (attempts, (began, since)) = (&attempts, watch::channel(None));
            let way = Way { agency: next.clone(), since };
            Some((way, async move {
                let came_of_it = self.by(&next, until, attempts, pause, &began).await;
                (next, came_of_it)
            }))
        };
        let (mut under_way, mut waiting) = (FuturesUnordered::new(), Waiting::default());
        let (mut tried, mut put_off) = (Tried::new(), None);
        let mut hedge_after = self.hedge_after;
        self.outbound.retries.deposit();
        loop {
            if under_way.is_empty() {
                let Some((way, sending)) = start(ATTEMPT_PAUSE, false) else {
                    let Some(put_off) = put_off else { break };
                    return after(tried, put_off);
                };
                waiting.for_this_too(way);
                under_way.push(sending);
            }
            let patience = hedge_after.filter(|_| under_way.len() < AT_ONCE_MAX);
            tokio::select! {
                biased;
                Some((next, came_of_it)) = under_way.next() => match came_of_it {
                    // That there was another attempt says nothing of what will come of that one, or of one more.
                    Ok(done) if is_about_attempts(&done) => put_off = Some(done),
                    Ok(done) => {
                        self.slower_than(&next, &waiting);
                        return after(tried, done);
                    }
                    Err(outcome) => {
                        waiting.ended(&next);
                        tried.push((next, outcome));
                    }
                },
                () = waiting.for_too_long(patience) => match start(patience.unwrap_or_default(), true) {
                    Some((way, sending)) => {
                        waiting.for_this_too(way);
                        under_way.push(sending);
                    }
                    None => hedge_after = None,
                },
            }
        }
        let evidence = self.unanswered(tried).under(Some(self.asked.authority().clone()));
        Judged { evidence, content: None, source: None }
    }

    /// Notes of the ways that are given up how long they kept us waiting, so that a quicker one comes first next time.
    fn slower_than(&self, way: &AgencyId, waiting: &Waiting) {
        for (slower, began) in waiting.before(way) {
            self.outbound.ways.kept_waiting(slower, &self.destination.agency, began.elapsed());
        }
    }
}

/// What came of it, with the ways that brought nothing before.
fn after(tried: Tried, mut done: Judged) -> Judged {
    done.evidence.tried = tried;
    done
}

/// One way under way.
struct Way {
    agency: AgencyId,
    /// Since when it has kept us waiting, which it does not do while we wait for a place at it.
    since: watch::Receiver<Option<Instant>>,
}

/// The ways under way, in the order in which they were started.
#[derive(Default)]
struct Waiting(Vec<Way>);

impl Waiting {
    fn for_this_too(&mut self, way: Way) {
        self.0.push(way);
    }

    fn ended(&mut self, way: &AgencyId) {
        self.0.retain(|other| other.agency != *way);
    }

    /// Returns once the latest has kept us waiting for that long; never without a limit.
    async fn for_too_long(&self, patience: Option<Duration>) {
        if let (Some(patience), Some(latest)) = (patience, self.0.last()) {
            let mut since = latest.since.clone();
            let began = since.wait_for(Option::is_some).await.ok().and_then(|began| *began);
            if let Some(began) = began {
                return tokio::time::sleep_until(began + patience).await;
            }
        }
        std::future::pending().await
    }

    /// Those that were started before `way`, and since when they keep us waiting.
    fn before(&self, way: &AgencyId) -> impl Iterator<Item = (&AgencyId, Instant)> {
        let before = self.0.iter().take_while(move |other| other.agency != *way);
        before.filter_map(|slower| Some((&slower.agency, (*slower.since.borrow())?)))
    }
}

/// Whether the destination speaks of other attempts that it has seen, rather than of the request.
fn is_about_attempts(judged: &Judged) -> bool {
    let outcome = judged.evidence.outcome;
    matches!(outcome, Outcome::Refused(Refusal::InProgress | Refusal::Replayed))
}
