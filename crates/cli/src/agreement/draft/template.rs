//! The first version of an agreement, with a comment at whatever one may want to change.

use crate::agreement::words::code;
use concord_agreements::AgreementKind;
use concord_domain::wanted::Field;
use concord_domain::{AgencyId, AgreementId, Purpose, Timestamp};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

/// Days that a draft is valid: an event is over soon, all else is a year to begin with.
const fn days(kind: AgreementKind) -> u32 {
    match kind {
        AgreementKind::Event => 30,
        AgreementKind::Regional
        | AgreementKind::Bilateral
        | AgreementKind::National
        | AgreementKind::Campaign
        | AgreementKind::BetweenDepartments
        | AgreementKind::International => 365,
    }
}

/// A document that holds as it is and says what else it could say. It begins on the day after `now`.
pub(in crate::agreement) fn first(
    kind: AgreementKind,
    id: &AgreementId,
    parties: &[AgencyId],
    now: Timestamp,
) -> String {
    let day = |at: Timestamp| at.to_string().chars().take(10).collect::<String>() + "T00:00:00Z";
    let begin = now.plus(DAY);
    let (from, until) = (day(begin), day(begin.plus(DAY * days(kind))));
    let parties: String = parties.iter().map(|party| format!("    \"{party}\",\n")).collect();
    let (kind, purposes, fields) = (code(&kind), quoted(Purpose::ALL), quoted(Field::ALL));
    format!(
        r#"# A draft. Edit it; when the parties agree on the text, each signs exactly these bytes, comments included:
#   concord agreement sign {id}.v1.toml --as AGENCY --key KEYFILE
# See first what it would change:
#   concord agreement what-if {id}.v1.toml --dir DIR

# Stays the same over all versions.
id = "{id}"
version = 1
# regional, bilateral (exactly two parties), national, event, campaign, between-departments or international.
kind = "{kind}"
# Where the content is known from, in words.
#source = ""
# Everybody here signs. A signature binds those below its signatory in the charter, never those above.
parties = [
{parties}]
# In force from the first instant on, and no longer at the second. UTC.
valid_from = "{from}"
valid_until = "{until}"
# Whether nodes that have not heard from any other for a while must refuse what this allows.
strict = false
# Who may carry sealed requests between those who share no line; "parties" or a list. Without it, nobody.
#carriers = ["police.cn"]

[title]
zh = "（名称）"
en = "(title)"

# Times and grounds in place of the law's defaults; whatever is left out follows the law.
#[terms]
#confirmation = {{ urgent_minutes = 10, routine_minutes = 60 }}
#assistance = {{ check_days = 7, remote_check_days = 15, other_days = 30 }}
# Offences on which the parties do not cooperate: political, military, persecution.
#exclusions = ["political", "military", "persecution"]
#withdrawal_notice_days = 30

# One [[grants]] for each clause. A request needs one clause that covers all of it.
[[grants]]
clause = "1"
# Who may ask, and who may be asked: "parties", or a list such as ["yn.police.cn", "*.gz.police.cn"].
from = "parties"
to = "parties"
# Whether it also covers the agencies below those named.
below = true
operations = ["wanted.search"]
# Any of: {purposes}.
purposes = ["fugitive-apprehension"]
# Only for officers of these branches; without it, any.
#branches = ["criminal", "narcotics"]
# The highest level of a request: official, restricted or confidential.
handling = "official"
# What an answer may disclose, any of: {fields}.
fields = ["name", "sex", "birth"]
# How far it may go on: none, with-consent or to-parties.
onward = "none"
# How often each asking agency may ask each one asked, per minute, hour or day; without it, as often as it likes.
#quota = {{ requests = 1000, per = "day" }}
# Whom those asked may ask in turn, as brokers, and for whom those who ask may ask, as brokers.
#brokered_to = ["police.la"]
#on_behalf_of = ["*.yn.police.cn"]
# Who decides, as a broker, whether it asks on: automatic (its rules, at once) or officer.
#vetting = "officer"
"#
    )
}

fn quoted<T: ToString>(codes: &[T]) -> String {
    codes.iter().map(|code| format!("\"{}\"", code.to_string())).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use concord_agreements::Agreement;
    use concord_trust::SignedFile;

    fn draft(kind: AgreementKind) -> String {
        let parties = ["yn.police.cn".parse().unwrap(), "gs.police.cn".parse().unwrap()];
        first(kind, &"two".parse().unwrap(), &parties, "2026-12-31T15:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_draft_of_any_kind_holds_as_it_is() {
        for kind in [
            AgreementKind::Regional,
            AgreementKind::Bilateral,
            AgreementKind::National,
            AgreementKind::Event,
            AgreementKind::Campaign,
            AgreementKind::BetweenDepartments,
            AgreementKind::International,
        ] {
            let parsed = Agreement::parse(&SignedFile::unsigned("draft", draft(kind))).unwrap();
            assert_eq!((parsed.kind, parsed.parties.len()), (kind, 2));
            assert_eq!(parsed.valid_from, "2027-01-01T00:00:00Z".parse().unwrap());
        }
    }

    #[test]
    fn what_stands_in_comments_holds_too() {
        let lines = draft(AgreementKind::Regional);
        let open = |line: &str| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => rest.replace("source = \"\"", "source = \"x\""),
            Some(_) | None => line.to_owned(),
        };
        let opened: String = lines.lines().map(|line| open(line) + "\n").collect();
        let parsed = Agreement::parse(&SignedFile::unsigned("draft", opened)).unwrap();
        assert!(parsed.carriers.is_some() && parsed.source.is_some() && parsed.terms.confirmation.is_some());
        assert!(parsed.grants[0].quota.is_some() && !parsed.grants[0].on_behalf_of.is_empty());
    }
}
