//! The other agencies and the ways to them: who is listed, and how one is pinged.

mod api;
mod listing;
mod operation;
#[cfg(test)]
mod tests;

pub use api::DirectoryApi;
pub use operation::DirectoryPing;

use crate::heavy::Heavy;
use concord_domain::wanted::LedgerPosition;
use concord_domain::{AgencyId, Branch, Handling, Outcome, Passed, PingOutcome, Purpose, Refusal};
use concord_gateway::{Concluded, Deadline, Evidence, Fault, NotRecorded, Outbound, Outlook, Question};
use concord_wire::{Ping, PingTry, Pinged};
use std::time::Duration;
use thiserror::Error;
use tokio::time::Instant;

/// Knows the other agencies by what they published and by what came of calling them.
#[derive(Debug, Clone)]
struct Directory {
    outbound: Outbound,
}

/// Why an agency is none that can be listed or pinged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
enum NotAnother {
    /// The charter names no such agency.
    #[error("{0} is not a member of the federation")]
    NotAMember(AgencyId),
    /// A node does not call itself.
    #[error("{0} is this node's own agency")]
    Ourselves(AgencyId),
}

impl Directory {
    fn check_another(&self, agency: &AgencyId) -> Result<(), NotAnother> {
        if *agency == self.outbound.agency {
            return Err(NotAnother::Ourselves(agency.clone()));
        }
        let in_force = self.outbound.authority.current();
        let member = in_force.directory().member(agency);
        member.map(drop).ok_or_else(|| NotAnother::NotAMember(agency.clone()))
    }

    /// The first purpose for which `to` may be pinged in our own name, or else by a broker, and how; otherwise the purpose
    /// that comes closest, with what it lacks.
    fn outlook(
        &self,
        to: &AgencyId,
        branch: Option<Branch>,
    ) -> Result<(Purpose, Outlook), Option<(Purpose, String)>> {
        let (mut brokered, mut closest) = (None, None);
        for purpose in Purpose::ALL.iter().copied() {
            match self.outbound.outlook::<DirectoryPing>(to, question(purpose, branch)) {
                Ok(outlook) if outlook.destination == *to => return Ok((purpose, outlook)),
                Ok(outlook) => brokered = brokered.or(Some((purpose, outlook))),
                // A clause that lacks nothing but the branch is closer than one that lacks the purpose.
                Err(denial) if closest.is_none() || denial.refusal == Refusal::BranchNotGranted => {
                    closest = Some((purpose, denial.to_string()));
                }
                Err(_) => {}
            }
        }
        brokered.ok_or(closest)
    }

    /// Pings another agency. What is not allowed for any purpose is asked for all the same, so that the refusal is on the
    /// record like every other.
    async fn ping(&self, ping: Ping, heavy: Heavy, deadline: Deadline) -> Result<Pinged, NotRecorded> {
        let Ping { agency, purpose, branch } = ping;
        let began = Instant::now();
        let purpose = match purpose {
            Some(purpose) => purpose,
            None => self.purpose(agency.clone(), branch, heavy).await?,
        };
        let question = question(purpose, branch);
        let (concluded, hops) = self.outbound.ask::<DirectoryPing>(&agency, question, &(), deadline).await?;
        let hops = hops.unwrap_or_default();
        Ok(self.pinged(agency, purpose, hops, &concluded, began.elapsed()))
    }

    /// For what to ping where nobody says. Looking for routes takes up to milliseconds.
    async fn purpose(
        &self,
        agency: AgencyId,
        branch: Option<Branch>,
        heavy: Heavy,
    ) -> Result<Purpose, Fault> {
        let directory = self.clone();
        let outlook = heavy.run(move || directory.outlook(&agency, branch)).await?;
        Ok(match outlook {
            Ok((purpose, _)) | Err(Some((purpose, _))) => purpose,
            Err(None) => Purpose::FugitiveApprehension,
        })
    }

    /// Only what is on the record is shown.
    fn pinged(
        &self,
        agency: AgencyId,
        purpose: Purpose,
        hops: Vec<Passed>,
        concluded: &Concluded,
        round_trip: Duration,
    ) -> Pinged {
        let evidence = concluded.evidence().clone();
        let Evidence {
            outcome,
            explanation,
            authority,
            answer: _,
            receipt,
            checkpoint: _,
            route,
            tried,
            pending: _,
        } = evidence;
        let (receipt, signed_receipt) = receipt.unzip();
        let (kind, reason) = told(outcome);
        Pinged {
            agency,
            outcome: kind,
            reason,
            explanation,
            purpose,
            authority,
            route: std::iter::once(self.outbound.agency.clone()).chain(route).collect(),
            hops,
            tried: tried.into_iter().map(attempt).collect(),
            receipt: receipt.map(|r| LedgerPosition { ledger: r.ledger, index: r.index, leaf: r.leaf }),
            signed_receipt: signed_receipt.unwrap_or_default(),
            record: Some(concluded.record().clone()),
            round_trip,
        }
    }
}

fn told(outcome: Outcome) -> (PingOutcome, String) {
    (outcome.kind().into(), outcome.reason().unwrap_or_default().to_owned())
}

fn attempt((next, outcome): (AgencyId, Outcome)) -> PingTry {
    let (outcome, reason) = told(outcome);
    PingTry { next, outcome, reason }
}

/// A ping is of the lowest handling level, and about no offence.
fn question(purpose: Purpose, branch: Option<Branch>) -> Question {
    Question { purpose, handling: Handling::default(), branch, nature: None }
}
