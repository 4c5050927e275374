//! What we asked and is not answered yet: kept, so that it can be asked again while somebody watches, until it has an end.

use crate::keys::HeldKeys;
use crate::operation::Fault;
use crate::outbound::{Continued, Outbound, Question};
use crate::record::NotRecorded;
use concord_domain::{
    AgencyId, Branch, Clock, Entropy, Handling, OffenceNature, Purpose, Redacted, Reference, Timestamp,
};
use concord_store::{Change, KeptPending, Store, Write};
use minicbor::{Decode, Encode};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// The answers that this node waits for.
#[derive(Debug, Clone)]
pub struct Awaiting {
    store: Store,
    keys: HeldKeys,
    entropy: Arc<dyn Entropy>,
    clock: Arc<dyn Clock>,
}

/// One answer to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaited {
    /// Who was asked.
    pub agency: AgencyId,
    /// Which of our own callers waits for it; nobody else may.
    pub owner: Redacted<String>,
    /// What was asked of everybody alike.
    pub question: Question,
    /// The service's ask, encoded.
    pub ask: Redacted<Vec<u8>>,
    /// With whom it waits.
    pub continued: Continued,
}

/// What came of it in the end, as whoever kept it wrote it.
pub type Ended = Option<Redacted<Vec<u8>>>;

#[derive(Encode, Decode)]
struct Kept {
    #[n(0)]
    owner: String,
    #[n(1)]
    purpose: Purpose,
    #[n(2)]
    handling: Handling,
    #[n(3)]
    branch: Option<Branch>,
    #[n(4)]
    nature: Option<OffenceNature>,
    #[cbor(n(5), with = "minicbor::bytes")]
    ask: Vec<u8>,
    #[n(6)]
    continued: Continued,
}

impl Awaiting {
    /// How long an answer is waited for at most, whatever a broker promises: as long as one may wait there.
    const WITHIN_MAX: Duration = crate::vetting::Vettings::WITHIN_MAX;
    /// How long after that its end is still told, so that one that comes at the last moment can be read.
    const KEPT_AFTER: Duration = Duration::from_secs(86_400);

    /// The answers that the node waits for whose way out this is.
    pub fn new(outbound: &Outbound, store: Store) -> Self {
        let Outbound { keys, entropy, clock, .. } = outbound.clone();
        Self { store, keys, entropy, clock }
    }

    /// Keeps what is waited for under `watch`, until the broker's time for it is over.
    ///
    /// # Errors
    /// [`NotRecorded::Full`] if as many are kept as may be, or the store fails.
    pub async fn keep(
        &self,
        watch: Reference,
        awaited: Awaited,
        until: Timestamp,
    ) -> Result<(), NotRecorded> {
        let Awaited { agency, owner: Redacted(owner), question, ask: Redacted(ask), continued } = awaited;
        let Question { purpose, handling, branch, nature } = question;
        let kept = Kept { owner, purpose, handling, branch, nature, ask, continued };
        let kept = Zeroizing::new(minicbor::to_vec(kept).map_err(|e| Fault::new("keeping a question", e))?);
        let sealed = self.seal(&kept, &watch, &agency);
        let until = until.min(self.clock.now().plus(Self::WITHIN_MAX));
        let keep_until = until.plus(Self::KEPT_AFTER);
        let pending = KeptPending { watch, agency, keep_until, sealed, ended: None };
        self.write("pending", Change::KeepPending(Box::new(pending))).await
    }

    /// What is waited for under `watch`, by agency, each with its end if it has one; nothing if nothing is known of it.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn read(&self, watch: &Reference) -> Result<Vec<(Awaited, Ended)>, Fault> {
        let pending = self.store.pending(watch).map_err(|e| Fault::new("reading a question", e))?;
        pending.into_iter().map(|pending| self.open(pending)).collect()
    }

    /// Keeps what came of it in the end; what came first stays.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn end(&self, watch: Reference, agency: AgencyId, end: &[u8]) -> Result<(), NotRecorded> {
        let ended = self.seal(end, &watch, &agency);
        self.write("pending_ended", Change::EndPending { watch, agency, ended }).await
    }

    async fn write(&self, name: &'static str, change: Change) -> Result<(), NotRecorded> {
        let write = Write { name, guards: vec![], changes: vec![change], entries: vec![] };
        Ok(self.store.submit(write).await.map(drop)?)
    }

    fn seal(&self, plain: &[u8], watch: &Reference, agency: &AgencyId) -> Vec<u8> {
        self.keys.current().storage.seal(plain, &place(watch, agency), &*self.entropy)
    }

    fn open(&self, pending: KeptPending) -> Result<(Awaited, Ended), Fault> {
        let KeptPending { watch, agency, sealed, ended, keep_until: _ } = pending;
        let open = |sealed: &[u8]| {
            let opened = self.keys.current().storage.open(sealed, &place(&watch, &agency));
            opened.map_err(|e| Fault::new("reading a question", e))
        };
        let kept = minicbor::decode(&open(&sealed)?).map_err(|e| Fault::new("reading a question", e))?;
        let ended = ended.map(|ended| open(&ended)).transpose()?;
        let Kept { owner, purpose, handling, branch, nature, ask, continued } = kept;
        let question = Question { purpose, handling, branch, nature };
        let awaited = Awaited { agency, owner: Redacted(owner), question, ask: Redacted(ask), continued };
        Ok((awaited, ended.map(|ended| Redacted(ended.to_vec()))))
    }
}

/// What a row's content is bound to.
fn place(watch: &Reference, agency: &AgencyId) -> Vec<u8> {
    [watch.0.as_slice(), agency.as_str().as_bytes()].concat()
}

#[cfg(test)]
mod tests;
