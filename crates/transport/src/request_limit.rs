//! The time a request may take: the listener's own limit, or less if the caller asks for less.

use crate::activity::OpenRequest;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use hyper::body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Status;

/// When a request ends at the latest. It stands in the extensions of every request, so that calls onward can be
/// given what is left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestDeadline(pub Instant);

/// Digits of a `grpc-timeout` at most (gRPC over HTTP/2, "Requests").
const TIMEOUT_DIGITS_MAX: usize = 8;

/// The time that a request gets: `limit`, or what its `grpc-timeout` asks for, if that is less.
///
/// # Errors
/// INVALID_ARGUMENT if the header is there and cannot be read: a caller's deadline is not guessed.
pub(crate) fn time_for(headers: &HeaderMap, limit: Duration) -> Result<Duration, Status> {
    let Some(header) = headers.get("grpc-timeout") else {
        return Ok(limit);
    };
    match header.to_str().ok().and_then(parse) {
        Some(asked) => Ok(limit.min(asked)),
        None => Err(Status::invalid_argument("grpc-timeout: must be 1 to 8 digits and one of H M S m u n")),
    }
}

fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > TIMEOUT_DIGITS_MAX || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

/// What the caller is told when time is up.
pub(crate) fn time_is_up() -> Status {
    Status::deadline_exceeded("the request has reached its time limit")
}

/// An answer that stops at the request's deadline, and keeps the request counted as open until it has been sent.
#[derive(Debug)]
pub(crate) struct LimitedBody {
    /// Dropped when time is up, and with it the work that feeds it.
    inner: Option<tonic::body::Body>,
    deadline: Pin<Box<Sleep>>,
    _open: OpenRequest,
}

impl LimitedBody {
    pub(crate) fn new(inner: tonic::body::Body, deadline: Instant, open: OpenRequest) -> Self {
        Self { inner: Some(inner), deadline: Box::pin(sleep_until(deadline)), _open: open }
    }
}

impl Body for LimitedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(inner) = &mut self.inner else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(frame) = Pin::new(inner).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        std::task::ready!(self.deadline.as_mut().poll(cx));
        self.inner = None;
        Poll::Ready(Some(Ok(Frame::trailers(trailers(&time_is_up())))))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}

fn trailers(status: &Status) -> HeaderMap<HeaderValue> {
    let mut trailers = HeaderMap::new();
    // Only metadata can fail to be written, and there is none.
    if status.add_header(&mut trailers).is_err() {
        trailers.insert("grpc-status", HeaderValue::from_static("4"));
    }
    trailers
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asked(text: &'static str) -> Option<Duration> {
        let headers =
            HeaderMap::from_iter([("grpc-timeout".parse().unwrap(), HeaderValue::from_static(text))]);
        time_for(&headers, Duration::from_secs(60)).ok()
    }

    #[test]
    fn the_shorter_limit_counts() {
        assert_eq!(time_for(&HeaderMap::new(), Duration::from_secs(60)).unwrap(), Duration::from_secs(60));
        assert_eq!(asked("1500m"), Some(Duration::from_millis(1500)));
        assert_eq!(asked("99999999H"), Some(Duration::from_secs(60)));
        assert_eq!(asked("0n"), Some(Duration::ZERO));
        for bad in ["", "S", "1", "1s", "-1S", "123456789S", "1 S", "1.5S"] {
            assert_eq!(asked(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(text in ".{0,12}") {
            if let Some(time) = parse(&text) {
                prop_assert!(text.len() <= 9 && time <= Duration::from_secs(99_999_999 * 3600));
            }
        }
    }
}
