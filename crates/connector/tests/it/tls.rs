//! A server with a certificate that nobody vouches for: the connection ends before a byte of ours is said.

use super::{peer::Peer, rig::Rig};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use std::{io::Read, net::TcpListener, sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::timeout};
use windvane_connector::{Observation, RestError, Timing, VenueEndpoints};

/// One element of DER.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut whole = vec![tag];
    match u8::try_from(content.len()) {
        Ok(length) if length < 0x80 => whole.push(length),
        Ok(length) => whole.extend([0x81, length]),
        Err(_) => {
            whole.push(0x82);
            whole.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
        }
    }
    whole.extend(content);
    whole
}

/// A certificate for 127.0.0.1 that signs itself, valid until 2049. Source: RFC 5280.
fn self_signed() -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_ASN1_SIGNING);
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
    // ecdsa-with-SHA256, id-ecPublicKey, prime256v1, subjectAltName.
    let signed_with = der(0x30, &[&[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]]);
    let key_kind = der(
        0x30,
        &[&[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1], &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]],
    );
    let key = der(0x30, &[&key_kind, &der(0x03, &[&[0], pair.public_key().as_ref()])]);
    let names = der(0x30, &[&der(0x87, &[&[127, 0, 0, 1]])]);
    let extension = der(0x30, &[&[0x06, 3, 0x55, 0x1d, 17], &der(0x04, &[&names])]);
    let validity = der(0x30, &[&der(0x17, &[b"250101000000Z"]), &der(0x17, &[b"491231235959Z"])]);
    let nobody = der(0x30, &[]);
    let body = der(
        0x30,
        &[
            &der(0xa0, &[&[0x02, 1, 2]]),
            &[0x02, 1, 1],
            &signed_with,
            &nobody,
            &validity,
            &nobody,
            &key,
            &der(0xa3, &[&der(0x30, &[&extension])]),
        ],
    );
    let signature = pair.sign(&random, &body).unwrap();
    let whole = der(0x30, &[&body, &signed_with, &der(0x03, &[&[0], signature.as_ref()])]);
    (whole.into(), PrivateKeyDer::Pkcs8(document.as_ref().to_vec().into()))
}

/// Serves it; what each connection said after its handshake, or why there was none, comes over the channel.
fn serve() -> (String, std::sync::mpsc::Receiver<Result<Vec<u8>, String>>) {
    let (certificate, key) = self_signed();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap().to_string();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let (mut stream, mut said) = (StreamOwned::new(connection, stream), [0; 64]);
            let heard = stream.read(&mut said).map(|length| said[..length].to_vec());
            if tell.send(heard.map_err(|error| error.to_string())).is_err() {
                return;
            }
        }
    });
    (address, told)
}

#[tokio::test]
async fn d12_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_said() {
    let (address, told) = serve();
    let peer = Peer { address: address.clone(), seen: mpsc::unbounded_channel().1 };
    let url = |scheme: &str, path: &str| format!("{scheme}://{address}{path}");
    let (public, private) = (url("wss", "/v5/public/linear"), url("wss", "/v5/private"));
    let endpoints =
        VenueEndpoints::custom(&url("https", ""), &public, &private, Some(&url("wss", "/v5/trade")));
    let mut rig = Rig::at(peer, endpoints.unwrap(), Timing::default(), |_| {}).await;
    assert!(matches!(rig.rest.server_time().await, Err(RestError::Connect(_))));
    // Each of the three sockets gives up, and tries again later.
    for _ in 0..3 {
        let ended = async {
            loop {
                if let Observation::Reconnecting { reason, .. } = rig.observations.recv().await.unwrap() {
                    return reason;
                }
            }
        };
        assert_eq!(timeout(Duration::from_secs(20), ended).await.unwrap(), "connect");
    }
    for _ in 0..4 {
        let heard = told.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(heard.as_ref().is_err_and(|why| why.contains("UnknownCA")), "{heard:?}");
    }
}
