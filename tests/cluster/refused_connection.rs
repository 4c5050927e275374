//! Callers that neither listener takes, and what each of them is told.

use crate::PROGRAM;
use concord_domain::{Clock, Role, SpiffeId, SystemClock, SystemEntropy, Timestamp, Workload};
use concord_pki::{Authority, Credential, LeafSpec, NodeFolder, Validity};
use concord_testkit::caller;
use concord_testkit::cluster::{TestCluster, agency, until};
use concord_testkit::people::{notice, passport};
use concord_testkit::searching::{PATIENCE, Searched, agencies, by_id, query};
use concord_testkit::stranger::{self, Stranger};
use std::time::Duration;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

const YUNNAN: &str = "yn.police.cn";
const SICHUAN: &str = "sc.police.cn";
/// A member without a node here.
const GUIZHOU: &str = "gz.police.cn";

const HOUR: Duration = Duration::from_secs(3600);

/// Longer than the five seconds between two looks at the revocation lists, with room for a busy machine.
const RELOADED: Duration = Duration::from_secs(15);

fn now() -> Timestamp {
    SystemClock.now()
}

/// Yunnan asks, Sichuan answers, and Sichuan's two listeners are looked at.
struct World {
    cluster: TestCluster,
}

impl World {
    async fn start() -> Self {
        let cluster = TestCluster::start(PROGRAM, &[YUNNAN, SICHUAN]).await.unwrap();
        cluster.import(SICHUAN, "sample", vec![notice(7, "Person Number 7")]).await.unwrap();
        Self { cluster }
    }

    fn federation(&self) -> &str {
        &self.cluster.node(SICHUAN).federation_api
    }

    fn local(&self) -> &str {
        &self.cluster.node(SICHUAN).local_api
    }

    /// The agency's real authority.
    fn authority(&self, name: &str) -> Authority {
        Authority::load(&self.cluster.files(name).authority()).unwrap()
    }

    /// Both listeners of Sichuan take new connections of those whom they should take.
    async fn serves(&self, after: &str) {
        let local = self.cluster.application(SICHUAN).unwrap();
        assert_eq!(local.stats().await.unwrap().len(), 1, "after {after}");
        let node = self.cluster.files(YUNNAN).node();
        let channel = caller::channel(&self.cluster.layout(), &agency(SICHUAN), &node, self.federation());
        let health = HealthClient::new(channel).check(HealthCheckRequest::default()).await;
        assert_eq!(health.unwrap().into_inner().status, 1, "after {after}");
        let yunnan = self.cluster.application(YUNNAN).unwrap();
        let asked = query(by_id(&format!("passport:{}", passport(7))), agencies(&[SICHUAN]));
        let found = Searched::of(&yunnan, asked, PATIENCE).await.unwrap();
        assert_eq!(found.notices(SICHUAN), ["T-00007"], "after {after}");
    }
}

fn identity(name: &str, workload: Workload) -> SpiffeId {
    SpiffeId { agency: agency(name), workload }
}

fn node(name: &str) -> SpiffeId {
    SpiffeId::node(agency(name))
}

fn application(name: &str) -> SpiffeId {
    identity(name, Workload::App("console".into()))
}

fn officer(name: &str) -> SpiffeId {
    identity(name, Workload::Officer("053211".into()))
}

fn good() -> Validity {
    Validity::starting(now(), HOUR)
}

fn over() -> Validity {
    Validity { from: now().minus(HOUR * 2), until: now().minus(HOUR) }
}

fn to_come() -> Validity {
    Validity { from: now().plus(HOUR), until: now().plus(HOUR * 2) }
}

fn issued(by: &Authority, identity: SpiffeId, validity: Validity) -> Credential {
    let roles = Role::ALL.iter().map(ToString::to_string).collect();
    by.issue_leaf(&LeafSpec { identity, roles, validity }, &SystemEntropy).unwrap()
}

/// An authority in the name of an agency that has never heard of it.
fn unknown_authority(name: &str) -> Authority {
    Authority::create(&agency(name), good(), &SystemEntropy).unwrap()
}

type Case = (&'static str, Option<Credential>, &'static str);

async fn refuses(world: &World, listener: &str, cases: Vec<Case>) {
    for (what, shown, alert) in cases {
        let told = Stranger::showing(shown.as_ref()).call(listener).await;
        assert_eq!(told.unwrap_err(), alert, "{what}");
    }
    world.serves("all of them").await;
}

#[tokio::test]
async fn the_federation_api_takes_nodes_of_members_by_their_own_authority() {
    let world = World::start().await;
    let (yunnan, sichuan) = (world.authority(YUNNAN), world.authority(SICHUAN));
    let stranger = unknown_authority(YUNNAN);
    let cases = vec![
        ("no certificate", None, "CertificateRequired"),
        ("an unknown authority", Some(issued(&stranger, node(YUNNAN), good())), "UnknownCA"),
        ("no member", Some(issued(&unknown_authority("x.cn"), node("x.cn"), good())), "UnknownCA"),
        ("an expired certificate", Some(issued(&yunnan, node(YUNNAN), over())), "CertificateExpired"),
        ("a certificate of tomorrow", Some(issued(&yunnan, node(YUNNAN), to_come())), "CertificateExpired"),
        ("Sichuan by Yunnan's authority", Some(issued(&yunnan, node(SICHUAN), good())), "UnknownCA"),
        ("Yunnan by Sichuan's authority", Some(issued(&sichuan, node(YUNNAN), good())), "UnknownCA"),
        ("Guizhou by Yunnan's authority", Some(issued(&yunnan, node(GUIZHOU), good())), "UnknownCA"),
        ("another's application", Some(issued(&yunnan, application(YUNNAN), good())), "AccessDenied"),
        ("its own application", Some(issued(&sichuan, application(SICHUAN), good())), "AccessDenied"),
        ("an officer", Some(issued(&yunnan, officer(YUNNAN), good())), "AccessDenied"),
    ];
    refuses(&world, world.federation(), cases).await;
    speaks_nothing_else(&world, world.federation(), &issued(&yunnan, node(YUNNAN), good())).await;
}

