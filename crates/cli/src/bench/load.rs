//! Searches, as many at once as asked for, each checked.

use super::cpu;
use crate::cluster::Cluster;
use crate::demo::Inquiry;
use crate::people::Person;
use anyhow::{Context, ensure};
use concord_client::Client;
use concord_domain::{AgencyId, OutcomeKind, Purpose};
use hdrhistogram::Histogram;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// What is known of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// The identity number.
    Id,
    /// Name and date of birth.
    Name,
    /// The identity number, under the agreement whose requests may be carried, to an agency to which a line leads.
    Straight,
    /// The same to an agency to which none leads.
    Carried,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::Straight => "id, national",
            Self::Carried => "id, carried",
        })
    }
}

/// What one run measured.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) by: By,
    pub(super) took: Duration,
    /// Microseconds of each search, as its asker saw them.
    pub(super) latency: Histogram<u64>,
    /// CPU time of the asking node, the asked node, the asker and the carrier.
    pub(super) cpu: [Duration; PROCESSES],
}

/// The processes whose CPU time is told.
pub(super) const PROCESSES: usize = 4;

/// Latencies are kept with three digits up to a minute, which no search takes.
const LATENCY_MAX_US: u64 = 60_000_000;

/// Whom to ask, and how hard.
#[derive(Debug)]
pub(super) struct Load {
    client: Client,
    asked: AgencyId,
    pids: [u32; 3],
    carrier: Option<u32>,
    people: u32,
    concurrency: u16,
}

impl Load {
    pub(super) fn new(
        cluster: &Cluster,
        asking: &AgencyId,
        asked: &AgencyId,
        people: u32,
        concurrency: u16,
    ) -> anyhow::Result<Self> {
        let pid = |agency| cluster.node(agency).map(|node| node.pid).context("no such node");
        let pids = [pid(asking)?, pid(asked)?, std::process::id()];
        let client = cluster.client(asking)?;
        Ok(Self { client, asked: asked.clone(), pids, carrier: None, people, concurrency })
    }

    /// The same with the node of a carrier, whose CPU time is told too.
    pub(super) fn by(self, cluster: &Cluster, carrier: &AgencyId) -> anyhow::Result<Self> {
        let carrier = cluster.node(carrier).map(|node| node.pid).context("no such node")?;
        Ok(Self { carrier: Some(carrier), ..self })
    }

    /// Searches for so long. Every search must find somebody.
    pub(super) async fn run(&self, by: By, duration: Duration) -> anyhow::Result<Run> {
        let before = self.cpu()?;
        let started = Instant::now();
        let next = Arc::new(AtomicU32::new(0));
        let mut workers = JoinSet::new();
        for _ in 0..self.concurrency {
            let (client, asked, people, next) =
                (self.client.clone(), self.asked.clone(), self.people, Arc::clone(&next));
            workers.spawn(Box::pin(async move {
                let mut latency = histogram()?;
                while started.elapsed() < duration {
                    let person = Person::generated(next.fetch_add(1, Ordering::Relaxed) % people);
                    latency.saturating_record(search(&client, &asked, by, &person).await?);
                }
                anyhow::Ok(latency)
            }));
        }
        let mut latency = histogram()?;
        while let Some(worker) = workers.join_next().await {
            latency.add(worker??)?;
        }
        let took = started.elapsed();
        let after = self.cpu()?;
        let mut cpu = [Duration::ZERO; PROCESSES];
        for (spent, (after, before)) in cpu.iter_mut().zip(after.into_iter().zip(before)) {
            *spent = after.saturating_sub(before);
        }
        ensure!(!latency.is_empty(), "no search ended in {duration:?}");
        Ok(Run { by, took, latency, cpu })
    }

    fn cpu(&self) -> anyhow::Result<[Duration; PROCESSES]> {
        let [asking, asked, own] = self.pids;
        let carrier = self.carrier.map(cpu::of).transpose()?.unwrap_or_default();
        Ok([cpu::of(asking)?, cpu::of(asked)?, cpu::of(own)?, carrier])
    }
}

fn histogram() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, LATENCY_MAX_US, 3)?)
}

/// One search; microseconds.
async fn search(client: &Client, asked: &AgencyId, by: By, person: &Person) -> anyhow::Result<u64> {
    let scope = std::slice::from_ref(asked);
    let inquiry = match by {
        By::Id => Inquiry::by_id(person, scope)?,
        By::Name => Inquiry::by_name(person, scope)?,
        By::Straight | By::Carried => {
            Inquiry { purpose: Purpose::SeriousCrime, ..Inquiry::by_id(person, scope)? }
        }
    };
    let started = Instant::now();
    let found = inquiry.ask(client).await?;
    let took = started.elapsed();
    found.expect(asked, OutcomeKind::Hit)?;
    Ok(u64::try_from(took.as_micros()).unwrap_or(u64::MAX))
}
