//! `concord ledger` over running and stopped nodes: what was altered, reordered or cut off is named.

use crate::PROGRAM;
use concord_domain::Digest;
use concord_ledger::{SignedCheckpoint, leaf_hash};
use concord_testkit::cluster::{Stopped, TestCluster, until};
use concord_testkit::command::Ran;
use concord_testkit::people::{notice, passport};
use concord_testkit::searching::{PATIENCE, Searched, agencies, by_id, query};
use futures_util::StreamExt;
use rusqlite::{Connection, params};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::{NamedTempFile, TempDir};

const ASKING: &str = "yn.police.cn";
const ASKED: &str = "sc.police.cn";
const OTHER: &str = "gz.police.cn";

/// Searches before anything is looked at: each leaves four entries with the one who asks.
const SEARCHES: u32 = 8;

/// Longer than the second between two checkpoints, on a busy machine.
const COVERED_WITHIN: Duration = Duration::from_secs(20);

async fn searches(cluster: &TestCluster) {
    let asking = cluster.application(ASKING).unwrap();
    for _ in 0..SEARCHES {
        let query = query(by_id(&format!("passport:{}", passport(1))), agencies(&[ASKED, OTHER]));
        let asked = Searched::of(&asking, query, PATIENCE).await.unwrap();
        assert_eq!(asked.totals.asked(), 2);
    }
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let mut cluster = TestCluster::start(PROGRAM, &[ASKING, ASKED, OTHER]).await.unwrap();
    cluster.import(ASKED, "sample", vec![notice(1, "Person Number 1")]).await.unwrap();
    searches(&cluster).await;
    running(&cluster).await;

    // A copy of what the node had when it was first ended, to roll it back to.
    checkpoint(&cluster).await;
    cluster.kill(ASKING).await.unwrap();
    let old = Copied::of(&cluster.files(ASKING).data());
    cluster.restart(ASKING).await.unwrap();
    searches(&cluster).await;
    let kept = checkpoint(&cluster).await;

    let stopped = cluster.stop().await.unwrap();
    for agency in [ASKING, ASKED, OTHER] {
        let good = verify(&stopped, agency, &stopped.data(agency), None).await;
        assert_eq!(
            (good.code, good.object["ok"].as_bool()),
            (Some(0), Some(true)),
            "{agency}: {}",
            good.object
        );
        assert_eq!(good.object["signed"], good.object["size"], "{agency}");
    }
    altered(&stopped).await;
    reordered(&stopped).await;
    cut_off(&stopped).await;
    rolled_back(&stopped, &old, &kept).await;
}

/// A running node's ledger is verified through it; its folder is left alone.
async fn running(cluster: &TestCluster) {
    for agency in [ASKING, ASKED] {
        let lines = cluster.concord(agency, &["ledger", "verify"]).await.unwrap().lines();
        assert_eq!((&lines[0]["ledger"], &lines[0]["ok"]), (&agency.into(), &true.into()), "{lines:?}");
        assert!(lines[0]["size"].as_u64() >= Some(u64::from(SEARCHES)), "{lines:?}");
    }
    let data = cluster.files(ASKING).data();
    let ran = cluster.concord_alone(&["ledger", "verify", "--data", data.to_str().unwrap()]).await.unwrap();
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{}", ran.err);
    assert!(ran.err.contains("another process"), "{}", ran.err);
}

/// A running node's checkpoint of all that it has done, in a file.
async fn checkpoint(cluster: &TestCluster) -> NamedTempFile {
    let client = cluster.application(ASKING).unwrap();
    let entries = client.entries(0, None).await.unwrap().count().await;
    let note = until("a checkpoint covers every entry", COVERED_WITHIN, async || {
        let lines = cluster.concord(ASKING, &["ledger", "checkpoint"]).await?.lines();
        let note = lines[0]["checkpoint"].as_str().expect("a note").to_owned();
        let size = SignedCheckpoint::parse(&note)?.claimed().size;
        Ok((usize::try_from(size)? >= entries).then_some(note))
    })
    .await;
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), note).unwrap();
    file
}

/// A copy of a data folder, to do harm to.
struct Copied(TempDir);

impl Copied {
    fn of(data: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(data, folder.path());
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Changes the database as somebody could who has the file.
    fn harm(&self, harm: impl FnOnce(&Connection)) {
        harm(&Connection::open(self.path().join("node.db")).unwrap());
    }

    /// Leaves only the database.
    fn without_tiles(self) -> Self {
        std::fs::remove_dir_all(self.path().join("ledger")).unwrap();
        self
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to): (PathBuf, _) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().unwrap().is_dir() {
            true => copy(&from, &to),
            false => drop(std::fs::copy(&from, &to).unwrap()),
        }
    }
}

struct Verdict {
    code: Option<i32>,
    object: Value,
}

impl Verdict {
    /// It failed, and this is the first bad index.
    fn names(&self, index: u64) {
        assert_eq!(self.code, Some(1), "{}", self.object);
        assert_eq!(
            (&self.object["ok"], &self.object["first_bad"]),
            (&false.into(), &index.into()),
            "{}",
            self.object
        );
    }
}

