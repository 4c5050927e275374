//! A node's way in over a real store, and what another agency does to it.

use super::Mesh;
use super::{
    CHECKPOINT, Echo, HERE, MESSAGE, ORIGIN, Seeded, agency, key, northwest, now, reference, rules,
    sealing_key,
};
use crate::authority::{Authority, InForce};
use crate::deadline::Deadline;
use crate::inbound::{Inbound, NotServed};
use crate::keys::{HeldKeys, Keys};
use crate::lines::Lines;
use crate::operation::Operations;
use crate::outbound::Outbound;
use crate::peers::Peers;
use crate::record::{Asked, Recorder};
use crate::ways::Ways;
use concord_agreements::{Asking, Facts, Permit, Rules, decide};
use concord_domain::{Clock, FixedClock, Handling, Purpose, RequestId, Timestamp};
use concord_ledger::{Entry, Event, Receipt, leaf_hash};
use concord_store::{Change, Execution, Options, Store, Write};
use concord_trust::StorageKey;
use concord_trust::envelope::{
    Body, Brief, Context, Dispatch, Envelope, PROTOCOL, Reply, SUITE, SealedAnswer, SealedRequest, Verdict,
};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// The node of [`HERE`].
pub(crate) struct World {
    folder: TempDir,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) entropy: Arc<Seeded>,
    pub(crate) store: Store,
    pub(crate) authority: Authority,
    pub(crate) inbound: Inbound,
    pub(crate) echo: Echo,
    here: &'static str,
    mesh: Mesh,
}

/// An answer as its origin has it after opening.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) reply: Reply,
    pub(crate) receipt: Receipt,
}

impl Received {
    pub(crate) fn verdict(&self) -> Verdict {
        self.reply.answer.verdict
    }

    pub(crate) fn content(&self) -> String {
        String::from_utf8(self.reply.answer.content.clone()).unwrap()
    }

    /// Demands that this is the recorded answer again, not a second one.
    pub(crate) fn is_repeat_of(&self, earlier: &Self) {
        assert_eq!(self.reply.answer, earlier.reply.answer);
        assert_eq!(self.reply.commitment, earlier.reply.commitment);
        assert_eq!(self.receipt, earlier.receipt);
        assert_eq!(self.reply.attached, earlier.reply.attached);
    }
}

impl World {
    /// Under one agreement.
    pub(crate) async fn new() -> Self {
        Self::at(HERE, rules(&[northwest(1)]), Mesh::default(), Lines::default()).await
    }

    /// The node of another agency, under these rules, with lines into a mesh that it joins itself.
    pub(crate) async fn at(here: &'static str, rules: Arc<Rules>, mesh: Mesh, lines: Lines) -> Self {
        let clock = Arc::new(FixedClock::at(now()));
        let (entropy, echo) = (Arc::new(Seeded::from(0)), Echo::default());
        let authority = Authority::new(InForce { rules, epoch: 1 });
        let folder = tempfile::tempdir().unwrap();
        let world = Self::open(folder, clock, entropy, authority, echo, (here, mesh, lines));
        world.submit_epoch(1).await;
        world.mesh.join(here, world.inbound.clone());
        world
    }

    /// The way out of this node.
    pub(crate) fn outbound(&self) -> Outbound {
        self.inbound.broker.outbound.clone()
    }

    /// The same node after a restart: everything in memory is gone.
    pub(crate) async fn restarted(self) -> Self {
        let now = self.clock.now();
        self.restarted_at(now).await
    }

    /// The same node after a restart at another time.
    pub(crate) async fn restarted_at(self, time: Timestamp) -> Self {
        let Self { folder, clock: _, entropy, store, authority, inbound, echo, here, mesh } = self;
        let lines = inbound.carrier.ways.lines().clone();
        store.close().await;
        drop((store, inbound));
        let clock = Arc::new(FixedClock::at(time));
        Self::open(folder, clock, entropy, authority, echo, (here, mesh, lines))
    }

