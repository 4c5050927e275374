//! Callers that believe anyone and follow no rules: what a listener tells them matters, not whom they talk to.

use concord_pki::{Credential, CredentialFiles};
use concord_transport::{BoxedIo, Network, RealNetwork};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme, SupportedProtocolVersion};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

/// A listener answers or hangs up within its own limit on handshakes, five seconds; beyond that it has hung.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a stranger offers.
#[derive(Debug, Clone, Copy)]
pub struct Stranger<'a> {
    /// The certificate that it shows, if it shows one.
    pub shown: Option<&'a Credential>,
    /// The only version of TLS that it speaks.
    pub version: &'static SupportedProtocolVersion,
    /// The protocol that it wants to speak over it.
    pub protocol: &'a [u8],
}

impl<'a> Stranger<'a> {
    /// Speaks as a member would, TLS 1.3 and HTTP/2, and shows this certificate, if any.
    pub const fn showing(shown: Option<&'a Credential>) -> Self {
        Self { shown, version: &rustls::version::TLS13, protocol: b"h2" }
    }

    /// Calls a listener at `https://host:port` and waits for its first byte, which comes only once the listener has
    /// taken our certificate. Gives the listener's own certificate in DER.
    ///
    /// # Errors
    /// The TLS alert that the listener sent, by name; or what else ended the connection.
    ///
    /// # Panics
    /// If nobody listens, or the listener hangs.
    pub async fn call(&self, address: &str) -> Result<Vec<u8>, String> {
        let connector = TlsConnector::from(Arc::new(self.config()));
        let name = ServerName::try_from("localhost").expect("a name");
        let io = dial(address).await;
        let shake = async {
            let mut tls = connector.connect(name, io).await.map_err(|error| told(&error))?;
            tls.read_u8().await.map_err(|error| told(&error))?;
            let (_, session) = tls.get_ref();
            Ok(session.peer_certificates().expect("a listener has a certificate")[0].to_vec())
        };
        timeout(PATIENCE, shake).await.expect("the listener hangs")
    }

    fn config(&self) -> ClientConfig {
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[self.version])
            .expect("a version that is built in")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Credulous));
        let mut config = match self.shown {
            None => builder.with_no_client_auth(),
            Some(Credential { certificate, key }) => {
                let chain =
                    vec![CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate")];
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a private key");
                builder.with_client_auth_cert(chain, key).expect("a certificate with its key")
            }
        };
        config.alpn_protocols = vec![self.protocol.to_vec()];
        config
    }
}

/// Reads a certificate with its key.
///
/// # Panics
/// If one of them is not there.
pub fn read(files: &CredentialFiles) -> Credential {
    let text = |path| std::fs::read_to_string(path).expect("a PEM file");
    Credential { certificate: text(&files.certificate), key: Zeroizing::new(text(&files.key)) }
}

/// Sends bytes without any TLS, and gives all that the listener says until it hangs up.
///
/// # Panics
/// If nobody listens, or the listener hangs.
pub async fn in_plaintext(address: &str, bytes: &[u8]) -> Vec<u8> {
    let mut io = dial(address).await;
    let talk = async {
        let mut said = Vec::new();
        // A listener that hangs up at the first wrong byte may do so before it has read the rest.
        if io.write_all(bytes).await.is_ok() {
            drop(io.read_to_end(&mut said).await);
        }
        said
    };
    timeout(PATIENCE, talk).await.expect("the listener hangs")
}

async fn dial(address: &str) -> BoxedIo {
    let address = address.strip_prefix("https://").expect("an https address");
    RealNetwork.connect(address).await.expect("a listener")
}

fn told(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::AlertReceived(alert)) => format!("{alert:?}"),
        _ => error.to_string(),
    }
}

/// Believes anyone.
#[derive(Debug)]
struct Credulous;

impl ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
