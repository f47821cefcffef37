//! TLS with certificates of our own: what cannot be trusted is a failure that says why, and nothing falls back.
#![allow(clippy::disallowed_methods)]

use std::{io::Read as _, net::TcpListener, sync::Arc, time::Duration};

use gleaner::fetch::Fetched;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;

use crate::{
    guard::{failure, fetch, resolver, source},
    network::page,
};

/// An authority, and its certificate as a file.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

pub fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let pem = params.self_signed(&key).expect("a certificate").pem();
    Authority { issuer: Issuer::new(params, key), pem }
}

/// How a server for `name` speaks TLS.
pub fn server_config(authority: &Authority, name: &str, is_expired: bool) -> rustls::ServerConfig {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
    if is_expired {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    }
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, &authority.issuer).expect("a certificate");
    let private = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .expect("a config")
}

/// A server for `site.example` unless `name` says otherwise; its port.
fn server(authority: &Authority, name: &str, is_expired: bool) -> u16 {
    let config = Arc::new(server_config(authority, name, is_expired));
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            std::thread::spawn(move || {
                let connection = rustls::ServerConnection::new(config).expect("a connection");
                let mut stream = rustls::StreamOwned::new(connection, stream);
                let mut buffer = [0; 4096];
                // A client that does not trust us ends the handshake here.
                if matches!(stream.read(&mut buffer), Ok(1..)) {
                    let body = page(&["a"]);
                    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                    let _ = std::io::Write::write_all(&mut stream, &[head.as_bytes(), &body].concat());
                }
            });
        }
    });
    port
}

fn ask(port: u16, more: &str) -> Fetched {
    let (lookup, _) = resolver(&[vec!["127.0.0.1"]]);
    let more = format!("allow_private = true\n{more}");
    fetch(lookup, &source(&format!("https://site.example:{port}/"), &more))
}

#[test]
fn a_certificate_must_be_trusted_in_time_and_for_the_host() {
    let ours = authority();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, &ours.pem).expect("a file");
    let trusting = format!("extra_ca = \"{}\"", file.display());

    let good = server(&ours, "site.example", false);
    let fetched = ask(good, &trusting);
    assert!(matches!(&fetched, Fetched::Page(page) if page.status == 200), "{fetched:?}");
    for (name, port, more) in [
        ("an unknown authority", good, ""),
        ("expired", server(&ours, "site.example", true), trusting.as_str()),
        ("another host", server(&ours, "other.example", false), trusting.as_str()),
        ("another authority", server(&authority(), "site.example", false), trusting.as_str()),
    ] {
        let said = failure(&ask(port, more));
        assert!(said.starts_with("the certificate is not to be trusted: "), "{name}: {said}");
    }
}

#[test]
fn a_file_of_certificates_that_is_none_is_our_own_trouble() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    let more = format!("extra_ca = \"{}\"", file.display());
    assert!(failure(&ask(1024, &more)).contains("cannot use"));
    std::fs::write(&file, "hello").expect("a file");
    assert!(failure(&ask(1024, &more)).contains("holds no certificate"));
}

#[test]
fn a_handshake_that_stalls_or_is_none_is_a_failure() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for (nth, stream) in listener.incoming().flatten().enumerate() {
            let mut stream = stream;
            if nth == 0 {
                let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n");
            }
            held.push(stream);
        }
    });
    std::thread::sleep(Duration::from_millis(10));
    assert!(failure(&ask(port, "")).starts_with("cannot connect: "));
    assert_eq!(failure(&ask(port, "timeout = \"1s\"").clone()).as_str(), "no complete answer within 1 s");
}
