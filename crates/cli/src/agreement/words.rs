//! How agreements are put into words and into lines for programs.

use concord_agreements::Quota;
use concord_agreements::tools::{Extent, Leave};
use concord_domain::{Timestamp, Vetting};
use serde::Serialize;
use std::path::Path;

/// The stable text of a code that is written as one.
pub(super) fn code(value: &impl Serialize) -> String {
    let text = serde_json::to_value(value).ok();
    text.as_ref().and_then(|text| text.as_str()).unwrap_or_default().to_owned()
}

/// Values in a line.
pub(super) fn list<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    values.into_iter().map(|value| value.to_string()).collect::<Vec<_>>().join(", ")
}

/// The same, with a word for none.
pub(super) fn list_or<T: ToString>(values: impl IntoIterator<Item = T>, none: &str) -> String {
    let listed = list(values);
    if listed.is_empty() { none.to_owned() } else { listed }
}

/// A file without the folders above it.
pub(super) fn file_name(path: &str) -> &str {
    Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or(path)
}

/// A day if it is midnight, else the whole time.
pub(super) fn time(at: Timestamp) -> String {
    let text = at.to_string();
    text.strip_suffix("T00:00:00.000Z").map(ToOwned::to_owned).unwrap_or(text)
}

pub(super) fn quota(quota: Option<Quota>) -> String {
    quota.map_or_else(|| "none".to_owned(), |quota| format!("{} a {}", quota.requests, code(&quota.per)))
}

/// Leave to ask in one line.
pub(super) fn leave(leave: &Leave) -> String {
    let Leave { agreement, clause, extent, until } = leave;
    format!("{agreement} clause {clause}: {}; until {}", self::extent(extent), time(*until))
}

pub(super) fn extent(extent: &Extent) -> String {
    let Extent { ceiling, fields, quota, onward, vetting } = extent;
    format!(
        "up to {ceiling}; fields {}; quota {}; onward {}{}",
        list_or(fields, "none"),
        self::quota(*quota),
        code(onward),
        self::vetting(*vetting)
    )
}

/// That an officer vets, as it stands behind other words; that nobody does goes without saying.
pub(super) const fn vetting(vetting: Vetting) -> &'static str {
    match vetting {
        Vetting::Automatic => "",
        Vetting::Officer => "; vetted by an officer",
    }
}

/// Leave to ask as programs read it.
#[derive(Debug, Serialize)]
pub(super) struct LeaveLine {
    agreement: String,
    version: u32,
    clause: String,
    #[serde(flatten)]
    extent: ExtentLine,
    until: Timestamp,
}

/// How far it goes, as programs read it.
#[derive(Debug, Serialize)]
pub(super) struct ExtentLine {
    ceiling: String,
    fields: Vec<String>,
    quota: Option<Quota>,
    onward: String,
    vetting: Vetting,
}

impl From<&Leave> for LeaveLine {
    fn from(leave: &Leave) -> Self {
        let Leave { agreement, clause, extent, until } = leave;
        Self {
            agreement: agreement.id.to_string(),
            version: agreement.version,
            clause: clause.to_string(),
            extent: extent.into(),
            until: *until,
        }
    }
}

impl From<&Extent> for ExtentLine {
    fn from(extent: &Extent) -> Self {
        let Extent { ceiling, fields, quota, onward, vetting } = extent;
        Self {
            ceiling: ceiling.to_string(),
            fields: fields.iter().map(ToString::to_string).collect(),
            quota: *quota,
            onward: code(onward),
            vetting: *vetting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use concord_agreements::{AgreementKind, Onward};

    #[test]
    fn words_for_people() {
        assert_eq!(code(&AgreementKind::BetweenDepartments), "between-departments");
        assert_eq!(code(&Onward::WithConsent), "with-consent");
        assert_eq!(time("2027-01-01T00:00:00Z".parse().unwrap()), "2027-01-01");
        assert_eq!(time("2027-01-01T08:00:00Z".parse().unwrap()), "2027-01-01T08:00:00.000Z");
        assert_eq!((file_name("a/b.toml"), file_name("b.toml"), file_name("")), ("b.toml", "b.toml", ""));
        assert_eq!((list([1, 2]).as_str(), list_or([0; 0], "none").as_str()), ("1, 2", "none"));
    }
}
