//! The individuals of OFAC's list, split over the registers of seven agencies, each a process, and found there.
//!
//! Real people stand in that list. Nothing of them is printed: assertions name the numbers of notices only.

use crate::PROGRAM;
use concord_client::formats::{Format, Reader, Row, jsonl};
use concord_client::{Client, ClientError};
use concord_domain::wanted::{IdentifierKind, NameKind, Notice, Subject};
use concord_domain::{Outcome, Refusal};
use concord_testkit::cluster::{TestCluster, until};
use concord_testkit::searching::{PATIENCE, Searched, agencies, by_name, query};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A party of three regional agreements, so that it may ask all seven.
const ASKING: &str = "nm.police.cn";
/// The first two take their part in OFAC's own format, the others as JSON lines.
const HOLDERS: [&str; 7] = [
    "ln.police.cn",
    "jl.police.cn",
    "bj.police.cn",
    "he.police.cn",
    "sd.police.cn",
    "gs.police.cn",
    "sn.police.cn",
];
const AS_PUBLISHED: usize = 2;
/// Shares no agreement with the asking agency.
const STRANGER: &str = "gd.police.cn";

/// Searches of each kind.
const SAMPLE: usize = 40;
/// Searches under way at once.
const AT_ONCE: usize = 4;

/// The published files; none where they are not at hand.
fn published() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/ofac");
    let there = ["sdn.csv", "alt.csv"].iter().all(|file| folder.join(file).exists());
    if !there {
        println!("skipped: there is no ../shared/data/ofac with sdn.csv and alt.csv");
    }
    there.then_some(folder)
}

/// One agency's part of the list.
#[derive(Default)]
struct Part {
    notices: Vec<Notice>,
    /// Rows of the part that are no individuals.
    others: usize,
}

/// Which agency an entity of the list goes to.
fn holder(entity: &str) -> usize {
    let number: usize = entity.parse().unwrap_or_default();
    // Neighbours on the list are often of one family or organization: they should not all be in one register.
    number % HOLDERS.len()
}

fn parts(folder: &Path) -> Vec<Part> {
    let mut parts: Vec<Part> = HOLDERS.iter().map(|_| Part::default()).collect();
    let text = std::fs::read_to_string(folder.join("sdn.csv")).unwrap();
    let lines: Vec<_> = text.lines().collect();
    for row in Reader::open(Format::OfacSdn, &folder.join("sdn.csv")).unwrap() {
        match row.unwrap() {
            Row::Taken { notice, .. } => {
                let entity = notice.number.as_str().trim_start_matches("OFAC-");
                parts[holder(entity)].notices.push(*notice);
            }
            Row::Skipped { line, .. } => {
                let line = lines[usize::try_from(line).unwrap() - 1];
                parts[holder(line.split(',').next().unwrap())].others += 1;
            }
            Row::Rejected { line, reason } => panic!("line {line}: {reason}"),
        }
    }
    parts
}

/// Writes the rows of one agency's part as they are published.
fn write_published(folder: &Path, part: usize, to: &Path) -> PathBuf {
    for file in ["sdn.csv", "alt.csv"] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let mine = |line: &&str| line.split(',').next().is_some_and(|entity| holder(entity) == part);
        let rows: Vec<_> =
            text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).collect();
        let rows: String = rows.into_iter().filter(mine).map(|line| format!("{line}\n")).collect();
        std::fs::write(to.join(file), rows).unwrap();
    }
    to.join("sdn.csv")
}

fn write_lines(notices: &[Notice], to: &Path) -> PathBuf {
    let path = to.join("sdn.jsonl");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    notices.iter().for_each(|notice| jsonl::write(&mut file, notice).unwrap());
    file.flush().unwrap();
    path
}

