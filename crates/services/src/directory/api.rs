//! `concord.directory.v1.DirectoryService`.

use super::{Directory, NotAnother};
use crate::caller::Caller;
use crate::heavy::Heavy;
use crate::status::not_recorded;
use crate::wanted::Search;
use concord_domain::{AgencyId, Entropy};
use concord_gateway::{Admission, Deadline, Outbound, Slot, incident};
use concord_wire::pb::directory::v1 as pb;
use concord_wire::pb::directory::v1::directory_service_server::{DirectoryService, DirectoryServiceServer};
use concord_wire::{Ping, Problems, overloaded, violations};
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, iter};
use std::sync::Arc;
use std::time::Duration;
use tonic::{Request, Response, Status};

/// Lists and pings the other agencies for our own systems and officers.
#[derive(Debug, Clone)]
pub struct DirectoryApi {
    directory: Directory,
    heavy: Heavy,
    entropy: Arc<dyn Entropy>,
    admission: Admission,
}

/// Agencies of one message: at some 10 KiB each at most, below what a client takes.
const ROWS_MAX: usize = 64;

impl DirectoryApi {
    /// Bytes of a request at most: an agency and two codes.
    pub const MESSAGE_BYTES_MAX: usize = 4 << 10;
    /// Calls under way at once: they are for people and monitors, and leave room for searches.
    pub const CALLS_MAX: usize = 64;
    /// Of these, for one caller.
    pub const CALLS_PER_CALLER_MAX: usize = 16;
    /// Time of a ping whose caller names none.
    pub const TIME_DEFAULT: Duration = Duration::from_secs(10);
    /// Time of a ping at most, as of a search.
    pub const TIME_MAX: Duration = Duration::from_secs(60);

    /// The API over a node's way out.
    pub fn new(outbound: Outbound, heavy: Heavy, entropy: Arc<dyn Entropy>) -> Self {
        let admission = Admission::new(Self::CALLS_MAX, Self::CALLS_PER_CALLER_MAX);
        Self { directory: Directory { outbound }, heavy, entropy, admission }
    }

    /// The gRPC service with its limits.
    pub fn into_service(self) -> DirectoryServiceServer<Self> {
        DirectoryServiceServer::new(self).max_decoding_message_size(Self::MESSAGE_BYTES_MAX)
    }

    fn slot(&self, caller: &Caller) -> Result<Slot, Status> {
        let slot = self.admission.enter(&caller.name());
        slot.map_err(|over| overloaded(over.to_string(), over.limit))
    }

    /// The one named, or all others.
    fn named(&self, agency: &str) -> Result<Vec<AgencyId>, Problems> {
        let Directory { outbound } = &self.directory;
        if agency.is_empty() {
            let in_force = outbound.authority.current();
            let members = in_force.directory().members().map(|member| member.agency.clone());
            return Ok(members.filter(|member| *member != outbound.agency).collect());
        }
        let agency = agency.parse().map_err(|error| Problems::one("agency", error))?;
        self.directory.check_another(&agency).map_err(problem)?;
        Ok(vec![agency])
    }

    /// Looking for routes takes up to milliseconds an agency.
    async fn page(self, agencies: Vec<AgencyId>) -> Result<pb::ListAgenciesResponse, Status> {
        let Self { directory, heavy, entropy, admission: _ } = self;
        let listings = heavy.run(move || directory.listings(&agencies)).await;
        let listings = listings.map_err(|fault| incident(&fault, &*entropy))?;
        Ok(pb::ListAgenciesResponse { agencies: listings.into_iter().map(Into::into).collect() })
    }
}

fn problem(error: NotAnother) -> Problems {
    Problems::one("agency", error)
}

#[tonic::async_trait]
impl DirectoryService for DirectoryApi {
    type ListAgenciesStream = BoxStream<'static, Result<pb::ListAgenciesResponse, Status>>;

    async fn list_agencies(
        &self,
        request: Request<pb::ListAgenciesRequest>,
    ) -> Result<Response<Self::ListAgenciesStream>, Status> {
        let caller = Caller::of(&request)?;
        let pb::ListAgenciesRequest { agency } = request.into_inner();
        let agencies = self.named(&agency).map_err(|problems| violations(&problems))?;
        let slot = self.slot(&caller)?;
        let pages: Vec<_> = agencies.chunks(ROWS_MAX).map(<[AgencyId]>::to_vec).collect();
        let api = self.clone();
        // Held until the stream is dropped.
        let page = move |page| {
            let _held = &slot;
            api.clone().page(page)
        };
        Ok(Response::new(iter(pages).then(page).boxed()))
    }

    async fn ping(&self, request: Request<pb::PingRequest>) -> Result<Response<pb::PingResponse>, Status> {
        let caller = Caller::of(&request)?;
        let deadline = Deadline::of_call(&request, Self::TIME_DEFAULT, Self::TIME_MAX);
        let ping = Ping::try_from(request.into_inner()).map_err(|problems| violations(&problems))?;
        self.directory.check_another(&ping.agency).map_err(|error| violations(&problem(error)))?;
        let _held = self.slot(&caller)?;
        let margin = Search::REPLY_MARGIN.min(deadline.left() / 4);
        let pinged = Box::pin(self.directory.ping(ping, self.heavy, deadline.less(margin))).await;
        let pinged = pinged.map_err(|error| not_recorded(error, &*self.entropy))?;
        Ok(Response::new(pinged.into()))
    }
}
