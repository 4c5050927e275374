//! `concord.wanted.v1.WantedService`.

use super::{NotWatched, Search};
use crate::caller::{Caller, NotNamed};
use crate::heavy::Heavy;
use crate::status::not_recorded;
use concord_domain::Entropy;
use concord_domain::wanted::Query;
use concord_gateway::{Admission, Deadline, NotRecorded, ScopeInvalid, Slot, incident};
use concord_wire::pb::wanted::v1 as pb;
use concord_wire::pb::wanted::v1::wanted_service_server::{WantedService, WantedServiceServer};
use concord_wire::{Problems, SearchEvent, overloaded, refused, violations};
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt};
use std::sync::Arc;
use std::time::Duration;
use tonic::{Code, Request, Response, Status};

/// Serves searches of our own systems and officers.
#[derive(Debug, Clone)]
pub struct WantedApi {
    search: Search,
    heavy: Heavy,
    entropy: Arc<dyn Entropy>,
    admission: Admission,
    watching: Admission,
}

impl WantedApi {
    /// Bytes of a request at most: eight names and eight identifiers take a few kilobytes.
    pub const MESSAGE_BYTES_MAX: usize = 64 << 10;
    /// Searches under way at once: each may hold a request open to every agency in scope.
    pub const SEARCHES_MAX: usize = 256;
    /// Of these, for one caller: an application that floods leaves room for officers.
    pub const SEARCHES_PER_CALLER_MAX: usize = 192;
    /// Time of a search whose caller names none.
    pub const TIME_DEFAULT: Duration = Duration::from_secs(10);
    /// Time of a search at most: a person is waiting.
    pub const TIME_MAX: Duration = Duration::from_secs(60);

    /// Watches under way at once, beside searches: each asks again once a minute at least, and is mostly asleep.
    pub const WATCHES_MAX: usize = 256;
    /// Of these, for one caller.
    pub const WATCHES_PER_CALLER_MAX: usize = 192;
    /// Time of a watch whose caller names none.
    pub const WATCH_TIME_DEFAULT: Duration = Duration::from_secs(60);
    /// Time of a watch at most, so that those whose caller is gone in silence end: whoever still waits watches again.
    pub const WATCH_TIME_MAX: Duration = Duration::from_secs(15 * 60);

    /// The API over a search.
    pub fn new(search: Search, heavy: Heavy, entropy: Arc<dyn Entropy>) -> Self {
        let admission = Admission::new(Self::SEARCHES_MAX, Self::SEARCHES_PER_CALLER_MAX);
        let watching = Admission::new(Self::WATCHES_MAX, Self::WATCHES_PER_CALLER_MAX);
        Self { search, heavy, entropy, admission, watching }
    }

    /// The gRPC service with its limits.
    pub fn into_service(self) -> WantedServiceServer<Self> {
        WantedServiceServer::new(self).max_decoding_message_size(Self::MESSAGE_BYTES_MAX)
    }
}

/// A place for one more call of a caller.
fn slot(admission: &Admission, caller: &Caller) -> Result<Slot, Status> {
    let slot = admission.enter(&caller.name());
    slot.map_err(|over| overloaded(over.to_string(), over.limit))
}

/// The query, or everything that is wrong with it at once: also that this caller has to name an officer.
fn understood(caller: &Caller, message: pb::SearchRequest) -> Result<Query, Status> {
    let unnamed = message.officer.is_empty().then(|| caller.officer(None).err()).flatten();
    let unnamed = match unnamed {
        Some(NotNamed::Missing) => Problems::one("officer", NotNamed::Missing),
        Some(NotNamed::NotAllowed | NotNamed::SomebodyElse | NotNamed::NoOfficer) | None => {
            Problems::default()
        }
    };
    match Query::try_from(message) {
        Ok(query) if unnamed.is_empty() => Ok(query),
        other => Err(violations(&unnamed.and(other.err().unwrap_or_default()))),
    }
}

fn scope_status(error: &ScopeInvalid) -> Status {
    violations(&Problems::one("scope", error))
}

fn watch_status(error: NotWatched, entropy: &dyn Entropy) -> Status {
    match error {
        NotWatched::Unknown => refused(Code::NotFound, "NO_SUCH_WATCH", error.to_string(), &[]),
        NotWatched::Fault(fault) => incident(&fault, entropy),
    }
}

/// The messages of one search or watch; the slot is held until the stream is dropped.
fn messages<M: From<SearchEvent> + Send + 'static>(
    events: impl Stream<Item = Result<SearchEvent, NotRecorded>> + Send + 'static,
    slot: Slot,
    entropy: Arc<dyn Entropy>,
) -> BoxStream<'static, Result<M, Status>> {
    let convert = move |event: Result<SearchEvent, NotRecorded>| {
        let _held = &slot;
        event.map(Into::into).map_err(|error| not_recorded(error, &*entropy))
    };
    events.map(convert).boxed()
}

#[tonic::async_trait]
impl WantedService for WantedApi {
    type SearchStream = BoxStream<'static, Result<pb::SearchResponse, Status>>;
    type WatchStream = BoxStream<'static, Result<pb::WatchResponse, Status>>;

    async fn search(
        &self,
        request: Request<pb::SearchRequest>,
    ) -> Result<Response<Self::SearchStream>, Status> {
        let caller = Caller::of(&request)?;
        let deadline = Deadline::of_call(&request, Self::TIME_DEFAULT, Self::TIME_MAX);
        let query = understood(&caller, request.into_inner())?;
        let officer = caller.officer(query.officer.clone())?;
        let slot = slot(&self.admission, &caller)?;
        let (search, scope) = (self.search.clone(), query.scope.clone());
        let agencies = self.heavy.run(move || search.in_scope(&scope)).await;
        let agencies = agencies.map_err(|fault| incident(&fault, &*self.entropy))?;
        let agencies = agencies.map_err(|error| scope_status(&error))?;
        let events = self.search.start(agencies, query, officer, caller.name(), deadline);
        Ok(Response::new(messages(events, slot, Arc::clone(&self.entropy))))
    }

    async fn watch(&self, request: Request<pb::WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let caller = Caller::of(&request)?;
        let deadline = Deadline::of_call(&request, Self::WATCH_TIME_DEFAULT, Self::WATCH_TIME_MAX);
        let pb::WatchRequest { watch } = request.into_inner();
        let watch = watch.parse().map_err(|error| violations(&Problems::one("watch", error)))?;
        let slot = slot(&self.watching, &caller)?;
        let events = self.search.watch(watch, &caller, deadline);
        let events = events.map_err(|error| watch_status(error, &*self.entropy))?;
        Ok(Response::new(messages(events, slot, Arc::clone(&self.entropy))))
    }
}
