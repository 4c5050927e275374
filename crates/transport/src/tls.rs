//! The one TLS configuration: version 1.3, hybrid key exchange first, nothing resumed, HTTP/2 only.

use crate::credentials::Leaf;
use crate::verify::Verifier;
use concord_domain::{Clock, Timestamp};
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::UnixTime;
use rustls::server::NoServerSessionStorage;
use rustls::time_provider::TimeProvider;
use rustls::version::TLS13;
use rustls::{ClientConfig, ServerConfig};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// HTTP/2 over TLS (RFC 9113, section 3.2): the only protocol that is spoken here.
pub(crate) const ALPN_H2: &[u8] = b"h2";

/// The algorithms. The order of the groups is stated, since it decides for which of them a key share is sent: a peer
/// that wants another one costs a second hello.
pub(crate) fn provider() -> &'static Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
        use aws_lc_rs::cipher_suite::{
            TLS13_AES_128_GCM_SHA256, TLS13_AES_256_GCM_SHA384, TLS13_CHACHA20_POLY1305_SHA256,
        };
        use aws_lc_rs::kx_group::{SECP256R1, X25519, X25519MLKEM768};
        Arc::new(CryptoProvider {
            cipher_suites: vec![
                TLS13_AES_256_GCM_SHA384,
                TLS13_AES_128_GCM_SHA256,
                TLS13_CHACHA20_POLY1305_SHA256,
            ],
            kx_groups: vec![X25519MLKEM768, X25519, SECP256R1],
            ..aws_lc_rs::default_provider()
        })
    });
    &PROVIDER
}

/// The version is named explicitly: another crate of the build may have switched TLS 1.2 on.
pub(crate) fn server(
    leaf: &Leaf,
    verifier: Arc<Verifier>,
    clock: Arc<dyn Clock>,
) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_details(Arc::clone(provider()), Arc::new(RustlsTime(clock)))
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(leaf.resolver());
    config.alpn_protocols = vec![ALPN_H2.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Ok(config)
}

/// As [`server`]; and no server name is sent, which would tell an onlooker whom we call.
pub(crate) fn client(
    leaf: &Leaf,
    verifier: Arc<Verifier>,
    clock: Arc<dyn Clock>,
) -> Result<ClientConfig, rustls::Error> {
    let mut config = ClientConfig::builder_with_details(Arc::clone(provider()), Arc::new(RustlsTime(clock)))
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_client_cert_resolver(leaf.resolver());
    config.alpn_protocols = vec![ALPN_H2.to_vec()];
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    config.enable_sni = false;
    Ok(config)
}

/// The domain's clock, as rustls and webpki want to read it.
#[derive(Debug)]
struct RustlsTime(Arc<dyn Clock>);

impl TimeProvider for RustlsTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(unix_time(self.0.as_ref()))
    }
}

/// The time of day, to the second.
pub(crate) fn unix_time(clock: &dyn Clock) -> UnixTime {
    UnixTime::since_unix_epoch(clock.now().since(Timestamp::default()))
}

/// Seconds since 1970 as certificates carry them; what lies before is the epoch.
pub(crate) fn timestamp(seconds: i64) -> Timestamp {
    Timestamp::default().plus(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}
