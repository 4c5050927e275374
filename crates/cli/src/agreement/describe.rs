//! An agreement in words, clause by clause.

use super::words::{code, list, list_or, quota, time};
use crate::output::printable;
use concord_agreements::{Agencies, Agreement, Grant, Terms};
use concord_domain::Digest;

/// Everything that it says.
pub(super) fn describe(text: &Agreement, digest: Digest) -> String {
    let mut lines = vec![
        format!("{} v{} ({})", text.id, text.version, code(&text.kind)),
        format!("{} / {}", printable(&text.title.zh), printable(&text.title.en)),
        row("sha256", &digest.to_string()),
    ];
    lines.extend(text.previous.map(|previous| row("previous", &previous.to_string())));
    lines.extend(text.source.as_ref().map(|source| row("source", &printable(source))));
    lines.push(row("validity", &format!("{} to {}", time(text.valid_from), time(text.valid_until))));
    lines.push(row("parties", &list(&text.parties)));
    lines.push(row("carriers", &text.carriers.as_ref().map_or_else(|| "none".to_owned(), agencies)));
    if text.strict {
        let minutes = text.terms.sync_within().as_secs() / 60;
        lines.push(row(
            "strict",
            &format!("refused by a node that has not synchronized for {minutes} minutes"),
        ));
    }
    lines.extend(terms(&text.terms));
    for grant in &text.grants {
        lines.push(String::new());
        lines.extend(clause(grant));
    }
    lines.join("\n")
}

pub(super) fn row(name: &str, value: &str) -> String {
    format!("  {name:<12}{value}")
}

fn terms(terms: &Terms) -> Vec<String> {
    let Terms {
        confirmation,
        assistance,
        refusal_grounds,
        exclusions,
        withdrawal_notice_days,
        sync_within_minutes: _,
    } = terms;
    let confirmation = confirmation.as_ref().map(|times| {
        format!("within {} minutes if urgent, {} if routine", times.urgent_minutes, times.routine_minutes)
    });
    let assistance = assistance.as_ref().map(|days| {
        let (check, remote, other) = (days.check_days, days.remote_check_days, days.other_days);
        format!("checks within {check} days ({remote} where remote), all else {other}")
    });
    let withdrawal = (*withdrawal_notice_days > 0).then(|| format!("{withdrawal_notice_days} days' notice"));
    let terms = [
        ("confirmation", confirmation),
        ("assistance", assistance),
        ("refusable", refusal_grounds.as_ref().map(|grounds| list_or(grounds, "never"))),
        ("excluded", exclusions.as_ref().map(|natures| list_or(natures, "nothing"))),
        ("withdrawal", withdrawal),
    ];
    terms.into_iter().filter_map(|(name, value)| Some(row(name, &value?))).collect()
}

fn clause(grant: &Grant) -> Vec<String> {
    let Grant { clause, from, to, below, operations, purposes, branches, handling, .. } = grant;
    let Grant { fields, onward, quota: limit, brokered_to, on_behalf_of, vetting, .. } = grant;
    let reach = if *below { ", and those below" } else { " alone" };
    let mut lines = vec![
        format!("clause {clause}"),
        row("from", &(agencies(from) + reach)),
        row("to", &(agencies(to) + reach)),
        row("operations", &list(operations)),
        row("purposes", &list(purposes)),
        row("branches", &branches.as_ref().map_or_else(|| "any".to_owned(), list)),
        row("handling", &format!("up to {handling}")),
        row("fields", &list_or(fields, "none")),
        row("quota", &quota(*limit)),
        row("onward", &code(onward)),
    ];
    let brokers = [("brokered to", brokered_to), ("on behalf of", on_behalf_of)];
    lines.extend(
        brokers.iter().filter(|(_, named)| !named.is_empty()).map(|(name, named)| row(name, &list(*named))),
    );
    lines.extend((!brokered_to.is_empty()).then(|| row("vetting", vetting.as_str())));
    lines
}

fn agencies(agencies: &Agencies) -> String {
    match agencies {
        Agencies::Parties => "the parties".to_owned(),
        Agencies::Listed(patterns) => list(patterns),
    }
}
