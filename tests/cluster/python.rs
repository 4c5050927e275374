//! A client in another language, Python's grpcio: mutual TLS of another make, and an API that it learns by reflection.

use crate::PROGRAM;
use anyhow::{Context, bail};
use concord_domain::{Outcome, OutcomeKind};
use concord_testkit::cluster::TestCluster;
use concord_testkit::command::Ran;
use concord_testkit::people::{notice, passport};
use concord_testkit::searching::{PATIENCE, Searched, agencies, by_id, query};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tokio::process::Command;

const ASKING: &str = "yn.police.cn";
const HOLDER: &str = "sc.police.cn";
const OTHER: &str = "gz.police.cn";
const STRANGER: &str = "gd.police.cn";

/// Set where a missing Python is a failure.
const REQUIRED: &str = "CONCORD_REQUIRE_PYTHON";

/// Where this test's Python files are.
fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cluster/python")
}

/// A Python with the packages of `requirements.txt`, made once for each version of that file.
async fn python() -> anyhow::Result<PathBuf> {
    let requirements = sources().join("requirements.txt");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
    let (python, done) = (folder.join("bin/python"), folder.join("requirements.txt"));
    let wanted = std::fs::read(&requirements)?;
    if std::fs::read(&done).is_ok_and(|had| had == wanted) {
        return Ok(python);
    }
    let mut command = Command::new("python3");
    command.args(["-m", "venv", "--clear"]).arg(&folder);
    succeeded(command).await?;
    let mut command = Command::new(&python);
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
    command.args(["--only-binary", ":all:", "--requirement"]).arg(&requirements);
    succeeded(command).await?;
    // Last, so that what was interrupted is made anew.
    std::fs::write(&done, wanted)?;
    Ok(python)
}

async fn succeeded(command: Command) -> anyhow::Result<Ran> {
    let shown = format!("{:?}", command.as_std());
    let ran = Ran::command(command).await?;
    if ran.code != Some(0) {
        bail!("{shown}: {}", ran.err);
    }
    Ok(ran)
}

#[tokio::test]
async fn the_same_search_from_python() {
    let python = match python().await {
        Ok(python) => python,
        Err(error) if std::env::var_os(REQUIRED).is_some_and(|value| value != "0") => {
            panic!("{REQUIRED} is set, but there is no Python with grpcio: {error:#}")
        }
        Err(error) => return println!("skipped: there is no Python with grpcio: {error:#}"),
    };
    let cluster = TestCluster::start(PROGRAM, &[ASKING, HOLDER, OTHER, STRANGER]).await.unwrap();
    cluster.import(HOLDER, "sample", vec![notice(1, "欧阳试样")]).await.unwrap();
    let messages = search(&cluster, &python).await.unwrap();
    let ours = Searched::of(
        &cluster.application(ASKING).unwrap(),
        query(by_id(&format!("passport:{}", passport(1))), agencies(&[HOLDER, OTHER, STRANGER])),
        PATIENCE,
    )
    .await
    .unwrap();
    compare(&messages, &ours);
}

/// The messages that a Python client gets.
async fn search(cluster: &TestCluster, python: &Path) -> anyhow::Result<Vec<Value>> {
    let request = json!({
        "subject": {"identifiers": [{"kind": "IDENTIFIER_KIND_PASSPORT", "number": passport(1)}]},
        "scope": {"terms": [{"agencies": HOLDER}, {"agencies": OTHER}, {"agencies": STRANGER}]},
        "purpose": "PURPOSE_FUGITIVE_APPREHENSION",
        "caseReference": "A-2026-001",
        "officer": "053211",
    });
    let node = cluster.node(ASKING);
    let target = node.local_api.strip_prefix("https://").context("an https address")?;
    let mut command = Command::new(python);
    command.arg(sources().join("search.py")).arg(target).arg(&node.ca);
    command.arg(&node.clients.app.cert).arg(&node.clients.app.key).arg(request.to_string());
    Ok(succeeded(command).await?.lines())
}

/// What Python's JSON of protobuf says of each agency is what the SDK says.
fn compare(messages: &[Value], ours: &Searched) {
    let (summary, outcomes) = messages.split_last().expect("messages");
    assert_eq!(outcomes.len(), ours.findings.len());
    for message in outcomes {
        let theirs = &message["outcome"];
        let agency = theirs["agency"].as_str().expect("an agency");
        let finding = ours.finding(agency);
        let word = format!("OUTCOME_{}", finding.outcome.kind().as_str().to_uppercase());
        assert_eq!(theirs["outcome"], word, "{agency}");
        assert_eq!(theirs["reason"].as_str(), finding.outcome.reason(), "{agency}");
        assert_eq!(theirs["explanation"].as_str().unwrap_or_default(), finding.explanation, "{agency}");
        let agreement = finding.authority.as_ref().map(|authority| authority.agreement.id.as_str());
        assert_eq!(theirs["agreement"]["id"].as_str(), agreement, "{agency}");
        assert_eq!(theirs["receipt"]["ledger"].is_string(), finding.receipt.is_some(), "{agency}");
        let theirs = theirs["candidates"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert_eq!(theirs.len(), finding.candidates.len(), "{agency}");
        for (theirs, ours) in theirs.iter().zip(&finding.candidates) {
            assert_eq!(theirs["score"], ours.score.thousandths());
            assert_eq!(theirs["notice"]["number"], ours.notice.number.as_str());
            assert_eq!(theirs["notice"]["names"][0]["text"], ours.notice.name().unwrap().text());
        }
    }
    let counts = ["asked", "hit", "noHit", "refused"].map(|count| summary["summary"][count].as_u64());
    assert_eq!(counts, [Some(3), Some(1), Some(1), Some(1)]);
    assert_eq!((ours.outcome(HOLDER), ours.totals.of(OutcomeKind::Refused)), (Outcome::Hit, 1));
}
