//! What holds for every decision, checked against a brute-force reading of the agreements.

use super::*;
use crate::local::LocalRules;
use crate::rules::Documents;
use crate::testing::{MEMBERS, directory, key, signed};
use concord_domain::AgencyPattern;
use concord_trust::Kind;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

const OPERATIONS: [&str; 3] = ["wanted.search", "assistance.submit", "evidence.offer"];
const PURPOSES: [Purpose; 3] = [Purpose::FugitiveApprehension, Purpose::Narcotics, Purpose::Research];
const BRANCHES: [Branch; 2] = [Branch::Criminal, Branch::Border];
const KINDS: [AgreementKind; 4] =
    [AgreementKind::Event, AgreementKind::Regional, AgreementKind::International, AgreementKind::National];
/// Agreements begin and end at multiples of this, and so do the instants asked about.
pub(super) const STEP_MS: u64 = 1000;

/// Everybody below `name`, by walking the whole charter until nothing is added.
fn everybody_below(name: &str) -> Vec<&'static str> {
    let mut found: Vec<&'static str> = Vec::new();
    loop {
        let known = |s: &str| s == name || found.contains(&s);
        let next = MEMBERS.iter().find(|(m, s)| s.is_some_and(known) && !found.contains(m));
        match next {
            Some((member, _)) => found.push(member),
            None => return found,
        }
    }
}

/// The agencies that a clause's `from` or `to` means, written out one by one.
pub(super) fn written_out(agreement: &Agreement, grant: &Grant, agencies: &Agencies) -> Vec<String> {
    let mut named: Vec<String> = match agencies {
        Agencies::Parties => agreement.parties.iter().map(ToString::to_string).collect(),
        Agencies::Listed(patterns) => patterns.iter().flat_map(meant).collect(),
    };
    if grant.below {
        let below: Vec<_> = named.iter().flat_map(|name| everybody_below(name)).map(str::to_owned).collect();
        named.extend(below);
    }
    named
}

/// Whether the clause is one among the parties, and the two stand behind one and the same of them.
pub(super) fn stays_within(agreement: &Agreement, grant: &Grant, case: &Case) -> bool {
    let behind = |agency: &AgencyId| {
        let of_party = |party: &&AgencyId| {
            *party == agency || everybody_below(party.as_str()).contains(&agency.as_str())
        };
        let behind = agreement.parties.iter().filter(of_party);
        behind.min_by_key(|party| everybody_below(party.as_str()).len())
    };
    let among_parties = [&grant.from, &grant.to].iter().all(|side| **side == Agencies::Parties);
    among_parties && behind(&case.from) == behind(&case.to)
}

fn meant(pattern: &AgencyPattern) -> Vec<String> {
    match pattern.as_str().strip_prefix("*.") {
        None => vec![pattern.as_str().to_owned()],
        Some(base) => {
            let ends_so = |name: &&&str| name.ends_with(&format!(".{base}"));
            everybody_below(base).iter().filter(ends_so).map(|name| (*name).to_owned()).collect()
        }
    }
}

/// Every clause that covers the case, by reading all of them.
fn readings(agreements: &[Agreement], case: &Case, now: Timestamp) -> Vec<(u8, AgreementId, usize)> {
    let mut found = Vec::new();
    for agreement in agreements {
        for (at, grant) in agreement.grants.iter().enumerate() {
            let from = written_out(agreement, grant, &grant.from).iter().any(|n| n == case.from.as_str());
            let to = written_out(agreement, grant, &grant.to).iter().any(|n| n == case.to.as_str());
            let branch = match (&grant.branches, case.branch) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(granted), Some(branch)) => granted.contains(&branch),
            };
            let what = grant.operations.contains(&case.operation) && grant.purposes.contains(&case.purpose);
            let ceiling = HandlingLevel::ALL.iter().position(|l| *l == grant.handling);
            let level = HandlingLevel::ALL.iter().position(|l| *l == case.level);
            let time = agreement.valid_from.as_millis()..agreement.valid_until.as_millis();
            let who = from && to && case.from != case.to && !stays_within(agreement, grant, case);
            if who && branch && what && level <= ceiling && time.contains(&now.as_millis()) {
                found.push((agreement.kind.precedence(), agreement.id.clone(), at));
            }
        }
    }
    found.sort();
    found
}

