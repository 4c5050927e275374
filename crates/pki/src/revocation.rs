//! Revocation lists (RFC 5280, section 5): one for each authority, whole, with a number that grows.

use crate::authority::Authority;
use crate::error::PkiError;
use crate::file::{Readers, create_folder, read_text, replace};
use crate::layout::Layout;
use crate::validity::date;
use concord_domain::{AgencyId, Timestamp};
use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber};
use std::path::Path;
use std::time::Duration;
use time::OffsetDateTime;
use x509_parser::pem::{Pem, parse_x509_pem};
use x509_parser::prelude::{CertificateRevocationList, FromDer};

/// When a list promises its successor. As long as a leaf lives by default: whoever reads a list that late needs
/// another one anyway.
const NEXT_UPDATE: Duration = Duration::from_secs(30 * 86_400);
/// The number of an authority's first list.
const FIRST_NUMBER: u64 = 1;

/// The list that revokes a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// The certificate's serial number, in hexadecimal.
    pub serial: String,
    /// The number of the list that holds it.
    pub list: u64,
}

/// Revokes a certificate that `agency`'s authority issued: the list is signed anew with the next number and replaced
/// atomically. A certificate that stands there already stays as it is, and so does the list.
pub fn revoke(
    layout: &Layout,
    agency: &AgencyId,
    certificate: &Path,
    now: Timestamp,
) -> Result<Revoked, PkiError> {
    let authority = Authority::load(&layout.node(agency).authority())?;
    let serial = serial_of(agency, certificate, &authority)?;
    let path = layout.crl(agency);
    let mut list = List::read(&path)?;
    let shown = SerialNumber::from(serial.clone()).to_string();
    if list.entries.iter().any(|entry| entry.serial_number.as_ref() == serial) {
        return Ok(Revoked { serial: shown, list: list.number });
    }
    list.number = list.number.checked_add(1).ok_or_else(|| PkiError::NoListNumber { file: path.clone() })?;
    list.entries.push(RevokedCertParams {
        serial_number: serial.into(),
        revocation_time: date(now)?,
        reason_code: None,
        invalidity_date: None,
    });
    let number = list.number;
    replace(&path, list.sign(&authority, now)?.as_bytes(), Readers::All)?;
    Ok(Revoked { serial: shown, list: number })
}

/// Writes the first, empty list of an authority.
pub(crate) fn write_first(
    layout: &Layout,
    agency: &AgencyId,
    authority: &Authority,
    now: Timestamp,
) -> Result<(), PkiError> {
    create_folder(&layout.crls(), Readers::All)?;
    let list = List { number: FIRST_NUMBER, entries: Vec::new() };
    replace(&layout.crl(agency), list.sign(authority, now)?.as_bytes(), Readers::All)
}

/// What a list says.
struct List {
    number: u64,
    entries: Vec<RevokedCertParams>,
}

impl List {
    fn read(path: &Path) -> Result<Self, PkiError> {
        let pem = read_pem(path, "revocation list")?;
        let (_, list) = CertificateRevocationList::from_der(&pem.contents)
            .map_err(|e| malformed(path, "revocation list", &e))?;
        let number = list.crl_number().and_then(|number| u64::try_from(number).ok());
        let number = number.ok_or_else(|| PkiError::NoListNumber { file: path.to_owned() })?;
        let entries = list.iter_revoked_certificates().map(|entry| RevokedCertParams {
            serial_number: entry.serial().to_bytes_be().into(),
            revocation_time: entry.revocation_date.to_datetime(),
            reason_code: None,
            invalidity_date: None,
        });
        Ok(Self { number, entries: entries.collect() })
    }

    /// The signed list, in PEM.
    fn sign(self, authority: &Authority, now: Timestamp) -> Result<String, PkiError> {
        let this_update: OffsetDateTime = date(now)?;
        let list = authority.sign_list(&CertificateRevocationListParams {
            this_update,
            next_update: date(now.plus(NEXT_UPDATE))?,
            crl_number: self.number.into(),
            issuing_distribution_point: None,
            revoked_certs: self.entries,
            key_identifier_method: KeyIdMethod::Sha256,
        })?;
        list.pem().map_err(PkiError::certificate("revocation list"))
    }
}

/// The serial number of a certificate that `authority` issued.
fn serial_of(agency: &AgencyId, path: &Path, authority: &Authority) -> Result<Vec<u8>, PkiError> {
    let pem = read_pem(path, "certificate")?;
    let leaf = pem.parse_x509().map_err(|e| malformed(path, "certificate", &e))?;
    let issuer = authority.credential().certificate.as_bytes();
    let (_, issuer) = parse_x509_pem(issuer).map_err(|e| malformed(path, "certificate", &e))?;
    let issuer = issuer.parse_x509().map_err(|e| malformed(path, "certificate", &e))?;
    if leaf.verify_signature(Some(issuer.public_key())).is_err() {
        return Err(PkiError::NotIssuedHere { file: path.to_owned(), agency: agency.clone() });
    }
    Ok(leaf.serial.to_bytes_be())
}

fn read_pem(path: &Path, what: &'static str) -> Result<Pem, PkiError> {
    let text = read_text(path)?;
    parse_x509_pem(text.as_bytes()).map(|(_, pem)| pem).map_err(|e| malformed(path, what, &e))
}

fn malformed(path: &Path, what: &'static str, why: &dyn std::fmt::Display) -> PkiError {
    PkiError::Malformed { file: path.to_owned(), what, why: why.to_string() }
}
