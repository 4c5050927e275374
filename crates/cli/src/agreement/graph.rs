//! `concord agreement graph`.

use super::file::create;
use super::source::Source;
use super::topic::When;
use crate::session::Session;
use anyhow::ensure;
use clap::{Args, ValueEnum};
use concord_agreements::tools;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    when: When,
    /// The language of the picture
    #[arg(long, value_enum, default_value_t = Language::Dot)]
    format: Language,
    /// Where to; must not exist [default: standard output]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long, requires = "file")]
    force: bool,
}

/// What a picture can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// For Graphviz
    Dot,
    /// For Markdown pages
    Mermaid,
    /// For browsers and print
    Svg,
}

pub(super) async fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<()> {
    let (_, rules) = arguments.source.documents(session).await?;
    let graph = tools::graph(&rules, arguments.when.or_now());
    let picture = match arguments.format {
        Language::Dot => graph.to_dot(),
        Language::Mermaid => graph.to_mermaid(),
        Language::Svg => graph.to_svg(),
    };
    let Some(file) = &arguments.file else {
        let object = json!({ "picture": picture });
        return Ok(session.output.result(&object, || picture.trim_end().to_owned())?);
    };
    let force = arguments.force;
    ensure!(force || !file.exists(), "{} exists already: --force replaces it", file.display());
    create(file, &picture, force)?;
    let (agencies, agreements) = (graph.agencies.len(), graph.agreements.len());
    let object = json!({ "file": file, "agencies": agencies, "agreements": agreements });
    let shown = || format!("{}: {agencies} agencies, {agreements} agreements", file.display());
    Ok(session.output.result(&object, shown)?)
}
