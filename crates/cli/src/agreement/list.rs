//! `concord agreement list`.

use super::source::{Source, documents};
use super::topic::When;
use super::words;
use crate::output::Format;
use crate::session::Session;
use clap::Args;
use comfy_table::{Table, presets};
use concord_agreements::SignedAgreement;
use concord_domain::Timestamp;
use serde_json::json;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    when: When,
}

pub(super) fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<()> {
    let (_, rules) = documents(session, &arguments.source.dir)?;
    let at = arguments.when.or_now();
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["agreement", "version", "kind", "parties", "from", "until", "state", "title"]);
    for text in rules.agreements() {
        match session.output.format() {
            Format::Json => session.output.line(&line(text, at).to_string())?,
            Format::Table => drop(table.add_row(cells(text, at))),
        }
    }
    match session.output.format() {
        Format::Json => Ok(()),
        Format::Table => Ok(session.output.line(&table.to_string())?),
    }
}

/// Whether it is in force.
fn state(text: &SignedAgreement, at: Timestamp) -> &'static str {
    if text.in_force(at) {
        "in force"
    } else if at < text.valid_from {
        "not yet in force"
    } else {
        "expired"
    }
}

fn cells(text: &SignedAgreement, at: Timestamp) -> [String; 8] {
    [
        text.id.to_string(),
        text.version.to_string(),
        words::code(&text.kind),
        text.parties.len().to_string(),
        words::time(text.valid_from),
        words::time(text.valid_until),
        state(text, at).to_owned(),
        words::printable(&text.title.en),
    ]
}

fn line(text: &SignedAgreement, at: Timestamp) -> serde_json::Value {
    json!({
        "agreement": text.id, "version": text.version, "sha256": text.digest(), "kind": text.kind,
        "parties": text.parties, "valid_from": text.valid_from, "valid_until": text.valid_until,
        "in_force": text.in_force(at), "state": state(text, at), "title": text.title,
    })
}
