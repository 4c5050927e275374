//! Verifying a ledger, of a stopped node's folder or of a running node.

use super::whose::Whose;
use anyhow::Context;
use concord_client::{Client, ClientError, LedgerEntry};
use concord_domain::AgencyId;
use concord_ledger::{Audit, EntrySource, Fault, Report, SignedCheckpoint, Stop, StoredEntry};
use concord_trust::PublicKey;
use futures_util::{Stream, StreamExt};
use serde::Serialize;
use std::fmt;
use std::path::Path;
use tokio::sync::mpsc;

/// A checkpoint that somebody kept.
#[derive(Debug)]
pub(crate) struct Against(SignedCheckpoint);

impl Against {
    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
        Ok(Self(SignedCheckpoint::parse(&text).with_context(|| file.display().to_string())?))
    }
}

/// What came of a verification.
#[derive(Debug, Serialize)]
pub(crate) struct Verdict {
    ledger: AgencyId,
    ok: bool,
    #[serde(flatten)]
    found: Found,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Found {
    Good {
        size: u64,
        root: String,
        checkpoints: u64,
        /// Entries that a signed checkpoint covers.
        signed: u64,
        /// Entries whose published tiles were compared.
        tiled: Option<u64>,
    },
    Bad {
        fault: String,
        /// The first bad index, or the first that may be.
        first_bad: Option<u64>,
        /// First and last of those that may be bad, both inclusive.
        suspects: Option<(u64, u64)>,
    },
}

impl Verdict {
    fn new<E>(ledger: &AgencyId, outcome: Result<Report, Stop<E>>) -> Result<Self, Stop<E>> {
        let found = match outcome {
            Ok(Report { size, root, checkpoints, signed, tiled }) => {
                Found::Good { size, root: root.to_string(), checkpoints, signed, tiled }
            }
            Err(Stop::Fault(fault)) => bad(&fault),
            Err(stop) => return Err(stop),
        };
        Ok(Self { ledger: ledger.clone(), ok: matches!(found, Found::Good { .. }), found })
    }

    pub(crate) const fn is_good(&self) -> bool {
        self.ok
    }
}

fn bad(fault: &Fault) -> Found {
    let suspects = fault.suspects().map(|range| (range.start, range.end.saturating_sub(1)));
    Found::Bad { fault: fault.to_string(), first_bad: suspects.map(|(first, _)| first), suspects }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            Found::Good { size, root, checkpoints, signed, tiled } => {
                write!(f, "{}: good: {size} entries, root {root}", self.ledger)?;
                write!(f, "; {checkpoints} checkpoints cover {signed}")?;
                tiled.map_or(Ok(()), |tiled| write!(f, "; tiles of {tiled} compared"))
            }
            Found::Bad { fault, first_bad, suspects: _ } => {
                write!(f, "{}: BAD: {fault}", self.ledger)?;
                first_bad.map_or(Ok(()), |first| write!(f, "; first bad index {first}"))
            }
        }
    }
}

/// The ledger in a stopped node's folder.
#[derive(Debug)]
pub(crate) struct Offline(concord_store::Offline);

impl Offline {
    pub(crate) fn open(data: &Path) -> anyhow::Result<Self> {
        Ok(Self(concord_store::Offline::open(data)?))
    }

    pub(crate) fn verify(
        &self,
        ledger: &AgencyId,
        keys: &[PublicKey],
        against: Option<&Against>,
    ) -> anyhow::Result<Verdict> {
        let head = self.0.head()?.tree;
        let audit =
            Audit { ledger, keys, head: Some(head), folder: Some(&self.0), against: against.map(|a| &a.0) };
        let notes = self.0.all_checkpoints().map(|row| row.map(|checkpoint| checkpoint.note));
        Ok(Verdict::new(ledger, audit.run(self.0.all_entries(), notes))?)
    }

    /// Entries, by the head row.
    pub(crate) fn size(&self) -> anyhow::Result<u64> {
        Ok(self.0.head()?.tree.size)
    }

