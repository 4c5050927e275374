//! Results to standard output, errors to standard error, for people or for programs.

use clap::ValueEnum;
use concord_client::ClientError;
use serde::Serialize;
use std::io::{self, Write};
use std::ops::RangeInclusive;

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// One JSON object a line
    Json,
}

/// Where results go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    format: Format,
}

impl Output {
    pub(crate) const fn new(format: Format) -> Self {
        Self { format }
    }

    pub(crate) const fn format(self) -> Format {
        self.format
    }

    /// One result: the object for programs, the text for people.
    pub(crate) fn result(self, object: &impl Serialize, text: impl FnOnce() -> String) -> io::Result<()> {
        match self.format {
            Format::Json => self.line(&serde_json::to_string(object)?),
            Format::Table => self.line(&text()),
        }
    }

    /// A line that is the same for both.
    pub(crate) fn line(self, line: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{line}")?;
        out.flush()
    }

    /// Something worth knowing that is no result, on standard error; so are errors. Either may quote what others wrote:
    /// a document, a file's name, a node's answer.
    pub(crate) fn notice(self, text: &str) {
        // Nobody is left to be told that standard error is closed.
        drop(writeln!(io::stderr(), "{}", printable_lines(text)));
    }

    /// Why the command failed, on standard error.
    pub(crate) fn error(self, error: &anyhow::Error) {
        match self.format {
            Format::Table => self.notice(&format!("error: {}", words(error))),
            Format::Json => self.notice(&serde_json::json!({ "error": described(error) }).to_string()),
        }
    }
}

/// Characters that turn the direction of text or take no room.
const HIDDEN: [RangeInclusive<char>; 5] = [
    '\u{61c}'..='\u{61c}',
    '\u{200b}'..='\u{200f}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{feff}'..='\u{feff}',
];

/// Others' words as they may stand in a line of our people's terminals: without characters that steer it, or hide.
pub(crate) fn printable(text: &str) -> String {
    let hidden = |c: &char| HIDDEN.iter().any(|range| range.contains(c));
    text.chars().filter(|c| !hidden(c)).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The same, line by line: what is wrong with a configuration is told in several.
fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

#[derive(Debug, Serialize)]
struct Described {
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<DescribedField>,
}

#[derive(Debug, Serialize)]
struct DescribedField {
    field: String,
    message: String,
}

fn described(error: &anyhow::Error) -> Described {
    let mut described = Described { message: words(error), code: None, reason: None, fields: Vec::new() };
    if let Some(ClientError::Rejected(rejection)) = error.downcast_ref() {
        described.message.clone_from(&rejection.message);
        described.code = Some(format!("{:?}", rejection.code));
        described.reason.clone_from(&rejection.reason);
        let field = |v: &concord_client::Violation| DescribedField {
            field: v.field.clone(),
            message: v.message.clone(),
        };
        described.fields = rejection.violations.iter().map(field).collect();
    }
    described
}

/// The error and what lies behind it, without saying anything twice.
fn words(error: &anyhow::Error) -> String {
    let mut words: Vec<String> = Vec::new();
    for cause in error.chain().map(ToString::to_string) {
        if words.last().is_none_or(|last| !last.contains(&cause)) {
            words.push(cause);
        }
    }
    words.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn others_words_neither_steer_a_terminal_nor_hide() {
        assert_eq!(printable("a\u{1b}[2Jb\u{9b}c\rd\u{7f}"), "a [2Jb c d ");
        assert_eq!(printable("yn\u{202e}nc.ecilop\u{200b}\u{2066}\u{feff}\u{61c}"), "ynnc.ecilop");
        assert_eq!(printable("云南 Yunnan-é"), "云南 Yunnan-é");
        assert_eq!(printable_lines("one\u{1b}c\n  two\u{200d}\n"), "one c\n  two\n");
    }

    #[test]
    fn causes_are_told_once() {
        let error = Err::<(), _>(io::Error::other("disk full")).context("saving x").unwrap_err();
        assert_eq!(words(&error), "saving x: disk full");
        let error = anyhow::anyhow!("disk full").context("saving x: disk full");
        assert_eq!(words(&error), "saving x: disk full");
    }
}
