//! Yunnan may not ask Gansu: Shaanxi vets for it, the ministry transmits, and Gansu decides for all three.

mod vetting;

use crate::lines::Lines;
use crate::outbound::Question;
use crate::record::Concluded;
use crate::testing::{
    Echo, HERE, MESSAGE, MINISTRY, Mesh, ORIGIN, OTHER, World, agency, context, key, keyring, northwest, now,
    open_answer, reference, rules, sealing_key, soon,
};
use concord_agreements::{Agencies, Agreement, AgreementKind, Grant, Quota, QuotaWindow};
use concord_domain::wanted::Field;
use concord_domain::{
    Branch, Failure, Handling, HandlingLevel, OffenceNature, Outcome, Purpose, Refusal, RequestId,
    SystemEntropy,
};
use concord_ledger::{Event, RequestFacts};
use concord_trust::envelope::{
    Body, Brief, CLOCK_SKEW_MAX, Context, Dispatch, Envelope, SealedRequest, Verdict, Voucher,
};
use std::num::NonZeroU32;

fn names(names: &[&str]) -> Agencies {
    Agencies::Listed(names.iter().map(|name| name.parse().unwrap()).collect())
}

/// An agreement of two, by which the first may ask the other.
fn pact(id: &str, from: &str, to: &str, change: impl FnOnce(&mut Grant)) -> Agreement {
    let mut pact = northwest(1);
    let grant = &mut pact.grants[0];
    (grant.from, grant.to) = (names(&[from]), names(&[to]));
    change(grant);
    Agreement { id: id.parse().unwrap(), parties: vec![agency(from), agency(to)], ..pact }
}

fn to_province() -> Agreement {
    pact("to-province", ORIGIN, OTHER, |grant| grant.brokered_to = vec![HERE.parse().unwrap()])
}

fn to_ministry() -> Agreement {
    pact("to-ministry", OTHER, MINISTRY, |grant| {
        grant.brokered_to = vec![HERE.parse().unwrap()];
        grant.on_behalf_of = vec![ORIGIN.parse().unwrap()];
    })
}

fn abroad() -> Agreement {
    let pact = pact("abroad", MINISTRY, HERE, |grant| {
        grant.on_behalf_of = [ORIGIN, OTHER].map(|name| name.parse().unwrap()).to_vec();
    });
    Agreement { kind: AgreementKind::International, ..pact }
}

/// One node at each of the four, in one mesh.
struct Scene {
    mesh: Mesh,
    origin: World,
    province: World,
    ministry: World,
    here: World,
}

impl Scene {
    async fn new(agreements: &[Agreement]) -> Self {
        let (mesh, rules) = (Mesh::default(), rules(agreements));
        let at = |name| World::at(name, rules.clone(), mesh.clone(), Lines::default());
        let (origin, province) = (at(ORIGIN).await, at(OTHER).await);
        let (ministry, here) = (at(MINISTRY).await, at(HERE).await);
        Self { origin, province, ministry, here, mesh }
    }

    async fn ask(&self, word: &str, nature: Option<OffenceNature>) -> (Concluded, Option<String>) {
        let (purpose, handling) = (Purpose::FugitiveApprehension, Handling::default());
        let question = Question { purpose, handling, branch: None, nature };
        let (outbound, to, word) = (self.origin.outbound(), agency(HERE), word.to_owned());
        outbound.ask::<Echo>(&to, question, &word, soon()).await.unwrap()
    }
}

fn released(world: &World) -> Option<RequestFacts> {
    world.ledger().into_iter().find_map(|event| {
        let Event::Released { request, .. } = event else { return None };
        Some(request)
    })
}

