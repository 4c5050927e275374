//! `concord.vetting.v1.VettingService`: what other agencies ask us to ask on, for the officers who vet it.

use crate::caller::Caller;
use crate::wanted::WantedSearch;
use concord_domain::{Clock, Entropy, Redacted, Reference, Timestamp, VettingState, WaitingRequest};
use concord_gateway::{Fault, NotDecided, NotRecorded, Operation, Vettings, WaitingAsk, incident};
use concord_wire::pb::vetting::v1 as pb;
use concord_wire::pb::vetting::v1::vetting_service_server::{VettingService, VettingServiceServer};
use concord_wire::{Deciding, Problems, overloaded, refused, violations};
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, unfold};
use std::sync::Arc;
use tonic::{Code, Request, Response, Status};

/// Shows what waits to our officers, and takes their decisions.
#[derive(Debug, Clone)]
pub struct VettingApi {
    vettings: Vettings,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// Requests of one message: at some 600 bytes each far below the limit of a message.
const ROWS_MAX: usize = 256;

type Page = Result<pb::ListVettingsResponse, Status>;

impl VettingApi {
    /// Bytes of a request at most: a reason of 300 characters takes a kilobyte.
    pub const MESSAGE_BYTES_MAX: usize = 16 << 10;

    /// The API over what waits with a node.
    pub fn new(vettings: Vettings, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { vettings, clock, entropy }
    }

    /// The gRPC service with its limits.
    pub fn into_service(self) -> VettingServiceServer<Self> {
        VettingServiceServer::new(self).max_decoding_message_size(Self::MESSAGE_BYTES_MAX)
    }

    fn fault(&self, fault: &Fault) -> Status {
        incident(fault, &*self.entropy)
    }

    fn status(&self, error: NotDecided) -> Status {
        let words = error.to_string();
        match error {
            NotDecided::Unknown => refused(Code::NotFound, "NO_SUCH_VETTING", words, &[]),
            NotDecided::Decided(state) => {
                let metadata = [("state", state.to_string())];
                refused(Code::FailedPrecondition, "VETTING_DECIDED", words, &metadata)
            }
            NotDecided::Expired => refused(Code::FailedPrecondition, "VETTING_EXPIRED", words, &[]),
            NotDecided::NotRecorded(NotRecorded::Busy { limit }) => overloaded(words, limit),
            NotDecided::NotRecorded(NotRecorded::Fault(fault)) => self.fault(&fault),
            NotDecided::NotRecorded(other) => self.fault(&Fault::new("deciding", other)),
        }
    }

    /// Page after page, until one is empty.
    fn pages(self, open_only: bool) -> BoxStream<'static, Page> {
        let now = self.clock.now();
        let pages = unfold(Some(0), move |behind| {
            let next = behind.and_then(|behind| match self.vettings.page(behind, ROWS_MAX) {
                Ok(page) => {
                    let last = page.last().map(|(place, _)| *place)?;
                    let shown = page.into_iter().map(|(_, waiting)| waiting);
                    let shown = shown.filter(|waiting| !open_only || is_open(waiting, now));
                    let vettings = shown.map(Into::into).collect();
                    Some((Ok(pb::ListVettingsResponse { vettings }), Some(last)))
                }
                Err(fault) => Some((Err(self.fault(&fault)), None)),
            });
            std::future::ready(next)
        });
        pages.boxed()
    }
}

fn is_open(waiting: &WaitingRequest, now: Timestamp) -> bool {
    waiting.state == VettingState::Open && now < waiting.expires
}

/// The ask, if it is of an operation that this API shows.
fn shown(operation: &concord_domain::Operation, ask: &[u8]) -> Option<pb::get_vetting_response::Ask> {
    if *operation != WantedSearch::name() {
        return None;
    }
    let ask = WantedSearch::decode_ask(ask)?;
    Some(pb::get_vetting_response::Ask::WantedSearch(ask.into()))
}

#[tonic::async_trait]
impl VettingService for VettingApi {
    type ListVettingsStream = BoxStream<'static, Page>;

    async fn list_vettings(
        &self,
        request: Request<pb::ListVettingsRequest>,
    ) -> Result<Response<Self::ListVettingsStream>, Status> {
        let pb::ListVettingsRequest { open_only } = request.into_inner();
        Ok(Response::new(self.clone().pages(open_only)))
    }

    async fn get_vetting(
        &self,
        request: Request<pb::GetVettingRequest>,
    ) -> Result<Response<pb::GetVettingResponse>, Status> {
        let pb::GetVettingRequest { reference } = request.into_inner();
        let reference: Reference =
            reference.parse().map_err(|e| violations(&Problems::one("reference", e)))?;
        let waiting = self.vettings.get(&reference).map_err(|error| self.status(error))?;
        let WaitingAsk { request, ask: Redacted(ask) } = waiting;
        let ask = shown(&request.operation, &ask);
        Ok(Response::new(pb::GetVettingResponse { vetting: Some(request.into()), ask }))
    }

    async fn decide_vetting(
        &self,
        request: Request<pb::DecideVettingRequest>,
    ) -> Result<Response<pb::DecideVettingResponse>, Status> {
        let caller = Caller::of(&request)?;
        let deciding = Deciding::try_from(request.into_inner()).map_err(|wrong| violations(&wrong))?;
        let Deciding { reference, decision, officer } = deciding;
        let officer = caller.officer(officer)?;
        let decided = self.vettings.decide(&reference, decision, officer).await;
        let vetting = Some(decided.map_err(|error| self.status(error))?.into());
        Ok(Response::new(pb::DecideVettingResponse { vetting }))
    }
}
