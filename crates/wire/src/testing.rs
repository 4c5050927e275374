//! Any value of the domain that a message can carry.

use crate::directory::{
    CardFacts, KeyringFacts, Listing, Ping, PingTry, Pinged, Route, Sightings, Stop, Way,
};
use concord_domain::wanted::{
    Authority, BirthDate, Candidate, Description, Finding, Identifier, IdentifierKind, LedgerPosition,
    NameKind, Notice, NoticeNumber, Offence, PersonName, Query, Scope, ScopeTerm, Score, Sex, Subject,
    Totals,
};
use concord_domain::{
    AgencyId, AgencyPattern, AgreementRef, Branch, Circuit, Digest, Failure, Handling, HandlingCode,
    HandlingLevel, Health, OffenceNature, Outcome, OutcomeKind, Passed, PingOutcome, Purpose, Reference,
    Refusal, Timestamp, VettingState, WaitingRequest,
};
use concord_trust::{DutyDesk, Names};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::time::Duration;

/// Printable, with Chinese among it, and never only white space.
const WORDS: &str = "[a-zA-Z0-9张伟王芳李娜 .'-]{0,20}[a-z张]";

fn code<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    select(all)
}

pub(crate) fn agency() -> impl Strategy<Value = AgencyId> {
    "[a-z]{1,8}\\.(police|fda)\\.cn".prop_map(|name| name.parse().unwrap())
}

pub(crate) fn birth() -> impl Strategy<Value = BirthDate> {
    let year = 1900..2020u32;
    prop_oneof![
        year.clone().prop_map(|y| format!("{y}")),
        year.clone().prop_map(|y| format!("{y}~")),
        (year.clone(), 1..13u32).prop_map(|(y, m)| format!("{y}-{m:02}")),
        (year.clone(), 1..13u32, 1..29u32).prop_map(|(y, m, d)| format!("{y}-{m:02}-{d:02}")),
        (year, 0..9u32).prop_map(|(y, more)| format!("{y}/{}", y + more)),
    ]
    .prop_map(|text| text.parse().unwrap())
}

pub(crate) fn identifier() -> impl Strategy<Value = Identifier> {
    let parts = (code(IdentifierKind::ALL), "[A-Z0-9]{1,20}", option::of("[A-Z][a-z]{0,10}"));
    parts.prop_map(|(kind, number, country)| Identifier::new(kind, &number, country.as_deref()).unwrap())
}

fn name() -> impl Strategy<Value = PersonName> {
    (code(NameKind::ALL), WORDS).prop_map(|(kind, text)| PersonName::new(kind, &text).unwrap())
}

prop_compose! {
    pub(crate) fn subject()(
        names in vec(WORDS, 0..=Subject::NAMES_MAX),
        identifiers in vec(identifier(), 0..=Subject::IDENTIFIERS_MAX),
        only in WORDS,
        birth in option::of(birth()),
        sex in option::of(code(Sex::ALL)),
    ) -> Subject {
        let names = if names.is_empty() && identifiers.is_empty() { vec![only] } else { names };
        let mut subject = Subject::new(&names, identifiers).unwrap();
        (subject.birth, subject.sex) = (birth, sex);
        subject
    }
}

prop_compose! {
    fn description()(mut texts in vec("\\PC{0,12}", 10)) -> Description {
        let mut next = || texts.pop().unwrap();
        Description {
            ethnicity: next(),
            native_place: next(),
            birthplace: next(),
            registered_residence: next(),
            residence: next(),
            nationality: next(),
            occupation: next(),
            features: next(),
            accent: next(),
            habits: next(),
        }
    }
}

prop_compose! {
    /// A notice with this many names.
    pub(crate) fn notice(names: std::ops::Range<usize>)(
        number in "[A-Z0-9-]{1,20}",
        names in vec(name(), names),
        sex in option::of(code(Sex::ALL)),
        births in vec(birth(), 0..4),
        identifiers in vec(identifier(), 0..4),
        description in description(),
        offence in ("\\PC{0,12}", "\\PC{0,12}", "\\PC{0,12}"),
    ) -> Notice {
        let number: NoticeNumber = number.parse().unwrap();
        let (time, place, summary) = offence;
        Notice { number, names, sex, births, identifiers, description, offence: Offence { time, place, summary } }
    }
}

