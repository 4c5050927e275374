//! The steps of the demo, in their order.

use super::agreements::{event_ends, withdrawn};
use super::cast::{Cast, PEOPLE};
use super::evidence::Ledgers;
use super::inquiry::{Findings, Inquiry};
use super::routes::{brokered, carried, failover, vetted};
use super::walk::Walk;
use crate::cluster::{Cluster, ClusterOptions};
use crate::people::Person;
use anyhow::{Context, ensure};
use concord_client::Client;
use concord_domain::wanted::Finding;
use concord_domain::{OutcomeKind, Purpose};
use concord_pki::Layout;
use futures_util::stream;
use std::io;
use std::path::Path;

/// Does every step; what was received on the way is held against the ledgers at the end.
pub(super) async fn walk(walk: &Walk, dir: &Path) -> anyhow::Result<()> {
    let cast = Cast::new()?;
    let options = ClusterOptions::new(std::env::current_exe()?);
    walk.step("federation.built", build(dir, &cast, &options)).await?;
    let mut cluster = walk.step("nodes.ready", start(dir, &cast, options)).await?;
    walk.step("register.imported", import(&cluster, &cast)).await?;
    let client = cluster.client(&cast.guizhou)?;
    let mut received: Vec<Finding> = Vec::new();
    received.extend(walk.step("search.hit", hit(&client, &cast)).await?.into_each());
    received.extend(walk.step("search.by_name", by_name(&client, &cast)).await?.into_each());
    received.extend(walk.step("search.no_hit", no_hit(&client, &cast)).await?.into_each());
    received.extend(walk.step("search.refused", refused(&client, &cast)).await?);
    received.extend(
        walk.step("search.unreachable", unreachable(&mut cluster, &client, &cast)).await?.into_each(),
    );
    received.extend(walk.step("search.back", back(&mut cluster, &client, &cast)).await?.into_each());
    let yunnan = cluster.client(&cast.yunnan)?;
    received.extend(walk.step("route.carried", carried(&yunnan, &cast)).await?.into_each());
    received.extend(walk.step("route.failover", failover(&mut cluster, &yunnan, &cast)).await?.into_each());
    let county = cluster.client(&cast.county)?;
    received.extend(walk.step("route.brokered", brokered(&county, &cast)).await?);
    received.extend(walk.step("route.vetted", vetted(&cluster, &county, &cast)).await?);
    received.extend(walk.step("agreement.event-ends", event_ends(&cluster, &client, &cast)).await?);
    received.extend(walk.step("agreement.withdrawn", withdrawn(&cluster, &client, &cast)).await?);
    walk.step("ledger.verified", verified(cluster, &cast, &received)).await
}

async fn build(dir: &Path, cast: &Cast, options: &ClusterOptions) -> anyhow::Result<((), String)> {
    Cluster::build(dir, &cast.all(), options)?;
    let says =
        format!("charter, cards, agreements and certificates; {} agencies get a node", cast.all().len());
    Ok(((), says))
}

async fn start(dir: &Path, cast: &Cast, options: ClusterOptions) -> anyhow::Result<(Cluster, String)> {
    let cluster = Cluster::start(dir, &cast.all(), options).await?;
    let names: Vec<_> = cluster.nodes().map(|node| node.agency.to_string()).collect();
    let says = format!("each a process of its own: {}", names.join(", "));
    Ok((cluster, says))
}

async fn import(cluster: &Cluster, cast: &Cast) -> anyhow::Result<((), String)> {
    for (n, agency) in (0..).zip(cast.holders()) {
        let client = cluster.client(&agency)?;
        let notices = Cast::people(n).map(|p| p.notice()).collect::<anyhow::Result<Vec<_>>>()?;
        let rows = (1..).zip(notices).map(io::Result::Ok);
        let report = client.import("demo", stream::iter(rows), |_| ()).await?;
        ensure!(report.taken == u64::from(PEOPLE) && report.rejected.is_empty(), "{agency}: {report:?}");
        let counts = client.stats().await?;
        ensure!(
            counts.iter().any(|c| c.source == "demo" && c.notices == u64::from(PEOPLE)),
            "{agency}: {counts:?}"
        );
    }
    Ok(((), format!("{PEOPLE} generated people in each of {} registers", cast.holders().len())))
}