#[tokio::test]
async fn real_names_are_found_in_the_right_register() {
    let Some(folder) = published() else { return };
    let parts = parts(&folder);
    let all: usize = parts.iter().map(|part| part.notices.len()).sum();
    assert!(all > 2500 && parts.iter().all(|part| part.notices.len() > 300), "{all} individuals");

    let nodes = [[ASKING, STRANGER].as_slice(), HOLDERS.as_slice()].concat();
    let cluster = TestCluster::start(PROGRAM, &nodes).await.unwrap();
    let files = tempfile::tempdir().unwrap();
    for (index, part) in parts.iter().enumerate() {
        let to = files.path().join(HOLDERS[index]);
        std::fs::create_dir(&to).unwrap();
        match index < AS_PUBLISHED {
            true => import_published(&cluster, index, part, &write_published(&folder, index, &to)).await,
            false => import_lines(&cluster, index, part, &write_lines(&part.notices, &to)).await,
        }
    }
    let asking = cluster.application(ASKING).unwrap();
    named(&asking, &parts).await;
    documented(&asking, &parts).await;
    unknown_and_unasked(&cluster, &asking).await;
    command(&cluster, &parts).await;
    malformed_rows(&cluster, &parts[0], files.path()).await;
    broken_streams(&cluster, &parts[0]).await;
}

/// The only line that an import without rejected rows prints.
fn summary(lines: &[Value]) -> &Value {
    let [line] = lines else { panic!("one line: {lines:?}") };
    &line["summary"]
}

async fn import(cluster: &TestCluster, agency: &str, format: &str, file: &Path) -> Vec<Value> {
    let words = ["register", "import", "--format", format, file.to_str().unwrap()];
    let ran = cluster.concord(agency, &words).await.unwrap();
    let lines = ran.lines();
    assert_eq!(ran.err, "", "no progress is drawn where there is no terminal");
    lines
}

async fn stats(cluster: &TestCluster, agency: &str) -> Vec<Value> {
    cluster.concord(agency, &["register", "stats"]).await.unwrap().lines()
}

/// Twice: the second time replaces the first.
async fn import_published(cluster: &TestCluster, index: usize, part: &Part, file: &Path) {
    let (agency, taken) = (HOLDERS[index], part.notices.len());
    for replaced in [0, taken] {
        let lines = import(cluster, agency, "ofac-sdn", file).await;
        let expected = serde_json::json!({
            "source": "sdn", "taken": taken, "replaced": replaced,
            "skipped": {"not an individual": part.others}, "rejected": 0,
        });
        assert_eq!(*summary(&lines), expected, "{agency}");
        assert_eq!(stats(cluster, agency).await, [serde_json::json!({"source": "sdn", "notices": taken})]);
    }
}

async fn import_lines(cluster: &TestCluster, index: usize, part: &Part, file: &Path) {
    let (agency, taken) = (HOLDERS[index], part.notices.len());
    let lines = import(cluster, agency, "jsonl", file).await;
    let expected =
        serde_json::json!({ "source": "sdn", "taken": taken, "replaced": 0, "skipped": {}, "rejected": 0 });
    assert_eq!(*summary(&lines), expected, "{agency}");
    assert_eq!(stats(cluster, agency).await, [serde_json::json!({"source": "sdn", "notices": taken})]);
}

/// Some of the list, spread over all of it.
fn spread<T>(all: Vec<T>) -> Vec<T> {
    let step = (all.len() / SAMPLE).max(1);
    all.into_iter().step_by(step).take(SAMPLE).collect()
}

/// Every subject is found by its notice's number in its agency.
async fn found(asking: &Client, by: &str, sought: Vec<(usize, String, Subject)>) {
    assert!(sought.len() >= SAMPLE / 2, "{} by {by}", sought.len());
    let searches = sought.into_iter().map(async |(index, number, subject)| {
        let asked = Searched::of(asking, query(subject, agencies(&HOLDERS)), PATIENCE).await.unwrap();
        let missed = !asked.notices(HOLDERS[index]).contains(&number.as_str());
        missed.then(|| format!("{number} at {}: {}", HOLDERS[index], asked.outcome(HOLDERS[index])))
    });
    let missed: Vec<_> = stream::iter(searches).buffer_unordered(AT_ONCE).collect().await;
    let missed: Vec<_> = missed.into_iter().flatten().collect();
    assert!(missed.is_empty(), "not found by {by}: {missed:?}");
}

