//! Sending by one way, until it brings an answer that counts or its time is over.

use super::Outbound;
use super::judge::{Bench, Judged, Responder, receipt_for, unusable};
use crate::authority::InForce;
use crate::courier::{Handover, NoAnswer};
use crate::deadline::Deadline;
use crate::record::{Asked, Evidence};
use crate::ways::Place;
use concord_agreements::{Asking, Facts, decide};
use concord_domain::{AgencyId, Failure, Outcome, OutcomeKind, Refusal};
use concord_trust::envelope::{ATTEMPTS_MAX, AnswerInvalid, Context, Reply, SealedAnswer, Verdict};
use concord_trust::{Keyring, Signed};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tower::retry::budget::Budget as _;

/// Broken connections by one way at most: a peer that restarts or changes its certificate may cost the first attempt
/// its connection, and the second one that was still thought to be open. The destination executes a request once, however
/// many attempts there are.
const BROKEN_MAX: u32 = 2;
/// The first pause before another attempt by the same way.
pub(super) const ATTEMPT_PAUSE: Duration = Duration::from_millis(25);

/// One recorded request on its way to its destination.
pub(super) struct Sending<'a> {
    pub(super) outbound: &'a Outbound,
    pub(super) asked: &'a Asked,
    pub(super) in_force: &'a InForce,
    pub(super) destination: &'a Signed<Keyring>,
    pub(super) deadline: Deadline,
    /// What an answer amounts to; `None` if the content is no answer.
    pub(super) read: &'a (dyn Fn(&[u8]) -> Option<OutcomeKind> + Send + Sync),
    /// Whom the destination is to ask in turn.
    pub(super) onward: Option<&'a AgencyId>,
    /// How long one way is waited for before the next one is tried too; without it, as long as it may take.
    pub(super) hedge_after: Option<Duration>,
}

/// The ways that brought nothing, each with why.
pub(super) type Tried = Vec<(AgencyId, Outcome)>;

/// The attempts of one request, numbered over all its ways.
#[derive(Debug, Default)]
pub(super) struct Attempts(AtomicU32);

impl Attempts {
    /// The next number; none once there were [`ATTEMPTS_MAX`].
    fn next(&self) -> Option<u32> {
        let next = |made| (made < ATTEMPTS_MAX).then_some(made + 1);
        let before = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        before.ok().map(|made| made + 1)
    }
}

