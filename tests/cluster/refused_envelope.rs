//! Envelopes that a destination refuses: signed, with a receipt, and on the record.

use crate::PROGRAM;
use concord_domain::{AgreementRef, Digest, HandlingLevel, Purpose, Refusal, RequestId, SystemEntropy};
use concord_ledger::{Entry, Event, Receipt, leaf_hash};
use concord_testkit::cluster::{TestCluster, agency};
use concord_testkit::forge::{Forger, ask};
use concord_testkit::people::notice;
use concord_trust::SealingKey;
use concord_trust::envelope::{Body, Context, Dispatch, Envelope, LIFE_MAX, SealedRequest, Verdict};
use std::time::Duration;

const YUNNAN: &str = "yn.police.cn";
const SICHUAN: &str = "sc.police.cn";
/// A member without a node here.
const GUIZHOU: &str = "gz.police.cn";

/// Both are parties to it.
const AGREEMENT: &str = "pan-southwest";
/// Neither is.
const FOREIGN_AGREEMENT: &str = "northeast";

const MINUTE: Duration = Duration::from_secs(60);

/// A change to a good context.
type Alter = Box<dyn FnOnce(&mut Context)>;

/// A refusal that was seen, to be found in the ledger.
struct Seen {
    what: &'static str,
    refusal: Refusal,
    receipt: Receipt,
}

/// Yunnan's keys, used against Sichuan.
struct World {
    cluster: TestCluster,
    forger: Forger,
    seen: Vec<Seen>,
}

impl World {
    async fn start() -> Self {
        let cluster = TestCluster::start(PROGRAM, &[YUNNAN, SICHUAN]).await.unwrap();
        cluster.import(SICHUAN, "sample", vec![notice(7, "Person Number 7")]).await.unwrap();
        let address = &cluster.node(SICHUAN).federation_api;
        let forger = Forger::new(&cluster.layout(), &agency(YUNNAN), &agency(SICHUAN), address);
        Self { cluster, forger, seen: Vec::new() }
    }

    /// A context with one thing altered.
    fn context(&self, alter: impl FnOnce(&mut Context)) -> Context {
        let mut context = self.forger.context(AGREEMENT);
        alter(&mut context);
        context
    }

    /// Delivers, and expects a signed refusal with a valid receipt.
    async fn refuses(
        &mut self,
        what: &'static str,
        refusal: Refusal,
        request: &SealedRequest,
        envelope: Envelope,
    ) {
        let answer = self.forger.deliver(envelope).await.unwrap_or_else(|status| panic!("{what}: {status}"));
        let verified = self.forger.open(request, answer);
        let answer = &verified.reply.answer;
        assert_eq!(answer.verdict, Verdict::Refused(refusal), "{what}");
        assert!(
            answer.content.is_empty() && !answer.explanation.is_empty(),
            "{what}: {}",
            answer.explanation
        );
        self.seen.push(Seen { what, refusal, receipt: verified.receipt });
    }

    /// Expects a refusal for what a context claims.
    async fn refuses_context(
        &mut self,
        what: &'static str,
        refusal: Refusal,
        alter: impl FnOnce(&mut Context),
    ) {
        let request = self.forger.seal(self.context(alter), ask(7));
        let envelope = self.forger.attempt(&request, 1);
        self.refuses(what, refusal, &request, envelope).await;
    }

    /// Stops everything; every refusal that was seen stands in Sichuan's ledger where its receipt says.
    async fn audited(self) -> Vec<Entry> {
        let stopped = self.cluster.stop().await.unwrap();
        stopped.verify(SICHUAN).unwrap();
        let entries = stopped.entries(SICHUAN).unwrap();
        for Seen { what, refusal, receipt } in &self.seen {
            let entry = &entries[usize::try_from(receipt.index).unwrap()];
            assert_eq!(leaf_hash(&entry.encode()), receipt.leaf, "{what}");
            assert_eq!(entry.time, receipt.time, "{what}");
            let Event::Refused { refusal: recorded, request } = &entry.event else {
                panic!("{what}: {:?}", entry.event);
            };
            assert_eq!((recorded, &request.origin), (refusal, &agency(YUNNAN)), "{what}");
        }
        assert!(!entries.iter().any(|entry| entry.event.name() == "released"), "nothing was disclosed");
        entries
    }
}

