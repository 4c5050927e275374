//! Checks that hold for every federation, on the folders of stopped nodes.

use concord_domain::AgencyId;
use concord_ledger::{Audit, Entry, Event, Report};
use concord_store::{Offline, OpenError};
use concord_trust::{Directory, DocumentSet, sha256};
use std::path::Path;
use std::time::Duration;

/// How often a folder is asked for that is locked.
const OPENS_MAX: usize = 200;
/// The pause in between.
const LOCKED_PAUSE: Duration = Duration::from_millis(20);

/// Opens a stopped node's folder. A test beside this one may be starting a program just now: until that runs, it holds
/// what this process has open, and so the lock of a folder that was looked into a moment ago.
fn open(data: &Path) -> Result<Offline, OpenError> {
    for _ in 1..OPENS_MAX {
        match Offline::open(data) {
            Err(OpenError::Locked { .. }) => std::thread::sleep(LOCKED_PAUSE),
            opened => return opened,
        }
    }
    Offline::open(data)
}

/// The entries of a stopped node's ledger, in order.
///
/// # Errors
/// If the folder does not open, or an entry cannot be read.
pub fn entries(data: &Path) -> anyhow::Result<Vec<Entry>> {
    let offline = open(data)?;
    let mut entries = Vec::new();
    for stored in offline.all_entries() {
        entries.push(Entry::decode(&stored?.bytes)?);
    }
    Ok(entries)
}

/// Every answer that `origin` concluded with a receipt stands in the responder's ledger at the index that the
/// receipt names, and is about the same request. Gives how many there were.
///
/// # Panics
/// If one is missing.
pub fn assert_in_both(origin: &[Entry], responder: &AgencyId, theirs: &[Entry]) -> usize {
    let mut found = 0;
    for entry in origin {
        let Event::Concluded { request, counterpart: Some(leaf), answer, .. } = &entry.event else {
            continue;
        };
        if request.destination != *responder {
            continue;
        }
        let index = usize::try_from(leaf.index).expect("an index");
        let counterpart = theirs.get(index).unwrap_or_else(|| panic!("{responder} has no entry {index}"));
        assert_eq!(concord_ledger::leaf_hash(&counterpart.encode()), leaf.hash, "{responder} entry {index}");
        let about = counterpart.event.request().expect("an entry about a request");
        if let Event::Released { answer: released, .. } = &counterpart.event {
            assert_eq!(about.digest, request.digest);
            assert_eq!(Some(*released), *answer);
        }
        found += 1;
    }
    found
}

/// Audits a stopped node's ledger with the checkpoint keys that the agency has published.
///
/// # Errors
/// What the audit finds.
pub fn verify(documents: &Path, agency: &AgencyId, data: &Path) -> anyhow::Result<Report> {
    let charter = sha256(&[&std::fs::read(documents.join("charter.toml"))?]);
    let (directory, _) = Directory::read(documents, charter, |_: &str| None)?;
    directory.keyring(agency).ok_or_else(|| anyhow::anyhow!("{agency} has no keyring"))?;
    let keys = directory.checkpoint_keys_ever(&DocumentSet::read(documents).0, agency);
    let offline = open(data)?;
    let head = Some(offline.head()?.tree);
    let audit = Audit { ledger: agency, keys: &keys, head, folder: Some(&offline), against: None };
    let checkpoints = offline.all_checkpoints().map(|checkpoint| checkpoint.map(|c| c.note));
    Ok(audit.run(offline.all_entries(), checkpoints)?)
}