fn agencies(parties: Vec<&'static str>) -> impl Strategy<Value = Agencies> {
    let mut patterns: Vec<String> = Vec::new();
    for party in parties {
        for name in std::iter::once(party).chain(everybody_below(party)) {
            patterns.extend([name.to_owned(), format!("*.{name}")]);
        }
    }
    patterns.sort();
    patterns.dedup();
    let some = btree_set(select(patterns), 1..4)
        .prop_map(|names| Agencies::Listed(names.iter().map(|p| p.parse().unwrap()).collect()));
    prop_oneof![2 => Just(Agencies::Parties), 3 => some]
}

prop_compose! {
    fn grants(parties: Vec<&'static str>)(
        from in agencies(parties.clone()), to in agencies(parties), below in any::<bool>(),
        operations in subsequence(OPERATIONS.to_vec(), 1..=3), purposes in subsequence(PURPOSES.to_vec(), 1..=3),
        branches in proptest::option::of(subsequence(BRANCHES.to_vec(), 1..=2)),
        handling in select(HandlingLevel::ALL), fields in subsequence(Field::ALL.to_vec(), 0..=8),
    ) -> Grant {
        let operations = operations.iter().map(|o| o.parse().unwrap()).collect();
        Grant { from, to, below, operations, purposes, branches, handling, fields, ..grant("1") }
    }
}

fn an_agreement() -> impl Strategy<Value = Agreement> {
    let names: Vec<_> = MEMBERS.iter().map(|(name, _)| *name).collect();
    let parties = subsequence(names, 2..=4);
    let clauses = parties.prop_flat_map(|parties| (Just(parties.clone()), vec(grants(parties), 1..4)));
    (clauses, select(KINDS.to_vec()), 0u64..3, 1u64..4).prop_map(
        |((parties, mut grants), kind, begin, steps)| {
            for (at, grant) in grants.iter_mut().enumerate() {
                grant.clause = format!("{at}").parse().unwrap();
            }
            Agreement {
                kind,
                parties: parties.into_iter().map(agency).collect(),
                valid_from: Timestamp::from_millis(begin * STEP_MS),
                valid_until: Timestamp::from_millis((begin + steps) * STEP_MS),
                grants,
                ..northwest()
            }
        },
    )
}

pub(super) fn some_agreements() -> impl Strategy<Value = Vec<Agreement>> {
    vec(an_agreement(), 1..5).prop_map(|mut agreements| {
        for (at, agreement) in agreements.iter_mut().enumerate() {
            agreement.id = format!("a{at}").parse().unwrap();
        }
        agreements
    })
}

prop_compose! {
    pub(super) fn a_case()(
        from in select(MEMBERS.to_vec()), to in select(MEMBERS.to_vec()), operation in select(OPERATIONS.to_vec()),
        purpose in select(PURPOSES.to_vec()), level in select(HandlingLevel::ALL),
        branch in proptest::option::of(select(BRANCHES.to_vec())),
    ) -> Case {
        Case { operation: operation.parse().unwrap(), purpose, level, branch, ..Case::between(from.0, to.0) }
    }
}

/// An instant at or beside the edges of the agreements' validity.
pub(super) fn an_instant() -> impl Strategy<Value = Timestamp> {
    (0u64..8, 0u64..2).prop_map(|(step, off)| Timestamp::from_millis((step * STEP_MS).saturating_sub(off)))
}

/// What a decision comes to, for comparing two of them.
fn came_to(decision: Result<Permit<Asking>, Denial>) -> String {
    match decision {
        Ok(permit) => format!("{permit:?} {:?} {}", permit.fields(), permit.ceiling()),
        Err(denial) => format!("{denial:?}"),
    }
}

