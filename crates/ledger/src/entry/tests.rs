use super::*;
use concord_domain::{HandlingCode, HandlingLevel};
use concord_trust::envelope::Principal;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::{option, sample};

fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest)
}

fn agency() -> impl Strategy<Value = AgencyId> {
    "[a-z]{1,40}\\.police\\.cn".prop_map(|s| s.parse().unwrap())
}

fn agreement() -> impl Strategy<Value = AgreementRef> {
    ("[a-z0-9-]{1,64}", any::<u32>(), digest()).prop_map(|(id, version, digest)| AgreementRef {
        id: id.parse().unwrap(),
        version,
        digest,
    })
}

fn label() -> impl Strategy<Value = Label> {
    "[ -~]{1,64}".prop_map(|s| s.parse().unwrap())
}

fn handling() -> impl Strategy<Value = Handling> {
    (sample::select(HandlingLevel::ALL), sample::select(HandlingCode::ALL))
        .prop_map(|(level, code)| Handling { level, code })
}

fn facts() -> impl Strategy<Value = RequestFacts> {
    let whom = (any::<[u8; 16]>(), agency(), agency());
    let what = ("[a-z]{1,20}\\.[a-z]{1,20}", sample::select(Purpose::ALL), handling());
    let under = (option::of(agreement()), option::of("[0-9]{1,16}(\\.[0-9]{1,15})?"));
    let principal = (agency(), digest()).prop_map(|(agency, request)| Principal { agency, request });
    let others = (vec(agency(), 0..4), vec(principal, 0..2));
    (whom, what, under, others, option::of(digest()), option::of(digest())).prop_map(
        |(
            (id, origin, destination),
            (operation, purpose, handling),
            (agreement, clause),
            (carriers, behalf),
            digest,
            commitment,
        )| {
            RequestFacts {
                id: RequestId(id),
                digest,
                origin,
                destination,
                operation: operation.parse().unwrap(),
                purpose,
                handling,
                agreement,
                clause: clause.map(|c| c.parse().unwrap()),
                commitment,
                carriers,
                behalf,
            }
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let outcome = || sample::select(OutcomeKind::ALL);
    let leaf = (any::<u64>(), digest()).prop_map(|(index, hash)| LeafRef { index, hash });
    let end = (outcome(), option::of(label()), option::of(digest()), option::of(leaf), option::of(agency()));
    prop_oneof![
        facts().prop_map(|request| Event::Asked { request }),
        (facts(), outcome(), digest()).prop_map(|(request, outcome, answer)| Event::Released {
            request,
            outcome,
            answer
        }),
        (facts(), sample::select(Refusal::ALL))
            .prop_map(|(request, refusal)| Event::Refused { request, refusal }),
        (facts(), end).prop_map(|(request, (outcome, reason, answer, counterpart, next))| Event::Concluded {
            request,
            outcome,
            reason,
            answer,
            counterpart,
            next
        }),
        (facts(), agency(), agency()).prop_map(|(request, from, next)| Event::Carried {
            request,
            from,
            next
        }),
        (facts(), option::of(sample::select(Refusal::ALL)), digest())
            .prop_map(|(request, refusal, decision)| Event::Vetted { request, refusal, decision }),
        (agency(), label(), option::of(any::<[u8; 16]>())).prop_map(|(peer, reason, id)| Event::Distrusted {
            peer,
            reason,
            request: id.map(RequestId)
        }),
        (label(), digest(), any::<u64>()).prop_map(|(source, commitment, notices)| Event::Imported {
            source,
            commitment,
            notices
        }),
        label().prop_map(|program| Event::Started { program }),
        (label(), label(), any::<u64>(), digest())
            .prop_map(|(kind, name, sequence, digest)| Event::Adopted { kind, name, sequence, digest }),
        any::<u64>().prop_map(|seen| Event::RollbackAccepted { seen }),
    ]
}

fn entry() -> impl Strategy<Value = Entry> {
    (any::<u64>(), event()).prop_map(|(ms, event)| Entry { time: Timestamp::from_millis(ms), event })
}

proptest! {
    #[test]
    fn what_is_encoded_is_read_back(entry in entry()) {
        prop_assert_eq!(Entry::decode(&entry.encode()), Ok(entry));
    }

    #[test]
    fn other_bytes_say_another_entry_or_none(
        entry in entry(), at in any::<sample::Index>(), flip in 1u8..,
    ) {
        let mut bytes = entry.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(other) = Entry::decode(&bytes) {
            prop_assert_ne!(other, entry);
        }
    }
}

#[test]
fn the_largest_entry_fits() {
    let long =
        |last: &str| format!("{}.{}.{last}", "a".repeat(58), "b".repeat(58)).parse::<AgencyId>().unwrap();
    let digest = Some(Digest([0xff; 32]));
    let longest = |all: &[&'static str]| *all.iter().max_by_key(|s| s.len()).unwrap();
    let request = RequestFacts {
        id: RequestId([0xff; 16]),
        digest,
        origin: long("cn"),
        destination: long("la"),
        operation: "w".repeat(Operation::CHARS_MAX).parse().unwrap(),
        purpose: longest(&Purpose::ALL.iter().map(|p| p.as_str()).collect::<Vec<_>>()).parse().unwrap(),
        handling: Handling { level: HandlingLevel::Confidential, code: HandlingCode::H3 },
        agreement: Some(AgreementRef {
            id: "a".repeat(64).parse().unwrap(),
            version: u32::MAX,
            digest: Digest([0xff; 32]),
        }),
        clause: Some("§".repeat(Clause::CHARS_MAX).parse().unwrap()),
        commitment: digest,
        carriers: vec![long("cn"); 4],
        behalf: vec![Principal { agency: long("cn"), request: Digest([0xff; 32]) }; 2],
    };
    let event = Event::Concluded {
        request,
        outcome: OutcomeKind::Unreachable,
        reason: Some("R".repeat(Label::BYTES_MAX).parse().unwrap()),
        answer: digest,
        counterpart: Some(LeafRef { index: u64::MAX, hash: Digest([0xff; 32]) }),
        next: Some(long("cn")),
    };
    let entry = Entry { time: Timestamp::from_millis(u64::MAX), event };
    let bytes = entry.encode();
    assert!(bytes.len() <= ENTRY_BYTES_MAX, "{} bytes", bytes.len());
    assert_eq!(Entry::decode(&bytes), Ok(entry));
}

#[test]
fn an_entry_has_one_encoding() {
    let entry = Entry {
        time: Timestamp::from_millis(5),
        event: Event::Started { program: "concord 0.1.0".parse().unwrap() },
    };
    let bytes = entry.encode();
    // [5, [5, ["concord 0.1.0"]]]: pinned, since published entries must stay readable.
    assert_eq!(bytes, b"\x82\x05\x82\x05\x81\x6dconcord 0.1.0");
    let left_over = [bytes.as_slice(), b"\x00"].concat();
    assert_eq!(Entry::decode(&left_over), Err(InvalidEntry::NotCanonical));
    let long_zero = [b"\x82\x18\x05".as_slice(), &bytes[2..]].concat();
    assert_eq!(Entry::decode(&long_zero), Err(InvalidEntry::NotCanonical));
    let too_long = vec![0; ENTRY_BYTES_MAX + 1];
    assert_eq!(Entry::decode(&too_long), Err(InvalidEntry::TooLong { found: ENTRY_BYTES_MAX + 1 }));
    assert!(matches!(Entry::decode(b"\xff"), Err(InvalidEntry::Malformed { .. })));
}

#[test]
fn the_accessors_tell_what_happened() {
    let program = "concord 0.1.0".parse().unwrap();
    let started = Event::Started { program };
    assert_eq!((started.name(), started.outcome(), started.reason()), ("started", None, None));
    assert_eq!(started.request(), None);
}

#[test]
fn a_decision_tells_why_not() {
    let request = RequestFacts {
        id: RequestId([1; 16]),
        digest: None,
        origin: "dx.gx.police.cn".parse().unwrap(),
        destination: "gx.police.cn".parse().unwrap(),
        operation: "wanted.search".parse().unwrap(),
        purpose: Purpose::Narcotics,
        handling: Handling::default(),
        agreement: None,
        clause: None,
        commitment: None,
        carriers: vec![],
        behalf: vec![],
    };
    let vetted = |refusal| Event::Vetted { request: request.clone(), refusal, decision: Digest([2; 32]) };
    assert_eq!((vetted(None).name(), vetted(None).reason()), ("vetted", None));
    assert_eq!(vetted(Some(Refusal::VettingRefused)).reason(), Some("VETTING_REFUSED"));
    assert_eq!(vetted(None).request(), Some(&request));
    assert_eq!(vetted(None).outcome(), None, "what comes of the request is still to come");
}
