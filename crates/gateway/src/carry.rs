//! The way through: a request that is for somebody else is handed on, sealed as it came.

use crate::admission::{Admission, Overloaded};
use crate::authority::{Authority, InForce};
use crate::courier::{Courier, Handover, NoAnswer};
use crate::deadline::Deadline;
use crate::operation::Fault;
use crate::outbound::Outbound;
use crate::record::{NotRecorded, Recorder};
use crate::ways::Ways;
use concord_agreements::{Carrying, Denial, Facts, Permit, decide};
use concord_domain::{AgencyId, Clock, Failure, Refusal, Timestamp};
use concord_trust::envelope::{CarriedRequest, Context, SealedAnswer, VerifiedRequest};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// What a carrier keeps of the time left, for its own record and for the way back.
const HOP_MARGIN: Duration = Duration::from_millis(50);
/// With less than this left nothing is handed on: the answer would come too late.
const TIME_LEAST: Duration = Duration::from_millis(20);
/// Times a request is decided again because newer rules came into force meanwhile.
const DECISIONS_MAX: usize = 3;

/// Hands on what is for others.
#[derive(Debug, Clone)]
pub struct Carrier {
    /// This agency.
    pub agency: AgencyId,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The rules in force.
    pub authority: Authority,
    /// Puts on the record what is carried.
    pub recorder: Recorder,
    /// Chooses whom to hand it to.
    pub ways: Ways,
    /// Hands it over.
    pub courier: Arc<dyn Courier>,
    /// Bounds what is carried at once, so that it leaves room for serving: a carrier waits for others, and two that wait
    /// for each other with every slot would wait for ever.
    pub slots: Admission,
}

/// Why nothing was handed on, or nothing came back.
#[derive(Debug, Error)]
pub enum NotCarried {
    /// We may not carry it: the origin gets this signed.
    #[error("{}", .0.refusal)]
    Refused(Box<Denied>),
    /// As much is carried as may be at once.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// Nothing came back.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// It cannot be put on the record.
    #[error(transparent)]
    NotRecorded(#[from] NotRecorded),
}

/// Why nothing came back: a hop's own word, which nobody signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Lost {
    /// Nobody on the way was reached, so nothing was sent.
    #[error("nobody on the way could be reached")]
    NoRoute,
    /// Too little time is left to hand it on.
    #[error("too little time is left to carry it")]
    TooLittleTime,
    /// No answer came back in time.
    #[error("no answer came back in time")]
    TimedOut,
    /// It was handed on, and the connection broke before an answer.
    #[error("the connection to the next node broke before an answer")]
    Broken,
    /// The next node does not serve it.
    #[error("the next node does not serve it: {0}")]
    Failed(Failure),
}

/// A refusal to carry, with what is said about it.
#[derive(Debug)]
pub struct Denied {
    /// The reason.
    pub refusal: Refusal,
    /// By the rules; none where the envelope itself does not fit.
    pub denial: Option<Denial>,
}

impl From<Refusal> for NotCarried {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(Denied { refusal, denial: None }))
    }
}

impl Carrier {
    /// Requests carried at once: half of what a node takes in.
    pub const CARRIED_MAX: usize = Admission::DELIVERIES_MAX / 2;
    /// Of these, from one peer.
    pub const CARRIED_PER_PEER_MAX: usize = Admission::DELIVERIES_PER_AGENCY_MAX / 2;

    /// Carries by the ways that a node asks by.
    pub(crate) fn new(outbound: &Outbound) -> Self {
        let Outbound { agency, clock, authority, recorder, ways, courier, .. } = outbound.clone();
        let slots = Admission::new(Self::CARRIED_MAX, Self::CARRIED_PER_PEER_MAX);
        Self { agency, clock, authority, recorder, ways, courier, slots }
    }

    /// Hands on what `peer` handed to us, to the first on the way who takes it. The way is changed only while nothing
    /// has been sent: only the origin tries again.
    pub(crate) async fn carry(
        &self,
        peer: &AgencyId,
        request: &VerifiedRequest,
        mut in_force: InForce,
        deadline: Deadline,
    ) -> Result<SealedAnswer, NotCarried> {
        let _slot = self.slots.enter(peer.as_str())?;
        let deadline = deadline.less(HOP_MARGIN);
        let now = self.recorder.now(&*self.clock);
        let request = request.carry(&self.agency, peer, now, in_force.directory())?;
        let Context { origin, destination, agreement, .. } = request.context();
        let mut passed = request.carriers();
        passed.push(self.agency.clone());
        // Whether we may carry it at all is decided before anybody is looked for: a refusal tells nothing of our lines.
        drop(self.decide(&in_force, &request, &passed, now)?);
        let ways = self.ways.next(&in_force, agreement, (origin, destination), &passed, now);
        for next in ways {
            if deadline.left() < TIME_LEAST {
                return Err(Lost::TooLittleTime.into());
            }
            let Some(endpoints) = in_force.directory().keyring(&next).map(|k| k.endpoints.clone()) else {
                continue;
            };
            let envelope = self.record(&mut in_force, request, peer, &next, &passed).await?;
            let to = Handover { next: &next, endpoints: &endpoints, destination };
            match self.courier.deliver(to, envelope, deadline).await {
                Ok(answer) => return Ok(answer),
                Err(NoAnswer::Unreachable(failure)) => {
                    tracing::info!(target: "concord::carry", id = %request.context().id, %next, reason = %failure, "not reached");
                }
                Err(NoAnswer::TimedOut) => return Err(Lost::TimedOut.into()),
                Err(NoAnswer::Broken) => return Err(Lost::Broken.into()),
                Err(NoAnswer::Failed(failure)) => return Err(Lost::Failed(failure).into()),
            }
        }
        Err(Lost::NoRoute.into())
    }

    /// Decides and records, again if newer rules came into force in between.
    async fn record(
        &self,
        in_force: &mut InForce,
        request: CarriedRequest<'_>,
        peer: &AgencyId,
        next: &AgencyId,
        passed: &[AgencyId],
    ) -> Result<concord_trust::envelope::Envelope, NotCarried> {
        for _ in 0..DECISIONS_MAX {
            let now = self.recorder.now(&*self.clock);
            let permit = self.decide(in_force, &request, passed, now)?;
            match self.recorder.carried(permit, request, (peer, next), now, in_force.epoch).await {
                Ok(carriage) => {
                    let Context { id, origin, destination, .. } = request.context();
                    tracing::info!(target: "concord::carry", %id, %origin, %destination, %next, "carried");
                    return Ok(carriage.into_envelope());
                }
                Err(NotRecorded::TimePassed) => {}
                Err(NotRecorded::RulesChanged) => {
                    *in_force = self.authority.newer_than(in_force.epoch).await;
                }
                Err(other) => return Err(other.into()),
            }
        }
        Err(NotRecorded::Fault(Fault::new("carrying a request", "the rules change again and again")).into())
    }

    fn decide(
        &self,
        in_force: &InForce,
        request: &VerifiedRequest,
        passed: &[AgencyId],
        now: Timestamp,
    ) -> Result<Permit<Carrying>, NotCarried> {
        let context = request.context();
        let facts = Facts {
            handling: context.handling,
            branch: context.branch,
            agreement: Some(&context.agreement),
            via: passed,
            synced: self.authority.synced(),
            ..Facts::new(&context.origin, &context.destination, &context.operation, context.purpose)
        };
        decide(&in_force.rules, &facts, now).map_err(|denial| {
            NotCarried::Refused(Box::new(Denied { refusal: denial.refusal, denial: Some(denial) }))
        })
    }
}

#[cfg(test)]
mod tests;
