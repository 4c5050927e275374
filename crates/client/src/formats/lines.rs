//! Lines of bounded length with their numbers.

use super::RejectReason;
use std::io::{self, BufRead, Read};

/// Bytes of a line at most. A notice with every text at its limit has some 400,000; escapes may double them.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// A reader's lines, one at a time.
#[derive(Debug)]
pub(super) struct Lines<R> {
    reader: R,
    number: u64,
    bytes: u64,
}

/// One line without its end.
pub(super) struct Line {
    /// From 1.
    pub(super) number: u64,
    pub(super) text: Result<String, RejectReason>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, number: 0, bytes: 0 }
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes
    }

    fn read(&mut self) -> io::Result<Option<Line>> {
        let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
        let mut bytes = Vec::new();
        let count = self.reader.by_ref().take(limit).read_until(b'\n', &mut bytes)?;
        if count == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.bytes += u64::try_from(count).unwrap_or(u64::MAX);
        let text = if count == LINE_BYTES_MAX && bytes.last() != Some(&b'\n') {
            self.bytes += u64::try_from(self.reader.skip_until(b'\n')?).unwrap_or(u64::MAX);
            Err(RejectReason::LineTooLong { limit: LINE_BYTES_MAX })
        } else {
            String::from_utf8(bytes).map_err(|_| RejectReason::NotText).map(|text| self.trimmed(&text))
        };
        Ok(Some(Line { number: self.number, text }))
    }

    /// Without the line's end, and without the mark that some editors put before the first line.
    fn trimmed(&self, text: &str) -> String {
        let text = text.trim_end_matches(['\r', '\n']);
        let text = if self.number == 1 { text.trim_start_matches('\u{FEFF}') } else { text };
        text.to_owned()
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_and_one_bad_line_does_not_hide_the_next() {
        let long = "x".repeat(LINE_BYTES_MAX + 5);
        let file = [b"\xEF\xBB\xBFone\r\n".as_slice(), long.as_bytes(), b"\n\xFF\nfour"].concat();
        let mut lines = Lines::new(file.as_slice());
        let mut next = || lines.next().unwrap().unwrap();
        assert_eq!(next().text, Ok("one".into()));
        assert_eq!(next().text, Err(RejectReason::LineTooLong { limit: LINE_BYTES_MAX }));
        assert_eq!(next().text, Err(RejectReason::NotText));
        let last = next();
        assert_eq!((last.number, last.text), (4, Ok("four".into())));
        assert!(lines.next().is_none());
        assert_eq!(lines.bytes_read(), u64::try_from(file.len()).unwrap());
    }
}
