//! The same over real sockets, with the parts that the node uses: tonic's routes and channel.

use crate::authority::agency;
use crate::world::{World, request};
use concord_transport::{ConnectError, Credentials, Network, PeerConnector, RealNetwork, Server, ServerTls};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tower::ServiceExt;

struct Loopback {
    world: World,
    address: std::net::SocketAddr,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

async fn loopback() -> Loopback {
    let world = World::new();
    let tls = ServerTls {
        credentials: Arc::clone(&world.credentials),
        trust: Arc::clone(&world.trust),
        clock: world.clock(),
        accept: world.accept.clone(),
    };
    let server = Server::new(Arc::new(RealNetwork), tls, world.limits.clone());
    let bound = server.bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let (address, shutdown) = (bound.local_addr(), CancellationToken::new());
    let task = tokio::spawn(bound.serve(Routes::default().prepare(), shutdown.clone()));
    Loopback { world, address, shutdown, task }
}

fn connector(world: &World, leaf: concord_transport::Leaf) -> PeerConnector {
    let network: Arc<dyn Network> = Arc::new(RealNetwork);
    PeerConnector::new(
        network,
        Arc::new(Credentials::new(leaf)),
        Arc::clone(&world.trust),
        world.clock(),
        agency("yn.police.cn"),
        world.client_limits.clone(),
    )
}

#[tokio::test]
async fn a_channel_reaches_routes() {
    let Loopback { world, address, shutdown, task } = loopback().await;
    let uri = format!("https://{address}").parse().unwrap();
    let channel = connector(&world, world.gx.leaf_for("node/gateway")).channel(uri);
    let response = channel.oneshot(request("/concord.none.v1.None/None")).await.unwrap();
    assert_eq!(response.headers()["grpc-status"], "12", "nothing is routed, and the routes say so");
    shutdown.cancel();
    task.await.unwrap();
}

#[tokio::test]
async fn a_channel_tells_distrust_from_absence() {
    let Loopback { world, address, shutdown, task } = loopback().await;
    let uri: http::Uri = format!("https://{address}").parse().unwrap();
    let refused = connector(&world, world.gx.leaf_for("app/console")).channel(uri.clone());
    let error = refused.oneshot(request("/x")).await.unwrap_err();
    match ConnectError::find(&error) {
        Some(ConnectError::RefusedByPeer { alert }) => assert_eq!(alert, "AccessDenied"),
        other => panic!("{other:?} in {error:?}"),
    }
    shutdown.cancel();
    task.await.unwrap();
    let absent = connector(&world, world.gx.leaf_for("node/gateway")).channel(uri);
    let error = absent.oneshot(request("/x")).await.unwrap_err();
    assert!(matches!(ConnectError::find(&error), Some(ConnectError::ConnectFailed(_))), "{error:?}");
}

#[tokio::test]
async fn an_address_needs_its_parts() {
    let world = World::new();
    for uri in ["http://127.0.0.1:1", "https://127.0.0.1"] {
        let connector = connector(&world, world.gx.leaf_for("node/gateway"));
        let error = connector.oneshot(uri.parse::<http::Uri>().unwrap()).await.unwrap_err();
        assert!(matches!(error, ConnectError::BadAddress { .. }), "{uri}: {error:?}");
    }
}
