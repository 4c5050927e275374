//! When a live connection ends, and what becomes of its requests.

use crate::authority::Spec;
use crate::world::{Caller, World};
use concord_transport::Anchors;
use hyper::body::Body as _;
use std::time::Duration;
use tokio::time::Instant;

/// tokio's clock is paused: what does not wait takes no time.
const AT_ONCE: Duration = Duration::ZERO;

/// A hanging request, and the connection's end by `change`, which returns how soon that must come: the request
/// fails and its work stops.
async fn ends_by(world: World, change: impl FnOnce(&World) -> Duration) {
    let mut running = world.listen().await;
    let mut caller = world.good_call(&running).await;
    caller.who().await;
    let hanging = caller.send.send_request(crate::world::request("/hang"));
    let hanging = tokio::spawn(hanging);
    // The other request tells that the hanging one, sent before it, has arrived.
    caller.who().await;
    let start = Instant::now();
    let soon = change(&world);
    assert!(hanging.await.unwrap().is_err());
    running.cancelled.recv().await.unwrap();
    caller.connection.await.unwrap().ok();
    assert!(start.elapsed() <= soon, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn revoked_peers_are_cut_off() {
    ends_by(World::new(), |world| {
        world.revoke(&[], &[1]);
        AT_ONCE
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn revoked_servers_are_left() {
    ends_by(World::new(), |world| {
        world.revoke(&[1], &[]);
        AT_ONCE
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn agencies_without_a_bundle_are_cut_off() {
    ends_by(World::new(), |world| {
        let mut anchors = Anchors::clone(&world.trust.snapshot());
        anchors.remove(&world.gx.agency);
        world.trust.replace(anchors);
        AT_ONCE
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn expired_peers_are_cut_off() {
    ends_by(World::new(), |world| {
        world.clock.advance(Duration::from_secs(100 * 86_400));
        world.limits.recheck
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_others_stay() {
    let world = World::new();
    let running = world.listen().await;
    let mut caller = world.good_call(&running).await;
    caller.who().await;
    world.revoke(&[66], &[66]);
    tokio::time::sleep(2 * world.limits.recheck).await;
    caller.who().await;
    assert!(!caller.connection.is_finished());
}

/// How long the connection lasts from `start` on.
async fn lasts(caller: Caller, start: Instant) -> Duration {
    caller.connection.await.unwrap().unwrap();
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn idle_connections_end() {
    let world = World::new();
    let running = world.listen().await;
    let mut caller = world.good_call(&running).await;
    caller.who().await;
    tokio::time::sleep(Duration::from_secs(100)).await;
    caller.who().await;
    let start = Instant::now();
    assert_eq!(lasts(caller, start).await, world.limits.idle);
}

#[tokio::test(start_paused = true)]
async fn connections_without_a_request_end() {
    let world = World::new();
    let running = world.listen().await;
    let start = Instant::now();
    let caller = world.good_call(&running).await;
    caller.connection.await.unwrap().ok();
    assert_eq!(start.elapsed(), world.limits.first_request);
}

#[tokio::test(start_paused = true)]
async fn old_connections_end() {
    let mut world = World::new();
    world.limits.idle = 2 * world.limits.age;
    let running = world.listen().await;
    let start = Instant::now();
    let mut caller = world.good_call(&running).await;
    caller.who().await;
    assert_eq!(lasts(caller, start).await, world.limits.age);
}

#[tokio::test(start_paused = true)]
async fn shutdown_waits_for_open_requests_but_not_for_ever() {
    let world = World::new();
    let mut running = world.listen().await;
    let mut quiet = world.good_call(&running).await;
    quiet.who().await;
    let mut busy = world.good_call(&running).await;
    busy.who().await;
    let hanging = tokio::spawn(busy.send.send_request(crate::world::request("/hang")));
    busy.who().await;
    let start = Instant::now();
    running.shutdown.cancel();
    quiet.connection.await.unwrap().unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    running.task.await.unwrap();
    assert_eq!(start.elapsed(), world.limits.drain);
    running.cancelled.recv().await.unwrap();
    assert!(hanging.await.unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn dropping_the_listener_drops_its_connections() {
    let world = World::new();
    let running = world.listen().await;
    let mut caller = world.good_call(&running).await;
    caller.who().await;
    running.task.abort();
    caller.connection.await.unwrap().ok();
    assert!(caller.send.is_closed());
}

/// A trust change between two requests ends a connection even while it is draining.
#[tokio::test(start_paused = true)]
async fn revocation_does_not_wait_for_the_drain() {
    let world = World::new();
    let mut running = world.listen().await;
    let spec = Spec { serial: 7, ..Spec::new("spiffe://gx.police.cn/node/gateway") };
    let mut caller = world.call(&running, world.gx.leaf(&spec)).await.unwrap();
    caller.who().await;
    let body = caller.get("/stream").await.unwrap().into_body();
    let start = Instant::now();
    running.shutdown.cancel();
    tokio::task::yield_now().await;
    world.revoke(&[], &[7]);
    running.task.await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    running.cancelled.recv().await.unwrap();
    assert!(!body.is_end_stream());
}
