//! Published documents, kept for good: the bytes once, each signer's signature once.

use crate::column::Column;
use crate::error::StorageError;
use crate::refusal::{WriteError, within};
use concord_domain::AgencyId;
use concord_trust::{Cose, DocumentKind, DocumentRef, DocumentSet, KeyId, Signature, SignedFile};
use rusqlite::{Connection, OptionalExtension, Params, Row, params};

/// A document to be kept. Every signature must have been verified: of two by one key the first stays.
#[derive(Debug, Clone)]
pub struct KeptDocument {
    /// What it points at.
    pub at: DocumentRef,
    /// Its bytes and signatures.
    pub file: SignedFile,
    /// Who proposed it, if not all have signed who must; with all signatures it is nobody's proposal any more.
    pub proposed_by: Option<AgencyId>,
}

impl KeptDocument {
    /// Documents of one kind at most: every pair of 31 provinces makes 465 pacts, and their versions stay. Of cards,
    /// keyrings and block notices, of which each agency has many in time, agencies that have any: as many as a charter
    /// names.
    pub const KIND_MAX: usize = 4096;
    /// Cards, keyrings or block notices of one agency at most, so that it exhausts nothing but its own: a new keyring every
    /// day for eleven years.
    pub const AGENCY_MAX: usize = 4096;
    /// Declarations of one party at most, over all agreements: each takes part in some 30, and rarely declares anything.
    pub const DECLARATIONS_MAX: usize = 128;
    /// Proposals of one agency at most: people negotiate a few at a time, and nobody may fill the others' stores.
    pub const PROPOSALS_MAX: usize = 64;
    /// Bytes of a document with its signatures at most: a page of them fits into a message between nodes.
    pub const BYTES_MAX: usize = (1 << 20) + (32 << 10);

    /// Its bytes with its signatures.
    pub fn bytes(&self) -> usize {
        let signatures = self.file.signatures.iter().map(|s| s.label.len() + s.cose.len());
        self.file.bytes.len() + signatures.sum::<usize>()
    }

    /// Rows that keeping it touches.
    pub(crate) fn rows(&self) -> usize {
        1 + self.file.signatures.len()
    }
}

