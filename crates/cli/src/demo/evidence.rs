//! Ledgers of stopped nodes, held against the answers that the demo received.

use crate::ledger::Offline;
use anyhow::{Context, ensure};
use concord_domain::AgencyId;
use concord_domain::wanted::{Finding, LedgerPosition};
use concord_ledger::{EntrySource, Receipt, leaf_hash};
use concord_pki::Layout;
use concord_trust::{Directory, SignedFile, sha256};
use std::collections::BTreeMap;

/// The ledgers of all nodes, each verified as a whole.
#[derive(Debug)]
pub(super) struct Ledgers {
    directory: Directory,
    ledgers: BTreeMap<AgencyId, Offline>,
}

impl Ledgers {
    /// Opens and verifies.
    pub(super) fn verified(layout: &Layout, agencies: &[AgencyId]) -> anyhow::Result<Self> {
        let charter = SignedFile::read(&layout.charter())?;
        let (directory, _) = Directory::read(&layout.federation(), sha256(&[&charter.bytes]), |_| None)?;
        let mut ledgers = BTreeMap::new();
        for agency in agencies {
            let keyring = directory.keyring(agency).with_context(|| format!("no keyring of {agency}"))?;
            let offline = Offline::open(&layout.node(agency).data())?;
            let verdict = offline.verify(agency, &[keyring.checkpoint], None)?;
            ensure!(verdict.is_good(), "{verdict}");
            ledgers.insert(agency.clone(), offline);
        }
        Ok(Self { directory, ledgers })
    }

    /// How many entries all ledgers have together.
    pub(super) fn size(&self) -> anyhow::Result<u64> {
        self.ledgers.values().map(Offline::size).sum()
    }

    /// Checks that our own ledger has the finding, and, where an answer came, that its receipt is signed by the
    /// agency that answered, or the broker that we asked, and that agency's ledger has the entry. Tells whether there was a receipt.
    pub(super) fn check(&self, finding: &Finding) -> anyhow::Result<bool> {
        let record =
            finding.record.as_ref().with_context(|| format!("{}: no record of it", finding.agency))?;
        self.check_position(record)?;
        let Some(position) = &finding.receipt else { return Ok(false) };
        let keyring = self.directory.keyring(&position.ledger).context("no keyring")?;
        let receipt = Receipt::verify(&finding.signed_receipt, &position.ledger, &keyring.message)?;
        ensure!(
            (receipt.index, receipt.leaf) == (position.index, position.leaf),
            "{}: the signed receipt names another entry",
            finding.agency
        );
        self.check_position(position)?;
        Ok(true)
    }

    fn check_position(&self, position: &LedgerPosition) -> anyhow::Result<()> {
        let LedgerPosition { ledger, index, leaf } = position;
        let offline = self.ledgers.get(ledger).with_context(|| format!("{ledger} has no ledger here"))?;
        let entry = offline.entry(*index).with_context(|| format!("{ledger} has no entry {index}"))?;
        ensure!(leaf_hash(&entry) == *leaf, "{ledger}: entry {index} is another one");
        Ok(())
    }
}
