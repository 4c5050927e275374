//! `concord register`: the agency's own wanted-person register.

mod import;

use crate::output::Format as OutputFormat;
use crate::session::Session;
use anyhow::Context;
use clap::Subcommand;
use comfy_table::{Table, presets};
use concord_client::formats::{Format, jsonl};
use futures_util::StreamExt;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What `register` does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Replace the content of one source by a file, all or nothing
    Import {
        /// jsonl (one notice a line), or ofac-sdn (sdn.csv, with alt.csv and add.csv beside it)
        #[arg(long)]
        format: Format,
        /// The source whose content is replaced; a file under another name is another source beside it [default: the
        /// file's name without its ending]
        #[arg(long, value_name = "NAME")]
        source: Option<String>,
        /// Let a file without a single valid notice empty a source that has some
        #[arg(long)]
        allow_empty: bool,
        /// The file
        file: PathBuf,
    },
    /// Write every notice as jsonl
    Export {
        /// Only this source
        #[arg(long, value_name = "NAME")]
        source: Option<String>,
        /// Where to; - is standard output
        #[arg(default_value = "-")]
        file: PathBuf,
    },
    /// Count notices by source
    Stats,
}

/// Runs one of them.
pub(crate) async fn run(session: &Session, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Import { format, source, allow_empty, file } => {
            import::run(session, format, source, allow_empty, &file).await
        }
        Command::Export { source, file } => export(session, source.as_deref(), &file).await,
        Command::Stats => stats(session).await,
    }
}

async fn export(session: &Session, source: Option<&str>, file: &Path) -> anyhow::Result<ExitCode> {
    let client = session.client()?;
    let notices = client.export(source).await?;
    if file == Path::new("-") {
        write(io::stdout().lock(), notices).await?;
        return Ok(ExitCode::SUCCESS);
    }
    // Written beside and renamed, so that a broken export leaves no half file under the name.
    let folder = file.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let new = tempfile::NamedTempFile::new_in(folder).with_context(|| folder.display().to_string())?;
    let count = write(new.as_file(), notices).await?;
    new.persist(file).with_context(|| file.display().to_string())?;
    let object = serde_json::json!({ "summary": { "exported": count, "file": file } });
    session.output.result(&object, || format!("{count} notices to {}", file.display()))?;
    Ok(ExitCode::SUCCESS)
}

async fn write(
    out: impl Write,
    notices: impl futures_util::Stream<Item = Result<concord_domain::wanted::Notice, concord_client::ClientError>>,
) -> anyhow::Result<u64> {
    let mut out = BufWriter::new(out);
    let mut notices = Box::pin(notices);
    let mut count = 0;
    while let Some(notice) = notices.next().await {
        jsonl::write(&mut out, &notice?)?;
        count += 1;
    }
    out.flush()?;
    Ok(count)
}

async fn stats(session: &Session) -> anyhow::Result<ExitCode> {
    let counts = session.client()?.stats().await?;
    match session.output.format() {
        OutputFormat::Json => {
            for count in counts {
                let line = serde_json::json!({ "source": count.source, "notices": count.notices });
                session.output.line(&line.to_string())?;
            }
        }
        OutputFormat::Table => {
            let mut table = Table::new();
            table.load_style(presets::UTF8_FULL_CONDENSED).set_header(["source", "notices"]);
            table.add_rows(counts.into_iter().map(|c| [c.source, c.notices.to_string()]));
            session.output.line(&table.to_string())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
