//! Every bound of a connection, with the reason for its default.

use http::Uri;
use std::time::Duration;
use tonic::transport::Endpoint;

/// A handshake takes two round trips and half a millisecond of CPU; five seconds are a lossy satellite line.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Below the 60 s after which some firewalls forget a quiet connection.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
/// A peer that does not answer a ping for so long is gone, or its line is.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Metadata of a call is a few hundred bytes; the rest is room for tracing headers.
const HEADER_LIST_BYTES: u32 = 16 * 1024;
/// At 20 ms round trip 8 MiB carry 230 MB/s, as for the import of a large register, and 64 KiB 2.8.
const STREAM_WINDOW_BYTES: u32 = 8 * 1024 * 1024;
/// Two full streams at once; more share it, so that one peer cannot make a process buffer without end.
const CONNECTION_WINDOW_BYTES: u32 = 16 * 1024 * 1024;
/// Expiry is noticed so late at most; shorter than the clock skew that the federation allows (60 s).
const RECHECK: Duration = Duration::from_secs(30);
/// What is under way at a change may end in peace: three times what a search waits if nobody says otherwise. A longer one
/// is cut, and is on the record as cancelled.
const DRAIN: Duration = Duration::from_secs(30);
/// Streams that a peer may make us reset before it counts as an attack (CVE-2023-44487 and its kin).
const RESETS: usize = 100;

/// The bounds of a listener. [`ServerLimits::federation`] and [`ServerLimits::local`] give the defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerLimits {
    /// From the first byte to the end of the TLS handshake.
    pub handshake: Duration,
    /// Handshakes under way at once; more wait in the kernel's queue. Strangers compete for these, and only for
    /// these, so a flood of them does not push members out.
    pub handshakes: usize,
    /// Connections with a verified peer at once; one more is closed at once.
    pub connections: usize,
    /// Of these, for one agency.
    pub connections_per_agency: usize,
    /// From the handshake to the first request's headers: a peer that has nothing to ask is not kept.
    pub first_request: Duration,
    /// A connection without any open request for so long is ended in peace.
    pub idle: Duration,
    /// A connection is ended in peace at this age, so that load spreads again over what has been added since.
    pub age: Duration,
    /// How long the requests under way may take to end when a connection is ended in peace; then it is cut.
    pub drain: Duration,
    /// A request from its headers to the end of its answer, whatever `grpc-timeout` the caller asks for.
    pub request: Duration,
    /// Between two pings to a peer that sends nothing.
    pub keepalive_interval: Duration,
    /// For the answer to a ping.
    pub keepalive_timeout: Duration,
    /// Requests open at once on one connection.
    pub streams: u32,
    /// Bytes of all headers of one request.
    pub header_list_bytes: u32,
    /// Bytes on their way for one request.
    pub stream_window_bytes: u32,
    /// Bytes on their way for one connection.
    pub connection_window_bytes: u32,
    /// Bytes of an answer that wait for the peer to read; for each stream.
    pub send_buffer_bytes: usize,
    /// Requests that the peer has reset before we took them up.
    pub pending_resets: usize,
    /// Requests that we have reset for the peer's mistakes.
    pub local_error_resets: usize,
    /// Between two verifications of a live peer's chain while trust does not change; bounds how late an expiry
    /// is noticed.
    pub recheck: Duration,
}

impl ServerLimits {
    /// For the federation API.
    pub const fn federation() -> Self {
        Self {
            handshake: HANDSHAKE,
            // At half a millisecond each, 128 are 64 ms of one core.
            handshakes: 128,
            // A national federation has some 50 nodes and 340 cities below them, with two connections each.
            connections: 1024,
            // A node needs one or two; its replicas and a rollout of new ones a few more.
            connections_per_agency: 16,
            first_request: Duration::from_secs(10),
            idle: Duration::from_secs(300),
            age: Duration::from_secs(3600),
            drain: DRAIN,
            // A search has a minute at most, and a slow body holds a slot for as long as this.
            request: Duration::from_secs(70),
            keepalive_interval: KEEPALIVE_INTERVAL,
            keepalive_timeout: KEEPALIVE_TIMEOUT,
            // As many as one peer's requests are admitted; more wait at the peer, which can shed them.
            streams: 64,
            header_list_bytes: HEADER_LIST_BYTES,
            stream_window_bytes: STREAM_WINDOW_BYTES,
            connection_window_bytes: CONNECTION_WINDOW_BYTES,
            // The largest answer; a slow reader holds back its own stream and nothing else.
            send_buffer_bytes: 1024 * 1024,
            // The HTTP/2 library's own bound.
            pending_resets: 20,
            local_error_resets: RESETS,
            recheck: RECHECK,
        }
    }

    /// For the local API: all callers are of one agency, so its share is the whole, and a person may think for
    /// longer between two questions.
    pub const fn local() -> Self {
        let federation = Self::federation();
        Self {
            connections_per_agency: federation.connections,
            // An import of a large register takes minutes.
            request: Duration::from_secs(3600),
            idle: Duration::from_secs(1800),
            streams: 128,
            ..federation
        }
    }
}

/// The bounds of an outgoing connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientLimits {
    /// Until the network has a connection.
    pub connect: Duration,
    /// From then to the server's first HTTP/2 byte, which says that it has taken our certificate.
    pub handshake: Duration,
    /// Between two pings, also while nothing is asked: a line that has died in silence is found before it is needed.
    pub keepalive_interval: Duration,
    /// For the answer to a ping.
    pub keepalive_timeout: Duration,
    /// Bytes of all headers of one answer.
    pub header_list_bytes: u32,
    /// Bytes on their way for one request.
    pub stream_window_bytes: u32,
    /// Bytes on their way for one connection.
    pub connection_window_bytes: u32,
    /// How long a connection lives on after our own leaf has been replaced, for the requests under way.
    pub swap_grace: Duration,
    /// As [`ServerLimits::recheck`].
    pub recheck: Duration,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            // Far beyond any round trip on land; a fan-out should learn early whom it cannot reach.
            connect: Duration::from_secs(3),
            handshake: HANDSHAKE,
            keepalive_interval: KEEPALIVE_INTERVAL,
            keepalive_timeout: KEEPALIVE_TIMEOUT,
            header_list_bytes: HEADER_LIST_BYTES,
            stream_window_bytes: STREAM_WINDOW_BYTES,
            connection_window_bytes: CONNECTION_WINDOW_BYTES,
            swap_grace: DRAIN,
            recheck: RECHECK,
        }
    }
}

impl ClientLimits {
    /// An endpoint with these bounds set, for tonic's `Channel`.
    pub fn endpoint(&self, uri: Uri) -> Endpoint {
        Endpoint::from(uri)
            .http2_keep_alive_interval(self.keepalive_interval)
            .keep_alive_timeout(self.keepalive_timeout)
            .keep_alive_while_idle(true)
            .http2_max_header_list_size(self.header_list_bytes)
            .initial_stream_window_size(self.stream_window_bytes)
            .initial_connection_window_size(self.connection_window_bytes)
            .http2_max_local_error_reset_streams(RESETS)
    }
}
