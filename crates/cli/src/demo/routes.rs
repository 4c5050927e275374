//! Steps between two that share an agreement and no line, or no agreement but a chain of them.

use super::cast::Cast;
use super::inquiry::{Findings, Inquiry};
use crate::cluster::Cluster;
use crate::people::Person;
use anyhow::{Context, ensure};
use concord_client::{Client, Deciding};
use concord_domain::wanted::Finding;
use concord_domain::{AgencyId, OffenceNature, OutcomeKind, Purpose, VettingDecision};

pub(super) async fn carried(yunnan: &Client, cast: &Cast) -> anyhow::Result<(Findings, String)> {
    let (found, route) = by_way_of(&cast.ministry, yunnan, cast).await?;
    let says = format!("Yunnan and Heilongjiang share one agreement and no line: hit by way of {route}");
    Ok((found, says))
}

pub(super) async fn failover(
    cluster: &mut Cluster,
    yunnan: &Client,
    cast: &Cast,
) -> anyhow::Result<(Findings, String)> {
    cluster.kill(&cast.ministry).await?;
    let (found, route) = by_way_of(&cast.beijing, yunnan, cast).await?;
    cluster.restart(&cast.ministry).await?;
    let says = format!("the node of {} was killed: hit in time by way of {route}", cast.ministry);
    Ok((found, says))
}

/// A county asks abroad by its province, which vets, and the ministry, which transmits; and is refused on the way what the
/// foreign agreement excludes.
pub(super) async fn brokered(county: &Client, cast: &Cast) -> anyhow::Result<(Vec<Finding>, String)> {
    let person = Cast::people(5).nth(21).context("a person")?;
    let inquiry = |nature| {
        let inquiry = Inquiry::by_id(&person, std::slice::from_ref(&cast.laos))?;
        anyhow::Ok(Inquiry { purpose: Purpose::HumanTrafficking, nature, ..inquiry })
    };
    let found = inquiry(None)?.ask(county).await?;
    found.expect_person(&cast.laos, &person)?;
    let route = &found.of(&cast.laos)?.route;
    let shown = route.iter().map(ToString::to_string).collect::<Vec<_>>().join(" > ");
    let expected = [&cast.county, &cast.guangxi, &cast.ministry, &cast.laos];
    ensure!(route.iter().eq(expected), "the route was {shown}");
    let political = inquiry(Some(OffenceNature::Political))?.ask(county).await?;
    let refused = political.expect(&cast.laos, OutcomeKind::Refused)?.outcome.reason().unwrap_or_default();
    ensure!(refused == "OFFENCE_EXCLUDED", "a political offence was refused for {refused}");
    let says = format!(
        "a county's request, vetted and transmitted: hit by way of {shown}; a political offence: {refused}"
    );
    Ok((found.into_each().chain(political.into_each()).collect(), says))
}

/// What the county asks for another purpose waits until an officer of its province has decided; whoever watches learns what
/// came of it.
pub(super) async fn vetted(
    cluster: &Cluster,
    county: &Client,
    cast: &Cast,
) -> anyhow::Result<(Vec<Finding>, String)> {
    let person = Cast::people(5).nth(22).context("a person")?;
    let laos = std::slice::from_ref(&cast.laos);
    let inquiry = Inquiry { purpose: Purpose::SeriousCrime, ..Inquiry::by_id(&person, laos)? };
    let asked = inquiry.ask(county).await?;
    let watch = asked.expect(&cast.laos, OutcomeKind::Pending)?.watch.context("no watch")?;
    let province = cluster.client(&cast.guangxi)?;
    let waiting = province.vettings(true).await?.into_iter().next().context("nothing waits")?;
    let (reference, decision) = (waiting.reference, VettingDecision::Approve);
    let officer = Some("demo-vetter".parse()?);
    let decided = province.decide_vetting(Deciding { reference, decision, officer }).await?;
    let found = Findings::of_watch(county, watch, laos).await?;
    found.expect_person(&cast.laos, &person)?;
    let says = format!(
        "waits in {} for an officer, who decides: {}; the county watches: hit",
        cast.guangxi, decided.state
    );
    Ok((asked.into_each().chain(found.into_each()).collect(), says))
}

/// A hit in Heilongjiang that this carrier, and nobody else, took there and back. Gives the route as people read it.
async fn by_way_of(carrier: &AgencyId, yunnan: &Client, cast: &Cast) -> anyhow::Result<(Findings, String)> {
    let person: Person = Cast::people(4).nth(8).context("a person")?;
    let mut inquiry = Inquiry::by_id(&person, std::slice::from_ref(&cast.heilongjiang))?;
    inquiry.purpose = Purpose::SeriousCrime;
    let found = inquiry.ask(yunnan).await?;
    found.expect_person(&cast.heilongjiang, &person)?;
    let route = &found.of(&cast.heilongjiang)?.route;
    let shown = route.iter().map(ToString::to_string).collect::<Vec<_>>().join(" > ");
    let expected = [&cast.yunnan, carrier, &cast.heilongjiang];
    ensure!(route.iter().eq(expected), "the route was {shown}, not by way of {carrier}");
    Ok((found, shown))
}