async fn hit(client: &Client, cast: &Cast) -> anyhow::Result<(Findings, String)> {
    let person = Cast::people(0).nth(17).context("a person")?;
    let found = Inquiry::by_id(&person, &cast.partners())?.ask(client).await?;
    found.expect_person(&cast.yunnan, &person)?;
    let authority =
        found.expect(&cast.yunnan, OutcomeKind::Hit)?.authority.as_ref().context("no authority")?;
    let agreement = authority.agreement.to_string();
    found.expect(&cast.sichuan, OutcomeKind::NoHit)?;
    found.expect(&cast.chongqing, OutcomeKind::NoHit)?;
    let says = format!(
        "Guizhou asks by identity number under {agreement}: {} answers with notice {}, two others have nobody",
        cast.yunnan,
        person.notice_number()
    );
    Ok((found, says))
}

async fn by_name(client: &Client, cast: &Cast) -> anyhow::Result<(Findings, String)> {
    let person = Cast::people(1).nth(42).context("a person")?;
    let found = Inquiry::by_name(&person, &cast.partners())?.ask(client).await?;
    let score = found.expect_person(&cast.sichuan, &person)?.score;
    let says = format!(
        "name and date of birth: {} has {} (generated), score {}/1000",
        cast.sichuan,
        person.name(),
        score.thousandths()
    );
    Ok((found, says))
}

async fn no_hit(client: &Client, cast: &Cast) -> anyhow::Result<(Findings, String)> {
    let nobody = Person::generated(PEOPLE * 100);
    let found = Inquiry::by_id(&nobody, &cast.partners())?.ask(client).await?;
    for agency in cast.partners() {
        found.expect(&agency, OutcomeKind::NoHit)?;
    }
    Ok((found, "nobody has this number, and each of the three says so under its signature".to_owned()))
}

async fn refused(client: &Client, cast: &Cast) -> anyhow::Result<(Vec<Finding>, String)> {
    let person = Person::generated(0);
    let strangers = Inquiry::by_id(&person, std::slice::from_ref(&cast.guangdong))?.ask(client).await?;
    let no_agreement = strangers.refusal(&cast.guangdong)?;
    ensure!(no_agreement == "NO_AGREEMENT", "{}: refused for {no_agreement}", cast.guangdong);
    let mut inquiry = Inquiry::by_id(&person, std::slice::from_ref(&cast.yunnan))?;
    inquiry.purpose = Purpose::Research;
    let curious = inquiry.ask(client).await?;
    let no_purpose = curious.refusal(&cast.yunnan)?;
    ensure!(no_purpose == "PURPOSE_NOT_GRANTED", "{}: refused for {no_purpose}", cast.yunnan);
    let says = format!(
        "{}: {no_agreement}; {} for the purpose of research: {no_purpose}",
        cast.guangdong, cast.yunnan
    );
    Ok((strangers.into_each().chain(curious.into_each()).collect(), says))
}

async fn unreachable(
    cluster: &mut Cluster,
    client: &Client,
    cast: &Cast,
) -> anyhow::Result<(Findings, String)> {
    cluster.kill(&cast.chongqing).await?;
    let person = Cast::people(0).nth(3).context("a person")?;
    let found = Inquiry::by_id(&person, &cast.partners())?.ask(client).await?;
    found.expect_person(&cast.yunnan, &person)?;
    found.expect(&cast.sichuan, OutcomeKind::NoHit)?;
    let reason = found.expect(&cast.chongqing, OutcomeKind::Unreachable)?.outcome.reason();
    let says = format!(
        "the node of {} was killed: {}; the others answer",
        cast.chongqing,
        reason.unwrap_or_default()
    );
    Ok((found, says))
}

async fn back(cluster: &mut Cluster, client: &Client, cast: &Cast) -> anyhow::Result<(Findings, String)> {
    cluster.restart(&cast.chongqing).await?;
    let person = Cast::people(2).nth(5).context("a person")?;
    let found = Inquiry::by_id(&person, &cast.partners())?.ask(client).await?;
    found.expect_person(&cast.chongqing, &person)?;
    let says = format!("the node of {} is started again and has kept its register: hit", cast.chongqing);
    Ok((found, says))
}

async fn verified(cluster: Cluster, cast: &Cast, received: &[Finding]) -> anyhow::Result<((), String)> {
    let layout = Layout::new(cluster.dir());
    cluster.stop().await?;
    let ledgers = Ledgers::verified(&layout, &cast.all())?;
    let mut receipts = 0;
    for finding in received {
        receipts += u32::from(ledgers.check(finding)?);
    }
    ensure!(receipts > 0, "no answer had a receipt");
    let says = format!(
        "{} ledgers with {} entries are whole; {} outcomes stand in the askers', {receipts} answers in both sides'",
        cast.all().len(),
        ledgers.size()?,
        received.len()
    );
    Ok(((), says))
}
