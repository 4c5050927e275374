//! What officers see of it, and decide.

use super::{Decided, KeptDecision, Vettings, Waiting};
use crate::operation::Fault;
use crate::record::NotRecorded;
use concord_domain::{Officer, Redacted, Reference, Refusal, VettingDecision, VettingState, WaitingRequest};
use concord_store::{Change, KeptVetting};
use concord_trust::envelope::Body;
use thiserror::Error;
use zeroize::Zeroizing;

/// A request with what it asks of whom: personal data, for the officer who decides.
#[derive(Debug)]
pub struct WaitingAsk {
    /// What is known of it without the ask.
    pub request: WaitingRequest,
    /// The service's ask, as it was sealed.
    pub ask: Redacted<Vec<u8>>,
}

/// Why a decision does not count.
#[derive(Debug, Error)]
pub enum NotDecided {
    /// Nothing waits under that reference.
    #[error("nothing waits under that reference")]
    Unknown,
    /// Somebody has decided already.
    #[error("it is {0} already")]
    Decided(VettingState),
    /// Its time has passed.
    #[error("its time has passed")]
    Expired,
    /// It is not on the record.
    #[error(transparent)]
    NotRecorded(#[from] NotRecorded),
}

impl Vettings {
    /// What waits or has waited, the oldest first, so many at most, each with its place; the next page is behind the last
    /// one's, the first behind 0.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn page(&self, behind: u64, limit: usize) -> Result<Vec<(u64, WaitingRequest)>, Fault> {
        let page = self.store.vettings(behind, limit).map_err(|e| Fault::new("reading what waits", e))?;
        page.iter().map(|(place, vetting)| Ok((*place, self.shown(vetting)?.0))).collect()
    }

    /// One request with its ask.
    ///
    /// # Errors
    /// [`NotDecided::Unknown`], or if the store cannot be read.
    pub fn get(&self, reference: &Reference) -> Result<WaitingAsk, NotDecided> {
        let vetting = self.find(reference)?.ok_or(NotDecided::Unknown)?;
        let (request, waiting) = self.shown(&vetting).map_err(NotRecorded::from)?;
        Ok(WaitingAsk { request, ask: Redacted(waiting.ask) })
    }

    /// Puts an officer's decision on the record: that one of ours decided, and a salted commitment to who and why.
    ///
    /// # Errors
    /// If it does not wait any more, or the decision is not on the record.
    pub async fn decide(
        &self,
        reference: &Reference,
        decision: VettingDecision,
        officer: Officer,
    ) -> Result<WaitingRequest, NotDecided> {
        let vetting = self.find(reference)?.ok_or(NotDecided::Unknown)?;
        let waiting = self.read(&vetting).map_err(NotRecorded::from)?;
        let state = decision.state();
        let (refusal, reason) = match decision {
            VettingDecision::Approve => (None, None),
            VettingDecision::Refuse(reason) => (Some(Refusal::VettingRefused), Some(reason)),
        };
        let (commitment, sealed) = self.sealed(reference, &Decided { officer, reason })?;
        let change = Change::DecideVetting { reference: *reference, state, decision: sealed };
        let written =
            self.recorder.vetted(waiting.request, refusal, commitment, change, vetting.expires).await;
        match written {
            Err(NotRecorded::TimePassed) => return Err(NotDecided::Expired),
            Err(NotRecorded::Known) => {
                let known = self.find(reference)?;
                return Err(known.map_or(NotDecided::Unknown, |vetting| NotDecided::Decided(vetting.state)));
            }
            other => other?,
        }
        let vetting = self.find(reference)?.ok_or(NotDecided::Unknown)?;
        tracing::info!(target: "concord::vetting", %reference, %state, "decided");
        Ok(self.shown(&vetting).map_err(NotRecorded::from)?.0)
    }

    fn sealed(
        &self,
        reference: &Reference,
        decided: &Decided,
    ) -> Result<(concord_domain::Digest, Vec<u8>), NotRecorded> {
        let fault = |error: Box<dyn std::error::Error + Send + Sync>| Fault::new("keeping a decision", error);
        let content = minicbor::to_vec(decided).map_err(|e| fault(e.into()))?;
        let body = Body::new(content, &*self.entropy).map_err(|e| fault(e.into()))?;
        let kept = KeptDecision { salt: *body.salt(), content: body.content().to_vec() };
        let kept = Zeroizing::new(minicbor::to_vec(kept).map_err(|e| fault(e.into()))?);
        Ok((body.commitment(), self.keys.current().storage.seal(&kept, &reference.0, &*self.entropy)))
    }

    fn find(&self, reference: &Reference) -> Result<Option<KeptVetting>, NotRecorded> {
        let found = self.store.vetting(reference);
        found.map_err(|e| Fault::new("reading what waits", e).into())
    }

    fn shown(&self, vetting: &KeptVetting) -> Result<(WaitingRequest, Waiting), Fault> {
        let waiting = self.read(vetting)?;
        Ok((waiting.shown(vetting, self.decision(vetting)?), waiting))
    }
}
