//! Where news goes: Telegram, Discord, any web hook. What each is sent, and what its answers mean.

use super::letter::{self, Letter};
use super::outbox::Outcome;
use crate::Entry;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// Characters of a message. Source: Telegram Bot API, `sendMessage` (4096); Discord, "Execute Webhook" (2000).
const TELEGRAM_CHARS: usize = 4_000;
const DISCORD_CHARS: usize = 1_900;
/// A web hook is read by a program; the bound is ours.
const WEBHOOK_CHARS: usize = 16_000;
/// Telegram's own interface.
const TELEGRAM: &str = "https://api.telegram.org";

/// The places that are told, with the secrets that open them. Read from a file of its own, never from the config.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoints {
    telegram: Option<Telegram>,
    discord: Option<Discord>,
    webhook: Option<Webhook>,
}

/// `[telegram]`: a bot's token and the chat it writes to.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Telegram {
    token: String,
    chat: String,
    /// A Bot API server of one's own.
    api: Option<String>,
}

/// `[discord]`: the address of a channel's web hook, which is its secret.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Discord {
    webhook: String,
}

/// `[webhook]`: any address that takes JSON, with what goes into the header `Authorization`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Webhook {
    url: String,
    authorization: Option<String>,
}

/// Addresses are secrets here: no error, no log line and no `Debug` shows one.
impl std::fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.list().iter().map(|endpoint| endpoint.name)).finish()
    }
}

/// Why the endpoints cannot be used. Shows no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Nothing is named.
    #[error("no endpoint is named: add a table [telegram], [discord] or [webhook]")]
    None,
    /// The address is none, or would carry its secret in the open.
    #[error("the address of [{0}] must begin with https:// (http:// only on this machine)")]
    NotSafe(&'static str),
    /// The system's certificates or the client cannot be had.
    #[error("the client for notifications cannot be set up")]
    Client,
}

/// One place.
pub(super) struct Endpoint {
    /// What kind, as in metrics and logs.
    pub(super) name: &'static str,
    /// Where the message is posted.
    pub(super) address: String,
    pub(super) authorization: Option<String>,
    form: Form,
}

/// What the body looks like.
enum Form {
    Telegram { chat: String },
    Discord,
    Webhook,
}

/// Kinds of endpoints, as in metrics and logs.
pub(crate) const NAMES: [&str; 3] = ["telegram", "discord", "webhook"];

impl Endpoints {
    /// Whether something is named, and nothing goes out in the open.
    ///
    /// # Errors
    /// With what is wrong, without any address.
    pub fn check(&self) -> Result<(), EndpointError> {
        let all = self.list();
        if all.is_empty() {
            return Err(EndpointError::None);
        }
        let unsafe_one = all.iter().find(|endpoint| !is_safe(&endpoint.address));
        unsafe_one.map_or(Ok(()), |endpoint| Err(EndpointError::NotSafe(endpoint.name)))
    }

    pub(super) fn list(&self) -> Vec<Endpoint> {
        let telegram = self.telegram.as_ref().map(|given| Endpoint {
            name: "telegram",
            address: format!("{}/bot{}/sendMessage", given.api.as_deref().unwrap_or(TELEGRAM), given.token),
            authorization: None,
            form: Form::Telegram { chat: given.chat.clone() },
        });
        let discord = self.discord.as_ref().map(|given| Endpoint {
            name: "discord",
            address: given.webhook.clone(),
            authorization: None,
            form: Form::Discord,
        });
        let webhook = self.webhook.as_ref().map(|given| Endpoint {
            name: "webhook",
            address: given.url.clone(),
            authorization: given.authorization.clone(),
            form: Form::Webhook,
        });
        [telegram, discord, webhook].into_iter().flatten().collect()
    }
}

/// Whether the way there is closed to others: TLS, or this machine.
#[must_use]
pub fn is_safe(address: &str) -> bool {
    address.starts_with("https://") || is_plain(address)
}

/// Whether it is a plain address of this machine.
pub(crate) fn is_plain(address: &str) -> bool {
    let host = address.strip_prefix("http://").and_then(|rest| rest.split(['/', ':']).next());
    host.is_some_and(|host| host == "localhost" || host == "127.0.0.1")
}