fn refusals_of(entries: &[Entry], id: RequestId) -> Vec<Refusal> {
    let about = entries.iter().filter(|entry| entry.event.request().is_some_and(|request| request.id == id));
    let refusal = |entry: &Entry| {
        let Event::Refused { refusal, .. } = &entry.event else { panic!("{:?}", entry.event) };
        *refusal
    };
    about.map(refusal).collect()
}

#[tokio::test]
async fn out_of_time_or_out_of_place() {
    let mut world = World::start().await;
    world
        .refuses_context("expired", Refusal::Expired, |context| {
            context.created = context.created.minus(MINUTE * 9);
            context.expires = context.created.plus(MINUTE * 7);
        })
        .await;
    world
        .refuses_context("created in the future", Refusal::NotYetValid, |context| {
            context.created = context.created.plus(MINUTE * 3);
            context.expires = context.created.plus(MINUTE);
        })
        .await;
    world
        .refuses_context("lives too long", Refusal::LifetimeTooLong, |context| {
            context.expires = context.created.plus(LIFE_MAX + Duration::from_millis(1));
        })
        .await;
    world
        .refuses_context("ends before it begins", Refusal::LifetimeTooLong, |context| {
            context.expires = context.created.minus(Duration::from_millis(1));
        })
        .await;
    world
        .refuses_context("for another", Refusal::CarryingNotGranted, |context| {
            context.destination = agency(GUIZHOU)
        })
        .await;
    world
        .refuses_context("another protocol", Refusal::ProtocolUnsupported, |context| context.protocol = 2)
        .await;
    world.refuses_context("another suite", Refusal::ProtocolUnsupported, |context| context.suite = 2).await;

    let request = world.forger.seal(world.context(|_| ()), ask(7));
    let elsewhere = Dispatch { next: agency(GUIZHOU), ..world.forger.dispatch(1) };
    let envelope = request.dispatch(elsewhere, &world.forger.message);
    world.refuses("handed to another", Refusal::HopLineBroken, &request, envelope).await;
    world.audited().await;
}

#[tokio::test]
async fn without_authority() {
    let mut world = World::start().await;
    let held = world.forger.agreement(AGREEMENT);
    let foreign = world.forger.agreement(FOREIGN_AGREEMENT);
    let named = |id: &str| AgreementRef { id: id.parse().unwrap(), ..held.clone() };
    let cases: [(_, _, Alter); 9] = [
        ("unheard of", Refusal::AgreementUnknown, {
            let unheard_of = named("unheard-of");
            Box::new(|context| context.agreement = unheard_of)
        }),
        ("another text", Refusal::AgreementDiffers, Box::new(|c| c.agreement.digest = Digest([7; 32]))),
        ("another version", Refusal::AgreementDiffers, Box::new(|context| context.agreement.version = 2)),
        ("not a party", Refusal::NotAParty, Box::new(|context| context.agreement = foreign)),
        ("purpose", Refusal::PurposeNotGranted, Box::new(|context| context.purpose = Purpose::Research)),
        ("operation", Refusal::OperationNotGranted, {
            Box::new(|context| context.operation = "wanted.erase".parse().unwrap())
        }),
        ("no operation at all", Refusal::OperationNotGranted, {
            Box::new(|context| context.operation = "...".parse().unwrap())
        }),
        ("handling", Refusal::HandlingExceeded, {
            Box::new(|context| context.handling.level = HandlingLevel::Confidential)
        }),
        // The second clause grants this purpose, but only what is for official use.
        ("handling of the clause", Refusal::HandlingExceeded, {
            Box::new(|context| {
                context.purpose = Purpose::FoodDrugSafety;
                context.handling.level = HandlingLevel::Restricted;
            })
        }),
    ];
    for (what, refusal, alter) in cases {
        world.refuses_context(what, refusal, alter).await;
    }
    // Each decision has an entry of its own, and a new attempt gets the recorded refusal again.
    let mut indices: Vec<_> = world.seen.iter().map(|seen| seen.receipt.index).collect();
    indices.dedup();
    assert_eq!(indices.len(), 9);
    let request = world.forger.seal(world.context(|context| context.purpose = Purpose::Research), ask(7));
    for attempt in [1, 2] {
        let envelope = world.forger.attempt(&request, attempt);
        world.refuses("another attempt", Refusal::PurposeNotGranted, &request, envelope).await;
    }
    let [.., first, second] = world.seen.as_slice() else { panic!("two attempts") };
    assert_eq!(first.receipt, second.receipt);
    let id = request.context().id;
    assert_eq!(refusals_of(&world.audited().await, id), [Refusal::PurposeNotGranted]);
}

