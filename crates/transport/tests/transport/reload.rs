//! Leaves and bundles are replaced while everything runs.

use crate::authority::{Authority, Spec};
use crate::world::{Caller, World};
use concord_transport::{Anchors, Bundle, ConnectError, Credentials, PeerRefused};
use std::sync::Arc;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn the_listener_shows_its_new_leaf() {
    let world = World::new();
    let running = world.listen().await;
    world.revoke(&[1], &[]);
    let gx = || world.gx.leaf_for("node/gateway");
    match world.call(&running, gx()).await {
        Err(ConnectError::PeerRefused(PeerRefused::Revoked { .. })) => {}
        other => panic!("{:?}", other.err()),
    }
    let second = Spec { serial: 2, ..Spec::new("spiffe://yn.police.cn/node/gateway") };
    world.credentials.replace(world.yn.leaf(&second));
    world.call(&running, gx()).await.unwrap().who().await;
}

#[tokio::test(start_paused = true)]
async fn a_caller_comes_back_with_its_new_leaf() {
    let world = World::new();
    let running = world.listen().await;
    let credentials = Arc::new(Credentials::new(world.gx.leaf_for("node/first")));
    let connector = world.connector_to("yn.police.cn", Arc::clone(&credentials));
    let dial =
        || async { Caller::over(connector.dial(&running.address.to_string()).await.unwrap()).await.unwrap() };
    let mut caller = dial().await;
    assert_eq!(caller.who().await.0, "spiffe://gx.police.cn/node/first");
    let start = Instant::now();
    credentials.replace(world.gx.leaf_for("node/second"));
    assert_eq!(dial().await.who().await.0, "spiffe://gx.police.cn/node/second");
    caller.who().await;
    assert!(caller.connection.await.unwrap().is_err());
    assert_eq!(start.elapsed(), world.client_limits.swap_grace);
}

/// An agency changes its authority: both roots for a while, then only the new one.
#[tokio::test(start_paused = true)]
async fn an_agency_changes_its_authority() {
    let world = World::new();
    let running = world.listen().await;
    let renewed = Authority::new("gx.police.cn");
    let bundle = |roots| Bundle { agency: world.gx.agency.clone(), roots, crls: Vec::new() };
    let trust = |roots| world.trust.replace(Anchors::build([world.yn.bundle(&[]), bundle(roots)]).unwrap());

    let mut old = world.good_call(&running).await;
    old.who().await;
    assert!(world.call(&running, renewed.leaf_for("node/gateway")).await.is_err());
    trust(vec![world.gx.pem(), renewed.pem()]);
    let mut new = world.call(&running, renewed.leaf_for("node/gateway")).await.unwrap();
    new.who().await;
    old.who().await;
    trust(vec![renewed.pem()]);
    old.connection.await.unwrap().ok();
    new.who().await;
}
