//! Waiting for the end of what is pending: asked again while somebody watches, and kept once it is there.

use super::WantedSearch;
use super::events::{Asked, events};
use super::search::{Search, finding};
use crate::caller::Caller;
use concord_domain::wanted::Finding;
use concord_domain::{Outcome, Redacted, Reference, Timestamp};
use concord_gateway::{Awaited, Continued, Deadline, Ended, Fault, NotRecorded, Operation, Question};
use concord_wire::{Ask, SearchEvent, decode_finding, encode_finding};
use futures_util::Stream;
use std::time::Duration;
use thiserror::Error;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The first pause before it is asked again; each is twice the one before. An officer who is at it decides in seconds.
const PAUSE_MIN: Duration = Duration::from_secs(2);
/// The longest pause: who waits for hours learns it within a minute, and four ledger entries an hour cost nobody anything.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// How long one attempt may take: as long as a search that names no deadline.
const ATTEMPT_MAX: Duration = Duration::from_secs(10);

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
        for (awaited, ended) in awaited {
            let watching = self.clone().until_end(watch, awaited, ended, deadline.less(margin), started);
            requests.spawn(self.under_way.track_future(watching));
        }
        Ok(events(requests, started, |_| {}))
    }

    async fn until_end(
        self,
        watch: Reference,
        awaited: Awaited,
        ended: Ended,
        deadline: Deadline,
        started: Instant,
    ) -> Asked {
        if let Some(Redacted(kept)) = ended {
            let kept = decode_finding(&kept).map_err(|e| Fault::new("reading a kept end", e))?;
            return Ok(Finding { elapsed: started.elapsed(), ..kept });
        }
        let mut pause = PAUSE_MIN;
        loop {
            let finding = self.again(&awaited, deadline, started).await?;
            if is_end(finding.outcome) {
                let end = encode_finding(finding.clone());
                self.awaiting.end(watch, finding.agency.clone(), &end).await?;
                return Ok(finding);
            }
            let over = tokio::select! {
                () = tokio::time::sleep(pause) => false,
                () = tokio::time::sleep_until(deadline.instant()) => true,
                () = self.closing.cancelled() => true,
            };
            if over {
                return Ok(Finding { watch: Some(watch), ..finding });
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
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

/// Whether nothing else will come: an answer, or a refusal that will not pass by itself.
const fn is_end(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Hit | Outcome::NoHit => true,
        Outcome::Refused(refusal) => !refusal.passes(),
        Outcome::Pending | Outcome::Unreachable(_) | Outcome::TimedOut | Outcome::Failed(_) => false,
    }
}

#[cfg(test)]
mod tests;