impl Sending<'_> {
    /// Sends by one way: again after its connection broke, and again while the destination says that it is still working
    /// on an earlier attempt, whose answer would otherwise be lost. `pause` is the first one between two attempts; each is
    /// twice the one before. `began` is told when the way has the request.
    pub(super) async fn by(
        &self,
        next: &AgencyId,
        until: Deadline,
        attempts: &Attempts,
        mut pause: Duration,
        began: &watch::Sender<Option<Instant>>,
    ) -> Result<Judged, Outcome> {
        let destination = &self.destination.agency;
        let mut broken = 0;
        while let Some(attempt) = attempts.next() {
            let _place = self.place(next, until).await?;
            began.send_if_modified(|began| began.replace(began.unwrap_or_else(Instant::now)).is_none());
            let endpoints = self.endpoints(next)?;
            let to = Handover { next, endpoints: &endpoints, destination };
            let envelope = self.asked.envelope(attempt, next, self.outbound.clock.now());
            let otherwise = match self.outbound.courier.deliver(to, envelope, until).await {
                Ok(answer) => {
                    let reply = self.open(answer, next)?;
                    if let Some(refusal) = self.on_the_way(&reply, next) {
                        return Err(Outcome::Refused(refusal));
                    }
                    let in_progress = reply.answer.verdict == Verdict::Refused(Refusal::InProgress);
                    if !in_progress || attempt == ATTEMPTS_MAX {
                        return Ok(self.judged(reply, next));
                    }
                    Outcome::TimedOut
                }
                Err(NoAnswer::Broken) if broken < BROKEN_MAX => {
                    broken += 1;
                    NoAnswer::Broken.outcome()
                }
                Err(no_answer) => return Err(no_answer.outcome()),
            };
            if !self.outbound.retries.withdraw() {
                return Err(otherwise);
            }
            if tokio::time::timeout_at(until.instant(), tokio::time::sleep(pause)).await.is_err() {
                break;
            }
            pause *= 2;
        }
        Err(Outcome::TimedOut)
    }

    /// Waits until there is room at a carrier for one more of what we hand to it. Where there is none in time, another
    /// carrier comes first next time.
    async fn place(&self, next: &AgencyId, until: Deadline) -> Result<Option<Place>, Outcome> {
        if *next == self.destination.agency {
            return Ok(None);
        }
        let (ways, began) = (&self.outbound.ways, Instant::now());
        let place = tokio::time::timeout_at(until.instant(), ways.place_at(next)).await;
        place.map(Some).map_err(|_| {
            ways.kept_waiting(next, &self.destination.agency, began.elapsed());
            Outcome::Unreachable(Failure::Overloaded)
        })
    }

    /// What the destination refuses because of the way that an attempt came, if a carrier handed it over: that one may
    /// have spoiled it, or handed over another copy before, or not be taken for a carrier there, and another way may do
    /// better.
    fn on_the_way(&self, reply: &Reply, next: &AgencyId) -> Option<Refusal> {
        let Verdict::Refused(refusal) = reply.answer.verdict else { return None };
        let carried = *next != self.destination.agency;
        let of_the_way = matches!(
            refusal,
            Refusal::HopLineBroken
                | Refusal::HopLoop
                | Refusal::HopsTooMany
                | Refusal::Replayed
                | Refusal::Expired
                | Refusal::CarryingNotGranted
        );
        (carried && of_the_way).then_some(refusal)
    }

    /// Where the next agency is, if the rules of now still let us ask, and it carry this.
    fn endpoints(&self, next: &AgencyId) -> Result<Vec<String>, Outcome> {
        let carried = *next != self.destination.agency;
        let Context { origin, destination, operation, purpose, handling, branch, agreement, .. } =
            self.asked.request().context();
        let facts = Facts {
            handling: *handling,
            branch: *branch,
            agreement: Some(agreement),
            via: if carried { std::slice::from_ref(next) } else { &[] },
            synced: self.outbound.authority.synced(),
            ..Facts::new(origin, destination, operation, *purpose)
        };
        let in_force = self.outbound.authority.current();
        let permit = decide::<Asking>(&in_force.rules, &facts, self.outbound.clock.now());
        permit.map(drop).map_err(|denial| Outcome::Refused(denial.refusal))?;
        let keyring = in_force.directory().keyring(next);
        keyring.map(|k| k.endpoints.clone()).ok_or(Outcome::Unreachable(Failure::NoEndpoint))
    }

    /// The destination's reply. A carrier that answers in its place can only refuse to carry, under its own signature and
    /// receipt; whoever hands us anything else than either is on our record.
    fn open(&self, answer: SealedAnswer, next: &AgencyId) -> Result<Reply, Outcome> {
        let keys = self.outbound.keys.current();
        let responder = answer.claimed_responder().filter(|responder| *responder != self.destination.agency);
        let carrier = responder.filter(|responder| self.may_carry(responder, next));
        let carrier = carrier.as_ref().map(|carrier| self.responder(carrier));
        let destination = self.responder(&self.destination.agency);
        let signer = carrier.as_ref().unwrap_or(&destination);
        let opened = answer.open(self.asked.request(), signer.agency, &signer.message, &keys.opening());
        let reply = opened.map_err(|error| match error {
            // The signature counts, so what cannot be read is the signer's own doing.
            AnswerInvalid::Unreadable => Outcome::Failed(unusable(error)),
            AnswerInvalid::Signature(_) | AnswerInvalid::Malformed | AnswerInvalid::NotForThisRequest => {
                self.distrusted(next, unusable(error))
            }
        })?;
        match (&carrier, reply.answer.verdict) {
            (None, _) => Ok(reply),
            (Some(carrier), Verdict::Refused(refusal))
                if receipt_for(&reply, self.asked, carrier).is_some() =>
            {
                Err(Outcome::Refused(refusal))
            }
            (Some(_), _) => Err(self.distrusted(next, Failure::AnswerInvalid)),
        }
    }

    fn responder<'a>(&self, agency: &'a AgencyId) -> Responder<'a> {
        let (in_force, now) = (self.outbound.authority.current(), self.outbound.clock.now());
        let directory = in_force.directory();
        let (message, checkpoint) =
            (directory.message_keys(agency, now), directory.checkpoint_keys(agency, now));
        Responder { agency, message, checkpoint }
    }

    fn may_carry(&self, agency: &AgencyId, next: &AgencyId) -> bool {
        let (agreement, now) = (&self.asked.authority().agreement, self.outbound.clock.now());
        let Context { origin, destination, .. } = self.asked.request().context();
        let ends = [origin, destination];
        agency == next || self.in_force.rules.carriers_between(agreement, ends, now).contains(agency)
    }

    /// The destination signed all of the reply, so what does not count in it is its own doing, whoever handed it over.
    fn judged(&self, reply: Reply, next: &AgencyId) -> Judged {
        let beyond = self.onward.map(|onward| self.responder(onward));
        let peer = self.responder(&self.destination.agency);
        let bench = Bench { asked: self.asked, peer: &peer, read: self.read, beyond: beyond.as_ref() };
        let mut judged = bench.judge(reply);
        if judged.evidence.route.is_empty() {
            judged.evidence.route = vec![next.clone()];
        }
        judged
    }

    fn distrusted(&self, next: &AgencyId, failure: Failure) -> Outcome {
        let (id, now) = (self.asked.id(), self.outbound.clock.now());
        self.outbound.recorder.distrust(next, failure.as_str(), Some(id), now);
        Outcome::Failed(failure)
    }

    /// What came of it where no way brought an answer.
    pub(super) fn unanswered(&self, tried: Tried) -> Evidence {
        let straight =
            |(way, outcome): &(AgencyId, Outcome)| (*way == self.destination.agency).then_some(*outcome);
        let only = if tried.len() == 1 { tried.first().and_then(straight) } else { None };
        let outcome = only.unwrap_or_else(|| {
            if self.deadline.left().is_zero() {
                Outcome::TimedOut
            } else {
                Outcome::Unreachable(Failure::NoRoute)
            }
        });
        let mut evidence = Evidence::of(outcome);
        if only.is_none() {
            let each: Vec<_> = tried.iter().map(|(way, outcome)| format!("{way} {outcome}")).collect();
            evidence.explanation = format!("{}: {}", evidence.explanation, each.join("; "));
        }
        evidence.route = tried.last().map(|(way, _)| way.clone()).into_iter().collect();
        evidence.tried = tried;
        evidence
    }
}
