//! Certificates of nodes that are revoked or replaced while everything runs.

use crate::PROGRAM;
use concord_domain::{Clock, Outcome, SpiffeId, SystemClock, SystemEntropy, Workload};
use concord_pki::{Authority, CredentialFiles, LeafSpec, Validity, issue_node, revoke};
use concord_testkit::caller;
use concord_testkit::cluster::{TestCluster, agency, until};
use concord_testkit::people::{notice, passport};
use concord_testkit::searching::{PATIENCE, Searched, agencies, by_id, query};
use concord_testkit::stranger::{self, Stranger};
use std::time::Duration;
use tokio::sync::oneshot;

const YUNNAN: &str = "yn.police.cn";
const SICHUAN: &str = "sc.police.cn";

const HOUR: Duration = Duration::from_secs(3600);

/// Longer than the five seconds between two looks at the files, with room for a busy machine.
const RELOADED: Duration = Duration::from_secs(15);

async fn start() -> TestCluster {
    let cluster = TestCluster::start(PROGRAM, &[YUNNAN, SICHUAN]).await.unwrap();
    cluster.import(SICHUAN, "sample", vec![notice(7, "Person Number 7")]).await.unwrap();
    cluster
}

async fn search(client: &concord_client::Client) -> Outcome {
    let asked = query(by_id(&format!("passport:{}", passport(7))), agencies(&[SICHUAN]));
    Searched::of(client, asked, PATIENCE).await.unwrap().outcome(SICHUAN)
}

/// Searches one after the other until told to end, and gives what came of each.
async fn searches(client: concord_client::Client, mut end: oneshot::Receiver<()>) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    while end.try_recv() == Err(oneshot::error::TryRecvError::Empty) {
        outcomes.push(search(&client).await);
    }
    outcomes
}

/// The node takes up its new certificate without a restart; then the old one is revoked, which cuts the connections
/// that it opened; and no search notices either.
#[tokio::test]
async fn a_nodes_certificate_is_replaced_while_searches_go_on() {
    let cluster = start().await;
    let (layout, files) = (cluster.layout(), cluster.files(YUNNAN).node());
    let old = CredentialFiles::named(files.certificate.parent().unwrap(), "old");
    stranger::read(&files).write(&old).unwrap();
    let application = stranger::read(&cluster.files(YUNNAN).client("app"));
    let peer = stranger::read(&cluster.files(SICHUAN).node());
    let shown = async || {
        let node = cluster.node(YUNNAN);
        let local = Stranger::showing(Some(&application)).call(&node.local_api).await.unwrap();
        let federation = Stranger::showing(Some(&peer)).call(&node.federation_api).await.unwrap();
        assert_eq!(local, federation, "both listeners show the same certificate");
        local
    };
    let before = shown().await;
    let (end, ending) = oneshot::channel();
    let running = tokio::spawn(searches(cluster.application(YUNNAN).unwrap(), ending));

    let validity = Validity::starting(SystemClock.now(), HOUR);
    issue_node(&layout, &agency(YUNNAN), validity, &SystemEntropy).unwrap();
    let replaced = async || {
        let node = cluster.node(YUNNAN);
        let local = Stranger::showing(Some(&application)).call(&node.local_api).await.unwrap();
        Ok((local != before).then_some(local))
    };
    let after = until("the new certificate", RELOADED, replaced).await;
    assert_eq!(shown().await, after);

    revoke(&layout, &agency(YUNNAN), &old.certificate, SystemClock.now()).unwrap();
    let revoked = async || {
        let told =
            Stranger::showing(Some(&stranger::read(&old))).call(&cluster.node(SICHUAN).federation_api).await;
        Ok(told.err())
    };
    assert_eq!(until("the revocation", RELOADED, revoked).await, "CertificateRevoked");
    let last = search(&cluster.application(YUNNAN).unwrap()).await;
    end.send(()).unwrap();
    let outcomes = running.await.unwrap();
    assert_eq!(last, Outcome::Hit);
    let lost: Vec<_> = outcomes.iter().filter(|outcome| **outcome != Outcome::Hit).collect();
    assert!(lost.is_empty() && outcomes.len() > 10, "{lost:?} of {}", outcomes.len());
}

/// A node whose certificate is revoked is cut off at once, and its own agency is told why.
#[tokio::test]
async fn a_revoked_node_is_cut_off_until_it_has_another_certificate() {
    let cluster = start().await;
    let (layout, files) = (cluster.layout(), cluster.files(YUNNAN).node());
    let yunnan = cluster.application(YUNNAN).unwrap();
    assert_eq!(search(&yunnan).await, Outcome::Hit);
    // A second certificate of the same node, as a replica would have.
    let standby = CredentialFiles::named(files.certificate.parent().unwrap(), "standby");
    let authority = Authority::load(&cluster.files(YUNNAN).authority()).unwrap();
    let identity = SpiffeId { agency: agency(YUNNAN), workload: Workload::Node("standby".into()) };
    let validity = Validity::starting(SystemClock.now(), HOUR);
    let spec = LeafSpec { identity, roles: vec![], validity };
    authority.issue_leaf(&spec, &SystemEntropy).unwrap().write(&standby).unwrap();
    let connector = caller::connector(&layout, &agency(SICHUAN), &stranger::read(&standby));
    let mut spared = caller::OneConnection::open(&connector, &cluster.node(SICHUAN).federation_api).await;
    spared.is_well().await;
    let connector = caller::connector(&layout, &agency(SICHUAN), &stranger::read(&files));
    let mut open = caller::OneConnection::open(&connector, &cluster.node(SICHUAN).federation_api).await;
    open.is_well().await;

    revoke(&layout, &agency(YUNNAN), &files.certificate, SystemClock.now()).unwrap();
    tokio::time::timeout(RELOADED, open.ended).await.expect("the connection stays open").unwrap().ok();
    assert!(!spared.ended.is_finished());
    spared.is_well().await;
    let cut_off = Outcome::Unreachable(concord_domain::Failure::HandshakeFailed);
    assert_eq!(search(&yunnan).await, cut_off);

    issue_node(&layout, &agency(YUNNAN), validity, &SystemEntropy).unwrap();
    let back = async || Ok((search(&yunnan).await == Outcome::Hit).then_some(()));
    until("the way back", RELOADED, back).await;
}
