//! Who is told what happens: the endpoints with their secrets, from a file of their own.

use super::keys::{check_mode, credential};
use crate::config::Settings;
use crate::exit::Failure;
use std::path::Path;
use windvane_telemetry::{Endpoints, Notifier};

/// Name of the systemd credential: `LoadCredential=windvane-notify:/path/to/file`.
const CREDENTIAL_NAME: &str = "windvane-notify";

/// Starts telling, where the config asks for it.
///
/// # Errors
/// [`Failure::Refused`] when the file is not there, open to others, or names no endpoint that can be used.
pub(super) fn start(settings: &Settings) -> Result<Option<Notifier>, Failure> {
    let Some(notify) = &settings.notify else { return Ok(None) };
    let endpoints = match (credential(CREDENTIAL_NAME), &notify.file) {
        (Some(path), _) => read(&path)?,
        (None, Some(path)) => {
            check_mode(path)?;
            read(path)?
        }
        (None, None) => {
            return Err(Failure::Refused(
                "[notify] names no `file`, and there is no systemd credential `windvane-notify`".to_owned(),
            ));
        }
    };
    let started = Notifier::start(&endpoints, notify.tell.clone(), settings.environment.as_str());
    started.map(Some).map_err(|error| Failure::Refused(format!("notifications: {error}")))
}

fn read(path: &Path) -> Result<Endpoints, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::Refused(format!("the file {} cannot be read: {error}", path.display())))?;
    // The parser's message would quote the line, and with it the secret.
    toml::from_str(&text).map_err(|_| {
        Failure::Refused(format!(
            "{} is not a list of endpoints: [telegram] with `token` and `chat`, [discord] with `webhook`, [webhook] \
             with `url` and perhaps `authorization`",
            path.display()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_wrong_is_refused_without_showing_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify.key");
        std::fs::write(&path, "[webhook]\nurl = \"https://hook.test/canary\"\ntoken = 1\n").unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("[webhook] with `url`") && !error.contains("canary"), "{error}");
        std::fs::write(&path, "[webhook]\nurl = \"https://hook.test/canary\"\n").unwrap();
        assert!(read(&path).unwrap().check().is_ok());
    }
}
