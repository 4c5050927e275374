//! Nodes change their message, checkpoint and sealing keys while clients search without a pause: nobody notices.

use crate::PROGRAM;
use concord_client::{Client, DocumentState};
use concord_domain::{Clock, Outcome, SystemClock, SystemEntropy, Timestamp};
use concord_pki::{CardRenewal, CardRenewed, Rotated, Rotation, renew_card, rotate_keys};
use concord_testkit::cluster::{Stopped, TestCluster, agency, until};
use concord_testkit::people::{notice, passport};
use concord_testkit::searching::{PATIENCE, Searched, agencies, by_id, query};
use concord_trust::{DocumentKind, Keyring, SignedFile};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

const YUNNAN: &str = "yn.police.cn";
const SICHUAN: &str = "sc.police.cn";
const BOTH: [&str; 2] = [YUNNAN, SICHUAN];

/// Clients of each agency.
const CLIENTS: usize = 4;
/// Searches that each change of keys is to be seen by.
const SEEN_BY: usize = 40;
/// Some rounds of comparing documents, with room for a busy machine.
const SPREAD: Duration = Duration::from_secs(30);

/// Clients of both agencies that ask the other one, until told to end.
struct Load {
    tasks: JoinSet<Vec<Outcome>>,
    ended: Arc<AtomicUsize>,
    end: Arc<AtomicBool>,
}

