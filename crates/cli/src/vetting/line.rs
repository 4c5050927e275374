//! What waits, for programs and for people.

use crate::output::printable;
use concord_client::Ask;
use concord_domain::{Branch, OffenceNature, WaitingRequest};
use serde::Serialize;
use std::fmt;

/// A request without what it asks.
#[derive(Serialize)]
pub(super) struct Line {
    reference: String,
    state: &'static str,
    origin: String,
    behalf: Vec<String>,
    onward: String,
    operation: String,
    purpose: &'static str,
    handling: String,
    branch: Option<&'static str>,
    nature: Option<&'static str>,
    agreement: Option<String>,
    created: String,
    expires: String,
    decided_by: Option<String>,
    reason: Option<String>,
}

impl From<&WaitingRequest> for Line {
    fn from(waiting: &WaitingRequest) -> Self {
        let WaitingRequest { reference, state, origin, behalf, onward, operation, purpose, .. } = waiting;
        let WaitingRequest { handling, branch, nature, authority, created, expires, .. } = waiting;
        let WaitingRequest { decided_by, reason, .. } = waiting;
        Self {
            reference: reference.to_string(),
            state: state.as_str(),
            origin: origin.to_string(),
            behalf: behalf.iter().map(ToString::to_string).collect(),
            onward: onward.to_string(),
            operation: operation.to_string(),
            purpose: purpose.as_str(),
            handling: format!("{}/{}", handling.level, handling.code),
            branch: branch.map(Branch::as_str),
            nature: nature.map(OffenceNature::as_str),
            agreement: authority.as_ref().map(|authority| match &authority.clause {
                Some(clause) => format!("{} clause {clause}", authority.agreement),
                None => authority.agreement.to_string(),
            }),
            created: created.to_string(),
            expires: expires.to_string(),
            decided_by: decided_by.as_ref().map(|officer| officer.as_str().to_owned()),
            reason: reason.as_ref().map(|reason| reason.as_str().to_owned()),
        }
    }
}

impl Line {
    /// A row of the list.
    pub(super) fn cells(&self) -> [String; 7] {
        let Self { reference, state, origin, onward, operation, purpose, expires, .. } = self;
        [reference, *state, origin, onward, operation, *purpose, expires].map(str::to_owned)
    }

    /// Everything, a row each.
    pub(super) fn rows(&self) -> Vec<String> {
        let text = |value: &Option<String>| value.as_deref().map(printable);
        let named = |value: Option<&str>| value.map(str::to_owned);
        let behalf = (!self.behalf.is_empty()).then(|| self.behalf.join(", "));
        rows([
            ("reference", named(Some(&self.reference))),
            ("state", named(Some(self.state))),
            ("from", named(Some(&self.origin))),
            ("on behalf of", behalf),
            ("to", named(Some(&self.onward))),
            ("operation", named(Some(&self.operation))),
            ("purpose", named(Some(self.purpose))),
            ("handling", named(Some(&self.handling))),
            ("branch", named(self.branch)),
            ("nature", named(self.nature)),
            ("agreement", text(&self.agreement)),
            ("waits since", named(Some(&self.created))),
            ("until", named(Some(&self.expires))),
            ("decided by", text(&self.decided_by)),
            ("reason", text(&self.reason)),
        ])
    }
}

/// What a request asks about whom.
#[derive(Serialize)]
pub(super) struct AskLine {
    names: Vec<String>,
    identifiers: Vec<String>,
    birth: Option<String>,
    sex: Option<&'static str>,
    case: String,
    officer: String,
}

impl fmt::Debug for AskLine {
    /// Shows nothing: it is personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AskLine(redacted)")
    }
}

impl From<&Ask> for AskLine {
    fn from(ask: &Ask) -> Self {
        let Ask { subject, case, officer } = ask;
        Self {
            names: subject.names().iter().map(|name| name.text().to_owned()).collect(),
            identifiers: subject.identifiers().iter().map(|i| format!("{}:{}", i.kind, i.number())).collect(),
            birth: subject.birth.as_ref().map(ToString::to_string),
            sex: subject.sex.map(|sex| sex.as_str()),
            case: case.as_str().to_owned(),
            officer: officer.as_str().to_owned(),
        }
    }
}

impl AskLine {
    /// Everything, a row each.
    pub(super) fn rows(&self) -> Vec<String> {
        let Self { names, identifiers, birth, sex, case, officer } = self;
        let list = |values: &[String]| (!values.is_empty()).then(|| printable(&values.join(", ")));
        rows([
            ("names", list(names)),
            ("documents", list(identifiers)),
            ("born", birth.clone()),
            ("sex", sex.map(str::to_owned)),
            ("case", Some(printable(case))),
            ("asked by", Some(printable(officer))),
        ])
    }
}

fn rows<const N: usize>(all: [(&str, Option<String>); N]) -> Vec<String> {
    all.into_iter().filter_map(|(name, value)| Some(format!("{name:<14}{}", value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use concord_domain::wanted::Subject;
    use concord_domain::{Handling, Purpose, Reference, Timestamp, VettingState};

    fn waiting() -> WaitingRequest {
        WaitingRequest {
            reference: Reference([0xa7; 16]),
            state: VettingState::Refused,
            origin: "dx.gx.police.cn".parse().unwrap(),
            behalf: vec![],
            onward: "police.la".parse().unwrap(),
            operation: "wanted.search".parse().unwrap(),
            purpose: Purpose::Narcotics,
            handling: Handling::default(),
            branch: None,
            nature: None,
            authority: None,
            created: Timestamp::from_millis(0),
            expires: Timestamp::from_millis(1),
            decided_by: Some("053211".parse().unwrap()),
            reason: Some("no case file".parse().unwrap()),
        }
    }

    #[test]
    fn what_is_not_known_has_no_row() {
        let rows = Line::from(&waiting()).rows();
        assert!(rows.contains(&"from          dx.gx.police.cn".to_owned()), "{rows:?}");
        assert!(rows.contains(&"reason        no case file".to_owned()), "{rows:?}");
        assert!(!rows.iter().any(|row| row.starts_with("on behalf of") || row.starts_with("branch")));
    }

    #[test]
    fn others_words_do_not_steer_the_terminal() {
        let subject = Subject::new(&["张三\u{202e}".to_owned()], vec![]).unwrap();
        let ask = Ask { subject, case: "A-1".parse().unwrap(), officer: "1".parse().unwrap() };
        let line = AskLine::from(&ask);
        assert_eq!(line.rows()[0], "names         张三");
        assert_eq!(format!("{line:?}"), "AskLine(redacted)");
    }

    #[test]
    fn lines_have_the_documented_keys() {
        let text = serde_json::to_string(&Line::from(&waiting())).unwrap();
        let begins = r#"{"reference":"a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7","state":"refused","origin":"dx.gx.police.cn","#;
        assert!(text.starts_with(begins), "{text}");
        assert!(text.ends_with(r#""decided_by":"053211","reason":"no case file"}"#), "{text}");
    }
}