#[tokio::test(start_paused = true)]
async fn a_request_is_vetted_transmitted_and_answered_to_the_one_who_asked_first() {
    let scene = Scene::new(&[to_province(), to_ministry(), abroad()]).await;
    let (concluded, answer) = scene.ask("hello", None).await;
    let evidence = concluded.evidence();
    assert_eq!((evidence.outcome, answer.as_deref()), (Outcome::Hit, Some("hello #1")), "{evidence:?}");
    assert_eq!(evidence.route, [OTHER, MINISTRY, HERE].map(agency));
    assert_eq!(evidence.authority.as_ref().map(|a| a.agreement.id.as_str()), Some("to-province"));
    assert_eq!(evidence.explanation, "", "unaltered");

    let behalf = |world| {
        let RequestFacts { origin, digest, behalf, .. } = released(world).unwrap();
        (origin, digest.unwrap(), behalf.into_iter().map(|p| (p.agency, p.request)).collect::<Vec<_>>())
    };
    let (origin, by_origin, nobody) = behalf(&scene.province);
    assert_eq!((origin, nobody), (agency(ORIGIN), vec![]));
    let (province, by_province, one) = behalf(&scene.ministry);
    assert_eq!((province, one), (agency(OTHER), vec![(agency(ORIGIN), by_origin)]));
    let (ministry, _, two) = behalf(&scene.here);
    let both = vec![(agency(ORIGIN), by_origin), (agency(OTHER), by_province)];
    assert_eq!((ministry, two), (agency(MINISTRY), both), "each with the request that it signed");
    for broker in [&scene.province, &scene.ministry] {
        assert_eq!(broker.echo.served(), 0, "a broker asks on, and does not answer from its own register");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_foreign_agreement_excludes_is_refused_before_it_is_transmitted() {
    let scene = Scene::new(&[to_province(), to_ministry(), abroad()]).await;
    let (concluded, answer) = scene.ask("hello", Some(OffenceNature::Political)).await;
    assert_eq!((concluded.evidence().outcome, answer), (Outcome::Refused(Refusal::OffenceExcluded), None));
    let explanation = &concluded.evidence().explanation;
    assert!(explanation.contains("abroad"), "{explanation}");
    assert!(scene.here.ledger().is_empty(), "nothing was sent there");
    let known = scene.origin.outbound().ways.peers().snapshot();
    assert!(!known.contains_key(&agency(HERE)), "a broker's refusal tells nothing of the agency behind it");
}

#[tokio::test(start_paused = true)]
async fn no_chain_of_agreements_no_answer() {
    let silent = |agreement: Agreement| {
        let mut grants = agreement.grants.clone();
        grants[0].on_behalf_of = vec![];
        Agreement { grants, ..agreement }
    };
    let none = |agreement: Agreement| {
        let mut grants = agreement.grants.clone();
        grants[0].brokered_to = vec![];
        Agreement { grants, ..agreement }
    };
    let broken = [
        [none(to_province()), to_ministry(), abroad()],
        [to_province(), none(to_ministry()), abroad()],
        [to_province(), silent(to_ministry()), abroad()],
        [to_province(), to_ministry(), silent(abroad())],
    ];
    for (at, agreements) in broken.iter().enumerate() {
        let scene = Scene::new(agreements).await;
        let (concluded, answer) = scene.ask("hello", None).await;
        assert!(matches!(concluded.evidence().outcome, Outcome::Refused(_)), "{at}: {concluded:?}");
        assert_eq!((answer, scene.here.echo.served()), (None, 0), "{at}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_narrowest_terms_decide_what_comes_back_and_it_is_said() {
    let narrow = pact("to-province", ORIGIN, OTHER, |grant| {
        grant.brokered_to = vec![HERE.parse().unwrap()];
        grant.fields = vec![Field::Birth];
    });
    let scene = Scene::new(&[narrow, to_ministry(), abroad()]).await;
    let (concluded, answer) = scene.ask("hello", None).await;
    assert_eq!((concluded.evidence().outcome, answer.as_deref()), (Outcome::Hit, Some("hello")));
    assert!(concluded.evidence().explanation.contains("in part"), "{:?}", concluded.evidence());
}

#[tokio::test(start_paused = true)]
async fn an_agency_that_no_broker_reaches_is_unreachable() {
    let scene = Scene::new(&[to_province(), to_ministry(), abroad()]).await;
    scene.mesh.leave(HERE);
    let (concluded, _) = scene.ask("hello", None).await;
    assert_eq!(concluded.evidence().outcome, Outcome::Unreachable(Failure::BeyondBroker));
    assert!(concluded.evidence().receipt.is_some(), "the broker signed that");
}

/// What the ministry would send to Gansu, saying that it asks for others, with this brief.
fn from_ministry(brief: &Brief) -> (SealedRequest, Envelope) {
    let id = RequestId::random(&SystemEntropy);
    let context = Context { id, agreement: reference(&abroad()), ..context(MINISTRY, HERE, 9) };
    let body = Body::new(brief.encode(), &SystemEntropy).unwrap();
    let request = SealedRequest::seal(context, &body, sealing_key(HERE).public(), &SystemEntropy);
    let dispatch = Dispatch { attempt: 1, next: agency(HERE), sent: now() };
    let envelope = request.dispatch(dispatch, &key(MINISTRY, MESSAGE));
    (request, envelope)
}

/// A request that Yunnan signed, for whatever, as a voucher.
fn voucher(scene: &Scene, to: &str, brief: &Brief, signer: &str) -> Voucher {
    altered_voucher(scene, to, brief, signer, |_| {})
}

fn altered_voucher(
    scene: &Scene,
    to: &str,
    brief: &Brief,
    signer: &str,
    alter: impl FnOnce(&mut Context),
) -> Voucher {
    let mut context = context(ORIGIN, to, 8);
    alter(&mut context);
    let body = Body::new(brief.encode(), &SystemEntropy).unwrap();
    let sealed = SealedRequest::seal(context, &body, sealing_key(to).public(), &SystemEntropy);
    let dispatch = Dispatch { attempt: 1, next: agency(to), sent: now() };
    let envelope = sealed.dispatch(dispatch, &key(signer, MESSAGE));
    match envelope.clone().verify(scene.here.authority.current().directory()) {
        Ok(request) => Voucher::new(&request, &body),
        Err(_) => Voucher { request: envelope.request, salt: *body.salt(), content: body.content().to_vec() },
    }
}

#[tokio::test(start_paused = true)]
async fn a_broker_asks_for_nobody_who_did_not_ask_it_exactly_this() {
    let scene = Scene::new(&[to_province(), to_ministry(), abroad()]).await;
    let onward = Some(agency(HERE));
    let asked = Brief { onward: onward.clone(), ..Brief::plain(b"hello".to_vec()) };
    let another = Brief { onward: onward.clone(), ..Brief::plain(b"goodbye".to_vec()) };
    let political = Brief { nature: Some(OffenceNature::Political), ..asked.clone() };
    let elsewhere = Brief { onward: Some(agency(OTHER)), ..asked.clone() };
    let kept = Brief { onward: None, ..asked.clone() };
    let of = |alter: fn(&mut Context)| altered_voucher(&scene, MINISTRY, &asked, ORIGIN, alter);
    let mut opened_otherwise = voucher(&scene, MINISTRY, &asked, ORIGIN);
    opened_otherwise.content = another.encode();
    let wrong = [
        ("another ask", voucher(&scene, MINISTRY, &another, ORIGIN)),
        ("another nature", voucher(&scene, MINISTRY, &political, ORIGIN)),
        ("to be asked of another", voucher(&scene, MINISTRY, &elsewhere, ORIGIN)),
        ("not to be asked on", voucher(&scene, MINISTRY, &kept, ORIGIN)),
        ("asked of another broker", voucher(&scene, OTHER, &asked, ORIGIN)),
        ("signed by the broker itself", voucher(&scene, MINISTRY, &asked, MINISTRY)),
        ("opened otherwise", opened_otherwise),
        ("by another branch", of(|context| context.branch = Some(Branch::Narcotics))),
        ("more guarded", of(|context| context.handling.level = HandlingLevel::Restricted)),
        ("from the future", of(|context| context.created = now().plus(2 * CLOCK_SKEW_MAX))),
        ("over", of(|context| context.expires = now().minus(2 * CLOCK_SKEW_MAX))),
    ];
    let ask = |voucher| Brief { behalf: vec![voucher], ..Brief::plain(b"hello".to_vec()) };
    for (what, voucher) in wrong {
        let (request, envelope) = from_ministry(&ask(voucher));
        let answer = scene.here.inbound.deliver(&agency(MINISTRY), envelope, soon()).await.unwrap();
        let signers = [keyring(HERE).message];
        let opened = answer.open(&request, &agency(HERE), &signers, &[&sealing_key(MINISTRY)]).unwrap();
        assert_eq!(opened.answer.verdict, Verdict::Refused(Refusal::BodyInvalid), "{what}");
    }
    assert_eq!(scene.here.echo.served(), 0);
    let (request, envelope) = from_ministry(&ask(voucher(&scene, MINISTRY, &asked, ORIGIN)));
    let answer = scene.here.inbound.deliver(&agency(MINISTRY), envelope, soon()).await.unwrap();
    assert_eq!(open_answer(&request, answer).content(), "hello #1", "what is honest is served");
}

#[test]
fn principals_are_few() {
    let voucher = || Voucher { request: vec![], salt: [0; 32], content: vec![] };
    let many = Brief { behalf: vec![voucher(), voucher(), voucher()], ..Brief::plain(vec![]) };
    assert_eq!(Brief::decode(&many.encode()), None);
}

#[tokio::test(start_paused = true)]
async fn what_a_quota_does_not_cover_is_not_even_asked_on() {
    let once = pact("to-province", ORIGIN, OTHER, |grant| {
        grant.brokered_to = vec![HERE.parse().unwrap()];
        grant.quota = Some(Quota { requests: NonZeroU32::MIN, per: QuotaWindow::Day });
    });
    let scene = Scene::new(&[once, to_ministry(), abroad()]).await;
    assert_eq!(scene.ask("hello", None).await.0.evidence().outcome, Outcome::Hit);
    let (concluded, _) = scene.ask("hello", None).await;
    assert_eq!(concluded.evidence().outcome, Outcome::Refused(Refusal::QuotaSpent));
    assert!(concluded.evidence().receipt.is_some(), "under the broker's signature");
    assert_eq!((scene.here.echo.served(), asked(&scene.province)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn rules_that_change_meanwhile_let_nobody_be_asked_twice() {
    let agreements = [to_province(), to_ministry(), abroad()];
    let scene = Scene::new(&agreements).await;
    scene.here.echo.meanwhile(scene.province.replacing(rules(&agreements), 2));
    let (concluded, answer) = scene.ask("hello", None).await;
    assert_eq!((concluded.evidence().outcome, answer.as_deref()), (Outcome::Hit, Some("hello #1")));
    assert_eq!((scene.here.echo.served(), asked(&scene.province)), (1, 1));
}

fn asked(world: &World) -> usize {
    world.ledger().iter().filter(|event| matches!(event, Event::Asked { .. })).count()
}
