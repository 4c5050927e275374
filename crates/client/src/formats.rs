//! Readers of register files, for `concord register import`, and the writer of the one format that it exports.
//!
//! In scope: [`jsonl`], the project's own format, and [`ofac`], the SDN list as the US Treasury publishes it.
//! Out of scope: sending what was read to a node; deciding whether a file with rejected rows is imported at all.
//!
//! A reader goes through its file once and holds one row at a time. Whatever is wrong with a row is told by line
//! and field and never repeats content: registers are personal data, and error messages end up in logs.

mod fields;
pub mod jsonl;
mod lines;
pub mod ofac;

use concord_domain::wanted::{InvalidBirthDate, InvalidNotice, Notice};
use concord_domain::{InvalidText, UnknownCode};
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use thiserror::Error;

pub use lines::LINE_BYTES_MAX;

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line: see [`jsonl`].
    Jsonl,
    /// OFAC's sdn.csv, with alt.csv beside it: see [`ofac`].
    OfacSdn,
}

/// A format of another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("unknown format; known are jsonl and ofac-sdn")]
pub struct UnknownFormat;

impl Format {
    /// Every format.
    pub const ALL: &'static [Self] = &[Self::Jsonl, Self::OfacSdn];

    /// The name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::OfacSdn => "ofac-sdn",
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|format| format.as_str() == s).ok_or(UnknownFormat)
    }
}

/// What became of one row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A notice.
    Taken {
        /// Line in the file, from 1.
        line: u64,
        /// The notice, within every limit.
        notice: Box<Notice>,
    },
    /// A proper row that is not for a register of persons.
    Skipped {
        /// Line in the file, from 1.
        line: u64,
        /// Why.
        reason: SkipReason,
    },
    /// A malformed row.
    Rejected {
        /// Line in the file that the reason names, else in the file that was opened; from 1.
        line: u64,
        /// What is wrong.
        reason: RejectReason,
    },
}

/// Why a proper row was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SkipReason {
    /// A company, a ship or an aircraft.
    #[error("not an individual")]
    NotAnIndividual,
}

/// Why a row was refused. Fields are named by path, such as `names[2].kind`; content is never repeated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RejectReason {
    /// Longer than any notice can be.
    #[error("line is longer than the limit of {limit} bytes")]
    LineTooLong {
        /// Bytes allowed.
        limit: usize,
    },
    /// Not UTF-8.
    #[error("line is not UTF-8 text")]
    NotText,
    /// Not JSON.
    #[error("not JSON from column {column} on")]
    NotJson {
        /// Column of the first error, in bytes from 1.
        column: usize,
    },
    /// A field that no notice has.
    #[error("unknown field {field:?}")]
    UnknownField {
        /// Its path, cut to [`RejectReason::FIELD_SHOWN_MAX`] characters.
        field: String,
    },
    /// A field that every notice has.
    #[error("{field} is missing")]
    Missing {
        /// Its path.
        field: String,
    },
    /// A field under both of its names.
    #[error("{field} is given twice, under two names")]
    Twice {
        /// Its path.
        field: String,
    },
    /// A field of another type.
    #[error("{field} must be {expected}")]
    WrongType {
        /// Its path.
        field: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A code outside its set.
    #[error("{field} must be one of {accepted}")]
    UnknownCode {
        /// Its path.
        field: String,
        /// What it may be.
        accepted: String,
    },
    /// A text that is empty, too long, or has a character that is not allowed.
    #[error("{field}: {why}")]
    Text {
        /// Its path.
        field: String,
        /// What is wrong.
        why: InvalidText,
    },
    /// No date.
    #[error("{field}: {why}")]
    Birth {
        /// Its path.
        field: String,
        /// What is wrong.
        why: InvalidBirthDate,
    },
    /// A notice past one of its limits.
    #[error(transparent)]
    Notice(#[from] InvalidNotice),
    /// Another number of columns.
    #[error("{found} columns instead of {expected}")]
    Columns {
        /// Columns found.
        found: usize,
        /// Columns of the format.
        expected: usize,
    },
    /// A quotation mark that opens and does not close.
    #[error("a quotation mark is not closed")]
    OpenQuote,
    /// A malformed row of a file that is read beside the one opened.
    #[error("{file}: {why}")]
    Beside {
        /// The file.
        file: &'static str,
        /// What is wrong.
        why: Box<RejectReason>,
    },
}

impl RejectReason {
    /// Characters of an unknown field's path that are repeated: enough to find it.
    pub const FIELD_SHOWN_MAX: usize = 40;

    fn code(field: String, code: UnknownCode) -> Self {
        Self::UnknownCode { field, accepted: code.accepted }
    }
}

/// A file that cannot be read.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Missing or unreadable.
    #[error("{}: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// A file to be read beside the one opened has more rows than are held in memory.
    #[error("{}: more than {limit} rows", path.display())]
    TooManyRows {
        /// The file.
        path: PathBuf,
        /// Rows allowed.
        limit: usize,
    },
}

/// The rows of a file, in order.
#[derive(Debug)]
pub struct Reader {
    rows: Rows,
    bytes_total: u64,
}

#[derive(Debug)]
enum Rows {
    Jsonl(jsonl::Reader<BufReader<File>>),
    OfacSdn(ofac::Reader<BufReader<File>>),
}

impl Reader {
    /// Opens a file, and what the format has beside it.
    ///
    /// # Errors
    /// A file is missing, unreadable, or too long.
    pub fn open(format: Format, path: &Path) -> Result<Self, OpenError> {
        let (file, bytes_total) = opened(path)?;
        let rows = match format {
            Format::Jsonl => Rows::Jsonl(jsonl::Reader::new(file)),
            Format::OfacSdn => Rows::OfacSdn(ofac::Reader::new(file, ofac::Beside::open(path)?)),
        };
        Ok(Self { rows, bytes_total })
    }

    /// Bytes of the opened file that were read so far.
    pub fn bytes_read(&self) -> u64 {
        match &self.rows {
            Rows::Jsonl(rows) => rows.bytes_read(),
            Rows::OfacSdn(rows) => rows.bytes_read(),
        }
    }

    /// Bytes of the opened file when it was opened.
    pub fn bytes_total(&self) -> u64 {
        self.bytes_total
    }
}

impl Iterator for Reader {
    type Item = io::Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.rows {
            Rows::Jsonl(rows) => rows.next(),
            Rows::OfacSdn(rows) => rows.next(),
        }
    }
}

fn opened(path: &Path) -> Result<(BufReader<File>, u64), OpenError> {
    let unreadable = |why| OpenError::Unreadable { path: path.to_owned(), why };
    let file = File::open(path).map_err(unreadable)?;
    let bytes = file.metadata().map_err(unreadable)?.len();
    Ok((BufReader::new(file), bytes))
}