impl Load {
    fn start(cluster: &TestCluster) -> Self {
        let (mut tasks, ended, end) =
            (JoinSet::new(), Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        for (from, to) in [(YUNNAN, SICHUAN), (SICHUAN, YUNNAN)] {
            for _ in 0..CLIENTS {
                let client = cluster.application(from).unwrap();
                tasks.spawn(searches(client, to, Arc::clone(&ended), Arc::clone(&end)));
            }
        }
        Self { tasks, ended, end }
    }

    /// Waits until so many more searches have begun and ended.
    async fn goes_on(&self) {
        let enough = self.ended.load(Ordering::Relaxed) + SEEN_BY + 2 * CLIENTS;
        until("clients search", PATIENCE, async || {
            Ok((self.ended.load(Ordering::Relaxed) >= enough).then_some(()))
        })
        .await;
    }

    /// What came of all of them.
    async fn end(self) -> Vec<Outcome> {
        self.end.store(true, Ordering::Relaxed);
        self.tasks.join_all().await.concat()
    }
}

async fn searches(
    client: Client,
    to: &'static str,
    ended: Arc<AtomicUsize>,
    end: Arc<AtomicBool>,
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    while !end.load(Ordering::Relaxed) {
        let asked = query(by_id(&format!("passport:{}", passport(7))), agencies(&[to]));
        outcomes.push(Searched::of(&client, asked, PATIENCE).await.unwrap().outcome(to));
        ended.fetch_add(1, Ordering::Relaxed);
    }
    outcomes
}

async fn with_notices(cluster: &TestCluster) {
    for name in BOTH {
        cluster.import(name, "sample", vec![notice(7, "Person Number 7")]).await.unwrap();
    }
}

fn rotate(cluster: &TestCluster, name: &str, now: Timestamp) -> Rotated {
    let rotation = Rotation { now, life: Keyring::LIFE_MAX };
    rotate_keys(&cluster.layout(), &agency(name), rotation, &SystemEntropy).unwrap()
}

fn renew(cluster: &TestCluster, renewal: &CardRenewal) -> CardRenewed {
    renew_card(&cluster.layout(), &agency(YUNNAN), renewal, &SystemEntropy).unwrap()
}

/// How often a node has said that it took up new keys.
fn changes(cluster: &TestCluster, name: &str) -> usize {
    let log = std::fs::read_to_string(cluster.files(name).dir().join("node.log")).unwrap();
    log.lines().filter(|line| line.contains("took up new keys")).count()
}

fn none_is_lost(outcomes: &[Outcome], stopped: &Stopped) {
    let lost: Vec<_> = outcomes.iter().filter(|outcome| **outcome != Outcome::Hit).collect();
    assert!(lost.is_empty(), "{lost:?} of {}", outcomes.len());
    assert!(outcomes.len() >= 3 * SEEN_BY);
    for name in BOTH {
        let report = stopped.verify(name).unwrap_or_else(|error| panic!("{error:#}"));
        assert_eq!(report.signed, report.size, "{name}: by the keys of today and those before");
    }
}

/// Keyrings that were issued some minutes ago, so that the keys which they announce may be used.
fn minutes_ago(minutes: u32) -> Timestamp {
    SystemClock.now().minus(minutes * Duration::from_secs(60))
}

#[tokio::test]
async fn keys_and_cards_change_at_two_nodes_and_not_one_search_is_lost() {
    let cluster = TestCluster::start(PROGRAM, &BOTH).await.unwrap();
    with_notices(&cluster).await;
    let load = Load::start(&cluster);
    load.goes_on().await;
    for (ago, sequence) in [(6, 2), (4, 3), (2, 4)] {
        for name in BOTH {
            let done = rotate(&cluster, name, minutes_ago(ago));
            let changed = Rotated::Changed { sequence };
            assert_eq!(done, if sequence == 2 { Rotated::Announced { sequence } } else { changed });
        }
        load.goes_on().await;
        cluster.reload().await;
        load.goes_on().await;
    }
    assert_eq!(BOTH.map(|name| changes(&cluster, name)), [2, 2]);
    // What signs keyrings and agreements changes too, and then the keys by a keyring of the new one.
    let renewal = CardRenewal { agreement_key: true, keyring_key: true, ..CardRenewal::default() };
    for announces in [true, false] {
        assert_eq!(renew(&cluster, &renewal).announces, announces);
        load.goes_on().await;
        cluster.reload().await;
        load.goes_on().await;
    }
    assert_eq!(rotate(&cluster, YUNNAN, SystemClock.now()), Rotated::Changed { sequence: 5 });
    cluster.reload().await;
    load.goes_on().await;
    assert_eq!(BOTH.map(|name| changes(&cluster, name)), [3, 2]);
    let outcomes = load.end().await;
    none_is_lost(&outcomes, &cluster.stop().await.unwrap());
}

/// Waits until both nodes decide by this document.
async fn at_both(cluster: &TestCluster, kind: DocumentKind, name: &str, sequence: u64) {
    for node in BOTH {
        let client = cluster.application(node).unwrap();
        until(&format!("{kind} {sequence} of {name} has spread"), SPREAD, async || {
            let documents = client.documents(Some(kind)).await?;
            let found = documents.iter().find(|d| d.at.name == name && d.at.sequence == sequence);
            Ok(found.filter(|found| found.state == DocumentState::InForce).map(drop))
        })
        .await;
    }
}

#[tokio::test]
async fn keys_change_where_keyrings_travel_from_node_to_node() {
    let cluster = TestCluster::start_apart(PROGRAM, &BOTH).await.unwrap();
    with_notices(&cluster).await;
    let load = Load::start(&cluster);
    for (ago, sequence) in [(4, 2), (2, 3)] {
        for name in BOTH {
            rotate(&cluster, name, minutes_ago(ago));
            let keyring =
                SignedFile::read(&cluster.layout().keyrings().join(format!("{name}.toml"))).unwrap();
            let client = cluster.application(name).unwrap();
            client.submit_document(DocumentKind::Keyring, keyring).await.unwrap();
        }
        for name in BOTH {
            at_both(&cluster, DocumentKind::Keyring, name, sequence).await;
        }
        load.goes_on().await;
    }
    for name in BOTH {
        until("the new keys", SPREAD, async || Ok((changes(&cluster, name) == 1).then_some(()))).await;
    }
    load.goes_on().await;
    let outcomes = load.end().await;
    none_is_lost(&outcomes, &cluster.stop().await.unwrap());
}

/// Hands a file of the published documents to Yunnan's node.
async fn submit(client: &Client, kind: DocumentKind, file: &std::path::Path) {
    client.submit_document(kind, SignedFile::read(file).unwrap()).await.unwrap();
}

#[tokio::test]
async fn what_signs_agreements_changes_where_cards_travel_from_node_to_node() {
    let cluster = TestCluster::start_apart(PROGRAM, &BOTH).await.unwrap();
    with_notices(&cluster).await;
    let load = Load::start(&cluster);
    let (layout, client) = (cluster.layout(), cluster.application(YUNNAN).unwrap());
    let renewal = CardRenewal { agreement_key: true, keyring_key: true, ..CardRenewal::default() };
    let own = format!("{YUNNAN}.toml");
    for sequence in [2, 3] {
        assert_eq!(renew(&cluster, &renewal).sequence, sequence);
        submit(&client, DocumentKind::Card, &layout.cards().join(&own)).await;
        at_both(&cluster, DocumentKind::Card, YUNNAN, sequence).await;
        submit(&client, DocumentKind::Keyring, &layout.keyrings().join(&own)).await;
        for entry in std::fs::read_dir(layout.agreements()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "toml") {
                submit(&client, DocumentKind::Agreement, &path).await;
            }
        }
        // What is signed anew is at the other too once that has all that there is here.
        let all = |client: Client| async move { Ok(client.export_documents().await?.documents.summary()) };
        let other = cluster.application(SICHUAN).unwrap();
        until("both have the same", SPREAD, async || {
            let (here, there): (anyhow::Result<_>, anyhow::Result<_>) =
                (all(client.clone()).await, all(other.clone()).await);
            Ok((here? == there?).then_some(()))
        })
        .await;
        load.goes_on().await;
    }
    let outcomes = load.end().await;
    let lost: Vec<_> = outcomes.iter().filter(|outcome| **outcome != Outcome::Hit).collect();
    assert!(lost.is_empty(), "{lost:?} of {}", outcomes.len());
}