impl Endpoint {
    /// The body for the first of `entries`, and how many they are. `lost`: entries that were forgotten before them.
    pub(super) fn body(&self, sender: &str, entries: &[Entry], lost: u64) -> (Value, usize) {
        let chars_max = match self.form {
            Form::Telegram { .. } => TELEGRAM_CHARS,
            Form::Discord => DISCORD_CHARS,
            Form::Webhook => WEBHOOK_CHARS,
        };
        let Letter { text, count } = letter::write(sender, entries, lost, chars_max);
        let body = match &self.form {
            Form::Telegram { chat } => {
                json!({ "chat_id": chat, "text": text, "disable_web_page_preview": true })
            }
            // Nobody is called by name, whatever a text says.
            Form::Discord => json!({ "content": text, "allowed_mentions": { "parse": [] } }),
            Form::Webhook => json!({
                "schema": "windvane.notify/1",
                "sender": sender,
                "lost": lost,
                "text": text,
                "entries": entries.get(..count).unwrap_or_default(),
            }),
        };
        (body, count)
    }
}

/// What an answer means: its status, the seconds in the header `Retry-After`, its body.
pub(super) fn outcome(status: u16, retry_after: Option<&str>, body: &str) -> Outcome {
    match status {
        200..=299 => Outcome::Taken,
        // Too many requests, a time-out, or the fault is theirs.
        408 | 425 | 429 | 500..=599 => Outcome::Later(pause(retry_after, body)),
        _ => Outcome::Refused,
    }
}

/// The pause asked for, in the header or, as Telegram does, in the body.
fn pause(retry_after: Option<&str>, body: &str) -> Option<Duration> {
    let in_header = retry_after.and_then(|text| text.trim().parse::<f64>().ok());
    let in_body = || serde_json::from_str::<Value>(body).ok()?["parameters"]["retry_after"].as_f64();
    let seconds = in_header.or_else(in_body)?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Chronicle, Kind, Story};

    fn endpoints(json: Value) -> Endpoints {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn each_gets_what_it_understands() {
        let entry = Chronicle::default().note(Story::of(Kind::Halt, "halted (day_loss)"), 0, 0).clone();
        let all = endpoints(json!({
            "telegram": { "token": "1:t", "chat": "-100" },
            "discord": { "webhook": "https://discord.test/api/webhooks/1/s" },
            "webhook": { "url": "https://hook.test/x", "authorization": "Bearer b" },
        }));
        assert_eq!(all.check(), Ok(()));
        let list = all.list();
        assert_eq!(list[0].address, "https://api.telegram.org/bot1:t/sendMessage");
        let text = "windvane live\n00:00:00 halt: halted (day_loss)";
        let body = |index: usize| list[index].body("live", std::slice::from_ref(&entry), 0).0;
        assert_eq!(body(0)["text"], text);
        assert_eq!(body(0)["chat_id"], "-100");
        assert_eq!(body(1), json!({ "content": text, "allowed_mentions": { "parse": [] } }));
        assert_eq!(body(2)["entries"][0]["kind"], "halt");
        assert_eq!(list.iter().map(|endpoint| endpoint.name).collect::<Vec<_>>(), NAMES);
    }

    #[test]
    fn secrets_neither_travel_in_the_open_nor_are_shown() {
        let open = endpoints(json!({ "webhook": { "url": "http://hook.test/canary" } }));
        assert_eq!(open.check(), Err(EndpointError::NotSafe("webhook")));
        assert_eq!(format!("{open:?}"), "[\"webhook\"]");
        assert!(!open.check().unwrap_err().to_string().contains("canary"));
        assert_eq!(endpoints(json!({})).check(), Err(EndpointError::None));
        for (address, expected) in [
            ("https://a", true),
            ("http://127.0.0.1:80/x", true),
            ("http://localhost/x", true),
            ("http://127.0.0.1.evil.test/x", false),
            ("ftp://a", false),
        ] {
            assert_eq!(is_safe(address), expected, "{address}");
        }
    }

    #[test]
    fn an_answer_is_taken_by_its_meaning() {
        let seconds = |count| Outcome::Later(Some(Duration::from_secs(count)));
        for (status, header, body, expected) in [
            (204, None, "", Outcome::Taken),
            (429, Some("7"), "", seconds(7)),
            (429, None, r#"{"parameters":{"retry_after":5}}"#, seconds(5)),
            (502, None, "<html>", Outcome::Later(None)),
            (401, None, "", Outcome::Refused),
            (404, Some("3"), "", Outcome::Refused),
        ] {
            assert_eq!(outcome(status, header, body), expected, "{status}");
        }
    }
}