async fn verify(stopped: &Stopped, agency: &str, data: &Path, against: Option<&Path>) -> Verdict {
    let documents = stopped.layout().federation();
    let [data, documents] = [data, &documents].map(|path| path.to_str().unwrap());
    let mut words = vec!["--agency", agency, "ledger", "verify", "--data", data, "--federation", documents];
    if let Some(against) = against {
        words.extend(["--against", against.to_str().unwrap()]);
    }
    let ran = Ran::of(Path::new(PROGRAM), &words).await.unwrap();
    let objects = ran.objects();
    let [object] = objects.as_slice() else { panic!("one line, not {objects:?}: {}", ran.err) };
    Verdict { code: ran.code, object: object.clone() }
}

fn entry(db: &Connection, index: u64) -> (Vec<u8>, Vec<u8>) {
    let row = "SELECT bytes, leaf FROM entry WHERE idx = ?1";
    db.query_row(row, [index], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
}

fn put(db: &Connection, index: u64, bytes: &[u8], leaf: &[u8]) {
    let changed =
        db.execute("UPDATE entry SET bytes = ?2, leaf = ?3 WHERE idx = ?1", params![index, bytes, leaf]);
    assert_eq!(changed.unwrap(), 1);
}

/// One bit of one entry, with and without its leaf hash made to fit.
async fn altered(stopped: &Stopped) {
    const AT: u64 = 7;
    for fitting in [false, true] {
        let copied = Copied::of(&stopped.data(ASKING));
        copied.harm(|db| {
            let (mut bytes, leaf) = entry(db, AT);
            *bytes.last_mut().unwrap() ^= 1;
            let Digest(new) = leaf_hash(&bytes);
            put(db, AT, &bytes, if fitting { &new } else { &leaf });
        });
        verify(stopped, ASKING, copied.path(), None).await.names(AT);
        // Without tiles there is only the next signed root: it says that something before it is wrong.
        let copied = copied.without_tiles();
        let verdict = verify(stopped, ASKING, copied.path(), None).await;
        let (first, last) = (&verdict.object["suspects"][0], &verdict.object["suspects"][1]);
        assert_eq!(verdict.code, Some(1), "{}", verdict.object);
        assert!(first.as_u64() <= Some(AT) && last.as_u64() >= Some(AT), "{}", verdict.object);
    }
}

async fn reordered(stopped: &Stopped) {
    let (one, two) = (5, 9);
    let copied = Copied::of(&stopped.data(ASKING));
    copied.harm(|db| {
        let ((bytes, leaf), (other, other_leaf)) = (entry(db, one), entry(db, two));
        put(db, one, &other, &other_leaf);
        put(db, two, &bytes, &leaf);
    });
    verify(stopped, ASKING, copied.path(), None).await.names(one);

    let copied = Copied::of(&stopped.data(ASKING));
    copied.harm(|db| assert_eq!(db.execute("DELETE FROM entry WHERE idx = ?1", [one]), Ok(1)));
    verify(stopped, ASKING, copied.path(), None).await.names(one);
}

/// The last entries, with every checkpoint that speaks of them; then the published ones, too.
async fn cut_off(stopped: &Stopped) {
    const LEFT: u64 = 10;
    let copied = Copied::of(&stopped.data(ASKING));
    copied.harm(|db| {
        assert!(db.execute("DELETE FROM entry WHERE idx >= ?1", [LEFT]).unwrap() > 0);
        assert!(db.execute("DELETE FROM checkpoint WHERE size > ?1", [LEFT]).unwrap() > 0);
    });
    verify(stopped, ASKING, copied.path(), None).await.names(LEFT);
    let copied = copied.without_tiles();
    let verdict = verify(stopped, ASKING, copied.path(), None).await;
    assert_eq!(
        (verdict.code, &verdict.object["ok"]),
        (Some(1), &false.into()),
        "the head says what is missing"
    );
}

/// An older state of the whole folder agrees with itself: only a checkpoint kept elsewhere tells.
async fn rolled_back(stopped: &Stopped, old: &Copied, kept: &NamedTempFile) {
    let alone = verify(stopped, ASKING, old.path(), None).await;
    assert_eq!((alone.code, &alone.object["ok"]), (Some(0), &true.into()), "{}", alone.object);
    let size = alone.object["size"].as_u64().expect("a size");

    let verdict = verify(stopped, ASKING, old.path(), Some(kept.path())).await;
    verdict.names(size);
    assert!(verdict.object["fault"].as_str().is_some_and(|fault| fault.contains("kept elsewhere")));

    // The ledger that went on is what the checkpoint said.
    let whole = verify(stopped, ASKING, &stopped.data(ASKING), Some(kept.path())).await;
    assert_eq!((whole.code, &whole.object["ok"]), (Some(0), &true.into()), "{}", whole.object);
}
