//! What leaves the agency is what the grant discloses, and nothing else.

use super::*;
use crate::testing::{
    ANSWERS, ASKS, Nobody, World, agency, keyring, message_key, named, now, outbound, pact, rules,
    sealing_key,
};
use concord_domain::wanted::{
    Description, Field, Identifier, IdentifierKind, NameKind, Notice, Offence, PersonName, Sex,
};
use concord_domain::{AgreementRef, Handling, Purpose, RequestId, SystemEntropy};
use concord_gateway::{Authority, Deadline, InForce, Inbound, Operations};
use concord_trust::envelope::{
    Answer, Body, Brief, Context, Dispatch, PROTOCOL, SUITE, SealedRequest, Verdict,
};
use concord_trust::sha256;
use std::time::Duration;

/// The primary name, with the mark of its field.
const PRIMARY: &str = "Zhang Guoqiang mark-name-mark";

/// A text that stands nowhere but in the fields of this kind.
fn mark(field: Field) -> String {
    format!("mark-{field}-mark")
}

/// A notice in which every text tells which field it belongs to.
fn marked() -> Notice {
    let name = |kind, text: &str| PersonName::new(kind, text).unwrap();
    let background = || mark(Field::Background);
    let appearance = || mark(Field::Appearance);
    let offence = || mark(Field::Offence);
    let aliases = [NameKind::Alias, NameKind::Former, NameKind::Nickname, NameKind::Weak];
    let aliases = aliases.map(|kind| name(kind, &mark(Field::Aliases)));
    let primary = name(NameKind::Primary, PRIMARY);
    Notice {
        number: "A-1".parse().unwrap(),
        names: [primary].into_iter().chain(aliases).collect(),
        sex: Some(Sex::Female),
        births: vec!["1971-02-03".parse().unwrap()],
        identifiers: vec![
            Identifier::new(IdentifierKind::Passport, &mark(Field::Identifiers), Some("Country")).unwrap(),
        ],
        description: Description {
            ethnicity: background(),
            native_place: background(),
            birthplace: background(),
            registered_residence: background(),
            residence: background(),
            nationality: background(),
            occupation: background(),
            features: appearance(),
            accent: appearance(),
            habits: appearance(),
        },
        offence: Offence { time: offence(), place: offence(), summary: offence() },
    }
}

/// The way in of a node over this register, and the rules that it decides by.
fn inbound(world: &World) -> (Inbound, Authority) {
    let authority = Authority::new(in_force(&[]));
    let outbound = outbound(&world.store, ANSWERS, authority.clone(), Arc::new(Nobody));
    let operations = Operations::default().with(WantedSearch::new(Arc::clone(&world.register)));
    let inbound = Inbound::new(outbound, world.store.clone(), operations);
    (inbound, authority)
}

/// The epoch stays that of a new store.
fn in_force(fields: &[Field]) -> InForce {
    InForce { rules: rules(fields), epoch: 0 }
}

/// Seals an ask about somebody of this name, under the pact that discloses `fields`.
fn request(fields: &[Field], name: &str) -> SealedRequest {
    let agreement = pact(fields);
    let digest = sha256(&[agreement.to_toml().as_bytes()]);
    let context = Context {
        protocol: PROTOCOL,
        suite: SUITE,
        id: RequestId::random(&SystemEntropy),
        origin: agency(ASKS),
        destination: agency(ANSWERS),
        operation: WantedSearch::name(),
        purpose: Purpose::FugitiveApprehension,
        handling: Handling::default(),
        branch: None,
        agreement: AgreementRef { id: agreement.id, version: agreement.version, digest },
        origin_keyring: 1,
        destination_keyring: 1,
        sealing_key: sealing_key(ANSWERS).public().key_id(),
        created: now(),
        expires: now().plus(Duration::from_secs(60)),
    };
    let ask =
        Ask { subject: named(name), case: "A2026-1".parse().unwrap(), officer: "053211".parse().unwrap() };
    let body = Body::new(Brief::plain(WantedSearch::encode_ask(&ask)).encode(), &SystemEntropy).unwrap();
    SealedRequest::seal(context, &body, sealing_key(ANSWERS).public(), &SystemEntropy)
}

/// Asks, and opens what comes back.
async fn answered(inbound: &Inbound, request: &SealedRequest) -> Answer {
    let dispatch = Dispatch { attempt: 1, next: agency(ANSWERS), sent: now() };
    let envelope = request.dispatch(dispatch, &message_key(ASKS));
    let sealed =
        inbound.deliver(&agency(ASKS), envelope, Deadline::after(Duration::from_secs(10))).await.unwrap();
    let signers = [keyring(ANSWERS).message];
    sealed.open(request, &agency(ANSWERS), &signers, &[&sealing_key(ASKS)]).unwrap().answer
}

/// Whether a field's content is in the bytes that will be sealed; they are read as bytes, so that nothing hides in
/// a part of the message that a reader would overlook.
fn leaves(field: Field, bytes: &[u8], candidate: &Candidate) -> bool {
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    match field {
        Field::Sex => candidate.notice.sex.is_some(),
        Field::Birth => holds("1971-02-03"),
        Field::Identifiers => {
            assert_eq!(holds(&mark(field)), holds("Country"));
            holds(&mark(field))
        }
        Field::Name | Field::Aliases | Field::Background | Field::Appearance | Field::Offence => {
            holds(&mark(field))
        }
    }
}

#[tokio::test]
async fn every_set_of_granted_fields_discloses_just_those() {
    let world = World::with(vec![marked()]).await;
    let (inbound, authority) = inbound(&world);
    for set in 0..1u32 << Field::ALL.len() {
        let granted = |n: usize| set & (1 << n) != 0;
        let fields: Vec<_> =
            Field::ALL.iter().enumerate().filter(|(n, _)| granted(*n)).map(|(_, field)| *field).collect();
        authority.replace(in_force(&fields));
        let answer = answered(&inbound, &request(&fields, PRIMARY)).await;
        assert_eq!(answer.verdict, Verdict::Served(OutcomeKind::Hit), "under {fields:?}");
        let candidates = WantedSearch::decode_answer(&answer.content).unwrap();
        let [candidate] = &candidates[..] else { panic!("{} candidates", candidates.len()) };
        assert_eq!(candidate.notice.number.as_str(), "A-1", "a follow-up can always name the notice");
        for field in Field::ALL {
            let left = leaves(*field, &answer.content, candidate);
            assert_eq!(left, fields.contains(field), "{field} under {fields:?}");
        }
    }
}

#[tokio::test]
async fn nobody_found_is_said_as_such() {
    let world = World::with(vec![marked()]).await;
    let (inbound, authority) = inbound(&world);
    authority.replace(in_force(&[Field::Name]));
    let answer = answered(&inbound, &request(&[Field::Name], "Chen Xiaoyu")).await;
    assert_eq!(answer.verdict, Verdict::Served(OutcomeKind::NoHit));
    assert_eq!(WantedSearch::decode_answer(&answer.content).unwrap(), []);
}