    fn open(
        folder: TempDir,
        clock: Arc<FixedClock>,
        entropy: Arc<Seeded>,
        authority: Authority,
        echo: Echo,
        (here, mesh, lines): (&'static str, Mesh, Lines),
    ) -> Self {
        let options = Options::new(Arc::<FixedClock>::clone(&clock), Execution::Inline);
        let store = Store::open(folder.path(), options).unwrap();
        let keys = HeldKeys::new(keys(here));
        let recorder =
            Recorder::new(agency(here), keys.clone(), Arc::<Seeded>::clone(&entropy), store.clone()).unwrap();
        let outbound = Outbound {
            agency: agency(here),
            keys,
            clock: Arc::<FixedClock>::clone(&clock),
            entropy: Arc::<Seeded>::clone(&entropy),
            authority: authority.clone(),
            recorder,
            ways: Ways::new(agency(here), lines, Peers::default()),
            courier: Arc::new(mesh.courier(here)),
            retries: Arc::default(),
            hedge_after: None,
        };
        let operations = Operations::default().with(echo.clone());
        let inbound = Inbound::new(outbound, store.clone(), operations);
        Self { folder, clock, entropy, store, authority, inbound, echo, here, mesh }
    }

    async fn submit_epoch(&self, epoch: u64) {
        submit_epoch(&self.store, epoch).await;
    }

    /// What puts other rules in force, as a reload does.
    pub(crate) fn replacing(&self, rules: Arc<Rules>, epoch: u64) -> impl Future<Output = ()> + Send + use<> {
        let (store, authority) = (self.store.clone(), self.authority.clone());
        async move {
            submit_epoch(&store, epoch).await;
            authority.replace(InForce { rules, epoch });
        }
    }

    /// What `from` says in the open of a request to [`HERE`].
    pub(crate) fn context(&self, from: &str, id: u8) -> Context {
        context(from, HERE, id)
    }

    /// Seals an ask to us.
    pub(crate) fn seal(&self, context: Context, ask: &str) -> SealedRequest {
        let brief = Brief::plain(ask.as_bytes().to_vec());
        let body = Body::new(brief.encode(), &*self.entropy).unwrap();
        SealedRequest::seal(context, &body, sealing_key(HERE).public(), &*self.entropy)
    }

    /// A request of [`ORIGIN`] that the agreement covers.
    pub(crate) fn request(&self, id: u8, ask: &str) -> SealedRequest {
        self.seal(self.context(ORIGIN, id), ask)
    }

    /// Hands over one attempt as its origin does.
    pub(crate) fn hand_over(
        &self,
        request: &SealedRequest,
        attempt: u32,
    ) -> impl Future<Output = Result<SealedAnswer, NotServed>> + Send + use<> {
        let (inbound, origin) = (self.inbound.clone(), request.context().origin.clone());
        let envelope = envelope(request, attempt);
        async move { inbound.deliver(&origin, envelope, soon()).await }
    }

    /// Hands over one attempt, and opens and checks the answer as its origin does.
    pub(crate) async fn deliver(&self, request: &SealedRequest, attempt: u32) -> Received {
        open_answer(request, self.hand_over(request, attempt).await.unwrap())
    }

    /// A permit to ask [`ORIGIN`], and the sealed request.
    pub(crate) fn question(&self) -> (Permit<Asking>, SealedRequest) {
        let context = Context {
            origin: agency(HERE),
            destination: agency(ORIGIN),
            sealing_key: sealing_key(ORIGIN).public().key_id(),
            ..self.context(HERE, 1)
        };
        let (from, to) = (agency(HERE), agency(ORIGIN));
        let facts = Facts::new(&from, &to, &context.operation, context.purpose);
        let permit = decide(&self.authority.current().rules, &facts, now()).unwrap();
        let body = Body::new(b"hello".to_vec(), &*self.entropy).unwrap();
        let to = sealing_key(ORIGIN);
        (permit, SealedRequest::seal(context, &body, to.public(), &*self.entropy))
    }

    /// Puts on the record that we ask [`ORIGIN`].
    pub(crate) async fn asked(&self) -> Asked {
        let (permit, request) = self.question();
        self.inbound.recorder.asked(permit, request, (&[], None), 1).await.unwrap()
    }

    /// Our ledger, whole.
    pub(crate) fn ledger(&self) -> Vec<Event> {
        let size = self.store.head().unwrap().tree.size;
        let entries = self.store.entries(0, usize::try_from(size).unwrap()).unwrap();
        entries.iter().map(|stored| Entry::decode(&stored.bytes).unwrap().event).collect()
    }

    /// The event that a receipt speaks of; the entry must be the one that it names and that came with it.
    pub(crate) fn event_of(&self, received: &Received) -> Event {
        let Received { reply, receipt } = received;
        let stored = self.store.entries(receipt.index, 1).unwrap().remove(0);
        assert_eq!(stored.bytes, reply.attached.entry);
        assert_eq!(receipt.leaf, leaf_hash(&stored.bytes));
        let entry = Entry::decode(&stored.bytes).unwrap();
        assert_eq!(receipt.time, entry.time);
        entry.event
    }
}

/// What one says in the open of a request to another.
pub(crate) fn context(from: &str, to: &str, id: u8) -> Context {
    Context {
        protocol: PROTOCOL,
        suite: SUITE,
        id: RequestId([id; 16]),
        origin: agency(from),
        destination: agency(to),
        operation: "test.echo".parse().unwrap(),
        purpose: Purpose::FugitiveApprehension,
        handling: Handling::default(),
        branch: None,
        agreement: reference(&northwest(1)),
        origin_keyring: 1,
        destination_keyring: 1,
        sealing_key: sealing_key(to).public().key_id(),
        created: now(),
        expires: now().plus(Duration::from_secs(60)),
    }
}

async fn submit_epoch(store: &Store, epoch: u64) {
    let changes = vec![Change::SetRulesEpoch(epoch)];
    let write = Write { name: "test_epoch", guards: vec![], changes, entries: vec![] };
    store.submit(write).await.unwrap();
}

/// Longer than anything takes that is handed over.
pub(crate) fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(10))
}

/// The keys of a node, the same after each restart.
fn keys(here: &str) -> Keys {
    let storage = StorageKey::generate_text(&Seeded::from(1 << 32));
    Keys {
        message: key(here, MESSAGE),
        checkpoint: key(here, CHECKPOINT),
        sealing: vec![sealing_key(here)],
        storage: StorageKey::from_text(&storage).unwrap(),
    }
}

/// One attempt as its origin signs it.
pub(crate) fn envelope(request: &SealedRequest, attempt: u32) -> Envelope {
    let origin = request.context().origin.as_str();
    request.dispatch(Dispatch { attempt, next: agency(HERE), sent: now() }, &key(origin, MESSAGE))
}

/// Opens an answer and verifies its receipt as its origin does.
pub(crate) fn open_answer(request: &SealedRequest, answer: SealedAnswer) -> Received {
    let origin = sealing_key(request.context().origin.as_str());
    let reply = answer.open(request, &agency(HERE), &[key(HERE, MESSAGE).public()], &[&origin]).unwrap();
    let receipt =
        Receipt::verify(&reply.attached.receipt, &agency(HERE), &key(HERE, MESSAGE).public()).unwrap();
    Received { reply, receipt }
}
