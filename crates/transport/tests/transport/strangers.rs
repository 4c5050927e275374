//! Callers that do not even speak as they should.

use crate::authority::Issued;
use crate::world::{Running, World};
use concord_transport::{ConnectError, Network};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme, SupportedProtocolVersion};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

/// A client that believes anyone: what it is told matters, not whom it talks to.
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

fn config(version: &'static SupportedProtocolVersion, alpn: &[&[u8]], shown: Option<Issued>) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Credulous));
    let mut config = match shown {
        None => builder.with_no_client_auth(),
        Some(Issued { certificate, key }) => {
            let chain = vec![CertificateDer::from_pem_slice(&certificate.pem).unwrap()];
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(&key.pem).unwrap()).unwrap()
        }
    };
    config.alpn_protocols = alpn.iter().map(|p| p.to_vec()).collect();
    config
}

/// Shakes hands and reads the first byte; `Err` is the alert.
async fn try_tls(world: &World, running: &Running, config: ClientConfig) -> Result<u8, String> {
    let io = world.network.connect(&running.address.to_string()).await.unwrap();
    let name = ServerName::try_from("yn.police.cn").unwrap();
    let told = |error: io::Error| match ConnectError::find(&error) {
        Some(found) => panic!("a stranger has no such error: {found}"),
        None => match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::AlertReceived(alert)) => format!("{alert:?}"),
            _ => error.to_string(),
        },
    };
    let mut tls = TlsConnector::from(Arc::new(config)).connect(name, io).await.map_err(told)?;
    tls.read_u8().await.map_err(told)
}

pub async fn tls13_with(world: &World, running: &Running, shown: Option<Issued>) -> Result<u8, String> {
    try_tls(world, running, config(&rustls::version::TLS13, &[b"h2"], shown)).await
}

/// A member that would resume a session if it were offered one: it never is, so that every connection asks the
/// verifier.
#[tokio::test(start_paused = true)]
async fn eager_to_resume() {
    let world = World::new();
    let running = world.listen().await;
    let shown = Some(world.gx.issue(&crate::authority::Spec::new("spiffe://gx.police.cn/node/gateway")));
    let config = Arc::new(config(&rustls::version::TLS13, &[b"h2"], shown));
    for _ in 0..2 {
        let io = world.network.connect(&running.address.to_string()).await.unwrap();
        let name = ServerName::try_from("yn.police.cn").unwrap();
        let mut tls = TlsConnector::from(Arc::clone(&config)).connect(name, io).await.unwrap();
        tls.read_u8().await.unwrap();
        let (_, session) = tls.get_ref();
        assert_eq!(session.handshake_kind(), Some(rustls::HandshakeKind::Full));
        assert_eq!(session.tls13_tickets_received(), 0);
        let group = session.negotiated_key_exchange_group().unwrap().name();
        assert_eq!(group, rustls::NamedGroup::X25519MLKEM768);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_certificate() {
    let world = World::new();
    let running = world.listen().await;
    assert_eq!(tls13_with(&world, &running, None).await.unwrap_err(), "CertificateRequired");
    world.good_call(&running).await.who().await;
}

#[tokio::test(start_paused = true)]
async fn with_tls_12() {
    let world = World::new();
    let running = world.listen().await;
    let shown = Some(world.gx.issue(&crate::authority::Spec::new("spiffe://gx.police.cn/node/gateway")));
    let config = config(&rustls::version::TLS12, &[b"h2"], shown);
    assert_eq!(try_tls(&world, &running, config).await.unwrap_err(), "ProtocolVersion");
    world.good_call(&running).await.who().await;
}

#[tokio::test(start_paused = true)]
async fn with_another_protocol_or_none() {
    let world = World::new();
    let running = world.listen().await;
    let shown = || Some(world.gx.issue(&crate::authority::Spec::new("spiffe://gx.police.cn/node/gateway")));
    let http1 = config(&rustls::version::TLS13, &[b"http/1.1"], shown());
    assert_eq!(try_tls(&world, &running, http1).await.unwrap_err(), "NoApplicationProtocol");
    let none = config(&rustls::version::TLS13, &[], shown());
    assert!(try_tls(&world, &running, none).await.is_err());
    world.good_call(&running).await.who().await;
}

#[tokio::test(start_paused = true)]
async fn in_plaintext() {
    let world = World::new();
    let running = world.listen().await;
    let mut io = world.network.connect(&running.address.to_string()).await.unwrap();
    io.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    io.read_to_end(&mut answer).await.unwrap();
    // At most a TLS alert (content type 21) of seven bytes: nothing of HTTP/2.
    assert!(answer.is_empty() || (answer[0] == 21 && answer.len() == 7), "{answer:?}");
    world.good_call(&running).await.who().await;
}

#[tokio::test(start_paused = true)]
async fn in_silence() {
    let world = World::new();
    let running = world.listen().await;
    let start = Instant::now();
    let mut io = world.network.connect(&running.address.to_string()).await.unwrap();
    assert_eq!(io.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    assert_eq!(start.elapsed(), world.limits.handshake);
}

/// Silent strangers take up the handshakes, and only for as long as one may last.
#[tokio::test(start_paused = true)]
async fn a_flood_of_silence_only_delays() {
    let mut world = World::new();
    world.limits.handshakes = 2;
    world.client_limits.handshake = Duration::from_secs(30);
    let running = world.listen().await;
    let mut floods = Vec::new();
    for _ in 0..4 {
        floods.push(world.network.connect(&running.address.to_string()).await.unwrap());
    }
    let start = Instant::now();
    world.good_call(&running).await.who().await;
    assert_eq!(start.elapsed(), 2 * world.limits.handshake);
}