#[tokio::test]
async fn the_local_api_takes_applications_and_officers_of_its_own_agency() {
    let world = World::start().await;
    let (yunnan, sichuan) = (world.authority(YUNNAN), world.authority(SICHUAN));
    let stranger = unknown_authority(SICHUAN);
    let cases = vec![
        ("no certificate", None, "CertificateRequired"),
        ("an unknown authority", Some(issued(&stranger, application(SICHUAN), good())), "UnknownCA"),
        (
            "an expired certificate",
            Some(issued(&sichuan, application(SICHUAN), over())),
            "CertificateExpired",
        ),
        ("its own node", Some(issued(&sichuan, node(SICHUAN), good())), "AccessDenied"),
        ("another's node", Some(issued(&yunnan, node(YUNNAN), good())), "UnknownCA"),
        ("another's application", Some(issued(&yunnan, application(YUNNAN), good())), "UnknownCA"),
        ("another's officer", Some(issued(&yunnan, officer(YUNNAN), good())), "UnknownCA"),
        ("its application by another", Some(issued(&yunnan, application(SICHUAN), good())), "UnknownCA"),
        ("another's by its authority", Some(issued(&sichuan, officer(YUNNAN), good())), "UnknownCA"),
    ];
    refuses(&world, world.local(), cases).await;
    speaks_nothing_else(&world, world.local(), &issued(&sichuan, application(SICHUAN), good())).await;
}

/// TLS 1.3 and HTTP/2 over it, or nothing; `shown` is a certificate that is fine.
async fn speaks_nothing_else(world: &World, listener: &str, shown: &Credential) {
    Stranger::showing(Some(shown)).call(listener).await.expect("nothing is wrong with this one");
    let older = Stranger { version: &rustls::version::TLS12, ..Stranger::showing(Some(shown)) };
    assert_eq!(older.call(listener).await.unwrap_err(), "ProtocolVersion");
    let http1 = Stranger { protocol: b"http/1.1", ..Stranger::showing(Some(shown)) };
    assert_eq!(http1.call(listener).await.unwrap_err(), "NoApplicationProtocol");
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".as_slice();
    let junk = vec![0x5a; 70_000];
    for plain in [preface, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", &junk, b"\x16\x03\x01\xff\xff"] {
        let said = stranger::in_plaintext(listener, plain).await;
        // A TLS alert (RFC 8446, section 6: content type 21, two bytes) at most: nothing of HTTP.
        assert!(said.is_empty() || (said[0] == 21 && said.len() == 7), "{said:?}");
    }
    world.serves("other protocols").await;
}

/// What an honest program says about a certificate that its node does not take.
#[tokio::test]
async fn a_revoked_client_is_told_so() {
    let world = World::start().await;
    let (dir, files) = (world.cluster.dir().to_str().unwrap(), world.cluster.files(SICHUAN));
    let pki = async |arguments: &[&str]| {
        world.cluster.concord_alone(&[["pki"].as_slice(), arguments].concat()).await.unwrap().lines()
    };
    pki(&["issue", "--dir", dir, "--for", SICHUAN, "app", "records", "--role", "registrar"]).await;
    let client = files.client("records");
    let profile = || concord_client::Profile {
        address: world.local().to_owned(),
        ca: files.authority().certificate,
        certificate: client.certificate.clone(),
        key: client.key.clone(),
    };
    let records = concord_client::Client::connect(&profile()).unwrap();
    let other = concord_client::Client::connect(&world.cluster.node(SICHUAN).app_profile()).unwrap();
    records.stats().await.unwrap();
    other.stats().await.unwrap();

    let connector = caller::connector(&world.cluster.layout(), &agency(SICHUAN), &stranger::read(&client));
    let mut open = caller::OneConnection::open(&connector, world.local()).await;
    open.is_well().await;
    let kept = stranger::read(&files.client(NodeFolder::APPLICATION));
    let connector = caller::connector(&world.cluster.layout(), &agency(SICHUAN), &kept);
    let mut unaffected = caller::OneConnection::open(&connector, world.local()).await;
    unaffected.is_well().await;

    let certificate = client.certificate.to_str().unwrap();
    let revoked = pki(&["revoke", "--dir", dir, "--for", SICHUAN, certificate]).await;
    assert_eq!(revoked[0]["list"], 2, "{revoked:?}");
    // The connection that was open ends by itself, and with it all that the client could still do.
    tokio::time::timeout(RELOADED, open.ended).await.expect("the connection stays open").unwrap().ok();
    let refused = async || {
        let error = records.stats().await.expect_err("a revoked client is served").to_string();
        assert!(error.contains("the node cannot be reached: "), "{error}");
        // At first the program may only learn that its connection is gone.
        Ok(error.contains("the peer refused us: CertificateRevoked").then_some(()))
    };
    until("the reason", RELOADED, refused).await;
    let told = Stranger::showing(Some(&stranger::read(&client))).call(world.local()).await;
    assert_eq!(told.unwrap_err(), "CertificateRevoked");
    // Nobody else lost a connection.
    assert!(!unaffected.ended.is_finished());
    unaffected.is_well().await;
    world.serves("a revocation").await;
}
