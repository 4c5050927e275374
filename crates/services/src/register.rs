//! The agency's own wanted-person register, and its index in memory.

mod api;
mod import;

pub use api::RegisterApi;
pub use import::{ImportFailed, Imported};

use crate::heavy::Heavy;
use arc_swap::ArcSwap;
use concord_domain::wanted::{Candidate, Fields, NoticeNumber, Subject};
use concord_gateway::Fault;
use concord_matching::{Index, Limits, NoticeKey};
use concord_store::{RegisteredNotice, Store};
use std::sync::Arc;

/// The register: rows in the store, and an index that is built anew after each import and swapped in whole.
#[derive(Debug)]
pub struct Register {
    store: Store,
    heavy: Heavy,
    snapshot: ArcSwap<Snapshot>,
    importing: Arc<tokio::sync::Mutex<()>>,
}

/// An index, with the number and source behind each of its keys.
#[derive(Debug, Default)]
struct Snapshot {
    index: Index,
    notices: Vec<(NoticeNumber, String)>,
}

impl Register {
    /// Loads the register of a store.
    pub async fn load(store: Store, heavy: Heavy) -> Result<Self, Fault> {
        let register = Self { store, heavy, snapshot: ArcSwap::default(), importing: Arc::default() };
        register.reindex().await?;
        Ok(register)
    }

    /// Candidates for a subject, best first, cut to the granted fields. Names are compared off the threads that serve
    /// connections; an identifier is one look-up.
    pub async fn find(self: &Arc<Self>, subject: Subject, fields: Fields) -> Result<Vec<Candidate>, Fault> {
        if subject.names().is_empty() {
            return self.search(&subject, &fields);
        }
        let register = Arc::clone(self);
        self.heavy.run(move || register.search(&subject, &fields)).await?
    }

    fn search(&self, subject: &Subject, fields: &Fields) -> Result<Vec<Candidate>, Fault> {
        let snapshot = self.snapshot.load();
        let matches = snapshot.index.search(subject, Limits::default());
        let mut candidates = Vec::with_capacity(matches.len());
        for found in matches {
            let position = usize::try_from(found.key.0).unwrap_or(usize::MAX);
            let Some((number, source)) = snapshot.notices.get(position) else { continue };
            let stored = self.store.notice(number).map_err(|e| Fault::new("reading a notice", e))?;
            // An import may have replaced the row since the index was built: then it is no candidate any more.
            let row = stored.into_iter().find(|row| row.source == *source);
            candidates
                .extend(row.map(|row| Candidate { score: found.score, notice: row.notice.disclose(fields) }));
        }
        Ok(candidates)
    }

    /// Builds the index anew from what is in the store.
    async fn reindex(&self) -> Result<(), Fault> {
        let store = self.store.clone();
        let snapshot = self.heavy.run(move || build(&store)).await??;
        self.snapshot.store(Arc::new(snapshot));
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
    let notices = rows.into_iter().map(|row| (row.notice.number, row.source)).collect();
    Ok(Snapshot { index, notices })
}

#[cfg(test)]
mod tests;
