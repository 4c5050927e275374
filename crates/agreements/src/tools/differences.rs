//! What texts say differently, apart from what a direct request would show.

use super::Basis;
use crate::document::{Agreement, AgreementKind, Grant, Terms, Title};
use crate::rules::Rules;
use crate::signed::SignedAgreement;
use concord_domain::{AgreementId, Clause, OffenceNature, RefusalGround, Timestamp};
use serde::Serialize;
use std::ops::Deref;
use toml::Value;

/// A field that two texts of an agreement fill differently.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The agreement.
    pub agreement: AgreementId,
    /// The clause, if the field is one of a clause.
    pub clause: Option<Clause>,
    /// The field, as the document names it, such as `terms.exclusions`.
    pub field: &'static str,
    /// What it said; none if that text leaves it out or is not there.
    pub before: Option<Value>,
    /// What it says then; likewise.
    pub after: Option<Value>,
}

/// Which fields are filled differently by the texts to judge by at `at`, agreement by agreement.
///
/// [`diff()`](super::diff()) asks only what an agency may ask directly, in its own name, about an ordinary offence. A
/// text can widen rights without touching any of that: here stand carriers, brokers, exclusions, validity and whatever
/// else holds for the whole text, and all of a clause that names brokers, since they ask by all of it.
pub fn differences<'a, 'b>(
    before: impl Into<Basis<'a>>,
    after: impl Into<Basis<'b>>,
    at: Timestamp,
) -> Vec<Difference> {
    let (before, after) = (before.into().rules(), after.into().rules());
    let mut ids: Vec<_> = before.agreements(at).chain(after.agreements(at)).map(|text| &text.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().flat_map(|id| between(id, text(before, id, at), text(after, id, at))).collect()
}

fn text<'a>(rules: &'a Rules, id: &AgreementId, at: Timestamp) -> Option<&'a Agreement> {
    rules.get(id, at).map(SignedAgreement::deref)
}

type Said = Vec<(&'static str, Option<Value>)>;

fn between(id: &AgreementId, before: Option<&Agreement>, after: Option<&Agreement>) -> Vec<Difference> {
    let of_text = |text: Option<&Agreement>| text.map(said).unwrap_or_default();
    let mut found = differing(id, None, &of_text(before), &of_text(after));
    let [before, after] = [before, after].map(|text| text.map_or(&[][..], |text| &text.grants));
    let new = after.iter().filter(|grant| before.iter().all(|old| old.clause != grant.clause));
    for Grant { clause, .. } in before.iter().chain(new) {
        let [before, after] =
            [before, after].map(|grants| grants.iter().find(|grant| grant.clause == *clause));
        if [before, after].into_iter().flatten().any(names_brokers) {
            let of_clause = |grant: Option<&Grant>| grant.map(said_of_clause).unwrap_or_default();
            found.extend(differing(id, Some(clause), &of_clause(before), &of_clause(after)));
        }
    }
    found
}

const fn names_brokers(grant: &Grant) -> bool {
    !grant.brokered_to.is_empty() || !grant.on_behalf_of.is_empty()
}

/// The fields of one place in both texts that are not filled alike; a text that is not there fills none.
fn differing(
    agreement: &AgreementId,
    clause: Option<&Clause>,
    before: &Said,
    after: &Said,
) -> Vec<Difference> {
    let fields = if before.is_empty() { after } else { before }.iter().map(|(field, _)| *field);
    let value = |said: &Said, field| {
        let (_, value) = said.iter().find(|(said, _)| *said == field)?;
        value.clone()
    };
    let difference = |field| {
        let (before, after) = (value(before, field), value(after, field));
        let differ = before != after && !(says_nothing(before.as_ref()) && says_nothing(after.as_ref()));
        differ.then(|| Difference {
            agreement: agreement.clone(),
            clause: clause.cloned(),
            field,
            before,
            after,
        })
    };
    fields.filter_map(difference).collect()
}

/// To leave a field out, and to fill it with this, is the same.
fn says_nothing(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Boolean(false) | Value::Integer(0)) => true,
        Some(Value::Array(list)) => list.is_empty(),
        Some(
            Value::Boolean(true)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::String(_)
            | Value::Datetime(_)
            | Value::Table(_),
        ) => false,
    }
}

/// What holds for the whole text. Version and digests name it and give nobody anything.
fn said(text: &Agreement) -> Said {
    let Agreement {
        id: _,
        version: _,
        previous: _,
        kind,
        source,
        parties,
        valid_from,
        valid_until,
        strict,
        carriers,
        title: Title { zh, en },
        terms,
        grants: _,
    } = text;
    let mut said = vec![
        ("kind", written(kind)),
        ("source", written(source)),
        ("parties", written(parties)),
        ("valid_from", written(valid_from)),
        ("valid_until", written(valid_until)),
        ("strict", written(strict)),
        ("carriers", written(carriers)),
        ("title.zh", written(zh)),
        ("title.en", written(en)),
    ];
    said.extend(said_of_terms(terms, *kind));
    said
}

/// What is refusable and what excluded, not what is written of it: without a word both hang on the kind.
fn said_of_terms(terms: &Terms, kind: AgreementKind) -> Said {
    let Terms {
        confirmation,
        assistance,
        refusal_grounds,
        exclusions,
        withdrawal_notice_days,
        sync_within_minutes,
    } = terms;
    let abroad = kind == AgreementKind::International;
    let (grounds, natures) =
        if abroad { (RefusalGround::ALL, OffenceNature::ALL) } else { (&[][..], &[][..]) };
    vec![
        ("terms.confirmation", written(confirmation)),
        ("terms.assistance", written(assistance)),
        ("terms.refusal_grounds", written(refusal_grounds.as_deref().unwrap_or(grounds))),
        ("terms.exclusions", written(exclusions.as_deref().unwrap_or(natures))),
        ("terms.withdrawal_notice_days", written(withdrawal_notice_days)),
        ("terms.sync_within_minutes", written(sync_within_minutes)),
    ]
}

fn said_of_clause(grant: &Grant) -> Said {
    let Grant {
        clause: _,
        from,
        to,
        below,
        operations,
        purposes,
        branches,
        handling,
        fields,
        onward,
        quota,
        brokered_to,
        on_behalf_of,
        vetting,
    } = grant;
    vec![
        ("from", written(from)),
        ("to", written(to)),
        ("below", written(below)),
        ("operations", written(operations)),
        ("purposes", written(purposes)),
        ("branches", written(branches)),
        ("handling", written(handling)),
        ("fields", written(fields)),
        ("onward", written(onward)),
        ("quota", written(quota)),
        ("brokered_to", written(brokered_to)),
        ("on_behalf_of", written(on_behalf_of)),
        ("vetting", written(vetting)),
    ]
}

/// The value as the document has it. Of what an agreement holds, TOML lacks a form only for what is left out.
fn written(value: impl Serialize) -> Option<Value> {
    Value::try_from(value).ok()
}
