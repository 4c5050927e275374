//! The foreign channel: a county of Guangxi asks Laos by way of its province, which vets, and the ministry, which
//! transmits (Rules 374, 378, 380).

use crate::PROGRAM;
use concord_domain::wanted::Query;
use concord_domain::{Failure, OffenceNature, Outcome, Purpose, Refusal};
use concord_ledger::Event;
use concord_testkit::cluster::TestCluster;
use concord_testkit::people::notice;
use concord_testkit::searching::{PATIENCE, Searched, agencies, by_name, query};

const COUNTY: &str = "dx.gx.police.cn";
const PROVINCE: &str = "gx.police.cn";
const MINISTRY: &str = "police.cn";
const LAOS: &str = "police.la";

const NAME: &str = "Brindlemoor Castellanza";

fn trafficker() -> Query {
    Query { purpose: Purpose::HumanTrafficking, ..query(by_name(NAME), agencies(&[LAOS])) }
}

async fn ask(cluster: &TestCluster, query: Query) -> Searched {
    Searched::of(&cluster.application(COUNTY).unwrap(), query, PATIENCE).await.unwrap()
}

#[tokio::test]
async fn vetted_transmitted_and_answered() {
    let mut cluster = TestCluster::start(PROGRAM, &[COUNTY, PROVINCE, MINISTRY, LAOS]).await.unwrap();
    cluster.import(LAOS, "sample", vec![notice(1, NAME)]).await.unwrap();

    let asked = ask(&cluster, trafficker()).await;
    let finding = asked.finding(LAOS);
    assert_eq!(finding.outcome, Outcome::Hit, "{finding:?}");
    assert_eq!(asked.notices(LAOS), ["T-00001"]);
    let route: Vec<_> = finding.route.iter().map(ToString::to_string).collect();
    assert_eq!(route, [COUNTY, PROVINCE, MINISTRY, LAOS]);
    assert_eq!(finding.authority.as_ref().map(|a| a.agreement.id.as_str()), Some("foreign-channel"));
    assert_eq!(finding.receipt.as_ref().map(|r| r.ledger.as_str()), Some(PROVINCE));

    let political = Query { nature: Some(OffenceNature::Political), ..trafficker() };
    let asked = ask(&cluster, political).await;
    let finding = asked.finding(LAOS);
    assert_eq!(finding.outcome, Outcome::Refused(Refusal::OffenceExcluded), "{finding:?}");
    assert!(finding.explanation.contains("china-laos"), "{}", finding.explanation);

    let other_purpose = Query { purpose: Purpose::EconomicCrime, ..trafficker() };
    let asked = ask(&cluster, other_purpose).await;
    assert!(matches!(asked.outcome(LAOS), Outcome::Refused(_)), "{:?}", asked.finding(LAOS));

    cluster.kill(LAOS).await.unwrap();
    let asked = ask(&cluster, trafficker()).await;
    assert_eq!(asked.outcome(LAOS), Outcome::Unreachable(Failure::BeyondBroker));
    cluster.restart(LAOS).await.unwrap();

    let stopped = cluster.stop().await.unwrap();
    for name in [COUNTY, PROVINCE, MINISTRY, LAOS] {
        stopped.verify(name).unwrap();
    }
    let released = |name: &str| {
        let entries = stopped.entries(name).unwrap();
        let released = entries.into_iter().filter_map(|entry| {
            let Event::Released { request, .. } = entry.event else { return None };
            Some((request.origin.to_string(), request.behalf))
        });
        released.collect::<Vec<_>>()
    };
    let [(origin, behalf)] = released(LAOS).try_into().unwrap();
    let behalf: Vec<_> = behalf.iter().map(|principal| principal.agency.to_string()).collect();
    assert_eq!((origin.as_str(), behalf), (MINISTRY, vec![COUNTY.to_owned(), PROVINCE.to_owned()]));
}
