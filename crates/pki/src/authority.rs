//! An agency's certification authority.

use crate::credential::{Credential, CredentialFiles};
use crate::error::PkiError;
use crate::file::read_text;
use crate::leaf::LeafSpec;
use crate::validity::Validity;
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use concord_domain::{AgencyId, Entropy, EntropyExt};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationList, CertificateRevocationListParams,
    DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SerialNumber,
};
use std::fmt;
use x509_parser::pem::parse_x509_pem;
use zeroize::Zeroizing;

/// An agency's certification authority: its certificate and its private key. `Debug` does not show the key.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    credential: Credential,
}

/// Draws for a private key at most. One draw in 2^32 misses the order of P-256; three misses in a row mean that what
/// we are given is not random.
const KEY_DRAWS_MAX: usize = 3;

impl Authority {
    /// A new authority for `agency`. It signs leaves and revocation lists, and no further authority.
    pub fn create(agency: &AgencyId, validity: Validity, entropy: &dyn Entropy) -> Result<Self, PkiError> {
        let key = fresh_key(entropy)?;
        let mut params = CertificateParams::default();
        (params.not_before, params.not_after) = validity.dates()?;
        params.serial_number = Some(fresh_serial(entropy));
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, agency.as_str());
        params.distinguished_name.push(DnType::CommonName, format!("{agency} authority"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).map_err(PkiError::certificate("authority"))?.pem();
        let credential = Credential { certificate, key: pem(&key) };
        Ok(Self { issuer: Issuer::new(params, key), credential })
    }

    /// Loads an authority from its files.
    pub fn load(files: &CredentialFiles) -> Result<Self, PkiError> {
        let certificate = read_text(&files.certificate)?;
        let key_text = Zeroizing::new(read_text(&files.key)?);
        let key = KeyPair::from_pem(&key_text).map_err(|e| PkiError::Malformed {
            file: files.key.clone(),
            what: "private key",
            why: e.to_string(),
        })?;
        let malformed =
            |why| PkiError::Malformed { file: files.certificate.clone(), what: "certificate", why };
        if public_key(&certificate).map_err(malformed)? != key.public_key_raw() {
            return Err(PkiError::OtherKey { file: files.key.clone() });
        }
        let issuer = Issuer::from_ca_cert_pem(&certificate, key).map_err(|e| malformed(e.to_string()))?;
        Ok(Self { issuer, credential: Credential { certificate, key: key_text } })
    }

    /// Its certificate and key.
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Issues a certificate for a new key.
    pub fn issue_leaf(&self, spec: &LeafSpec, entropy: &dyn Entropy) -> Result<Credential, PkiError> {
        let key = fresh_key(entropy)?;
        let certificate = spec
            .params(fresh_serial(entropy))?
            .signed_by(&key, &self.issuer)
            .map_err(PkiError::certificate("certificate"))?;
        Ok(Credential { certificate: certificate.pem(), key: pem(&key) })
    }

    /// Signs a revocation list.
    pub(crate) fn sign_list(
        &self,
        list: &CertificateRevocationListParams,
    ) -> Result<CertificateRevocationList, PkiError> {
        list.signed_by(&self.issuer).map_err(PkiError::certificate("revocation list"))
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("credential", &self.credential).finish_non_exhaustive()
    }
}

fn pem(key: &KeyPair) -> Zeroizing<String> {
    Zeroizing::new(key.serialize_pem())
}

/// A P-256 key whose scalar is drawn from `entropy` (FIPS 186-5, A.2.2: draw again if out of range).
fn fresh_key(entropy: &dyn Entropy) -> Result<KeyPair, PkiError> {
    for _ in 0..KEY_DRAWS_MAX {
        let scalar = Zeroizing::new(entropy.bytes::<32>());
        let Ok(key) = PrivateKey::from_private_key(&ECDH_P256, scalar.as_slice()) else { continue };
        let Ok(der) = AsDer::<Pkcs8V1Der<'_>>::as_der(&key) else { continue };
        return KeyPair::try_from(der.as_ref()).map_err(PkiError::certificate("private key"));
    }
    Err(PkiError::NoKey { draws: KEY_DRAWS_MAX })
}

/// A serial number with 126 random bits, positive and never zero (RFC 5280, 4.1.2.2).
fn fresh_serial(entropy: &dyn Entropy) -> SerialNumber {
    let mut bytes: [u8; 16] = entropy.bytes();
    let [first, ..] = &mut bytes;
    *first = *first & 0x7f | 0x40;
    SerialNumber::from(bytes.to_vec())
}

fn public_key(certificate: &str) -> Result<Vec<u8>, String> {
    let (_, pem) = parse_x509_pem(certificate.as_bytes()).map_err(|e| e.to_string())?;
    let certificate = pem.parse_x509().map_err(|e| e.to_string())?;
    Ok(certificate.public_key().subject_public_key.data.to_vec())
}
