//! The foreign channel with an officer in it: what a county of Guangxi asks of Laos waits in its province until an officer
//! there has decided (Rules 374), over kill -9 of either, and comes back to whoever watches.

use crate::PROGRAM;
use concord_client::{Client, ClientError, Deciding};
use concord_domain::wanted::{Finding, Query};
use concord_domain::{Outcome, Purpose, Reference, Refusal, VettingDecision, VettingState};
use concord_ledger::{Event, RequestFacts};
use concord_testkit::cluster::{Stopped, TestCluster, until};
use concord_testkit::people::notice;
use concord_testkit::searching::{PATIENCE, Searched, agencies, by_name, query};
use std::time::Duration;
use tonic::Code;

const COUNTY: &str = "dx.gx.police.cn";
const PROVINCE: &str = "gx.police.cn";
const MINISTRY: &str = "police.cn";
const LAOS: &str = "police.la";
const ALL: [&str; 4] = [COUNTY, PROVINCE, MINISTRY, LAOS];

const NAME: &str = "Brindlemoor Castellanza";
const OTHER_NAME: &str = "Wexcombe Altamura";
const OFFICER: &str = "gx-vetting-4711";
const REASON: &str = "the case file is not attached";

/// Longer than the node's first pauses between two attempts, many times over.
const WATCHED: Duration = Duration::from_secs(60);

fn burglar(name: &str) -> Query {
    Query { purpose: Purpose::SeriousCrime, ..query(by_name(name), agencies(&[LAOS])) }
}

/// Asks what has to be vetted; gives the watch.
async fn pending(county: &Client, name: &str) -> Reference {
    let asked = Searched::of(county, burglar(name), PATIENCE).await.unwrap();
    let finding = asked.finding(LAOS);
    assert_eq!(finding.outcome, Outcome::Pending, "{finding:?}");
    assert!(finding.explanation.contains(PROVINCE), "{}", finding.explanation);
    assert_eq!(finding.receipt.as_ref().map(|receipt| receipt.ledger.as_str()), Some(PROVINCE));
    finding.watch.expect("a watch")
}

async fn watched(client: &Client, watch: Reference, timeout: Duration) -> Result<Finding, ClientError> {
    let searched = Searched::of_watch(client, watch, timeout).await?;
    Ok(searched.finding(LAOS).clone())
}

/// The one request that is open, as an officer sees it.
async fn open(province: &Client) -> Reference {
    let waiting = province.vettings(true).await.unwrap();
    let [waiting] = waiting.try_into().unwrap();
    assert_eq!((waiting.origin.as_str(), waiting.onward.as_str()), (COUNTY, LAOS));
    assert_eq!(waiting.authority.and_then(|a| a.clause).as_ref().map(|c| c.as_str()), Some("1.2"));
    waiting.reference
}

fn deciding(reference: Reference, decision: VettingDecision) -> Deciding {
    Deciding { reference, decision, officer: Some(OFFICER.parse().unwrap()) }
}

fn rejected(error: ClientError) -> (Code, String) {
    let ClientError::Rejected(rejection) = error else { panic!("{error}") };
    (rejection.code, rejection.reason.unwrap_or_default())
}

fn requests<T>(stopped: &Stopped, name: &str, of: impl Fn(Event) -> Option<T>) -> Vec<T> {
    stopped.entries(name).unwrap().into_iter().filter_map(|entry| of(entry.event)).collect()
}

#[tokio::test]
async fn an_officer_decides_and_whoever_asked_learns_it_by_watch() {
    let mut cluster = TestCluster::start(PROGRAM, &ALL).await.unwrap();
    cluster.import(LAOS, "sample", vec![notice(1, NAME), notice(2, OTHER_NAME)]).await.unwrap();
    let county = cluster.application(COUNTY).unwrap();
    let watch = pending(&county, NAME).await;

    cluster.kill(PROVINCE).await.unwrap();
    cluster.kill(COUNTY).await.unwrap();
    cluster.restart(PROVINCE).await.unwrap();
    cluster.restart(COUNTY).await.unwrap();
    let (county, province) = (cluster.application(COUNTY).unwrap(), cluster.application(PROVINCE).unwrap());
    let still = watched(&county, watch, Duration::from_secs(3)).await.unwrap();
    assert_eq!((still.outcome, still.watch), (Outcome::Pending, Some(watch)), "{still:?}");

    let reference = open(&province).await;
    let (_, ask) = province.vetting(reference).await.unwrap();
    assert_eq!((ask.subject.names()[0].text(), ask.officer.as_str()), (NAME, "053211"));
    // While somebody watches it comes by itself.
    let watching = tokio::spawn({
        let county = cluster.application(COUNTY).unwrap();
        async move { watched(&county, watch, WATCHED).await.unwrap() }
    });
    let approved = province.decide_vetting(deciding(reference, VettingDecision::Approve)).await.unwrap();
    assert_eq!(
        (approved.state, approved.decided_by.as_ref().map(|o| o.as_str())),
        (VettingState::Approved, Some(OFFICER))
    );
    let hit = watching.await.unwrap();
    assert_eq!((hit.outcome, hit.watch), (Outcome::Hit, None), "{hit:?}");
    assert_eq!(hit.candidates[0].notice.number.as_str(), "T-00001");
    assert_eq!(hit.route.iter().map(|agency| agency.as_str()).collect::<Vec<_>>(), ALL);
    let again = watched(&county, watch, WATCHED).await.unwrap();
    assert_eq!(again, Finding { elapsed: again.elapsed, ..hit }, "an end is kept");
    let twice = province.decide_vetting(deciding(reference, VettingDecision::Approve)).await.unwrap_err();
    assert_eq!(rejected(twice), (Code::FailedPrecondition, "VETTING_DECIDED".into()));

    let watch = pending(&county, OTHER_NAME).await;
    let reference = open(&province).await;
    let refuse = VettingDecision::Refuse(REASON.parse().unwrap());
    province.decide_vetting(deciding(reference, refuse)).await.unwrap();
    let refused = watched(&county, watch, WATCHED).await.unwrap();
    assert_eq!(refused.outcome, Outcome::Refused(Refusal::VettingRefused));
    assert!(refused.explanation.contains(REASON), "{}", refused.explanation);

    let stopped = cluster.stop().await.unwrap();
    check(&stopped);
}