pub(crate) fn candidate() -> impl Strategy<Value = Candidate> {
    // A disclosed notice may have lost every name to its grant.
    let parts = (0..=1000u16, notice(0..4));
    parts.prop_map(|(score, notice)| Candidate { score: Score::from_thousandths(score), notice })
}

fn pattern() -> impl Strategy<Value = AgencyPattern> {
    ("(\\*\\.)?", agency()).prop_map(|(star, base)| format!("{star}{base}").parse().unwrap())
}

fn term() -> impl Strategy<Value = ScopeTerm> {
    let id = || "[a-z][a-z-]{0,10}[a-z]".prop_map(|id| id.parse().unwrap());
    prop_oneof![
        pattern().prop_map(ScopeTerm::Agencies),
        id().prop_map(ScopeTerm::Agreement),
        id().prop_map(ScopeTerm::Region),
        Just(ScopeTerm::All),
    ]
}

pub(crate) fn scope() -> impl Strategy<Value = Scope> {
    let half = Scope::TERMS_MAX / 2;
    (vec(term(), 1..=half), vec(pattern(), 0..=half))
        .prop_map(|(terms, except)| Scope::new(terms, except).unwrap())
}

prop_compose! {
    pub(crate) fn query()(
        subject in subject(),
        scope in scope(),
        purpose in code(Purpose::ALL),
        case in WORDS,
        officer in option::of(WORDS),
        level in code(HandlingLevel::ALL),
        handling_code in code(HandlingCode::ALL),
        branch in option::of(code(Branch::ALL)),
        nature in option::of(code(OffenceNature::ALL)),
    ) -> Query {
        let handling = Handling { level, code: handling_code };
        let officer = officer.map(|officer| officer.parse().unwrap());
        Query { subject, scope, purpose, case: case.parse().unwrap(), officer, handling, branch, nature }
    }
}

pub(crate) fn authority() -> impl Strategy<Value = Authority> {
    let parts = ("[a-z]{1,10}", any::<u32>(), any::<[u8; 32]>(), option::of("[0-9.]{0,4}[0-9]"));
    parts.prop_map(|(id, version, digest, clause)| Authority {
        agreement: AgreementRef { id: id.parse().unwrap(), version, digest: Digest(digest) },
        clause: clause.map(|clause| clause.parse().unwrap()),
    })
}

pub(crate) fn position() -> impl Strategy<Value = LedgerPosition> {
    let parts = (agency(), any::<u64>(), any::<[u8; 32]>());
    parts.prop_map(|(ledger, index, leaf)| LedgerPosition { ledger, index, leaf: Digest(leaf) })
}

pub(crate) fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Hit),
        Just(Outcome::NoHit),
        Just(Outcome::Pending),
        Just(Outcome::TimedOut),
        code(Refusal::ALL).prop_map(Outcome::Refused),
        code(Failure::ALL).prop_map(Outcome::Unreachable),
        code(Failure::ALL).prop_map(Outcome::Failed),
    ]
}

prop_compose! {
    pub(crate) fn finding()(
        agency in agency(),
        outcome in outcome(),
        explanation in "\\PC{0,20}",
        authority in option::of(authority()),
        route in vec(self::agency(), 0..4),
        candidates in vec(candidate(), 0..4),
        receipt in option::of(position()),
        signed_receipt in vec(any::<u8>(), 0..40),
        record in option::of(position()),
        elapsed in any::<u32>(),
        watch in option::of(any::<[u8; 16]>()),
    ) -> Finding {
        let (elapsed, watch) = (Duration::from_millis(elapsed.into()), watch.map(Reference));
        Finding {
            agency, outcome, explanation, authority, route, candidates, receipt, signed_receipt, record, elapsed,
            watch,
        }
    }
}

prop_compose! {
    pub(crate) fn waiting()(
        (reference, state) in (any::<[u8; 16]>(), code(VettingState::ALL)),
        (origin, behalf, onward) in (agency(), vec(agency(), 0..3), agency()),
        operation in "[a-z]{1,8}\\.[a-z]{1,8}",
        (purpose, branch) in (code(Purpose::ALL), option::of(code(Branch::ALL))),
        nature in option::of(code(OffenceNature::ALL)),
        (level, handling_code) in (code(HandlingLevel::ALL), code(HandlingCode::ALL)),
        authority in option::of(authority()),
        (created, expires) in any::<(u64, u64)>(),
        (decided_by, reason) in (option::of("[0-9]{1,8}"), option::of(WORDS)),
    ) -> WaitingRequest {
        WaitingRequest {
            reference: Reference(reference), state, origin, behalf, onward, purpose, branch, nature, authority,
            operation: operation.parse().unwrap(),
            handling: Handling { level, code: handling_code },
            created: Timestamp::from_millis(created),
            expires: Timestamp::from_millis(expires),
            decided_by: decided_by.map(|officer| officer.parse().unwrap()),
            reason: reason.map(|reason| reason.parse().unwrap()),
        }
    }
}

