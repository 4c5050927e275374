//! Searches without a pause, by many clients at once, until each has seen what it waits for.

use crate::cluster::TestCluster;
use crate::searching::{PATIENCE, Searched};
use concord_domain::wanted::{Finding, Query};
use concord_domain::{AgencyId, Outcome, Refusal};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// What one client asks, again and again.
#[derive(Debug, Clone)]
pub struct Asking {
    /// Whose application it is.
    pub from: &'static str,
    /// What it asks.
    pub query: Query,
    /// It ends after this many refusals.
    pub refusals: usize,
    /// By or about whom those are.
    pub about: AgencyId,
    /// For which reason.
    pub refusal: Refusal,
}

/// Clients at work.
#[derive(Debug)]
pub struct Load(JoinSet<Vec<Finding>>);

impl Load {
    /// Starts so many clients that ask this, each with a connection of its own. They have begun when this returns: each
    /// has come to the end of one search.
    ///
    /// # Panics
    /// If a search fails as a whole.
    pub async fn start(cluster: &TestCluster, clients: usize, asking: &[Asking]) -> Self {
        let mut tasks = JoinSet::new();
        for asking in asking {
            for _ in 0..clients {
                let client = cluster.application(asking.from).unwrap();
                let first = search(&client, asking).await;
                tasks.spawn(go_on(client, asking.clone(), first));
            }
        }
        Self(tasks)
    }

    /// Everything that the clients saw, once each has ended by itself.
    ///
    /// # Panics
    /// If one does not, or has seen a search fail as a whole.
    pub async fn end(mut self) -> Vec<Finding> {
        let mut findings = Vec::new();
        while let Some(ended) = timeout(PATIENCE * 2, self.0.join_next()).await.expect("each client ends") {
            findings.extend(ended.unwrap());
        }
        findings
    }
}

async fn go_on(client: concord_client::Client, asking: Asking, mut findings: Vec<Finding>) -> Vec<Finding> {
    let awaited = |finding: &&Finding| {
        finding.agency == asking.about && finding.outcome == Outcome::Refused(asking.refusal)
    };
    let mut refusals = findings.iter().filter(awaited).count();
    while refusals < asking.refusals {
        let more = search(&client, &asking).await;
        refusals += more.iter().filter(awaited).count();
        findings.extend(more);
    }
    findings
}

async fn search(client: &concord_client::Client, asking: &Asking) -> Vec<Finding> {
    let searched = Searched::of(client, asking.query.clone(), PATIENCE).await.unwrap();
    searched.findings.into_values().collect()
}