/// The ledgers are whole, name those for whom it was asked, and neither the person nor the officer.
fn check(stopped: &Stopped) {
    for name in ALL {
        stopped.verify(name).unwrap();
        for entry in stopped.entries(name).unwrap() {
            let bytes = entry.encode();
            for secret in [NAME, OTHER_NAME, OFFICER, REASON] {
                assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{name}");
            }
        }
    }
    let vetted = requests(stopped, PROVINCE, |event| {
        let Event::Vetted { request, refusal, .. } = event else { return None };
        Some((request.origin.to_string(), refusal))
    });
    assert_eq!(vetted, [(COUNTY.to_owned(), None), (COUNTY.to_owned(), Some(Refusal::VettingRefused))]);
    let served = requests(stopped, LAOS, |event| {
        let Event::Released { request, .. } = event else { return None };
        Some(request)
    });
    let [RequestFacts { origin, behalf, .. }] = served.try_into().unwrap();
    let behalf: Vec<_> = behalf.iter().map(|principal| principal.agency.as_str()).collect();
    assert_eq!((origin.as_str(), behalf), (MINISTRY, vec![COUNTY, PROVINCE]));
}

#[tokio::test]
async fn a_watch_is_for_the_caller_that_asked() {
    let cluster = TestCluster::start(PROGRAM, &[COUNTY, PROVINCE, MINISTRY]).await.unwrap();
    let watch = pending(&cluster.application(COUNTY).unwrap(), NAME).await;
    let unknown = || (Code::NotFound, "NO_SUCH_WATCH".to_owned());
    let officer = cluster.officer(COUNTY).unwrap();
    let short = Duration::from_secs(1);
    assert_eq!(rejected(watched(&officer, watch, short).await.unwrap_err()), unknown());
    let made_up = Reference([7; 16]);
    let county = cluster.application(COUNTY).unwrap();
    assert_eq!(rejected(watched(&county, made_up, short).await.unwrap_err()), unknown());

    // The sample's officers have no role but to search.
    let officer = cluster.officer(PROVINCE).unwrap();
    let denied = officer.vettings(true).await.unwrap_err();
    assert_eq!(rejected(denied), (Code::PermissionDenied, "ROLE_MISSING".into()));
}

#[tokio::test]
async fn on_the_command_line() {
    let cluster = TestCluster::start(PROGRAM, &ALL).await.unwrap();
    cluster.import(LAOS, "sample", vec![notice(1, NAME)]).await.unwrap();
    let search = ["search", "--name", NAME, "--scope", LAOS, "--purpose", "serious-crime", "--case", "A-1"];
    let search = [search.as_slice(), &["--officer", "053211", "--wait", "45s"]].concat();
    let searching = cluster.concord(COUNTY, &search);
    let deciding = async {
        let listed = until("a request waits", PATIENCE, async || {
            let listed = cluster.concord(PROVINCE, &["vetting", "list"]).await?;
            Ok(listed.lines().into_iter().next())
        });
        let listed = listed.await;
        let reference = listed["reference"].as_str().unwrap().to_owned();
        let shown = cluster.concord(PROVINCE, &["vetting", "show", &reference]).await.unwrap();
        assert_eq!(shown.lines()[0]["ask"]["names"][0], NAME);
        let approve = ["vetting", "approve", &reference, "--officer", OFFICER];
        let approved = cluster.concord(PROVINCE, &approve).await.unwrap();
        assert_eq!(approved.lines()[0]["state"], "approved");
        let refuse = ["vetting", "refuse", &reference, "--officer", OFFICER, "--reason", REASON];
        let late = cluster.concord(PROVINCE, &refuse).await.unwrap();
        assert!(late.code != Some(0) && late.err.contains("VETTING_DECIDED"), "{late:?}");
    };
    let (searched, ()) = tokio::join!(searching, deciding);
    let lines = searched.unwrap().lines();
    let outcomes: Vec<_> = lines.iter().filter_map(|line| line["outcome"].as_str()).collect();
    assert_eq!(outcomes, ["pending", "hit"], "{lines:?}");
    let watch = lines[0]["watch"].as_str().unwrap();
    let again = cluster.concord(COUNTY, &["watch", watch]).await.unwrap().lines();
    assert_eq!((again[0]["outcome"].as_str(), again[1]["summary"]["hit"].as_u64()), (Some("hit"), Some(1)));
}
