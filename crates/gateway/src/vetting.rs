//! Vetting: what other agencies ask us to ask on waits here, where that is demanded, until an officer of ours has decided.
//!
//! ```text
//!  asked, an officer must vet --> open --approved--> asked on --answered--> spent
//!                                   |                  ^  |
//!                                   +--refused         |  +-- nobody answered, or it waits with the next broker:
//!                                   +--expires         +----- stays approved until it expires
//! ```
//!
//! Nothing here is a permit: whoever asked asks again, and that request is decided by the rules of then.

mod officer;
mod turn;

pub use officer::{NotDecided, WaitingAsk};
pub(crate) use turn::{Held, Leave, Settled, Turn};

use crate::keys::HeldKeys;
use crate::operation::Fault;
use crate::outbound::Outbound;
use crate::record::Recorder;
use concord_domain::wanted::Authority;
use concord_domain::{
    AgencyId, Branch, Entropy, OffenceNature, Officer, Reference, VettingReason, WaitingRequest,
};
use concord_ledger::RequestFacts;
use concord_store::{KeptVetting, Store};
use minicbor::{Decode, Encode};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What waits with this agency.
#[derive(Debug, Clone)]
pub struct Vettings {
    store: Store,
    keys: HeldKeys,
    entropy: Arc<dyn Entropy>,
    recorder: Recorder,
    within: Duration,
    asking: Arc<Mutex<BTreeSet<Reference>>>,
}

impl Vettings {
    /// How long a request waits unless the node says otherwise: over a weekend.
    pub const WITHIN_DEFAULT: Duration = Duration::from_secs(72 * 3600);
    /// How long at most: what nobody has decided after a month belongs asked anew.
    pub const WITHIN_MAX: Duration = Duration::from_secs(31 * 86_400);
    /// How long after its time it is still known, so that who asks again learns that it has expired.
    const KEPT_AFTER: Duration = Duration::from_secs(86_400);

    /// What waits with the agency whose way out this is.
    pub fn new(outbound: &Outbound, store: Store) -> Self {
        let Outbound { keys, entropy, recorder, .. } = outbound.clone();
        let within = Self::WITHIN_DEFAULT;
        Self { store, keys, entropy, recorder, within, asking: Arc::default() }
    }

    /// The same with requests waiting so long, [`Vettings::WITHIN_MAX`] at most.
    #[must_use]
    pub fn within(self, within: Duration) -> Self {
        Self { within: within.min(Self::WITHIN_MAX), ..self }
    }

    fn read(&self, vetting: &KeptVetting) -> Result<Waiting, Fault> {
        let opened = self.keys.current().storage.open(&vetting.sealed, &vetting.reference.0);
        let opened = opened.map_err(|e| Fault::new("reading what waits", e))?;
        minicbor::decode(&opened).map_err(|e| Fault::new("reading what waits", e))
    }

    fn decision(&self, vetting: &KeptVetting) -> Result<Option<Decided>, Fault> {
        let Some(sealed) = &vetting.decision else { return Ok(None) };
        let opened = self.keys.current().storage.open(sealed, &vetting.reference.0);
        let opened = opened.map_err(|e| Fault::new("reading a decision", e))?;
        let kept: KeptDecision =
            minicbor::decode(&opened).map_err(|e| Fault::new("reading a decision", e))?;
        minicbor::decode(&kept.content).map(Some).map_err(|e| Fault::new("reading a decision", e))
    }
}

/// A request that waits, as it is kept.
#[derive(Encode, Decode)]
struct Waiting {
    /// As the entry of our answer "pending" has it.
    #[n(0)]
    request: RequestFacts,
    #[n(1)]
    branch: Option<Branch>,
    #[n(2)]
    nature: Option<OffenceNature>,
    #[n(3)]
    onward: AgencyId,
    #[cbor(n(4), with = "minicbor::bytes")]
    ask: Vec<u8>,
}

impl Waiting {
    /// As officers see it.
    fn shown(&self, vetting: &KeptVetting, decided: Option<Decided>) -> WaitingRequest {
        let RequestFacts { origin, operation, purpose, handling, agreement, clause, behalf, .. } =
            self.request.clone();
        let (decided_by, reason) = decided.map(|Decided { officer, reason }| (officer, reason)).unzip();
        WaitingRequest {
            reference: vetting.reference,
            state: vetting.state,
            origin,
            behalf: behalf.into_iter().map(|principal| principal.agency).collect(),
            onward: self.onward.clone(),
            operation,
            purpose,
            handling,
            branch: self.branch,
            nature: self.nature,
            authority: agreement.map(|agreement| Authority { agreement, clause }),
            created: vetting.created,
            expires: vetting.expires,
            decided_by,
            reason: reason.flatten(),
        }
    }
}

/// Who decided, and in which words.
#[derive(Encode, Decode)]
struct Decided {
    #[n(0)]
    officer: Officer,
    #[n(1)]
    reason: Option<VettingReason>,
}

/// The same with the salt of its commitment.
#[derive(Encode, Decode)]
struct KeptDecision {
    #[cbor(n(0), with = "minicbor::bytes")]
    salt: [u8; 32],
    #[cbor(n(1), with = "minicbor::bytes")]
    content: Vec<u8>,
}
