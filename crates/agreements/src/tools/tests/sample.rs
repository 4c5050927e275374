//! Generated agreements for the laws.

use super::*;
use crate::declaration::{Act, Declaration};
use crate::document::{Onward, Quota, QuotaWindow};
use crate::local::{LocalRule, LocalRules};
use crate::testing::{MEMBERS, block, declared, directory_with, signed, time};
use concord_domain::wanted::Field;
use concord_domain::{Branch, HandlingLevel, Timestamp};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

pub(super) const OPERATIONS: [&str; 2] = ["wanted.search", "assistance.submit"];
pub(super) const PURPOSES: [Purpose; 2] = [Purpose::SeriousCrime, Purpose::Narcotics];
pub(super) const BRANCHES: [Branch; 2] = [Branch::Criminal, Branch::Border];
/// Half of the agreements begin here, the others a year later.
const BEGINNINGS: [&str; 2] = ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"];

fn sides(parties: Vec<&'static str>) -> impl Strategy<Value = Agencies> {
    let some = subsequence(parties, 1..=2).prop_map(|names| listed(&names));
    prop_oneof![Just(Agencies::Parties), some]
}

prop_compose! {
    fn clauses(parties: Vec<&'static str>)(
        from in sides(parties.clone()), to in sides(parties), below in any::<bool>(),
        operations in subsequence(OPERATIONS.to_vec(), 1..=2), purposes in subsequence(PURPOSES.to_vec(), 1..=2),
        branches in option::of(subsequence(BRANCHES.to_vec(), 1..=2)), handling in select(HandlingLevel::ALL),
        fields in subsequence(vec![Field::Name, Field::Birth], 0..=2),
        quota in option::weighted(0.2, Just(Quota { requests: 3.try_into().unwrap(), per: QuotaWindow::Day })),
        onward in select(vec![Onward::None, Onward::ToParties]),
    ) -> Grant {
        let operations = operations.iter().map(|o| o.parse().unwrap()).collect();
        Grant { from, to, below, operations, purposes, branches, handling, fields, quota, onward, ..grant("1") }
    }
}

/// An agreement called `id`.
pub(super) fn an_agreement(id: &'static str) -> impl Strategy<Value = Agreement> {
    let names: Vec<_> = MEMBERS.iter().map(|(name, _)| *name).collect();
    let parties = subsequence(names, 2..=4);
    let clauses = parties.prop_flat_map(|parties| (Just(parties.clone()), vec(clauses(parties), 1..3)));
    let kinds = vec![AgreementKind::Event, AgreementKind::Regional, AgreementKind::National];
    (clauses, select(kinds), select(BEGINNINGS.to_vec())).prop_map(
        move |((parties, mut grants), kind, begin)| {
            for (grant, clause) in grants.iter_mut().zip(1..) {
                grant.clause = format!("{clause}").parse().unwrap();
            }
            let valid_until = time("2028-01-01T00:00:00Z");
            Agreement { kind, valid_from: time(begin), valid_until, ..named(id, &parties, grants) }
        },
    )
}

/// Up to three agreements of different names.
pub(super) fn some_agreements() -> impl Strategy<Value = Vec<Agreement>> {
    let all = (an_agreement("a"), an_agreement("b"), an_agreement("c"));
    (all, 0_usize..=3).prop_map(|((a, b, c), count)| [a, b, c].into_iter().take(count).collect())
}

/// Before and after the later of the beginnings.
pub(super) fn an_instant() -> impl Strategy<Value = Timestamp> {
    select(vec![now(), time("2027-06-01T00:00:00Z")])
}

/// What happens around agreements: all of it may be nothing.
#[derive(Debug)]
pub(super) struct Events {
    withdrawn: Vec<(&'static str, &'static str)>,
    suspended: Vec<(&'static str, &'static str)>,
    blocked: Vec<&'static str>,
    pub(super) own: Vec<LocalRule>,
}

impl Events {
    /// The agreements with all that happens around them, between the two instants of [`an_instant`].
    pub(super) fn rules(&self, agreements: &[Agreement]) -> Rules {
        let [_, between] = BEGINNINGS.map(time);
        let declaration = |(sequence, (id, party)): (u64, &(&str, &str)), act| {
            let (agreement, party) = (id.parse().unwrap(), agency(party));
            declared(&Declaration {
                agreement,
                version: 1,
                party,
                sequence,
                issued: time(BEGINNINGS[0]),
                act,
            })
        };
        let withdrawal = |one| declaration(one, Act::Withdrawal { effective_at: between });
        let suspension = |one| declaration(one, Act::Suspension { from: between, until: None });
        let withdrawn = (1..).zip(&self.withdrawn).map(withdrawal);
        let suspended = (100..).zip(&self.suspended).map(suspension);
        let documents = Documents {
            agreements: agreements.iter().map(signed).collect(),
            declarations: withdrawn.chain(suspended).collect(),
        };
        let blocks: Vec<_> = self.blocked.iter().map(|name| block(name, between)).collect();
        let own = LocalRules::new(self.own.clone()).unwrap();
        Rules::build(documents, directory_with(&[], &blocks), own, |_| None).0
    }
}

fn some<T: Clone + std::fmt::Debug + 'static>(of: Vec<T>) -> impl Strategy<Value = Vec<T>> {
    prop_oneof![2 => Just(Vec::new()), 1 => subsequence(of, 1..=2)]
}

prop_compose! {
    fn own_rule()(
        agencies in option::of(select(vec!["yn.police.cn", "*.police.cn", "fda.cn"])),
        purposes in option::of(Just(vec![Purpose::Narcotics])),
        branches in option::of(subsequence(BRANCHES.to_vec(), 1..=1)),
        handling_above in option::of(select(HandlingLevel::ALL)),
    ) -> LocalRule {
        let agencies = agencies.map(|pattern| vec![pattern.parse().unwrap()]);
        let (name, operations, vetting) = ("own".into(), None, None);
        LocalRule { name, when: None, agencies, operations, purposes, branches, handling_above, vetting }
    }
}

prop_compose! {
    pub(super) fn some_events()(
        withdrawn in some(parties_of_each()), suspended in some(parties_of_each()),
        blocked in some(MEMBERS.map(|(name, _)| name).to_vec()), own in option::weighted(0.3, own_rule()),
    ) -> Events {
        Events { withdrawn, suspended, blocked, own: own.into_iter().collect() }
    }
}

fn parties_of_each() -> Vec<(&'static str, &'static str)> {
    ["a", "b", "c"].into_iter().flat_map(|id| MEMBERS.map(|(name, _)| (id, name))).collect()
}