#[tokio::test]
async fn with_a_body_that_is_not_what_it_should_be() {
    let mut world = World::start().await;
    let other = SealingKey::generate(&SystemEntropy);
    let body = || Body::new(ask(7), &SystemEntropy).unwrap();
    let context = world.context(|context| context.sealing_key = other.public().key_id());
    let request = SealedRequest::seal(context, &body(), other.public(), &SystemEntropy);
    let envelope = world.forger.attempt(&request, 1);
    world.refuses("sealed to another key", Refusal::SealingKeyUnknown, &request, envelope).await;
    let context = world.context(|_| ());
    let request = SealedRequest::seal(context, &body(), other.public(), &SystemEntropy);
    let envelope = world.forger.attempt(&request, 1);
    world.refuses("and it says so of ours", Refusal::BodyUnreadable, &request, envelope).await;
    for (what, content) in
        [("no bytes", vec![]), ("garbage", vec![0xff; 300]), ("cut off", ask(7)[..20].to_vec())]
    {
        let request = world.forger.seal(world.context(|_| ()), content);
        let envelope = world.forger.attempt(&request, 1);
        world.refuses(what, Refusal::BodyInvalid, &request, envelope).await;
    }

    // No answer to these can be opened here, since nothing honest has their digest: the ledger tells.
    let sealed = |context: &Context, body: &Body| {
        let request =
            SealedRequest::seal(context.clone(), body, &world.forger.peer().sealing, &SystemEntropy);
        world.forger.attempt(&request, 1).sealed_body
    };
    let (contexts, committed) = ([(); 4].map(|()| world.context(|_| ())), body());
    let [swapped, other_context, unpadded, short] = &contexts;
    let bare =
        world.forger.peer().sealing.seal(b"not padded", &minicbor::to_vec(unpadded).unwrap(), &SystemEntropy);
    let misfits = [
        (swapped, sealed(swapped, &body()), Refusal::CommitmentMismatch),
        (other_context, sealed(swapped, &committed), Refusal::BodyUnreadable),
        (unpadded, bare, Refusal::BodyUnreadable),
        (short, vec![1, 2, 3], Refusal::BodyUnreadable),
    ];
    let mut expected = Vec::new();
    for (context, sealed_body, refusal) in misfits {
        let envelope = world.forger.misfit(context, sealed_body, committed.commitment());
        world.forger.deliver(envelope).await.expect("a signed answer");
        expected.push((context.id, refusal));
    }
    let entries = world.audited().await;
    for (id, refusal) in expected {
        assert_eq!(refusals_of(&entries, id), [refusal]);
    }
}

/// What costs a peer nothing to send must not make our ledger grow at its will.
#[tokio::test]
async fn repetitions_within_a_minute_share_an_entry() {
    let mut world = World::start().await;
    let late = |context: &mut Context| {
        context.created = context.created.minus(MINUTE * 9);
        context.expires = context.created.plus(MINUTE);
    };
    for _ in 0..20 {
        world.refuses_context("expired", Refusal::Expired, late).await;
        world
            .refuses_context("for another", Refusal::CarryingNotGranted, |c| c.destination = agency(GUIZHOU))
            .await;
    }
    let entries = world.audited().await;
    let refused = entries.iter().filter(|entry| entry.event.name() == "refused").count();
    assert_eq!(refused, 2, "one for each reason");
}