/// [`Change::KeepDocument`](crate::Change::KeepDocument).
pub(crate) fn keep(db: &Connection, kept: &KeptDocument) -> Result<(), WriteError> {
    let KeptDocument { at: DocumentRef { kind, name, sequence, digest }, file, proposed_by } = kept;
    let (kind, proposed_by) = (kind.as_str(), proposed_by.as_ref().map(AgencyId::as_str));
    let mut known = db.prepare_cached("SELECT proposed_by FROM document WHERE kind = ?1 AND digest = ?2")?;
    let known: Option<Option<String>> =
        known.query_row(params![kind, Column(digest)], |row| row.get(0)).optional()?;
    match known {
        None => {
            require_room(db, &kept.at)?;
            if let Some(agency) = proposed_by {
                let proposals = count(db, "SELECT count(*) FROM document WHERE proposed_by = ?1", [agency])?;
                within("proposals of one agency", proposals + 1, KeptDocument::PROPOSALS_MAX)?;
            }
            db.prepare_cached(
                "INSERT INTO document (digest, kind, name, sequence, bytes, proposed_by)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![Column(digest), kind, name, sequence, file.bytes, proposed_by])?;
        }
        Some(Some(_)) if proposed_by.is_none() => {
            db.prepare_cached("UPDATE document SET proposed_by = NULL WHERE kind = ?1 AND digest = ?2")?
                .execute(params![kind, Column(digest)])?;
        }
        Some(_) => {}
    }
    let mut insert = db.prepare_cached(
        "INSERT INTO document_signature (kind, digest, signer, label, cose) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (kind, digest, signer) DO NOTHING",
    )?;
    for Signature { label, cose } in &file.signatures {
        // What is no signature is nobody's.
        let Ok(parsed) = Cose::parse(cose) else { continue };
        let signer: KeyId = parsed.key_id();
        insert.execute(params![kind, Column(digest), signer.as_bytes().as_slice(), label, cose])?;
    }
    Ok(())
}

/// Demands room for one more document, so that nobody fills what others need.
fn require_room(db: &Connection, at: &DocumentRef) -> Result<(), WriteError> {
    let kind = at.kind.as_str();
    match at.kind {
        DocumentKind::Card | DocumentKind::Keyring | DocumentKind::Block => {
            let of_agency = "SELECT count(*) FROM document WHERE kind = ?1 AND name = ?2";
            let of_agency = count(db, of_agency, (kind, &at.name))?;
            within("documents of one kind and agency", of_agency + 1, KeptDocument::AGENCY_MAX)?;
            if of_agency > 0 {
                return Ok(());
            }
            let agencies = "SELECT count(DISTINCT name) FROM document WHERE kind = ?1";
            within(
                "agencies with documents of one kind",
                count(db, agencies, [kind])? + 1,
                KeptDocument::KIND_MAX,
            )
        }
        DocumentKind::Declaration => {
            require_room_of_kind(db, kind)?;
            let party = at.name.split_once('/').map_or("", |(_, party)| party);
            let of_party =
                "SELECT count(*) FROM document WHERE kind = ?1 AND substr(name, instr(name, '/') + 1) = ?2";
            let of_party = count(db, of_party, (kind, party))?;
            within("declarations of one party", of_party + 1, KeptDocument::DECLARATIONS_MAX)
        }
        DocumentKind::Charter | DocumentKind::Agreement => require_room_of_kind(db, kind),
    }
}

fn require_room_of_kind(db: &Connection, kind: &str) -> Result<(), WriteError> {
    let of_kind = count(db, "SELECT count(*) FROM document WHERE kind = ?1", [kind])?;
    within("documents of one kind", of_kind + 1, KeptDocument::KIND_MAX)
}

fn count(db: &Connection, statement: &'static str, of: impl Params) -> Result<usize, StorageError> {
    let found: i64 = db.prepare_cached(statement)?.query_row(of, |row| row.get(0))?;
    usize::try_from(found).map_err(|_| StorageError::Corrupt { what: "number of documents" })
}

/// Everything that is kept, with its signatures.
pub(crate) fn read_all(db: &Connection) -> Result<DocumentSet, StorageError> {
    let mut set = DocumentSet::default();
    let mut documents = db.prepare_cached("SELECT kind, name, sequence, bytes FROM document")?;
    let rows = documents.query_map([], |row| Ok((file(row)?, row.get::<_, String>(0)?)))?;
    for row in rows {
        let (file, kind) = row?;
        insert(&mut set, &kind, file)?;
    }
    let mut signed = db.prepare_cached(
        "SELECT document.kind, name, sequence, bytes, label, cose
         FROM document_signature JOIN document USING (kind, digest)",
    )?;
    let rows = signed.query_map([], |row| {
        let signature = Signature { label: row.get(4)?, cose: row.get(5)? };
        Ok((SignedFile { signatures: vec![signature], ..file(row)? }, row.get::<_, String>(0)?))
    })?;
    for row in rows {
        let (file, kind) = row?;
        insert(&mut set, &kind, file)?;
    }
    Ok(set)
}

fn file(row: &Row<'_>) -> rusqlite::Result<SignedFile> {
    let (kind, name, sequence): (String, String, u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(SignedFile { name: format!("{kind}/{name}.{sequence}"), bytes: row.get(3)?, signatures: Vec::new() })
}

fn insert(set: &mut DocumentSet, kind: &str, file: SignedFile) -> Result<(), StorageError> {
    let corrupt = StorageError::Corrupt { what: "a document" };
    let kind: DocumentKind = kind.parse().map_err(|_| corrupt.clone())?;
    set.insert(kind, file).map(drop).map_err(|_| corrupt)
}
