//! `concord agreement draft`.

mod next;
mod template;

#[cfg(test)]
pub(super) use template::first;

use super::file::create;
use super::words;
use crate::session::Session;
use anyhow::bail;
use clap::Args;
use concord_agreements::{Agreement, AgreementKind};
use concord_domain::{AgencyId, AgreementId, Clock, SystemClock};
use concord_trust::SignedFile;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// regional, bilateral, national, event, campaign, between-departments or international
    #[arg(long, value_parser = kind, required_unless_present = "old", conflicts_with = "old")]
    kind: Option<AgreementKind>,
    /// What it is called over all its versions, such as northwest: lower-case letters, digits and hyphens
    #[arg(long, value_name = "ID", required_unless_present = "old", conflicts_with = "old")]
    id: Option<AgreementId>,
    /// Who signs it
    #[arg(
        long,
        value_name = "A,B,C",
        value_delimiter = ',',
        required_unless_present = "old",
        conflicts_with = "old"
    )]
    parties: Vec<AgencyId>,
    /// Start from this document instead: its next version, with its comments, naming it as the previous one
    #[arg(long = "from", id = "old", value_name = "OLD.toml")]
    old: Option<PathBuf>,
    /// A party that joins; give the option again for each further one
    #[arg(long = "add-party", value_name = "AGENCY", requires = "old")]
    joining: Vec<AgencyId>,
    /// Where to; must not exist [default: standard output]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(super) fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { kind, id, parties, old, joining, file } = arguments;
    let text = match (old, kind, id) {
        (Some(old), _, _) => {
            let next::Version { text, with_comments } = next::version(&SignedFile::read(old)?, joining)?;
            if !with_comments {
                session.output.notice(&format!("{}: {WITHOUT_COMMENTS}", old.display()));
            }
            text
        }
        (None, Some(kind), Some(id)) => template::first(*kind, id, parties, SystemClock.now()),
        (None, _, _) => bail!("give --kind, --id and --parties, or --from OLD.toml"),
    };
    let name = file.as_ref().map_or_else(|| "draft".to_owned(), |file| file.display().to_string());
    let draft = Agreement::parse(&SignedFile::unsigned(&name, text.clone()))?;
    if old.is_some() {
        let begins = words::time(draft.valid_from);
        session
            .output
            .notice(&format!("valid_from is {begins}, as before: change it if this version begins later"));
    }
    let stem = draft.file_stem();
    let Some(file) = file else {
        let object = json!({ "agreement": draft.id, "version": draft.version, "text": text });
        return Ok(session.output.result(&object, || text.trim_end().to_owned())?);
    };
    create(file, &text, false)?;
    let object = json!({ "agreement": draft.id, "version": draft.version, "file": file });
    let shown = || format!("{}: edit it, call it {stem}.toml, have all parties sign it", file.display());
    Ok(session.output.result(&object, shown)?)
}

/// Told of a document that is not written as drafts are.
const WITHOUT_COMMENTS: &str = "comments and layout are not kept, since version, previous or parties do not stand on \
                                lines of their own above the first table; the content is all there";

fn kind(text: &str) -> Result<AgreementKind, serde::de::value::Error> {
    AgreementKind::deserialize(text.into_deserializer())
}
