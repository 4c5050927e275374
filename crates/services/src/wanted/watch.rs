//! Waiting for the end of what is pending: asked again while somebody watches, and kept once it is there.

mod attempts;

pub(super) use attempts::Attempts;

use super::WantedSearch;
use super::events::{Asked, events};
use super::search::{Search, finding};
use crate::caller::Caller;
use attempts::Attempt;
use concord_domain::wanted::Finding;
use concord_domain::{AgencyId, Outcome, Redacted, Reference, Timestamp};
use concord_gateway::{Awaited, Continued, Deadline, Fault, NotRecorded, Operation, Question};
use concord_wire::{Ask, SearchEvent, decode_finding, encode_finding};
use futures_util::Stream;
use std::ops::ControlFlow;
use std::time::Duration;
use thiserror::Error;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The first pause before it is asked again; each is twice the one before. An officer who is at it decides in seconds.
const PAUSE_MIN: Duration = Duration::from_secs(2);
/// The longest pause: who waits for hours learns it within a minute. An attempt a minute is 120 entries an hour in our
/// ledger, "asked" and what came of it, for each answer that is waited for and only while somebody watches.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// How long one attempt may take: as long as a search that names no deadline.
const ATTEMPT_MAX: Duration = Duration::from_secs(10);
/// The least time for an attempt: with less, an answer that spends an approval would hardly be back in time.
const ATTEMPT_MIN: Duration = Duration::from_secs(1);

/// Why there is nothing to watch.
#[derive(Debug, Error)]
pub enum NotWatched {
    /// Nothing is known under that name, or another caller asked: which of both is nobody's business.
    #[error("nothing is waited for under that watch, or another caller asked")]
    Unknown,
    /// A fault of our own.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// For whom a search waits, and under which name.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    pub(super) watch: Reference,
    pub(super) owner: Redacted<String>,
}

impl Search {
    /// Keeps what is pending, so that its end can be waited for; if too much is kept already, says so instead.
    pub(super) async fn wait_for(
        &self,
        Watch { watch, owner }: Watch,
        finding: Finding,
        question: Question,
        ask: &Ask,
        (continued, until): (Continued, Timestamp),
    ) -> Asked {
        let (agency, ask) = (finding.agency.clone(), Redacted(WantedSearch::encode_ask(ask)));
        let awaited = Awaited { agency, owner, question, ask, continued };
        match self.awaiting.keep(watch, awaited, until).await {
            Ok(()) => Ok(Finding { watch: Some(watch), ..finding }),
            Err(full @ NotRecorded::Full { .. }) => {
                let explanation = format!("{}; its end cannot be watched: {full}", finding.explanation);
                Ok(Finding { explanation, ..finding })
            }
            Err(other) => Err(other),
        }
    }

    /// Waits for every answer that is pending under `watch`, if `caller` asked. The stream is that of a search, of those
    /// agencies.
    ///
    /// # Errors
    /// See [`NotWatched`].
    pub fn watch(
        &self,
        watch: Reference,
        caller: &Caller,
        deadline: Deadline,
    ) -> Result<impl Stream<Item = Result<SearchEvent, NotRecorded>> + use<>, NotWatched> {
        let awaited = self.awaiting.read(&watch)?;
        if awaited.is_empty() || !awaited.iter().all(|(awaited, _)| asked(caller, awaited)) {
            return Err(NotWatched::Unknown);
        }
        let margin = Self::REPLY_MARGIN.min(deadline.left() / 4);
        let started = Instant::now();
        let mut requests = JoinSet::new();
        for (awaited, _) in awaited {
            let watching = self.clone().until_end(watch, awaited, deadline.less(margin), started);
            requests.spawn(self.under_way.track_future(watching));
        }
        Ok(events(requests, started, |_| {}))
    }

    async fn until_end(
        self,
        watch: Reference,
        awaited: Awaited,
        deadline: Deadline,
        started: Instant,
    ) -> Asked {
        if let Some(kept) = self.kept_end(watch, &awaited.agency)? {
            return Ok(Finding { elapsed: started.elapsed(), ..kept });
        }
        let mut stands = waits(watch, &awaited);
        let mut pause = PAUSE_MIN;
        loop {
            let mut next = PAUSE_MIN;
            if let Some(attempt) = self.next_attempt(watch, &awaited.agency, deadline).await {
                // A task of its own, which outlives whoever watches: its answer may be the only one that there will be.
                let attempted = self.clone().attempted(attempt, watch, awaited.clone(), deadline, started);
                let came_of_it = self.under_way.spawn(attempted).await;
                match came_of_it.map_err(|panicked| Fault::new("asking an agency", panicked))?? {
                    ControlFlow::Break(finding) => return Ok(finding),
                    ControlFlow::Continue(finding) => stands = finding,
                }
                next = pause;
                pause = (pause * 2).min(PAUSE_MAX);
            }
            let over = tokio::select! {
                () = tokio::time::sleep(next) => false,
                () = tokio::time::sleep_until(deadline.instant()) => true,
                () = self.closing.cancelled() => true,
            };
            if over {
                return Ok(Finding { elapsed: started.elapsed(), ..stands });
            }
        }
    }