pub(crate) fn totals() -> impl Strategy<Value = Totals> {
    vec(0..1000u32, OutcomeKind::ALL.len()).prop_map(|counts| {
        let mut totals = Totals::default();
        OutcomeKind::ALL.iter().zip(counts).for_each(|(kind, count)| totals.add(*kind, count));
        totals
    })
}

pub(crate) fn time() -> impl Strategy<Value = Timestamp> {
    any::<u64>().prop_map(Timestamp::from_millis)
}

fn micros() -> impl Strategy<Value = Duration> {
    any::<u64>().prop_map(Duration::from_micros)
}

pub(crate) fn passed() -> impl Strategy<Value = Passed> {
    (agency(), time()).prop_map(|(agency, at)| Passed { agency, at })
}

prop_compose! {
    fn route()(
        authority in authority(),
        purpose in code(Purpose::ALL),
        broker in option::of(agency()),
        ways in vec((agency(), code(Circuit::ALL), option::of(micros())), 0..4),
    ) -> Route {
        let ways = ways.into_iter().map(|(next, circuit, latency)| Way { next, circuit, latency }).collect();
        Route { authority, purpose, broker, ways }
    }
}

prop_compose! {
    fn card()(texts in vec("\\PC{0,12}", 5)) -> CardFacts {
        let [zh, en, phone, email, hours] = texts.try_into().unwrap();
        CardFacts { names: Names { zh, en }, duty_desk: DutyDesk { phone, email, hours } }
    }
}

prop_compose! {
    pub(crate) fn listing()(
        agency in agency(),
        superior in option::of(self::agency()),
        card in option::of(card()),
        keyring in option::of((any::<u64>(), time(), vec("[a-z:/]{1,20}", 0..3))),
        stopped in option::of((time(), option::of(time()), "[a-z-]{1,20}")),
        route in prop_oneof![route().prop_map(Ok), "\\PC{0,20}".prop_map(Err)],
        health in code(Health::ALL),
        seen in vec(option::of(time()), 4),
    ) -> Listing {
        let keyring = keyring.map(|(sequence, ends, endpoints)| KeyringFacts { sequence, ends, endpoints });
        let stopped = stopped.map(|(since, until, reason)| Stop { since, until, reason });
        let [answered, unanswered, compared, certificate_ends] = seen.try_into().unwrap();
        let seen = Sightings { answered, unanswered, compared, certificate_ends };
        Listing { agency, superior, card, keyring, stopped, route, health, seen }
    }
}

pub(crate) fn ping() -> impl Strategy<Value = Ping> {
    let parts = (agency(), option::of(code(Purpose::ALL)), option::of(code(Branch::ALL)));
    parts.prop_map(|(agency, purpose, branch)| Ping { agency, purpose, branch })
}

prop_compose! {
    pub(crate) fn pinged()(
        agency in agency(),
        (outcome, reason, explanation) in (code(PingOutcome::ALL), "[A-Z_]{0,12}", "\\PC{0,20}"),
        (purpose, authority) in (code(Purpose::ALL), option::of(authority())),
        route in vec(self::agency(), 0..4),
        hops in vec(passed(), 0..4),
        tried in vec((self::agency(), code(PingOutcome::ALL), "[A-Z_]{0,12}"), 0..3),
        receipt in option::of(position()),
        signed_receipt in vec(any::<u8>(), 0..40),
        record in option::of(position()),
        round_trip in micros(),
    ) -> Pinged {
        let tried = tried.into_iter().map(|(next, outcome, reason)| PingTry { next, outcome, reason }).collect();
        Pinged {
            agency, outcome, reason, explanation, purpose, authority, route, hops, tried, receipt, signed_receipt,
            record, round_trip,
        }
    }
}
