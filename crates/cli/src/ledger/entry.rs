//! An entry as programs and people read it.

use concord_client::LedgerEntry;
use concord_ledger::{Entry, Event};
use serde::Serialize;

/// What an entry says. Holds no personal data: no entry does.
#[derive(Debug, Serialize)]
pub(super) struct EntryLine {
    index: u64,
    time: String,
    event: &'static str,
    origin: Option<String>,
    destination: Option<String>,
    operation: Option<String>,
    purpose: Option<&'static str>,
    request: Option<String>,
    agreement: Option<String>,
    outcome: Option<&'static str>,
    reason: Option<String>,
    /// What the events that are about no request say: a source and its notices, a program.
    what: Option<String>,
    leaf: String,
}

impl EntryLine {
    pub(super) const HEAD: [&str; 8] =
        ["index", "time", "event", "from", "to", "operation", "outcome", "agreement or reason"];

    /// Reads an entry's bytes; an altered one may not be readable.
    pub(super) fn read(entry: &LedgerEntry) -> anyhow::Result<Self> {
        let LedgerEntry { index, leaf, bytes } = entry;
        let Entry { time, event } =
            Entry::decode(bytes).map_err(|e| anyhow::anyhow!("entry {index}: {e}"))?;
        let request = event.request();
        let agreement = request.and_then(|r| r.agreement.as_ref().map(|a| (a, r.clause.as_ref())));
        let agreement = agreement.map(|(agreement, clause)| match clause {
            Some(clause) => format!("{agreement} clause {clause}"),
            None => agreement.to_string(),
        });
        Ok(Self {
            index: *index,
            time: time.to_string(),
            event: event.name(),
            origin: request.map(|r| r.origin.to_string()),
            destination: request.map(|r| r.destination.to_string()),
            operation: request.map(|r| r.operation.to_string()),
            purpose: request.map(|r| r.purpose.as_str()),
            request: request.map(|r| r.id.to_string()),
            agreement,
            outcome: event.outcome().map(concord_domain::OutcomeKind::as_str),
            reason: event.reason().map(ToOwned::to_owned),
            what: what(&event),
            leaf: leaf.to_string(),
        })
    }

    pub(super) fn cells(&self) -> [String; 8] {
        let Self { index, time, event, origin, destination, operation, outcome, .. } = self;
        let last = [&self.reason, &self.agreement, &self.what].into_iter().flatten().next();
        let text = |cell: &Option<String>| cell.clone().unwrap_or_default();
        [
            index.to_string(),
            time.clone(),
            (*event).to_owned(),
            text(origin),
            text(destination),
            text(operation),
            outcome.unwrap_or_default().to_owned(),
            last.cloned().unwrap_or_default(),
        ]
    }
}

fn what(event: &Event) -> Option<String> {
    match event {
        Event::Imported { source, commitment: _, notices } => {
            Some(format!("{}: {notices} notices", source.as_str()))
        }
        Event::Started { program } => Some(program.as_str().to_owned()),
        Event::Adopted { kind, name, sequence, digest: _ } => {
            Some(format!("{} {} {sequence}", kind.as_str(), name.as_str()))
        }
        Event::Carried { request: _, from, next } => Some(format!("from {from} to {next}")),
        Event::Distrusted { peer, reason, request: _ } => Some(format!("{peer}: {}", reason.as_str())),
        Event::RollbackAccepted { seen } => Some(format!("a peer has seen {seen} entries")),
        Event::Vetted { request: _, refusal: None, decision: _ } => Some("an officer approves".to_owned()),
        Event::Vetted { request: _, refusal: Some(_), decision: _ } => Some("an officer refuses".to_owned()),
        Event::Asked { .. } | Event::Released { .. } | Event::Refused { .. } | Event::Concluded { .. } => {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use concord_domain::{Digest, Timestamp};

    #[test]
    fn entries_are_read_or_named() {
        let event = Event::Started { program: "concord 0.1.0".parse().unwrap() };
        let bytes = Entry { time: Timestamp::from_millis(0), event }.encode();
        let entry = LedgerEntry { index: 4, leaf: Digest([2; 32]), bytes };
        let line = EntryLine::read(&entry).unwrap();
        assert_eq!((line.event, line.cells()[7].as_str()), ("started", "concord 0.1.0"));
        let broken = LedgerEntry { bytes: vec![0], ..entry };
        assert!(EntryLine::read(&broken).unwrap_err().to_string().starts_with("entry 4: "));
    }
}
