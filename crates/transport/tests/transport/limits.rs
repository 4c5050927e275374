//! The bounds of connections and requests.

use crate::authority::agency;
use crate::memory::MemoryNetwork;
use crate::world::{Caller, World, request};
use concord_transport::{BoxedIo, ConnectError, Credentials, Listener, Network, PeerConnector, Phase};
use futures_util::future::BoxFuture;
use http::HeaderMap;
use hyper::body::Body as _;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn an_agency_has_only_so_many_connections() {
    let mut world = World::new();
    world.limits.connections_per_agency = 1;
    let running = world.listen().await;
    let mut first = world.good_call(&running).await;
    first.who().await;
    let second = world.call(&running, world.gx.leaf_for("node/gateway")).await;
    assert!(matches!(second, Err(ConnectError::Closed)), "{:?}", second.err());
    let mut other = world.call(&running, world.yn.leaf_for("node/gateway")).await.unwrap();
    other.who().await;
    end(first).await;
    world.good_call(&running).await.who().await;
}

#[tokio::test(start_paused = true)]
async fn a_listener_has_only_so_many_connections() {
    let mut world = World::new();
    world.limits.connections = 1;
    let running = world.listen().await;
    let first = world.good_call(&running).await;
    let second = world.call(&running, world.yn.leaf_for("node/gateway")).await;
    assert!(matches!(second, Err(ConnectError::Closed)), "{:?}", second.err());
    end(first).await;
    world.call(&running, world.yn.leaf_for("node/gateway")).await.unwrap();
}

/// Hangs up, and lets the listener take notice.
async fn end(caller: Caller) {
    drop(caller.send);
    caller.connection.await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
}

fn status(headers: &HeaderMap) -> &str {
    headers["grpc-status"].to_str().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_request_has_only_so_much_time() {
    let world = World::new();
    let mut running = world.listen().await;
    let mut caller = world.good_call(&running).await;
    let start = Instant::now();
    let response = caller.get("/hang").await.unwrap();
    assert_eq!((status(response.headers()), start.elapsed()), ("4", world.limits.request));
    running.cancelled.recv().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_caller_may_ask_for_less_time() {
    let world = World::new();
    let mut running = world.listen().await;
    let mut caller = world.good_call(&running).await;
    let start = Instant::now();
    let mut short = request("/stream");
    short.headers_mut().insert("grpc-timeout", "250m".parse().unwrap());
    let mut body = caller.send.send_request(short).await.unwrap().into_body();
    let frame = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await.unwrap().unwrap();
    assert_eq!(status(frame.trailers_ref().unwrap()), "4");
    assert_eq!(start.elapsed(), Duration::from_millis(250));
    running.cancelled.recv().await.unwrap();

    let mut unreadable = request("/who");
    unreadable.headers_mut().insert("grpc-timeout", "soon".parse().unwrap());
    assert_eq!(status(caller.send.send_request(unreadable).await.unwrap().headers()), "3");
}

#[tokio::test(start_paused = true)]
async fn headers_have_a_limit() {
    let world = World::new();
    let running = world.listen().await;
    let mut caller = world.good_call(&running).await;
    let mut large = request("/who");
    let value = "x".repeat(world.limits.header_list_bytes.try_into().unwrap());
    large.headers_mut().insert("x-large", value.parse().unwrap());
    match caller.send.send_request(large).await {
        Ok(response) => assert_eq!(response.status(), http::StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        Err(error) => assert!(error.is_user() || error.to_string().contains("http2"), "{error}"),
    }
    caller.who().await;
}

#[tokio::test(start_paused = true)]
async fn nobody_there_is_not_distrust() {
    let world = World::new();
    let connector = world.connector(world.gx.leaf_for("node/gateway"));
    let error = connector.dial("127.0.0.1:1").await.unwrap_err();
    assert!(matches!(error, ConnectError::ConnectFailed(_)) && !error.is_distrust(), "{error:?}");
}

/// A network in which nobody ever answers.
#[derive(Debug)]
struct BlackHole {
    /// Whether connections come about at all.
    connects: bool,
}

impl Network for BlackHole {
    fn connect<'a>(&'a self, _: &'a str) -> BoxFuture<'a, io::Result<BoxedIo>> {
        Box::pin(async move {
            if !self.connects {
                std::future::pending::<()>().await;
            }
            let (ours, theirs) = tokio::io::duplex(64);
            std::mem::forget(theirs);
            let ours: BoxedIo = Box::new(ours);
            Ok(ours)
        })
    }

    fn bind(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async move { MemoryNetwork::default().bind(address).await })
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_gives_up_in_time() {
    let world = World::new();
    for (connects, phase, limit) in [
        (false, Phase::Connect, world.client_limits.connect),
        (true, Phase::Handshake, world.client_limits.handshake),
    ] {
        let connector = PeerConnector::new(
            Arc::new(BlackHole { connects }),
            Arc::new(Credentials::new(world.gx.leaf_for("node/gateway"))),
            Arc::clone(&world.trust),
            world.clock(),
            agency("yn.police.cn"),
            world.client_limits.clone(),
        );
        let start = Instant::now();
        match connector.dial("127.0.0.1:1").await.unwrap_err() {
            ConnectError::Timeout { phase: found, limit: named } => {
                assert_eq!((found, named), (phase, limit))
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(start.elapsed(), limit);
    }
}

/// A peer that has gone without a word is noticed by a ping that it does not answer.
#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_given_up() {
    let mut world = World::new();
    world.limits.first_request = world.limits.age;
    let running = world.listen().await;
    let dialed = world.connector(world.gx.leaf_for("node/gateway")).dial(&running.address.to_string()).await;
    let mut io = dialed.unwrap();
    // The client's preface and an empty SETTINGS frame (RFC 9113, section 3.4), and then nothing more.
    io.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let start = Instant::now();
    io.read_to_end(&mut Vec::new()).await.ok();
    assert_eq!(start.elapsed(), world.limits.keepalive_interval + world.limits.keepalive_timeout);
}
