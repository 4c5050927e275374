//! The agency's own wanted-person register, and its index in memory.

mod api;
mod import;

pub use api::RegisterApi;
pub use import::{ImportFailed, Imported};

use crate::heavy::Heavy;
use concord_domain::wanted::{Candidate, Fields, NoticeNumber, Subject};
use concord_gateway::Fault;
use concord_matching::{Index, Limits, NoticeKey};
use concord_store::{RegisteredNotice, Store};
use std::sync::Arc;
use tokio::sync::watch;

/// The register: rows in the store, and an index that is built anew after each import and swapped in whole.
#[derive(Debug)]
pub struct Register {
    store: Store,
    heavy: Heavy,
    snapshot: watch::Sender<Arc<Snapshot>>,
    importing: Arc<tokio::sync::Mutex<()>>,
}

/// An index, with the row behind each of its keys.
#[derive(Debug, Default)]
struct Snapshot {
    index: Index,
    rows: Vec<RowName>,
}

/// Names one row of the store, for good: another generation is other content.
#[derive(Debug, PartialEq, Eq)]
struct RowName {
    number: NoticeNumber,
    source: String,
    generation: u64,
}

impl Register {
    /// Loads the register of a store.
    pub async fn load(store: Store, heavy: Heavy) -> Result<Self, Fault> {
        let snapshot = watch::Sender::new(Arc::default());
        let register = Self { store, heavy, snapshot, importing: Arc::default() };
        register.reindex().await?;
        Ok(register)
    }

    /// Candidates for a subject, best first, cut to the granted fields. Names are compared off the threads that serve
    /// connections; an identifier is one look-up. While an import has replaced rows that the index still names, the
    /// search waits for the new index: neither the wrong person's row nor a false "no hit" may leave.
    pub async fn find(self: &Arc<Self>, subject: Subject, fields: Fields) -> Result<Vec<Candidate>, Fault> {
        let mut snapshots = self.snapshot.subscribe();
        let subject = Arc::new(subject);
        loop {
            let snapshot = Arc::clone(&snapshots.borrow_and_update());
            if let Some(candidates) = self.search(snapshot, &subject, &fields).await? {
                return Ok(candidates);
            }
            // The sender lives in self, so there is always one to wait for.
            snapshots.changed().await.map_err(|e| Fault::new("waiting for the new index", e))?;
        }
    }

    async fn search(
        self: &Arc<Self>,
        snapshot: Arc<Snapshot>,
        subject: &Arc<Subject>,
        fields: &Fields,
    ) -> Result<Option<Vec<Candidate>>, Fault> {
        if subject.names().is_empty() {
            return self.candidates(&snapshot, subject, fields);
        }
        let (register, subject, fields) = (Arc::clone(self), Arc::clone(subject), fields.clone());
        self.heavy.run(move || register.candidates(&snapshot, &subject, &fields)).await?
    }

    /// Nothing if the store has moved on since the index was built.
    fn candidates(
        &self,
        snapshot: &Snapshot,
        subject: &Subject,
        fields: &Fields,
    ) -> Result<Option<Vec<Candidate>>, Fault> {
        let mut candidates = Vec::new();
        for found in snapshot.index.search(subject, Limits::default()) {
            let position = usize::try_from(found.key.0).unwrap_or(usize::MAX);
            let Some(name) = snapshot.rows.get(position) else { continue };
            let stored = self.store.notice(&name.number).map_err(|e| Fault::new("reading a notice", e))?;
            let row =
                stored.into_iter().find(|row| row.source == name.source && row.generation == name.generation);
            let Some(row) = row else { return Ok(None) };
            candidates.push(Candidate { score: found.score, notice: row.notice.disclose(fields) });
        }
        Ok(Some(candidates))
    }

    /// Builds the index anew from what is in the store.
    async fn reindex(&self) -> Result<(), Fault> {
        let store = self.store.clone();
        let snapshot = self.heavy.run(move || build(&store)).await??;
        self.snapshot.send_replace(Arc::new(snapshot));
        Ok(())
    }
}

/// Keys follow the order of the store (number, then source), so that equal scores rank alike everywhere.
fn build(store: &Store) -> Result<Snapshot, Fault> {
    let mut rows: Vec<RegisteredNotice> = Vec::new();
    store.notices(|row| rows.push(row)).map_err(|e| Fault::new("reading the register", e))?;
    let keyed = rows.iter().enumerate().filter_map(|(position, row)| {
        let key = u32::try_from(position).ok()?;
        Some((NoticeKey(key), &row.notice))
    });
    let index = Index::build(keyed);
    let name = |row: RegisteredNotice| {
        let RegisteredNotice { source, generation, notice } = row;
        RowName { number: notice.number, source, generation }
    };
    let rows = rows.into_iter().map(name).collect();
    Ok(Snapshot { index, rows })
}

#[cfg(test)]
mod tests;