    /// Leave to make an attempt; none if somebody else is at it, or no time is left once there is a place.
    async fn next_attempt(&self, watch: Reference, agency: &AgencyId, deadline: Deadline) -> Option<Attempt> {
        let attempt = tokio::select! {
            biased;
            attempt = self.attempts.begin(watch, agency.clone()) => attempt,
            () = tokio::time::sleep_until(deadline.instant()) => None,
            () = self.closing.cancelled() => None,
        };
        attempt.filter(|_| deadline.left() >= ATTEMPT_MIN)
    }

    /// One attempt, up to the keeping of its end. What is on the record is told even if it cannot be kept; then it has a
    /// watch still.
    async fn attempted(
        self,
        _until_it_is_kept: Attempt,
        watch: Reference,
        awaited: Awaited,
        deadline: Deadline,
        started: Instant,
    ) -> Result<ControlFlow<Finding, Finding>, NotRecorded> {
        // Somebody else's attempt may have brought it meanwhile.
        if let Some(kept) = self.kept_end(watch, &awaited.agency)? {
            return Ok(ControlFlow::Break(Finding { elapsed: started.elapsed(), ..kept }));
        }
        let finding = self.again(&awaited, deadline, started).await?;
        let open = Finding { watch: Some(watch), ..finding.clone() };
        if !is_end(&finding) {
            return Ok(ControlFlow::Continue(open));
        }
        let kept = self.awaiting.end(watch, awaited.agency, &encode_finding(finding.clone())).await;
        Ok(ControlFlow::Break(kept.map_or_else(
            |error| {
                tracing::warn!(%watch, %error, "the end of what was waited for is not kept");
                open
            },
            |()| finding,
        )))
    }

    fn kept_end(&self, watch: Reference, agency: &AgencyId) -> Result<Option<Finding>, Fault> {
        let awaited = self.awaiting.read(&watch)?;
        let ended = awaited.into_iter().find(|(awaited, _)| awaited.agency == *agency);
        let Some(Redacted(kept)) = ended.and_then(|(_, ended)| ended) else { return Ok(None) };
        decode_finding(&kept).map(Some).map_err(|e| Fault::new("reading a kept end", e))
    }

    async fn again(&self, awaited: &Awaited, deadline: Deadline, started: Instant) -> Asked {
        let Awaited { agency, question, ask: Redacted(ask), continued, owner: _ } = awaited;
        let attempt = Deadline::after(deadline.left().min(ATTEMPT_MAX));
        let asked = self.outbound.ask_again::<WantedSearch>(agency, *question, ask, continued, attempt);
        let (concluded, candidates) = Box::pin(asked).await?;
        Ok(finding(&self.outbound, agency.clone(), &concluded, candidates, started.elapsed()))
    }
}

/// Whether this caller asked, and may still act for the officer whom it named then.
fn asked(caller: &Caller, awaited: &Awaited) -> bool {
    let officer = WantedSearch::decode_ask(&awaited.ask.0).map(|ask| ask.officer);
    caller.name() == awaited.owner.0 && officer.is_some_and(|officer| caller.officer(Some(officer)).is_ok())
}

/// How it stands as long as it has not been asked again.
fn waits(watch: Reference, awaited: &Awaited) -> Finding {
    let Awaited { agency, continued: Continued { broker, reference: _ }, .. } = awaited;
    Finding {
        agency: agency.clone(),
        outcome: Outcome::Pending,
        explanation: format!("waits with {broker}; this watch has not asked again"),
        authority: None,
        route: Vec::new(),
        candidates: Vec::new(),
        receipt: None,
        signed_receipt: Vec::new(),
        record: None,
        elapsed: Duration::ZERO,
        watch: Some(watch),
    }
}

/// Whether nothing else will come: an answer, or another agency's refusal that will not pass by itself. What our own rules
/// forbid is no end: what they lack may be on its way.
const fn is_end(finding: &Finding) -> bool {
    match finding.outcome {
        Outcome::Hit | Outcome::NoHit => true,
        Outcome::Refused(refusal) => !refusal.passes() && finding.receipt.is_some(),
        Outcome::Pending | Outcome::Unreachable(_) | Outcome::TimedOut | Outcome::Failed(_) => false,
    }
}

#[cfg(test)]
mod tests;
