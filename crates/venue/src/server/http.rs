//! One TCP connection: HTTP/1.1 requests, and the upgrade of those that ask for a WebSocket.

use std::net::IpAddr;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::auth::SignedHeaders;
use super::place::Place;
use super::{
    ConnectionId, ExchangeLink, Inbound, MESSAGE_BYTES_MAX, Pace, RestCall, RestOutcome, SocketKind, session,
};

/// What a connection task knows about itself.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    pub(super) id: ConnectionId,
    pub(super) peer: IpAddr,
    pub(super) pace: Pace,
    pub(super) exchange: ExchangeLink,
    /// Kept for as long as the connection is open, as HTTP or as a socket.
    pub(super) place: Place,
}

/// Why a connection is cut without a reply.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error("a fault asked for the connection to be cut")]
    Fault,
    #[error("the exchange has stopped")]
    Stopped,
}

/// Serves one connection until it closes or `stop` turns true.
pub(super) async fn serve(stream: TcpStream, connection: Connection, mut stop: watch::Receiver<bool>) {
    // Orders are small frames: waiting to fill a segment would cost 40 ms each.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "could not set TCP_NODELAY");
    }
    let service = service_fn(|request| answer(request, connection.clone()));
    // Without a timer hyper waits for the rest of a head for ever.
    let http = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(connection.pace.request_timeout)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::select! {
        biased;
        _ = stop.wait_for(|stopped| *stopped) => {}
        result = http => {
            if let Err(error) = result {
                tracing::debug!(%error, "connection ended");
            }
        }
    }
}

async fn answer(request: Request<Incoming>, connection: Connection) -> Result<Response<Full<Bytes>>, Cut> {
    if request.headers().contains_key(header::SEC_WEBSOCKET_KEY) {
        return Ok(upgrade(request, connection));
    }
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, MESSAGE_BYTES_MAX).collect();
    let body = match tokio::time::timeout(connection.pace.request_timeout, body).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE, "request body too large")),
        // What is still to come is not read: the connection ends with this reply.
        Err(_) => return Ok(plain(StatusCode::REQUEST_TIMEOUT, "the request's body did not come")),
    };
    let call = RestCall {
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: signed_headers(&parts.headers),
        body: body.to_bytes(),
        peer: connection.peer,
        method: parts.method,
    };
    let (reply, answer) = oneshot::channel();
    connection.exchange.send(Inbound::Rest { call, reply }).await.map_err(|_| Cut::Stopped)?;
    let answer = answer.await.map_err(|_| Cut::Stopped)?;
    let after = answer.after + connection.pace.latency;
    if !after.is_zero() {
        tokio::time::sleep(after).await;
    }
    match answer.outcome {
        RestOutcome::HangUp => Err(Cut::Fault),
        RestOutcome::Reply { status, headers, content_type, body } => {
            let mut response = Response::new(Full::new(Bytes::from(body)));
            *response.status_mut() = status;
            let map = response.headers_mut();
            map.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
            for (name, value) in headers {
                if let Ok(value) = HeaderValue::from_str(&value) {
                    map.insert(header::HeaderName::from_static(name), value);
                }
            }
            Ok(response)
        }
    }
}

/// Accepts a WebSocket handshake on one of the exchange's paths; anything else is 404 or 400.
fn upgrade(mut request: Request<Incoming>, connection: Connection) -> Response<Full<Bytes>> {
    let Some(kind) = SocketKind::at_path(request.uri().path()) else {
        return plain(StatusCode::NOT_FOUND, "no such stream");
    };
    let Some(key) = request.headers().get(header::SEC_WEBSOCKET_KEY) else {
        return plain(StatusCode::BAD_REQUEST, "not a WebSocket handshake");
    };
    let accept = derive_accept_key(key.as_bytes());
    let idle = session::idle_limit(kind, request.uri().query().unwrap_or_default());
    let way = session::Way { idle, latency: connection.pace.latency };
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        match upgraded.await {
            Ok(stream) => session::run(TokioIo::new(stream), kind, way, connection).await,
            Err(error) => tracing::debug!(%error, "upgrade failed"),
        }
    });
    let mut response = plain(StatusCode::SWITCHING_PROTOCOLS, "");
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::from_str(&accept) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

fn signed_headers(headers: &HeaderMap) -> SignedHeaders {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    SignedHeaders {
        api_key: text("x-bapi-api-key"),
        timestamp: text("x-bapi-timestamp"),
        recv_window: text("x-bapi-recv-window"),
        signature: text("x-bapi-sign"),
    }
}
