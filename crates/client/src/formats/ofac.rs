//! OFAC's list of specially designated nationals (SDN), as the US Treasury publishes it in CSV.
//!
//! Three files without headers, `-0-` standing for "none", joined by the number of the entity in their first column:
//!
//! | file | columns | becomes |
//! |---|---|---|
//! | sdn.csv | number, name, type, program, title, six of ships, remarks | the notice `OFAC-<number>`, for individuals only |
//! | alt.csv | number, its own number, aka/fka/nka, name, remarks | aliases and former names |
//! | add.csv, if it is there | number, its own number, address, city and state, country, remarks | residence |
//!
//! What the remarks hold is described in `remarks`. A row is one line; a file may end in the DOS end-of-file character.
//! Layout: OFAC, "SDN data formats", `dat_spec.txt`.

mod remarks;

use super::lines::{Line, Lines};
use super::{OpenError, RejectReason, Row, SkipReason, opened};
use concord_domain::wanted::{Description, NameKind, Notice, Offence, PersonName};
use remarks::Remarks;
use std::collections::BTreeMap;
use std::io::{self, BufRead};
use std::path::Path;

/// Rows of alt.csv and add.csv that are held in memory at most; in 2021 the two had 9,355 and some 14,000.
const BESIDE_ROWS_MAX: usize = 500_000;

const SDN_COLUMNS: usize = 12;
const ALT_COLUMNS: usize = 5;
const ADD_COLUMNS: usize = 6;

/// The files beside sdn.csv, by number of the entity.
#[derive(Default)]
pub struct Beside {
    names: BTreeMap<u64, Vec<PersonName>>,
    addresses: BTreeMap<u64, Vec<String>>,
    rejected: Vec<Row>,
}

impl std::fmt::Debug for Beside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Beside({} with aliases, {} with addresses)", self.names.len(), self.addresses.len())
    }
}

impl Beside {
    /// Reads alt.csv, which must be there, and add.csv, which may be, from the folder of `sdn`.
    ///
    /// # Errors
    /// A file is unreadable or too long. Malformed rows are handed on as the first rows of [`Reader`].
    pub fn open(sdn: &Path) -> Result<Self, OpenError> {
        let mut beside = Self::default();
        let (alt, add) = (sdn.with_file_name("alt.csv"), sdn.with_file_name("add.csv"));
        let reading = |path: &Path| {
            let path = path.to_owned();
            move |why| OpenError::Unreadable { path, why }
        };
        let names = beside.read_names(opened(&alt)?.0).map_err(reading(&alt))?;
        let addresses = if add.exists() {
            beside.read_addresses(opened(&add)?.0).map_err(reading(&add))?
        } else {
            Whole::Yes
        };
        for (path, whole) in [(alt, names), (add, addresses)] {
            if whole == Whole::No {
                return Err(OpenError::TooManyRows { path, limit: BESIDE_ROWS_MAX });
            }
        }
        Ok(beside)
    }

    fn read_names(&mut self, file: impl BufRead) -> io::Result<Whole> {
        each(file, "alt.csv", &mut self.rejected, |row| {
            let [number, _, kind, name, _] = columns::<ALT_COLUMNS>(row)?;
            let kind = match kind.as_str() {
                "aka" | "nka" => NameKind::Alias,
                "fka" => NameKind::Former,
                _ => {
                    let accepted = "aka, fka, nka".to_owned();
                    return Err(RejectReason::UnknownCode { field: "alias type".into(), accepted });
                }
            };
            self.names.entry(entity(&number)?).or_default().push(person_name(kind, &name)?);
            Ok(())
        })
    }

    fn read_addresses(&mut self, file: impl BufRead) -> io::Result<Whole> {
        each(file, "add.csv", &mut self.rejected, |row| {
            let [number, _, address, city, country, _] = columns::<ADD_COLUMNS>(row)?;
            let parts: Vec<String> =
                [address, city, country].into_iter().filter(|part| !part.is_empty()).collect();
            if !parts.is_empty() {
                self.addresses.entry(entity(&number)?).or_default().push(parts.join(", "));
            }
            Ok(())
        })
    }
}

/// Whether a file was read to its end.
#[derive(PartialEq, Eq)]
enum Whole {
    Yes,
    No,
}

