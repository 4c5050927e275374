//! Who is let in, and who is refused, by their certificates.

use crate::authority::{Authority, Spec, agency};
use crate::world::{World, refusal};
use concord_transport::{Anchors, Bundle, ConnectError, Credentials, PeerConnector, PeerRefused, TrustStore};
use rcgen::ExtendedKeyUsagePurpose;
use std::sync::Arc;

const GX_NODE: &str = "spiffe://gx.police.cn/node/gateway";

#[tokio::test(start_paused = true)]
async fn nodes_call_each_other() {
    let world = World::new();
    let yn = world.listen().await;
    assert_eq!(world.good_call(&yn).await.who().await, (GX_NODE.to_owned(), String::new()));

    let gx = World { credentials: Arc::new(Credentials::new(world.gx.leaf_for("node/gateway"))), ..world };
    let listening = gx.listen().await;
    let connector =
        gx.connector_to("gx.police.cn", Arc::new(Credentials::new(gx.yn.leaf_for("node/gateway"))));
    assert_eq!(connector.certificate_ends(), None, "before the first connection");
    let io = connector.clone().dial(&listening.address.to_string()).await.unwrap();
    assert_eq!(
        connector.certificate_ends(),
        Some(gx.credentials.current().expires()),
        "clones know it together"
    );
    let mut caller = crate::world::Caller::over(io).await.unwrap();
    assert_eq!(caller.who().await.0, "spiffe://yn.police.cn/node/gateway");
}

#[tokio::test(start_paused = true)]
async fn applications_and_officers_bring_their_roles() {
    let world = World::local();
    let running = world.listen().await;
    for path in ["app/console", "officer/053211"] {
        let identity = format!("spiffe://yn.police.cn/{path}");
        let spec = Spec { roles: "inquirer, on-behalf", ..Spec::new(&identity) };
        let credentials = Arc::new(Credentials::new(world.yn.leaf(&spec)));
        let limits = world.client_limits.clone();
        let connector =
            PeerConnector::to_own_node(world.network(), credentials, world.yn.pem(), world.clock(), limits);
        let io = connector.unwrap().dial(&running.address.to_string()).await.unwrap();
        let mut caller = crate::world::Caller::over(io).await.unwrap();
        assert_eq!(caller.who().await, (identity, "inquirer|on-behalf".to_owned()));
    }
}

