//! The life of one accepted connection: HTTP/2 within bounds, and every way in which it ends.

use crate::acceptor::Accepted;
use crate::activity::Activity;
use crate::chain::PeerRefused;
use crate::limits::ServerLimits;
use crate::peer::Peer;
use crate::request_limit::{LimitedBody, RequestDeadline, time_for, time_is_up};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http2::Builder;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::Arc;
use thiserror::Error;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt};

/// Why a connection ended.
#[derive(Debug, Error)]
pub(crate) enum End {
    #[error("closed by the peer")]
    ByPeer,
    #[error("the connection failed: {0}")]
    Failed(hyper::Error),
    #[error("trust in the peer has ended: {0}")]
    Untrusted(PeerRefused),
    #[error("no request arrived in time")]
    NoRequest,
    #[error("ended in peace: {0}")]
    Left(Leave),
    #[error("cut, since requests were still open at the end of the drain: {0}")]
    Cut(Leave),
}

/// Why we leave a connection in peace.
#[derive(Debug, Clone, Copy, Error)]
pub(crate) enum Leave {
    #[error("idle")]
    Idle,
    #[error("maximum age")]
    Age,
    #[error("shutdown")]
    Shutdown,
}

/// Serves one connection until it ends, and the work for its requests with it.
pub(crate) async fn serve<S, B>(
    accepted: Accepted,
    service: S,
    limits: &ServerLimits,
    shutdown: CancellationToken,
) -> End
where
    S: Service<Request<tonic::body::Body>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let activity = Activity::new();
    let end = until_end(accepted, service, limits, shutdown, &activity).await;
    // hyper runs each request in a task of its own. They end as soon as they learn that the connection is gone, but one
    // may just be putting something on the record.
    activity.over().await;
    end
}

async fn until_end<S, B>(
    accepted: Accepted,
    service: S,
    limits: &ServerLimits,
    shutdown: CancellationToken,
    activity: &Arc<Activity>,
) -> End
where
    S: Service<Request<tonic::body::Body>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let Accepted { io, peer, vigil } = accepted;
    let requests = Requests { service, peer, activity: Arc::clone(activity), limits: limits.clone() };
    let answer = hyper::service::service_fn(move |request| requests.answer(request));
    let http = http2(limits).serve_connection(TokioIo::new(io), answer);
    tokio::pin!(http);
    let untrusted = vigil.broken();
    tokio::pin!(untrusted);

    let leave = tokio::select! {
        // Trust first, at every turn: a request that arrives after trust has ended must not be read any more.
        biased;
        refused = &mut untrusted => return End::Untrusted(refused),
        ended = &mut http => return by_peer(ended),
        leave = reason_to_leave(activity, limits, &shutdown) => leave,
    };
    let Some(leave) = leave else {
        return End::NoRequest;
    };
    // GOAWAY: the peer opens its next request elsewhere, what is open goes on. Trust can still end meanwhile.
    http.as_mut().graceful_shutdown();
    tokio::select! {
        biased;
        refused = &mut untrusted => End::Untrusted(refused),
        ended = &mut http => ended.map_or_else(End::Failed, |()| End::Left(leave)),
        () = sleep(limits.drain) => End::Cut(leave),
    }
}

fn by_peer(ended: hyper::Result<()>) -> End {
    ended.map_or_else(End::Failed, |()| End::ByPeer)
}

/// Waits for a reason to end a healthy connection; `None` if the first request has not come in time.
async fn reason_to_leave(
    activity: &Activity,
    limits: &ServerLimits,
    shutdown: &CancellationToken,
) -> Option<Leave> {
    let too_late = async {
        sleep(limits.first_request).await;
        if activity.asked() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => Some(Leave::Shutdown),
        () = too_late => None,
        () = activity.idle(limits.idle) => Some(Leave::Idle),
        () = sleep(limits.age) => Some(Leave::Age),
    }
}

fn http2(limits: &ServerLimits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.keepalive_interval)
        .keep_alive_timeout(limits.keepalive_timeout)
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(limits.header_list_bytes)
        .initial_stream_window_size(limits.stream_window_bytes)
        .initial_connection_window_size(limits.connection_window_bytes)
        .max_send_buf_size(limits.send_buffer_bytes)
        .max_pending_accept_reset_streams(limits.pending_resets)
        .max_local_error_reset_streams(limits.local_error_resets)
        // The clock is the domain's; hyper would ask the machine's.
        .auto_date_header(false);
    builder
}

/// What each request of the connection passes through.
struct Requests<S> {
    service: S,
    peer: Peer,
    activity: Arc<Activity>,
    limits: ServerLimits,
}

impl<S, B> Requests<S>
where
    S: Service<Request<tonic::body::Body>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// Counts the request, says who asks, and bounds its time.
    fn answer(
        &self,
        mut request: Request<Incoming>,
    ) -> BoxFuture<'static, Result<Response<LimitedBody>, Infallible>> {
        let open = self.activity.begin();
        let time = time_for(request.headers(), self.limits.request);
        let service = self.service.clone();
        request.extensions_mut().insert(self.peer.clone());
        Box::pin(async move {
            let (response, deadline) = match time {
                Ok(time) => {
                    let deadline = Instant::now() + time;
                    request.extensions_mut().insert(RequestDeadline(deadline));
                    (within(deadline, service, request).await, deadline)
                }
                Err(status) => (status.into_http(), Instant::now()),
            };
            Ok(response.map(|body| LimitedBody::new(body, deadline, open)))
        })
    }
}

async fn within<S, B>(
    deadline: Instant,
    service: S,
    request: Request<Incoming>,
) -> Response<tonic::body::Body>
where
    S: Service<Request<tonic::body::Body>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let answer = service.oneshot(request.map(tonic::body::Body::new));
    match timeout_at(deadline, answer).await {
        Ok(Ok(response)) => response.map(tonic::body::Body::new),
        Ok(Err(never)) => match never {},
        Err(_) => time_is_up().into_http(),
    }
}