fn each(
    file: impl BufRead,
    name: &'static str,
    rejected: &mut Vec<Row>,
    mut take: impl FnMut(&str) -> Result<(), RejectReason>,
) -> io::Result<Whole> {
    for (count, line) in Lines::new(file).enumerate() {
        if count >= BESIDE_ROWS_MAX {
            return Ok(Whole::No);
        }
        let Line { number: line, text } = line?;
        if text.as_ref().is_ok_and(|text| is_nothing(text)) {
            continue;
        }
        if let Err(why) = text.and_then(|text| take(&text)) {
            rejected.push(Row::Rejected {
                line,
                reason: RejectReason::Beside { file: name, why: Box::new(why) },
            });
        }
    }
    Ok(Whole::Yes)
}

/// Reads sdn.csv.
#[derive(Debug)]
pub struct Reader<R> {
    lines: Lines<R>,
    beside: Beside,
    /// What was wrong in the files beside, last row first.
    rejected_before: Vec<Row>,
}

impl<R: BufRead> Reader<R> {
    /// Reads sdn.csv to its end; what is wrong in the files beside it comes first.
    pub fn new(sdn: R, mut beside: Beside) -> Self {
        let mut rejected_before = std::mem::take(&mut beside.rejected);
        rejected_before.reverse();
        Self { lines: Lines::new(sdn), beside, rejected_before }
    }

    /// Bytes of sdn.csv read so far.
    pub fn bytes_read(&self) -> u64 {
        self.lines.bytes_read()
    }

    fn row(&mut self, line: u64, text: &str) -> Result<Row, RejectReason> {
        let [number, name, kind, program, title, _, _, _, _, _, _, remarks] = columns::<SDN_COLUMNS>(text)?;
        if kind != "individual" {
            return Ok(Row::Skipped { line, reason: SkipReason::NotAnIndividual });
        }
        let entity = entity(&number)?;
        let Remarks { births, sex, names: weak, identifiers, birthplaces, nationalities } =
            Remarks::read(&remarks)?;
        let mut names = vec![person_name(NameKind::Primary, &name)?];
        for other in self.beside.names.remove(&entity).unwrap_or_default().into_iter().chain(weak) {
            if !names.iter().any(|known| known.text() == other.text()) {
                names.push(other);
            }
        }
        let number = format!("OFAC-{entity}").parse();
        let notice = Notice {
            number: number.map_err(|why| RejectReason::Text { field: "number".into(), why })?,
            names,
            sex,
            births,
            identifiers,
            description: Description {
                birthplace: birthplaces.join("; "),
                nationality: nationalities.join("; "),
                occupation: title,
                residence: self.beside.addresses.remove(&entity).unwrap_or_default().join("; "),
                ..Description::default()
            },
            offence: Offence { summary: summary(&program), ..Offence::default() },
        };
        Ok(Row::Taken { line, notice: Box::new(notice.validated()?) })
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = io::Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(row) = self.rejected_before.pop() {
            return Some(Ok(row));
        }
        loop {
            let Line { number: line, text } = match self.lines.next()? {
                Ok(line) => line,
                Err(error) => return Some(Err(error)),
            };
            if text.as_ref().is_ok_and(|text| is_nothing(text)) {
                continue;
            }
            let row = text.and_then(|text| self.row(line, &text));
            return Some(Ok(row.unwrap_or_else(|reason| Row::Rejected { line, reason })));
        }
    }
}

/// An empty line, or the DOS end-of-file character that ends the published files.
fn is_nothing(line: &str) -> bool {
    line.chars().all(|c| c.is_whitespace() || c == '\u{1A}')
}

/// The columns of a line, trimmed, `-0-` as nothing.
fn columns<const N: usize>(line: &str) -> Result<[String; N], RejectReason> {
    if !line.matches('"').count().is_multiple_of(2) {
        return Err(RejectReason::OpenQuote);
    }
    let mut csv = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(line.as_bytes());
    let mut record = csv::StringRecord::new();
    csv.read_record(&mut record).map_err(|_| RejectReason::NotText)?;
    let fields: Vec<String> = record.iter().map(|field| none_if_zero(field.trim()).to_owned()).collect();
    fields
        .try_into()
        .map_err(|fields: Vec<String>| RejectReason::Columns { found: fields.len(), expected: N })
}

fn none_if_zero(field: &str) -> &str {
    if field == "-0-" { "" } else { field }
}

fn entity(number: &str) -> Result<u64, RejectReason> {
    number
        .parse()
        .map_err(|_| RejectReason::WrongType { field: "entity number".into(), expected: "a number" })
}

fn person_name(kind: NameKind, text: &str) -> Result<PersonName, RejectReason> {
    PersonName::new(kind, text).map_err(|why| RejectReason::Text { field: "name".into(), why })
}

fn summary(program: &str) -> String {
    if program.is_empty() { String::new() } else { format!("OFAC sanctions program {program}") }
}

#[cfg(test)]
mod tests;
