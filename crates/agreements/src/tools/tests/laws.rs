//! What holds for any agreements.

use super::sample::{BRANCHES, OPERATIONS, PURPOSES, an_agreement, an_instant, some_agreements, some_events};
use super::*;
use crate::decide::{Asking, Facts, Opening, decide};
use crate::testing::{MEMBERS, after, rules_of, signed, signed_after};
use concord_domain::{AgencyId, Branch, HandlingCode, HandlingLevel, Operation, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeSet;

type Question = (AgencyId, AgencyId, Operation, Purpose, Option<Branch>);

fn questions() -> Vec<Question> {
    let mut all = Vec::new();
    for (from, to) in MEMBERS.iter().flat_map(|(from, _)| MEMBERS.iter().map(move |(to, _)| (from, to))) {
        for (operation, purpose) in OPERATIONS.iter().flat_map(|o| PURPOSES.iter().map(move |p| (o, p))) {
            let branches = BRANCHES.iter().copied().map(Some).chain([None]);
            all.extend(branches.map(|b| (agency(from), agency(to), operation.parse().unwrap(), *purpose, b)));
        }
    }
    all
}

/// What the one asked may serve at each handling level.
fn levels(rules: &crate::Rules, question: &Question, at: Timestamp) -> Vec<String> {
    let (from, to, operation, purpose, branch) = question;
    let level = |level: &HandlingLevel| {
        let handling = Handling { level: *level, code: HandlingCode::H0 };
        let facts = Facts { handling, branch: *branch, ..Facts::new(from, to, operation, *purpose) };
        let Ok(permit) = decide::<Opening>(rules, &facts, at) else { return "no".to_owned() };
        format!("{:?} {:?} {:?}", permit.fields(), permit.quota(), permit.onward())
    };
    HandlingLevel::ALL.iter().map(level).collect()
}

/// The questions that rows are about, and in which way; `spoken` are the branches that some clause speaks of.
fn written_out(changes: &[Change], spoken: &BTreeSet<Branch>) -> Vec<(Question, u8)> {
    let mut all = Vec::new();
    for change in changes {
        let kind = match change.kind {
            ChangeKind::Gained(_) => 0,
            ChangeKind::Altered { .. } => 1,
            ChangeKind::Lost(_) => 2,
        };
        let any: Vec<_> = BRANCHES.iter().copied().map(Some).chain([None]).collect();
        let named = |branch: &Option<Branch>| branch.filter(|branch| spoken.contains(branch));
        let meant =
            |branch: &Option<Branch>| change.branches.is_empty() || change.branches.contains(&named(branch));
        let branches: Vec<_> = any.into_iter().filter(meant).collect();
        for (from, to) in change.from.iter().flat_map(|from| change.to.iter().map(move |to| (from, to))) {
            let pairs = change.operations.iter().flat_map(|o| change.purposes.iter().map(move |p| (o, p)));
            for (operation, purpose) in pairs.filter(|_| from != to) {
                let of =
                    |b: &Option<Branch>| ((from.clone(), to.clone(), operation.clone(), *purpose, *b), kind);
                all.extend(branches.iter().map(of));
            }
        }
    }
    all
}

fn asked_one_by_one(before: &crate::Rules, after: &crate::Rules, at: Timestamp) -> Vec<(Question, u8)> {
    let none = |levels: &[String]| levels.iter().all(|level| level == "no");
    let change = |question: Question| {
        let (was, is) = (levels(before, &question, at), levels(after, &question, at));
        match (none(&was), none(&is)) {
            (true, false) => Some((question, 0)),
            (false, true) => Some((question, 2)),
            (true, true) => None,
            (false, false) => (was != is).then_some((question, 1)),
        }
    };
    questions().into_iter().filter_map(change).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Nothing changes between a set of rules and itself.
    #[test]
    fn no_difference_to_itself(agreements in some_agreements(), at in an_instant()) {
        let rules = rules(&agreements);
        prop_assert_eq!(diff(&rules, &rules.clone(), at), []);
    }

    /// The rows of a difference are all that changes, each told once, and nothing else; whatever makes the difference.
    #[test]
    fn a_difference_is_what_decisions_say(
        before in some_agreements(), after in some_agreements(), other in any::<bool>(),
        around in (some_events(), some_events()), at in an_instant(),
    ) {
        let after = if other { after } else { before.clone() };
        let clauses = before.iter().chain(&after).flat_map(|text| &text.grants);
        let mut spoken: BTreeSet<_> =
            clauses.flat_map(|grant| grant.branches.clone().unwrap_or_default()).collect();
        let mut own = [&around.0, &around.1].into_iter().flat_map(|events| &events.own);
        if own.any(|rule| rule.branches.is_some()) {
            spoken.extend(BRANCHES);
        }
        let (before, after) = (around.0.rules(&before), around.1.rules(&after));
        let told = written_out(&diff(&before, &after, at), &spoken);
        let once: BTreeSet<_> = told.iter().cloned().collect();
        prop_assert_eq!(told.len(), once.len(), "told twice");
        let found: BTreeSet<_> = asked_one_by_one(&before, &after, at).into_iter().collect();
        prop_assert_eq!(once, found);
    }

    /// What a proposal would change is what it does change once all have signed it.
    #[test]
    fn adoption_comes_as_foretold(
        today in some_agreements(), proposed in an_agreement("a"), at in an_instant(),
    ) {
        let (proposed, file) = match today.iter().find(|text| text.id == proposed.id) {
            None => (proposed.clone(), signed(&proposed)),
            Some(before) => {
                let Agreement { version, previous, .. } = after(before);
                let next = Agreement { version, previous, ..proposed };
                let file = signed_after(before, &next);
                (next, file)
            }
        };
        let tomorrow = rules_of(Documents::agreements(today.iter().map(signed).chain([file])));
        let foretold = what_if(&rules(&today), &signed_by(&proposed, |_| false), at).unwrap();
        prop_assert_eq!(foretold, compare(&rules(&today), &tomorrow, at));
    }

    /// Every cell of the matrix is what is decided.
    #[test]
    fn a_matrix_is_what_decisions_say(agreements in some_agreements(), at in an_instant(), branch in 0..3_usize) {
        let rules = rules(&agreements);
        let topic = Topic { branch: BRANCHES.get(branch).copied(), ..topic(Purpose::Narcotics) };
        let matrix = matrix(&rules, &topic, at);
        for (from, to) in MEMBERS.iter().flat_map(|(from, _)| MEMBERS.iter().map(move |(to, _)| (from, to))) {
            let (from, to) = (agency(from), agency(to));
            let decided = decide::<Asking>(&rules, &topic.facts(&from, &to), at).ok();
            let decided = decided.map(|permit| (permit.agreement().clone(), permit.clause().clone()));
            let cell = matrix.cell(&from, &to).map(|cell| (cell.agreement.clone(), cell.clause.clone()));
            prop_assert_eq!(cell, decided);
        }
    }

    /// An explanation allows what is decided, and never offers brokers where a direct request is allowed.
    #[test]
    fn an_explanation_is_what_decisions_say(
        agreements in some_agreements(), at in an_instant(), from in 0..9_usize, to in 0..9_usize,
    ) {
        let (rules, topic) = (rules(&agreements), topic(Purpose::Narcotics));
        let (from, to) = (agency(MEMBERS[from].0), agency(MEMBERS[to].0));
        let explained = explain(&rules, &topic.facts(&from, &to), at);
        let decided = decide::<Asking>(&rules, &topic.facts(&from, &to), at);
        let any = explained.considered.iter().any(|considered| considered.decision.is_ok());
        prop_assert_eq!(any, decided.is_ok());
        match (explained.decision, decided) {
            (Ok(leave), Ok(permit)) => prop_assert_eq!(&leave.clause, permit.clause()),
            (Err(told), Err(denial)) => prop_assert_eq!(told, denial),
            (told, decided) => prop_assert!(false, "{:?} but {:?}", told, decided),
        }
    }
}