/// Each of these is refused by the listener with an alert that says why, and the next good caller is served.
#[tokio::test(start_paused = true)]
async fn the_federation_api_refuses() {
    let world = World::new();
    world.revoke(&[], &[66]);
    let running = world.listen().await;
    let (yn, gx, stranger) = (&world.yn, &world.gx, Authority::new("xx.police.cn"));
    let node = Spec::new(GX_NODE);
    let expired = Spec { months: (1, 3), ..node.clone() };
    let early = Spec { months: (8, 9), ..node.clone() };
    let server_only = Spec { usages: vec![ExtendedKeyUsagePurpose::ServerAuth], ..node.clone() };
    let purposeless = Spec { usages: Vec::new(), ..node.clone() };
    let cases = [
        ("another agency's authority", yn.leaf(&node), "UnknownCA"),
        ("unknown authority, known agency", stranger.leaf(&node), "UnknownCA"),
        ("unknown agency", stranger.leaf_for("node/gateway"), "UnknownCA"),
        ("expired", gx.leaf(&expired), "CertificateExpired"),
        ("not valid yet", gx.leaf(&early), "CertificateExpired"),
        ("revoked", gx.leaf(&Spec { serial: 66, ..node.clone() }), "CertificateRevoked"),
        ("for servers only", gx.leaf(&server_only), "UnsupportedCertificate"),
        ("for no stated use", gx.leaf(&purposeless), "UnsupportedCertificate"),
        ("too long a chain", gx.leaf_with_chain("node/gateway", 4), "CertificateUnknown"),
        ("an application", gx.leaf_for("app/console"), "AccessDenied"),
        ("an officer", gx.leaf_for("officer/053211"), "AccessDenied"),
    ];
    assert!(world.call(&running, gx.leaf_with_chain("node/gateway", 3)).await.is_ok());
    for (what, leaf, alert) in cases {
        let refused = refusal(world.call(&running, leaf).await);
        assert_eq!(refused, alert, "{what}");
        assert_eq!(world.good_call(&running).await.who().await.0, GX_NODE, "after {what}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_local_api_refuses() {
    let world = World::local();
    let running = world.listen().await;
    for (what, leaf) in [
        ("its own node", world.yn.leaf_for("node/gateway")),
        ("another node", world.gx.leaf_for("node/gateway")),
        ("another agency's application", world.gx.leaf_for("app/console")),
        ("another agency's officer", world.gx.leaf_for("officer/053211")),
    ] {
        assert_eq!(refusal(world.call(&running, leaf).await), "AccessDenied", "{what}");
    }
    assert!(world.call(&running, world.yn.leaf_for("app/console")).await.is_ok());
}

/// The caller refuses whoever is not the node of the agency that it called.
#[tokio::test(start_paused = true)]
async fn the_caller_refuses() {
    let world = World::new();
    let yn_node = Spec::new("spiffe://yn.police.cn/node/gateway");
    let client_only = Spec { usages: vec![ExtendedKeyUsagePurpose::ClientAuth], ..yn_node.clone() };
    let yn = agency("yn.police.cn");
    let cases = [
        (
            world.gx.leaf_for("node/gateway"),
            PeerRefused::UnexpectedAgency { expected: yn.clone(), found: agency("gx.police.cn") },
        ),
        (world.gx.leaf(&yn_node), PeerRefused::NotIssuedByAgency { agency: yn.clone() }),
        (world.yn.leaf_for("app/console"), PeerRefused::UnacceptedWorkload { agency: yn.clone() }),
        (world.yn.leaf(&client_only), PeerRefused::WrongPurpose { agency: yn.clone() }),
        (world.yn.leaf(&Spec { serial: 66, ..yn_node }), PeerRefused::Revoked { agency: yn }),
    ];
    world.revoke(&[66], &[]);
    let running = world.listen().await;
    for (shown, expected) in cases {
        world.credentials.replace(shown);
        match world.call(&running, world.gx.leaf_for("node/gateway")).await {
            Err(error @ ConnectError::PeerRefused(_)) => {
                assert!(error.is_distrust());
                let source = std::error::Error::source(&error).unwrap();
                assert_eq!(source.downcast_ref(), Some(&expected));
            }
            other => panic!("{expected}: {:?}", other.err()),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_leaf_with_two_identities_is_nobody() {
    let world = World::new();
    let running = world.listen().await;
    let two =
        Spec { identities: vec![GX_NODE.to_owned(), "https://x.test/".to_owned()], ..Spec::new(GX_NODE) };
    let issued = world.gx.issue(&two);
    let loaded =
        concord_transport::Leaf::from_pem(&issued.certificate, &issued.key, crate::authority::today());
    assert!(loaded.is_err(), "not even its holder can load it");
    let answer = crate::strangers::tls13_with(&world, &running, Some(issued)).await;
    assert_eq!(answer.unwrap_err(), "BadCertificate");
}

/// A list is taken from the claimed agency alone: Yunnan cannot revoke what Guangxi issued.
#[tokio::test(start_paused = true)]
async fn nobody_revokes_for_another_agency() {
    let world = World::new();
    world.revoke(&[1], &[]);
    let running = world.listen().await;
    let own_view = Bundle { agency: agency("yn.police.cn"), roots: vec![world.yn.pem()], crls: Vec::new() };
    let trust = Arc::new(TrustStore::new(Anchors::build([own_view]).unwrap()));
    let connector = PeerConnector::new(
        world.network(),
        Arc::new(Credentials::new(world.gx.leaf_for("node/gateway"))),
        trust,
        world.clock(),
        agency("yn.police.cn"),
        world.client_limits.clone(),
    );
    assert!(connector.dial(&running.address.to_string()).await.is_ok());
}
