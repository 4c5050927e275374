//! `concord bench`: searches between two nodes on this machine, and where their time goes.

mod cpu;
mod decision;
mod load;
mod primitives;
mod report;

use crate::cluster::{Cluster, ClusterOptions};
use crate::duration;
use crate::people::Person;
use crate::session::Session;
use anyhow::{Context, ensure};
use clap::Args;
use concord_domain::AgencyId;
use futures_util::stream;
use indicatif::ProgressBar;
use load::{By, Load};
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// What `bench` takes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Seconds that each kind of search is run for
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Searches under way at once
    #[arg(long, default_value_t = 16)]
    concurrency: u16,
    /// Generated people in the register
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    people: u32,
    /// Time for connections and caches before measuring, such as 2s
    #[arg(long, value_parser = duration::parse, default_value = "2s")]
    warm_up: Duration,
}

/// Measures, and prints what was measured.
pub(crate) async fn run(session: &Session, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { seconds, concurrency, people, warm_up } = arguments;
    ensure!(seconds > 0 && concurrency > 0, "--seconds and --concurrency must be at least 1");
    let dir = tempfile::tempdir().context("a temporary folder")?;
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(200));
    bar.set_message("measuring signatures, sealing, commits, the register");
    let costs = primitives::measure(dir.path(), people).await?;
    bar.set_message("starting two nodes");
    let (asking, asked): (AgencyId, AgencyId) = ("yn.police.cn".parse()?, "gz.police.cn".parse()?);
    let mut options = ClusterOptions::new(std::env::current_exe()?);
    options.environment.push(("RUST_LOG".to_owned(), "warn".to_owned()));
    let nodes = [asking.clone(), asked.clone()];
    let cluster = Cluster::start(&dir.path().join("federation"), &nodes, options).await?;
    import(&cluster, &asked, people).await?;
    let load = Load::new(&cluster, &asking, &asked, people, concurrency)?;
    let mut runs = Vec::new();
    for by in [By::Id, By::Name] {
        bar.set_message(format!("searching by {by}"));
        load.run(by, warm_up).await?;
        runs.push(load.run(by, Duration::from_secs(seconds.into())).await?);
    }
    cluster.stop().await?;
    bar.set_message("searching by a carrier");
    let dir = dir.path().join("carried");
    runs.extend(carried(&dir, people, concurrency, warm_up, Duration::from_secs(seconds.into())).await?);
    bar.finish_and_clear();
    report::print(session.output, concurrency, people, &runs, &costs)?;
    Ok(ExitCode::SUCCESS)
}

/// Searches under the national agreement: Yunnan asks Shandong, to whom a line leads, and Heilongjiang, to whom none does.
async fn carried(
    dir: &Path,
    people: u32,
    concurrency: u16,
    warm_up: Duration,
    duration: Duration,
) -> anyhow::Result<Vec<load::Run>> {
    let (asking, carrier): (AgencyId, AgencyId) = ("yn.police.cn".parse()?, "police.cn".parse()?);
    let (straight, beyond): (AgencyId, AgencyId) = ("sd.police.cn".parse()?, "hl.police.cn".parse()?);
    let mut options = ClusterOptions::new(std::env::current_exe()?);
    options.environment.push(("RUST_LOG".to_owned(), "warn".to_owned()));
    let nodes = [&asking, &carrier, &straight, &beyond].map(Clone::clone);
    let cluster = Cluster::start(dir, &nodes, options).await?;
    let mut runs = Vec::new();
    for (by, asked) in [(By::Straight, &straight), (By::Carried, &beyond)] {
        import(&cluster, asked, people).await?;
        let load = Load::new(&cluster, &asking, asked, people, concurrency)?.by(&cluster, &carrier)?;
        load.run(by, warm_up).await?;
        runs.push(load.run(by, duration).await?);
    }
    cluster.stop().await?;
    Ok(runs)
}

async fn import(cluster: &Cluster, agency: &AgencyId, people: u32) -> anyhow::Result<()> {
    let notices = (0..people).map(|n| Person::generated(n).notice()).collect::<anyhow::Result<Vec<_>>>()?;
    let rows = (1..).zip(notices).map(io::Result::Ok);
    let report = cluster.client(agency)?.import("bench", stream::iter(rows), |_| ()).await?;
    ensure!(report.taken == u64::from(people), "{} of {people} were taken", report.taken);
    Ok(())
}
