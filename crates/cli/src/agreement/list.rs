//! `concord agreement list`.

use super::source::Source;
use super::standing::{self, Absent, State};
use super::topic::When;
use super::words;
use crate::output::{Format, printable};
use crate::session::Session;
use clap::Args;
use comfy_table::{Table, presets};
use concord_agreements::{Conflict, Pending, Rules, SignedAgreement};
use concord_domain::Timestamp;
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    when: When,
}

/// Lists every version that counts, then what lacks signatures, then what excludes each other.
pub(super) async fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<()> {
    let (_, rules) = arguments.source.documents(session).await?;
    let at = arguments.when.or_now();
    let versions: Vec<_> = rules.agreements(at).flat_map(|text| rules.versions(&text.id)).collect();
    match session.output.format() {
        Format::Json => {
            let pending = standing::pending(&rules, None).map(standing::pending_line);
            let conflicts = standing::conflicts(&rules, None).map(standing::conflict_line);
            let mut lines =
                versions.iter().map(|text| line(&rules, text, at)).chain(pending).chain(conflicts);
            lines.try_for_each(|line| session.output.line(&line.to_string()))?;
        }
        Format::Table => {
            let mut table = Table::new();
            table.load_style(presets::UTF8_FULL_CONDENSED);
            table.set_header(["agreement", "version", "kind", "parties", "from", "until", "state", "title"]);
            table.add_rows(versions.iter().map(|text| cells(&rules, text, at)));
            table.add_rows(standing::pending(&rules, None).map(pending_cells));
            table.add_rows(standing::conflicts(&rules, None).map(conflict_cells));
            session.output.line(&table.to_string())?;
        }
    }
    Ok(())
}

fn cells(rules: &Rules, text: &SignedAgreement, at: Timestamp) -> [String; 8] {
    let mut state = vec![State::of(rules, text, at).as_str().to_owned()];
    state.extend(Absent::all(rules, text, at).iter().map(Absent::text));
    [
        text.id.to_string(),
        text.version.to_string(),
        words::code(&text.kind),
        text.parties.len().to_string(),
        words::time(text.valid_from),
        words::time(text.valid_until),
        state.join("\n"),
        printable(&text.title.en),
    ]
}

fn pending_cells(pending: &Pending) -> [String; 8] {
    let Pending { text, file, missing } = pending;
    let state = format!("lacks signatures\n{}", words::list(missing).replace(", ", "\n"));
    let [kind, parties, from, until] = [(); 4].map(|()| String::new());
    [
        text.id.to_string(),
        text.version.to_string(),
        kind,
        parties,
        from,
        until,
        state,
        words::file_name(file).to_owned(),
    ]
}

fn conflict_cells(conflict: &Conflict) -> [String; 8] {
    let files =
        words::list(conflict.files.iter().map(|file| words::file_name(&file.name))).replace(", ", "\n");
    let [kind, parties, until] = [(); 3].map(|()| String::new());
    let (id, version) = (conflict.id.to_string(), conflict.version.to_string());
    [id, version, kind, parties, words::time(conflict.since), until, "two texts".to_owned(), files]
}

fn line(rules: &Rules, text: &SignedAgreement, at: Timestamp) -> Value {
    let state = State::of(rules, text, at);
    json!({
        "agreement": text.id, "version": text.version, "sha256": text.digest(), "kind": text.kind,
        "parties": text.parties, "valid_from": text.valid_from, "valid_until": text.valid_until,
        "in_force": state == State::InForce, "state": state.as_str(), "title": text.title,
        "absent": Absent::all(rules, text, at).iter().map(Absent::line).collect::<Vec<_>>(),
    })
}