proptest! {
    /// A permit is always a reading of the grants, the first one in the order of precedence; a denial means that
    /// there is none. With and without a claimed agreement.
    #[test]
    fn it_permits_what_a_reader_would_and_nothing_else(
        agreements in some_agreements(), cases in vec(a_case(), 32), now in an_instant(),
    ) {
        let rules = rules(&agreements);
        for case in cases {
            let found = readings(&agreements, &case, now);
            match case.decide(&rules, now) {
                Ok(permit) => {
                    let first = found.first().map(|(_, id, at)| (id.as_str(), at.to_string()));
                    prop_assert_eq!(Some((permit.agreement().id.as_str(), permit.clause().to_string())), first);
                }
                Err(denial) => prop_assert!(found.is_empty(), "{:?}: {}", case, denial),
            }
            for agreement in &agreements {
                let claimed = case.clone().claims(&rules, agreement.id.as_str()).decide(&rules, now);
                let reading = found.iter().find(|(_, id, _)| *id == agreement.id);
                prop_assert_eq!(
                    claimed.ok().map(|p| (p.agreement().id.clone(), p.clause().to_string())),
                    reading.map(|(_, id, at)| (id.clone(), at.to_string()))
                );
            }
        }
    }

    /// Taking anything out of a clause never makes a case pass that did not pass before.
    #[test]
    fn a_narrowed_grant_never_widens(
        agreements in some_agreements(), cases in vec(a_case(), 32), now in an_instant(),
        which in any::<(Index, Index)>(), narrower in 0..8, at in any::<Index>(),
    ) {
        let mut narrowed = agreements.clone();
        let agreement = which.0.get_mut(&mut narrowed);
        let grant = which.1.get_mut(&mut agreement.grants);
        narrow(grant, narrower, at);
        let (before, after) = (rules(&agreements), rules(&narrowed));
        for case in cases {
            if let Ok(permit) = case.decide(&after, now) {
                prop_assert!(case.decide(&before, now).is_ok(), "{:?}", case);
                let same = readings(&agreements, &case, now).first() == readings(&narrowed, &case, now).first();
                let fields = case.decide(&before, now).unwrap().fields().clone();
                prop_assert!(!same || permit.fields().iter().all(|field| fields.contains(field)));
            }
        }
    }

    /// The order in which files and their signatures come makes no difference.
    #[test]
    fn the_order_of_files_makes_no_difference(
        (agreements, shuffled) in some_agreements().prop_flat_map(|a| (Just(a.clone()), Just(a).prop_shuffle())),
        cases in vec(a_case(), 16), now in an_instant(),
    ) {
        let files = shuffled.iter().map(|agreement| {
            let mut file = signed(agreement);
            file.signatures.reverse();
            file.sign(Kind::Agreement, "bystander", &key("bystander"))
        });
        let documents = Documents::agreements(files);
        let (other, problems) = Rules::build(documents, directory(&[]), LocalRules::default(), |_| None);
        prop_assert!(problems.is_empty());
        let rules = rules(&agreements);
        for case in cases {
            prop_assert_eq!(came_to(case.decide(&rules, now)), came_to(case.decide(&other, now)));
        }
    }
}

/// Takes one thing out of the grant, if it can spare it.
fn narrow(grant: &mut Grant, what: i32, at: Index) {
    fn drop_one<T>(list: &mut Vec<T>, at: Index) {
        if list.len() > 1 {
            list.remove(at.index(list.len()));
        }
    }
    match what {
        0 => grant.below = false,
        1 => drop_one(&mut grant.operations, at),
        2 => drop_one(&mut grant.purposes, at),
        3 => match &mut grant.branches {
            None => grant.branches = Some(vec![*at.get(&BRANCHES)]),
            Some(branches) => drop_one(branches, at),
        },
        4 => grant.handling = HandlingLevel::Official,
        5 => drop_one(&mut grant.fields, at),
        6 | 7 => {
            let agencies = if what == 6 { &mut grant.from } else { &mut grant.to };
            if let Agencies::Listed(patterns) = agencies {
                drop_one(patterns, at);
            }
        }
        _ => unreachable!("eight ways"),
    }
}

#[test]
fn everybody_below_follows_superiors_and_not_names() {
    assert_eq!(everybody_below("yn.police.cn"), ["km.yn.police.cn", "gd.km.yn.police.cn"]);
    assert_eq!(everybody_below("gs.police.cn"), ["odd.yn.police.cn"]);
}