async fn named(asking: &Client, parts: &[Part]) {
    for kind in [NameKind::Primary, NameKind::Alias] {
        let of = |index: usize| {
            move |notice: &Notice| {
                let name = notice.names.iter().rfind(|name| name.kind == kind)?;
                Some((index, notice.number.as_str().to_owned(), by_name(name.text())))
            }
        };
        let all = parts.iter().enumerate().flat_map(|(n, part)| part.notices.iter().filter_map(of(n)));
        found(asking, kind.as_str(), spread(all.collect())).await;
    }
}

async fn documented(asking: &Client, parts: &[Part]) {
    let of = |index: usize| {
        move |notice: &Notice| {
            let passport = notice.identifiers.iter().find(|i| i.kind == IdentifierKind::Passport)?;
            let subject = Subject::new(&[], vec![passport.clone()]).unwrap();
            Some((index, notice.number.as_str().to_owned(), subject))
        }
    };
    let all = parts.iter().enumerate().flat_map(|(n, part)| part.notices.iter().filter_map(of(n)));
    found(asking, "passport", spread(all.collect())).await;
}

async fn unknown_and_unasked(cluster: &TestCluster, asking: &Client) {
    let nobody = || by_name("Wobblethwaite Fenwickson");
    let asked = Searched::of(asking, query(nobody(), agencies(&HOLDERS)), PATIENCE).await.unwrap();
    for agency in HOLDERS {
        assert_eq!(asked.outcome(agency), Outcome::NoHit, "{agency}");
    }

    let asked =
        Searched::of(asking, query(nobody(), agencies(&[STRANGER, HOLDERS[0]])), PATIENCE).await.unwrap();
    assert_eq!(asked.outcome(HOLDERS[0]), Outcome::NoHit);
    assert_eq!(asked.outcome(STRANGER), Outcome::Refused(Refusal::NoAgreement));
    let why = &asked.finding(STRANGER).explanation;
    assert!(why.contains(ASKING) && why.contains(STRANGER), "{why}");

    // The other way round: the same agency may not ask those seven.
    let stranger = cluster.application(STRANGER).unwrap();
    let asked = Searched::of(&stranger, query(nobody(), agencies(&["all"])), PATIENCE).await.unwrap();
    for agency in HOLDERS {
        assert_eq!(asked.outcome(agency), Outcome::Refused(Refusal::NoAgreement), "{agency}");
    }
}

/// The command finds the same as the SDK: one search for each register.
async fn command(cluster: &TestCluster, parts: &[Part]) {
    for (index, part) in parts.iter().enumerate() {
        let notice = &part.notices[part.notices.len() / 2];
        let (number, name) = (notice.number.as_str(), notice.name().unwrap().text());
        let scope = HOLDERS.join(",");
        let words = ["search", "--name", name, "--scope", &scope, "--purpose", "fugitive-apprehension"];
        let who = ["--case", "A-2026-001", "--officer", "053211"];
        let ran = cluster.concord(ASKING, &[words.as_slice(), who.as_slice()].concat()).await.unwrap();
        let lines = ran.lines();
        let line = lines.iter().find(|line| line["agency"] == HOLDERS[index]).expect("a line of the holder");
        let notices: Vec<_> = line["candidates"].as_array().unwrap().iter().map(|c| &c["notice"]).collect();
        assert!(line["outcome"] == "hit" && notices.contains(&&Value::from(number)), "{number}: {notices:?}");
    }
}

