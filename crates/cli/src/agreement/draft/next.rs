//! The next version of a document, with its comments.

use anyhow::Context;
use concord_agreements::{Agreement, AgreementError};
use concord_domain::{AgencyId, Digest};
use concord_trust::{SignedFile, sha256};

/// The text of a next version.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) text: String,
    /// Whether what people wrote around the content is still there.
    pub(super) with_comments: bool,
}

/// The next version of `old`, which it names as the previous one, with `joining` among its parties. What people wrote
/// around the content stays where it can be told; otherwise the content alone is written anew.
pub(super) fn version(old: &SignedFile, joining: &[AgencyId]) -> anyhow::Result<Version> {
    let mut next = Agreement::parse(old)?;
    next.version = next.version.checked_add(1).context("there is no higher version")?;
    let digest = sha256(&[&old.bytes]);
    next.previous = Some(digest);
    next.parties.extend(joining.iter().cloned());
    next.check().map_err(|why| AgreementError::Invalid { file: old.name.clone(), why })?;
    let text = std::str::from_utf8(&old.bytes).context("the document is no text")?;
    let edited = edit(text, next.version, digest, joining);
    let with_comments =
        Agreement::parse(&SignedFile::unsigned("draft", edited.clone())).is_ok_and(|read| read == next);
    Ok(Version { text: if with_comments { edited } else { next.to_toml() }, with_comments })
}

/// Changes version, previous and parties where they stand as people write them: each on lines of its own, before the
/// first table.
fn edit(text: &str, version: u32, previous: Digest, joining: &[AgencyId]) -> String {
    let mut lines: Vec<String> = Vec::new();
    let (mut above_tables, mut in_parties) = (true, false);
    for line in text.lines() {
        let key = line.split('=').next().unwrap_or_default().trim();
        above_tables &= in_parties || !line.trim_start().starts_with('[');
        in_parties |= above_tables && key == "parties";
        if in_parties {
            match line.rfind(']') {
                Some(end) => {
                    if let Some(last) = lines.last_mut().filter(|_| line.trim_start().starts_with(']')) {
                        separate(last);
                    }
                    lines.extend(with_parties(line, end, joining));
                    in_parties = false;
                }
                None => lines.push(line.to_owned()),
            }
        } else if above_tables && key == "version" {
            lines.extend([format!("version = {version}"), format!("previous = \"{previous}\"")]);
        } else if !(above_tables && key == "previous") {
            lines.push(line.to_owned());
        }
    }
    lines.join("\n") + "\n"
}

/// Lets another element follow the last one of a list, whose comma may be left out.
fn separate(last: &mut String) {
    if last.trim_end().ends_with('"') {
        last.push(',');
    }
}

/// The line that closes the list, with the joining parties before its end.
fn with_parties(line: &str, end: usize, joining: &[AgencyId]) -> Vec<String> {
    let (before, after) = line.split_at_checked(end).unwrap_or((line, ""));
    if before.trim().is_empty() {
        let mut lines: Vec<_> = joining.iter().map(|party| format!("    \"{party}\",")).collect();
        lines.push(line.to_owned());
        return lines;
    }
    let before = before.trim_end().trim_end_matches(',');
    let joining: String = joining.iter().map(|party| format!(", \"{party}\"")).collect();
    vec![format!("{before}{joining}{after}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE_LINE: &str = r#"# why
id = "pact" # stable
version = 1
kind = "regional"
parties = ["yn.police.cn", "gs.police.cn"] # both
valid_from = "2026-01-01T00:00:00Z"
valid_until = "2027-01-01T00:00:00Z"
[title]
zh = "甲"
en = "A"
[[grants]]
clause = "1" # version = 1
from = "parties"
to = "parties"
operations = ["wanted.search"]
purposes = ["research"]
handling = "official"
fields = []
"#;

    fn next(text: &str, joining: &[&str]) -> (String, Agreement) {
        let file = SignedFile::unsigned("pact.v1.toml", text.to_owned());
        let joining: Vec<_> = joining.iter().map(|name| name.parse().unwrap()).collect();
        let Version { text, with_comments } = version(&file, &joining).unwrap();
        assert_eq!(with_comments, text.contains("# why"), "{text}");
        let parsed = Agreement::parse(&SignedFile::unsigned("next", text.clone())).unwrap();
        assert_eq!(parsed.previous, Some(sha256(&[&file.bytes])));
        (text, parsed)
    }

    #[test]
    fn comments_stay_and_the_chain_goes_on() {
        let (second, parsed) = next(ONE_LINE, &["sn.police.cn"]);
        assert_eq!((parsed.version, parsed.parties.len()), (2, 3));
        for kept in ["# why", "# stable", "# both", "# version = 1"] {
            assert!(second.contains(kept), "{second}");
        }
        let (third, parsed) = next(&second, &[]);
        assert_eq!((parsed.version, parsed.parties.len()), (3, 3));
        assert_eq!(third.matches("previous").count(), 1, "{third}");
    }

    #[test]
    fn lists_over_several_lines_grow_with_and_without_a_last_comma() {
        for list in [
            "[\n    \"yn.police.cn\", \"gs.police.cn\",\n]",
            "[\n    \"yn.police.cn\",\n    \"gs.police.cn\"\n]",
        ] {
            let text = ONE_LINE.replace("[\"yn.police.cn\", \"gs.police.cn\"]", list);
            let (text, parsed) = next(&text, &["sn.police.cn", "sc.police.cn"]);
            assert_eq!(parsed.parties.len(), 4);
            assert!(text.contains("# why"), "{text}");
        }
    }

    #[test]
    fn a_document_in_another_shape_is_written_anew() {
        let inline = ONE_LINE.replace("version = 1\nkind", "\"version\" = 1\nkind");
        let (text, parsed) = next(&inline, &[]);
        assert_eq!(parsed.version, 2);
        assert!(!text.contains("# why"));
    }

    #[test]
    fn who_cannot_join_is_named() {
        let file = SignedFile::unsigned("pact.v1.toml", ONE_LINE.to_owned());
        let twice = version(&file, &["gs.police.cn".parse().unwrap()]).unwrap_err().to_string();
        assert_eq!(twice, "pact.v1.toml: parties: gs.police.cn stands there twice");
        let pact = SignedFile::unsigned("pact.v1.toml", ONE_LINE.replace("regional", "bilateral"));
        let third = version(&pact, &["sn.police.cn".parse().unwrap()]).unwrap_err().to_string();
        assert!(third.contains("a bilateral agreement has 2, this one 3"), "{third}");
    }
}
