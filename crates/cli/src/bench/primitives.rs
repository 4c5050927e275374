//! What a search is made of, each part measured by itself in this process.

use super::decision::Decision;
use crate::demo::Inquiry;
use crate::people::Person;
use anyhow::ensure;
use concord_domain::{SystemClock, SystemEntropy};
use concord_ledger::Event;
use concord_matching::{Index, Limits, NoticeKey};
use concord_store::{Execution, Options, Store, Write};
use concord_trust::{Kind, SealingKey, SigningKey};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Bytes of a usual request or answer.
const MESSAGE: [u8; 600] = [7; 600];
/// Enough repetitions that the clock's own cost does not show.
const ROUNDS: u32 = 2000;
/// Times that rules are built; each takes as long as some hundred verifications.
const REBUILDS: u32 = 20;
/// Commits one after the other; each waits for the disk.
const COMMITS: u32 = 100;
/// Writes that come at once, as under load.
const AT_ONCE: u32 = 64;

/// The cost of one part, and how often a search pays it.
#[derive(Debug)]
pub(super) struct Cost {
    pub(super) what: &'static str,
    pub(super) each: Duration,
    /// Times a search, on both nodes together.
    pub(super) times: u32,
    pub(super) spends: Spends,
}

/// What a part costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spends {
    /// CPU time.
    Cpu,
    /// Mostly waiting for the disk; shared by all that wait together.
    Disk,
}

/// Measures every part.
pub(super) async fn measure(dir: &Path, people: u32) -> anyhow::Result<Vec<Cost>> {
    let mut costs = cryptography()?;
    costs.extend(commits(&dir.join("primitives")).await?);
    costs.extend(register(people)?);
    costs.extend(decision()?);
    Ok(costs)
}

fn cryptography() -> anyhow::Result<Vec<Cost>> {
    let signing = SigningKey::generate(&SystemEntropy);
    let public = signing.public();
    let signature = signing.sign_detached(Kind::Request, &MESSAGE);
    let sealing = SealingKey::generate(&SystemEntropy);
    let sealed = sealing.public().seal(&MESSAGE, b"bench", &SystemEntropy);
    ensure!(public.verify_detached(Kind::Request, &MESSAGE, &signature).is_ok(), "a signature must verify");
    ensure!(sealing.open(&sealed, b"bench").is_ok(), "a sealed body must open");
    let cpu = |what, times, each| Cost { what, each, times, spends: Spends::Cpu };
    Ok(vec![
        // Request, answer, receipt.
        cpu("sign (Ed25519)", 3, each(|| signing.sign_detached(Kind::Request, &MESSAGE))),
        cpu("verify (Ed25519)", 3, each(|| public.verify_detached(Kind::Request, &MESSAGE, &signature))),
        // The body of the request and that of the answer.
        cpu("seal (X-Wing)", 2, each(|| sealing.public().seal(&MESSAGE, b"bench", &SystemEntropy))),
        cpu("open (X-Wing)", 2, each(|| sealing.open(&sealed, b"bench").is_ok())),
    ])
}

async fn commits(folder: &Path) -> anyhow::Result<Vec<Cost>> {
    let store = Store::open(folder, Options::new(Arc::new(SystemClock), Execution::Thread))?;
    let program: concord_ledger::Label = "bench".parse()?;
    let write = || Write {
        name: "bench",
        guards: Vec::new(),
        changes: Vec::new(),
        entries: vec![Event::Started { program: program.clone() }],
    };
    let started = Instant::now();
    for _ in 0..COMMITS {
        store.submit(write()).await?;
    }
    let alone = started.elapsed() / COMMITS;
    let started = Instant::now();
    for _ in 0..COMMITS {
        let group = (0..AT_ONCE).map(|_| store.submit(write()));
        futures_util::future::try_join_all(group).await?;
    }
    let grouped = started.elapsed() / (COMMITS * AT_ONCE);
    store.close().await;
    // Asked, released, concluded. Alone is what a search waits for each, grouped is what it costs the disk.
    Ok(vec![
        Cost { what: "commit, alone", each: alone, times: 3, spends: Spends::Disk },
        Cost { what: "commit, 64 at once", each: grouped, times: 3, spends: Spends::Disk },
    ])
}

fn register(people: u32) -> anyhow::Result<Vec<Cost>> {
    let notices = (0..people).map(|n| Person::generated(n).notice()).collect::<anyhow::Result<Vec<_>>>()?;
    let index = Index::build((0..).map(NoticeKey).zip(&notices));
    let person = Person::generated(people / 2);
    let by_id = Inquiry::by_id(&person, &[])?.subject;
    let by_name = Inquiry::by_name(&person, &[])?.subject;
    let cost = |what, subject| Cost {
        what,
        each: each(|| index.search(subject, Limits::default())),
        times: 1,
        spends: Spends::Cpu,
    };
    Ok(vec![cost("register, by id", &by_id), cost("register, by name", &by_name)])
}

fn decision() -> anyhow::Result<[Cost; 4]> {
    let decision = Decision::prepare()?;
    let cost = |what, times, each| Cost { what, each, times, spends: Spends::Cpu };
    Ok([
        // May we ask, may we open, may we serve.
        cost("decide, 1,000 agencies, 200 agreements", 3, each(|| decision.decide())),
        cost("choose a way, among 32 carriers", 1, each(|| decision.ways())),
        // By a search that no agreement lets us make ourselves.
        cost("find a broker, 1,000 agencies, 200 agreements", 0, each(|| decision.brokers())),
        // By no search, but whenever a document changes.
        cost("build the rules of 200 agreements", 0, each_of(REBUILDS, || decision.rebuild())),
    ])
}

fn each<T>(work: impl FnMut() -> T) -> Duration {
    each_of(ROUNDS, work)
}

fn each_of<T>(rounds: u32, mut work: impl FnMut() -> T) -> Duration {
    let started = Instant::now();
    for _ in 0..rounds {
        std::hint::black_box(work());
    }
    started.elapsed() / rounds
}
