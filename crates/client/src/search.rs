//! Wanted-person queries.

use crate::client::Client;
use crate::error::ClientError;
use concord_domain::Reference;
use concord_domain::wanted::Query;
use concord_wire::pb::wanted::v1 as pb;
use concord_wire::pb::wanted::v1::wanted_service_client::WantedServiceClient;
use concord_wire::{Problems, SearchEvent};
use futures_util::stream::{Stream, StreamExt, unfold};
use std::time::Duration;
use tonic::{Request, Status, Streaming};

/// How much longer than the deadline we wait: the node reports late agencies shortly before it, so silence this
/// long after it means that the node itself is gone.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

impl Client {
    /// Asks every agency in scope; one event for each as it arrives, then the summary, which ends the stream.
    /// `timeout` goes to the node as `grpc-timeout`. Dropping the stream stops the work everywhere.
    ///
    /// # Errors
    /// As the node rejects the query. Later, an item of the stream, after which there is no other.
    pub async fn search(
        &self,
        query: Query,
        timeout: Duration,
    ) -> Result<impl Stream<Item = Result<SearchEvent, ClientError>> + Send + use<>, ClientError> {
        let end = tokio::time::Instant::now() + timeout + GRACE;
        let mut request = Request::new(pb::SearchRequest::from(query));
        request.set_timeout(timeout);
        let mut service = WantedServiceClient::new(self.channel());
        let call = tokio::time::timeout_at(end, service.search(request));
        let stream = call.await.map_err(|_| ClientError::BrokenOff)??.into_inner();
        Ok(unfold(Some(stream), move |stream| next(stream, end)).boxed())
    }

    /// Waits for what a search reported as pending under `watch`: one event for each agency as it gets its end, or as it
    /// stands after `timeout`, then the summary. What has no end says so by its own watch, and can be watched again.
    ///
    /// # Errors
    /// As the node rejects it: NOT_FOUND (NO_SUCH_WATCH). Later, an item of the stream, after which there is no other.
    pub async fn watch(
        &self,
        watch: Reference,
        timeout: Duration,
    ) -> Result<impl Stream<Item = Result<SearchEvent, ClientError>> + Send + use<>, ClientError> {
        let end = tokio::time::Instant::now() + timeout + GRACE;
        let mut request = Request::new(pb::WatchRequest { watch: watch.to_string() });
        request.set_timeout(timeout);
        let mut service = WantedServiceClient::new(self.channel());
        let call = tokio::time::timeout_at(end, service.watch(request));
        let stream = call.await.map_err(|_| ClientError::BrokenOff)??.into_inner();
        Ok(unfold(Some(stream), move |stream| next(stream, end)).boxed())
    }
}

type Step<M> = (Result<SearchEvent, ClientError>, Option<Streaming<M>>);

async fn next<M>(stream: Option<Streaming<M>>, end: tokio::time::Instant) -> Option<Step<M>>
where
    SearchEvent: TryFrom<M, Error = Problems>,
{
    let mut stream = stream?;
    let event = match tokio::time::timeout_at(end, stream.message()).await {
        Ok(message) => event(message),
        Err(_) => Err(ClientError::BrokenOff),
    };
    if matches!(event, Ok(SearchEvent::Finding(_))) {
        return Some((event, Some(stream)));
    }
    if event.is_ok() {
        // To the trailers: a stream that is dropped before them is reset, and after some hundred quick searches HTTP/2
        // would take those resets for an attack and end the connection. Nothing that comes here changes the summary.
        drop(tokio::time::timeout_at(end, stream.message()).await);
    }
    Some((event, None))
}

/// A stream that ends without its summary has broken off: silence is never taken for "no hit".
fn event<M>(message: Result<Option<M>, Status>) -> Result<SearchEvent, ClientError>
where
    SearchEvent: TryFrom<M, Error = Problems>,
{
    let message = message?.ok_or(ClientError::BrokenOff)?;
    message.try_into().map_err(ClientError::Answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_without_a_summary_is_an_error() {
        assert!(matches!(event::<pb::WatchResponse>(Ok(None)), Err(ClientError::BrokenOff)));
        let summary = pb::search_response::Result::Summary(pb::Summary::default());
        let summary = pb::SearchResponse { result: Some(summary) };
        assert!(matches!(event(Ok(Some(summary))), Ok(SearchEvent::Summary { .. })));
    }
}
