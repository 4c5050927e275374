//! An agency's certification authority, and leaves of every kind, good and bad.

use concord_domain::{AgencyId, Timestamp};
use concord_transport::{Bundle, Leaf, PemFile};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};

/// When the tests take place: the validity of a [`Spec`] is around it.
pub fn today() -> Timestamp {
    "2026-06-01T08:00:00Z".parse().unwrap()
}

pub fn agency(name: &str) -> AgencyId {
    name.parse().unwrap()
}

pub struct Authority {
    pub agency: AgencyId,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// What a leaf says.
#[derive(Clone)]
pub struct Spec {
    pub identities: Vec<String>,
    pub roles: &'static str,
    pub serial: u64,
    /// Months of 2026: valid from the first day of the one to the first day of the other.
    pub months: (u8, u8),
    pub usages: Vec<ExtendedKeyUsagePurpose>,
}

/// A leaf and its key, as PEM.
pub struct Issued {
    pub certificate: PemFile,
    pub key: PemFile,
}

impl Spec {
    pub fn new(identity: impl Into<String>) -> Self {
        Self {
            identities: vec![identity.into()],
            roles: "",
            serial: 1,
            months: (5, 9),
            usages: vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth],
        }
    }
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, format!("{name} authority"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_before = date_time_ymd(2025, 1, 1);
        params.not_after = date_time_ymd(2035, 1, 1);
        Self { agency: agency(name), issuer: CertifiedIssuer::self_signed(params, key()).unwrap() }
    }

    pub fn issue(&self, spec: &Spec) -> Issued {
        let key = key();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        if !spec.roles.is_empty() {
            params.distinguished_name.push(DnType::OrganizationalUnitName, spec.roles);
        }
        params.subject_alt_names =
            spec.identities.iter().map(|uri| SanType::URI(uri.as_str().try_into().unwrap())).collect();
        params.serial_number = Some(SerialNumber::from(spec.serial));
        params.extended_key_usages = spec.usages.clone();
        params.not_before = date_time_ymd(2026, spec.months.0, 1);
        params.not_after = date_time_ymd(2026, spec.months.1, 1);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Issued {
            certificate: PemFile::new("leaf.pem", certificate.pem()),
            key: PemFile::new("leaf.key", key.serialize_pem()),
        }
    }

    /// A leaf ready for use, judged in the middle of its validity.
    pub fn leaf(&self, spec: &Spec) -> Leaf {
        let middle = format!("2026-{:02}-15T00:00:00Z", spec.months.0).parse().unwrap();
        let issued = self.issue(spec);
        Leaf::from_pem(&issued.certificate, &issued.key, middle).unwrap()
    }

    /// A leaf that drags `extra` certificates along.
    pub fn leaf_with_chain(&self, path: &str, extra: usize) -> Leaf {
        let mut issued = self.issue(&Spec::new(format!("spiffe://{}/{path}", self.agency)));
        for _ in 0..extra {
            issued.certificate.pem.extend_from_slice(&self.pem().pem);
        }
        Leaf::from_pem(&issued.certificate, &issued.key, today()).unwrap()
    }

    /// A leaf for `path` of this agency, such as `node/gateway`.
    pub fn leaf_for(&self, path: &str) -> Leaf {
        self.leaf(&Spec::new(format!("spiffe://{}/{path}", self.agency)))
    }

    pub fn pem(&self) -> PemFile {
        PemFile::new("ca.pem", self.issuer.pem())
    }

    pub fn crl(&self, revoked: &[u64]) -> PemFile {
        let revoked_certs = revoked.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2026, 5, 20),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 5, 20),
            // Over since long, which must not matter.
            next_update: date_time_ymd(2026, 5, 21),
            crl_number: SerialNumber::from(1u64),
            issuing_distribution_point: None,
            revoked_certs: revoked_certs.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        PemFile::new("crl.pem", params.signed_by(&self.issuer).unwrap().pem().unwrap())
    }

    pub fn bundle(&self, revoked: &[u64]) -> Bundle {
        Bundle { agency: self.agency.clone(), roots: vec![self.pem()], crls: vec![self.crl(revoked)] }
    }
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}