    pub(crate) fn latest_checkpoint(&self) -> anyhow::Result<Option<String>> {
        let last = self.0.all_checkpoints().last().transpose()?;
        Ok(last.map(|checkpoint| checkpoint.note))
    }

    pub(super) fn entries(
        &self,
        start: u64,
        limit: Option<u64>,
    ) -> anyhow::Result<impl Iterator<Item = anyhow::Result<LedgerEntry>>> {
        let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let rows =
            self.0.all_entries().skip_while(move |row| row.as_ref().is_ok_and(|row| row.index < start));
        let entry = |StoredEntry { index, leaf, bytes }| LedgerEntry { index, leaf, bytes };
        Ok(rows.take(limit).map(move |row| Ok(entry(row?))))
    }
}

impl EntrySource for Offline {
    fn entry(&self, index: u64) -> Option<Vec<u8>> {
        self.0.entry(index)
    }
}

/// Rows on their way from the network to the auditor, so that neither runs far ahead of the other.
const ON_THE_WAY_MAX: usize = 1024;

/// Reads a running node's whole ledger and verifies it here: nothing is believed of it but its signatures.
pub(super) async fn online(
    client: &Client,
    whose: &Whose,
    against: Option<&Against>,
) -> anyhow::Result<Verdict> {
    // Checkpoints first: the entries that are read after them cover at least those.
    let notes = forward(client.checkpoints().await?);
    let entries = forward(client.entries(0, None).await?);
    let entries =
        entries.map(|row| row.map(|LedgerEntry { index, leaf, bytes }| StoredEntry { index, bytes, leaf }));
    let Whose { agency, keys } = whose;
    let audit = Audit { ledger: agency, keys, head: None, folder: None, against: against.map(|a| &a.0) };
    Ok(tokio::task::block_in_place(|| Verdict::new(agency, audit.run(entries, notes)))?)
}

/// A stream as an iterator for another thread; ends when either side does.
fn forward<T: Send + 'static>(
    rows: impl Stream<Item = Result<T, ClientError>> + Send + 'static,
) -> impl Iterator<Item = Result<T, ClientError>> {
    let (sender, mut receiver) = mpsc::channel(ON_THE_WAY_MAX);
    tokio::spawn(async move {
        let mut rows = Box::pin(rows);
        while let Some(row) = rows.next().await {
            if sender.send(row).await.is_err() {
                return;
            }
        }
    });
    std::iter::from_fn(move || receiver.blocking_recv())
}

#[cfg(test)]
mod tests {
    use super::*;
    use concord_domain::Digest;
    use std::io;

    #[test]
    fn verdicts_name_the_first_bad_index() {
        let ledger: AgencyId = "yn.police.cn".parse().unwrap();
        let stop: Result<Report, Stop<io::Error>> = Err(Fault::Altered { index: 7 }.into());
        let verdict = Verdict::new(&ledger, stop).unwrap();
        assert!(!verdict.is_good() && verdict.to_string().ends_with("first bad index 7"), "{verdict}");
        let json = serde_json::to_value(&verdict).unwrap();
        assert_eq!((&json["ok"], &json["first_bad"]), (&false.into(), &7.into()));
        assert_eq!(json["suspects"], serde_json::json!([7, 7]));

        let good = Report { size: 3, root: Digest([0; 32]), checkpoints: 1, signed: 2, tiled: None };
        let verdict = Verdict::new::<io::Error>(&ledger, Ok(good)).unwrap();
        assert!(verdict.is_good());
        assert_eq!(serde_json::to_value(&verdict).unwrap()["signed"], 2);
    }

    #[test]
    fn what_cannot_be_read_is_no_verdict() {
        let ledger: AgencyId = "yn.police.cn".parse().unwrap();
        let stop: Result<Report, Stop<io::Error>> = Err(Stop::Store(io::Error::other("gone")));
        assert!(Verdict::new(&ledger, stop).is_err());
    }
}
