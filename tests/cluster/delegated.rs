//! Guangdong asks all counties of Guangxi, to none of which it has a line: their superior, which signed for them, carries
//! to each what is sealed for it, and each answers for itself.

use crate::PROGRAM;
use concord_domain::wanted::Query;
use concord_domain::{Failure, Outcome};
use concord_ledger::Event;
use concord_pki::{Federation, FederationMember};
use concord_testkit::cluster::{TestCluster, agency};
use concord_testkit::people::notice;
use concord_testkit::searching::{PATIENCE, Searched, agencies, by_name, query};

const GUANGDONG: &str = "gd.police.cn";
const GUANGXI: &str = "gx.police.cn";
/// The one that is in the sample; the others are made like it.
const DONGXING: &str = "dx.gx.police.cn";
const PUBEI: &str = "pb.gx.police.cn";
const RONGXIAN: &str = "rx.gx.police.cn";
const COUNTIES: [&str; 3] = [DONGXING, PUBEI, RONGXIAN];
/// Further counties, which have no nodes: more than are asked at once.
const OTHERS: u32 = 70;

/// Stands in the registers of Dongxing and Guangdong only.
const NAME: &str = "Thistlewood Anselm";

fn other(number: u32) -> String {
    format!("c{number}.gx.police.cn")
}

fn federation() -> Federation {
    let mut federation = Federation::sample().unwrap();
    let like = federation.member(&agency(DONGXING)).unwrap().clone();
    let others = (0..OTHERS).map(other);
    for name in [PUBEI, RONGXIAN].map(str::to_owned).into_iter().chain(others) {
        federation.members.push(FederationMember { agency: agency(&name), ..like.clone() });
    }
    federation.no_lines.extend(COUNTIES.map(|county| [agency(GUANGDONG), agency(county)]));
    federation
}

fn wanted(scope: &[&str]) -> Query {
    query(by_name(NAME), agencies(scope))
}

async fn ask(cluster: &TestCluster, from: &str, scope: &[&str]) -> Searched {
    Searched::of(&cluster.application(from).unwrap(), wanted(scope), PATIENCE).await.unwrap()
}

fn route(searched: &Searched, county: &str) -> Vec<String> {
    searched.finding(county).route.iter().map(ToString::to_string).collect()
}

/// Each county's own answer, with its own receipt, by way of the superior.
fn answered(asked: &Searched, county: &str, outcome: Outcome) {
    let finding = asked.finding(county);
    assert_eq!(finding.outcome, outcome, "{finding:?}");
    assert_eq!(route(asked, county), [GUANGDONG, GUANGXI, county]);
    assert_eq!(finding.receipt.as_ref().map(|receipt| receipt.ledger.as_str()), Some(county));
    assert!(!finding.signed_receipt.is_empty() && finding.record.is_some());
}

#[tokio::test]
async fn a_superior_carries_to_each_below_it_and_each_answers_for_itself() {
    let nodes = [GUANGDONG, GUANGXI, DONGXING, PUBEI, RONGXIAN];
    let mut cluster = TestCluster::start_of(federation(), PROGRAM, &nodes).await.unwrap();
    for name in [DONGXING, GUANGDONG] {
        cluster.import(name, "sample", vec![notice(1, NAME)]).await.unwrap();
    }
    let below = ["*.gx.police.cn"];
    let asked = ask(&cluster, GUANGDONG, &below).await;
    assert_eq!(asked.totals.asked(), 3 + OTHERS);
    answered(&asked, DONGXING, Outcome::Hit);
    answered(&asked, PUBEI, Outcome::NoHit);
    answered(&asked, RONGXIAN, Outcome::NoHit);
    for other in (0..OTHERS).map(other) {
        assert_eq!(asked.outcome(&other), Outcome::Unreachable(Failure::NoEndpoint), "{other}");
    }

    // The other way round a county asks through its superior.
    let asked = ask(&cluster, DONGXING, &[GUANGDONG]).await;
    assert_eq!(asked.outcome(GUANGDONG), Outcome::Hit, "{:?}", asked.finding(GUANGDONG));
    assert_eq!(route(&asked, GUANGDONG), [DONGXING, GUANGXI, GUANGDONG]);

    // The region is all parties and whoever is below them; of the other four no node is up.
    let asked = ask(&cluster, GUANGDONG, &["region:pan-pearl-river"]).await;
    assert_eq!(asked.totals.asked(), 8 + OTHERS);
    assert_eq!(asked.outcome(GUANGXI), Outcome::NoHit);
    assert_eq!(asked.outcome("hn.police.cn"), Outcome::Unreachable(Failure::NoEndpoint));
    answered(&asked, DONGXING, Outcome::Hit);

    cluster.kill(RONGXIAN).await.unwrap();
    let asked = ask(&cluster, GUANGDONG, &below).await;
    assert_eq!(asked.outcome(RONGXIAN), Outcome::Unreachable(Failure::NoRoute));
    assert!(asked.finding(RONGXIAN).receipt.is_none());
    answered(&asked, DONGXING, Outcome::Hit);
    answered(&asked, PUBEI, Outcome::NoHit);

    cluster.kill(GUANGXI).await.unwrap();
    let asked = ask(&cluster, GUANGDONG, &below).await;
    for county in COUNTIES {
        assert_eq!(asked.outcome(county), Outcome::Unreachable(Failure::NoRoute), "{county}");
        let explanation = &asked.finding(county).explanation;
        assert!(explanation.contains(GUANGXI), "{explanation}");
    }

    let stopped = cluster.stop().await.unwrap();
    for name in [GUANGDONG, DONGXING, PUBEI] {
        stopped.verify(name).unwrap();
    }
    let released = stopped.entries(DONGXING).unwrap();
    let released = released.iter().filter(|entry| matches!(entry.event, Event::Released { .. })).count();
    assert_eq!(released, 3, "each search is executed once by each");
}
