//! Posting JSON to somebody who may be slow, dead or secret.

use crate::notify::is_plain;
use std::time::Duration;

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Of an answer no more is read than it takes to find a pause in it.
const BODY_MAX: usize = 4_096;

/// An HTTP client for it. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Poster(reqwest::Client);

/// What was answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The header `Retry-After`.
    pub(crate) retry_after: Option<String>,
    pub(crate) body: String,
}

impl Poster {
    /// A client for `addresses`.
    ///
    /// # Errors
    /// When TLS is needed and the system has no certificates.
    pub(crate) fn new<'a>(mut addresses: impl Iterator<Item = &'a str>) -> reqwest::Result<Self> {
        // An error only says that a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            // What is meant for one place goes nowhere else.
            .redirect(reqwest::redirect::Policy::none());
        if addresses.all(is_plain) {
            // This machine needs no roots; a bare one may have none.
            builder = builder.tls_certs_only(std::iter::empty()).no_proxy();
        }
        builder.build().map(Self)
    }

    /// Posts once.
    ///
    /// # Errors
    /// When no answer came. The address, which may be a secret, is not part of the error.
    pub(crate) async fn post(
        &self,
        address: &str,
        authorization: Option<&str>,
        body: &serde_json::Value,
    ) -> reqwest::Result<Reply> {
        let mut request = self.0.post(address).header("content-type", "application/json");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let mut answer = request.body(body.to_string()).send().await.map_err(reqwest::Error::without_url)?;
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let retry_after = retry_after.map(str::to_owned);
        let mut read = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
            read.extend_from_slice(&part);
            if read.len() >= BODY_MAX {
                break;
            }
        }
        Ok(Reply { status, retry_after, body: String::from_utf8_lossy(&read).into_owned() })
    }
}