/// Into a source of its own, which it leaves empty.
async fn malformed_rows(cluster: &TestCluster, part: &Part, files: &Path) {
    let agency = HOLDERS[0];
    let before = stats(cluster, agency).await;
    let file = files.join("mixed.jsonl");
    let mut text = Vec::new();
    let [first, second, third] = &part.notices[..3] else { panic!("three notices") };
    jsonl::write(&mut text, first).unwrap();
    text.extend(b"{\"number\": \"X-1\", \"names\": [{\"text\": \"X\", \"kind\": \"nom\"}]}\n");
    jsonl::write(&mut text, second).unwrap();
    text.extend(b"not JSON\n");
    jsonl::write(&mut text, third).unwrap();
    jsonl::write(&mut text, first).unwrap();
    std::fs::write(&file, &text).unwrap();

    let lines = import(cluster, agency, "jsonl", &file).await;
    let (summary, rejected) = lines.split_last().expect("lines");
    let at: Vec<_> = rejected.iter().map(|row| row["line"].as_u64().unwrap()).collect();
    assert_eq!(at, [2, 4, 6]);
    for (row, words) in rejected.iter().zip(["names[0].kind", "not JSON", "earlier row"]) {
        let reason = row["reason"].as_str().unwrap();
        assert!(reason.contains(words), "{reason}");
    }
    assert_eq!((&summary["summary"]["taken"], &summary["summary"]["rejected"]), (&3.into(), &3.into()));

    std::fs::write(&file, "").unwrap();
    let file = file.to_str().unwrap();
    let words = ["register", "import", "--format", "jsonl", file];
    let refused = cluster.concord(agency, &words).await.unwrap();
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("WOULD_EMPTY_SOURCE"), "{}", refused.err);
    let words = ["register", "import", "--format", "jsonl", "--allow-empty", file];
    let lines = cluster.concord(agency, &words).await.unwrap().lines();
    assert_eq!((&lines[0]["summary"]["taken"], &lines[0]["summary"]["replaced"]), (&0.into(), &3.into()));
    let after = stats(cluster, agency).await;
    assert!(before.iter().all(|count| after.contains(count)), "the other source is as it was: {after:?}");
}

/// Rows in more than one message, so that something has arrived when the stream breaks.
const ROWS: usize = 250;

async fn broken_streams(cluster: &TestCluster, part: &Part) {
    let agency = HOLDERS[0];
    let client = cluster.application(agency).unwrap();
    let before = counts(&client).await;
    let some = part.notices[..ROWS].to_vec();
    let rows = || some.clone().into_iter().zip(1..).map(row);

    let error = client
        .import("sdn", stream::iter(rows().chain([Err(std::io::Error::other("the disk is gone"))])), |_| ())
        .await
        .unwrap_err();
    assert!(matches!(&error, ClientError::Rows(why) if why.to_string() == "the disk is gone"), "{error}");
    assert_eq!(counts(&client).await, before);

    // A client that goes away in the middle.
    let sent = Arc::new(AtomicU64::new(0));
    let (arrived, counting) = (Arc::new(tokio::sync::Notify::new()), Arc::clone(&sent));
    let told = Arc::clone(&arrived);
    let going = client.import("sdn", stream::iter(rows()).chain(stream::pending()), move |rows| {
        assert!(rows > counting.swap(rows, Ordering::Relaxed), "progress grows");
        told.notify_one();
    });
    tokio::select! {
        ended = going => panic!("ended without an end: {ended:?}"),
        () = arrived.notified() => {}
    }
    assert!(sent.load(Ordering::Relaxed) >= 100);
    assert_eq!(counts(&client).await, before);

    // What was broken off stands in the way of the next only until the node has noticed, and everybody is still there.
    let report = until("an import after one that was broken off", PATIENCE, async || {
        let rows = part.notices.clone().into_iter().zip(1..).map(row);
        match client.import("sdn", stream::iter(rows), |_| ()).await {
            Err(ClientError::Rejected(why)) if why.reason.as_deref() == Some("IMPORT_RUNNING") => Ok(None),
            other => Ok(other.map(Some)?),
        }
    })
    .await;
    assert_eq!(report.taken, report.replaced);
    assert_eq!(counts(&client).await, before);
    let exported: Vec<Notice> = client.export(Some("sdn")).await.unwrap().try_collect().await.unwrap();
    let by_number = |notices: &[Notice]| -> BTreeMap<String, Notice> {
        notices.iter().map(|notice| (notice.number.as_str().to_owned(), notice.clone())).collect()
    };
    assert!(by_number(&exported) == by_number(&part.notices), "what was imported is exported the same");
}

fn row((notice, line): (Notice, u64)) -> std::io::Result<(u64, Notice)> {
    Ok((line, notice))
}

async fn counts(client: &Client) -> BTreeMap<String, u64> {
    let counts = client.stats().await.unwrap();
    counts.into_iter().map(|count| (count.source, count.notices)).collect()
}
