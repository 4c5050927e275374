//! A register and a record over a real store in a temporary folder, and another agency that asks it.

mod federation;
mod node;

pub(crate) use federation::{
    ANSWERS, ASKS, agency, declared, keyring, message_key, pact, published, rules, rules_of, sealing_key,
    signed_pact,
};
pub(crate) use node::{Nobody, outbound};

use crate::heavy::Heavy;
use crate::record::LedgerApi;
use crate::register::{Register, RegisterApi};
use concord_domain::wanted::{Description, NameKind, Notice, Offence, PersonName, Subject};
use concord_domain::{FixedClock, SystemEntropy, Timestamp};
use concord_ledger::{Entry, Event};
use concord_store::{Change, Execution, Options, Store, Write};
use concord_wire::pb::ledger::v1::ledger_service_client::LedgerServiceClient;
use concord_wire::pb::ledger::v1::ledger_service_server::LedgerServiceServer;
use concord_wire::pb::register::v1::register_service_client::RegisterServiceClient;
use concord_wire::pb::register::v1::register_service_server::RegisterServiceServer;
use std::sync::Arc;
use tempfile::TempDir;

pub(crate) fn now() -> Timestamp {
    "2026-06-01T08:00:00Z".parse().unwrap()
}

/// An agency's register and record. Clients call the services without a network in between.
pub(crate) struct World {
    _folder: TempDir,
    pub(crate) store: Store,
    pub(crate) register: Arc<Register>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(vec![]).await
    }

    /// With one source of these notices.
    pub(crate) async fn with(notices: Vec<Notice>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::at(now()));
        let store = Store::open(folder.path(), Options::new(clock, Execution::Inline)).unwrap();
        let generation = store.new_generation();
        let changes = vec![
            Change::StageNotices { generation, notices },
            Change::PublishGeneration { source: "local".to_owned(), generation },
        ];
        store.submit(Write { name: "test_notices", guards: vec![], changes, entries: vec![] }).await.unwrap();
        let register = Arc::new(Register::load(store.clone(), Heavy::Inline).await.unwrap());
        Self { _folder: folder, store, register }
    }

    pub(crate) fn registrar(&self) -> RegisterServiceClient<RegisterServiceServer<RegisterApi>> {
        let api = RegisterApi::new(Arc::clone(&self.register), Arc::new(SystemEntropy));
        RegisterServiceClient::new(api.into_service())
    }

    pub(crate) fn auditor(&self) -> LedgerServiceClient<LedgerServiceServer<LedgerApi>> {
        LedgerServiceClient::new(LedgerApi::new(self.store.clone(), Arc::new(SystemEntropy)).into_service())
    }

    /// Our ledger, whole.
    pub(crate) fn ledger(&self) -> Vec<Event> {
        let size = self.store.head().unwrap().tree.size;
        let entries = self.store.entries(0, usize::try_from(size).unwrap()).unwrap();
        entries.iter().map(|stored| Entry::decode(&stored.bytes).unwrap().event).collect()
    }
}

/// A notice with one name.
pub(crate) fn notice(number: &str, name: &str) -> Notice {
    Notice {
        number: number.parse().unwrap(),
        names: vec![PersonName::new(NameKind::Primary, name).unwrap()],
        sex: None,
        births: vec![],
        identifiers: vec![],
        description: Description::default(),
        offence: Offence::default(),
    }
}

/// Somebody of that name.
pub(crate) fn named(name: &str) -> Subject {
    Subject::new(&[name.to_owned()], vec![]).unwrap()
}
