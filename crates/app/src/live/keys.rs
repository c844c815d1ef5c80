//! Where the API key comes from. Never from the config, the command line or the journal.

use crate::config::{Environment, RemoteVenue};
use crate::exit::Failure;
use crate::vault::{Vault, passphrase::Passphrase};
use serde::Deserialize;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use windvane_connector::{Credentials, Secret};
use zeroize::Zeroizing;

/// Whose key it is: the engine and its guard have one each, so that neither can be disarmed with the other's.
struct Holder {
    /// Name of the systemd credential: `LoadCredential=windvane-key:/path/to/file`.
    credential: &'static str,
    /// Where the config names a file.
    setting: &'static str,
    /// The environment variables of key and secret.
    variables: [&'static str; 2],
}

const ENGINE: Holder = Holder {
    credential: "windvane-key",
    setting: "`key_file` in `[venue]`",
    variables: ["WINDVANE_API_KEY", "WINDVANE_API_SECRET"],
};
const GUARD: Holder = Holder {
    credential: "windvane-guard-key",
    setting: "`key_file` in `[guard]`",
    variables: ["WINDVANE_GUARD_API_KEY", "WINDVANE_GUARD_API_SECRET"],
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    key: String,
    /// An HMAC secret, or the private half of an RSA key in PEM form.
    secret: String,
    /// Where the key was made. Keys of one environment do not work on another.
    environment: Option<Environment>,
}

/// Finds the engine's key: systemd credential, then the file the config names, then the environment where that is
/// allowed.
///
/// # Errors
/// [`Failure::Refused`] with the ways to give one.
pub(crate) fn find(venue: &RemoteVenue) -> Result<Credentials, Failure> {
    ENGINE.find(venue, venue.key_file.as_deref())
}

/// Finds the guard's key in the same way.
///
/// # Errors
/// [`Failure::Refused`] with the ways to give one.
pub(crate) fn find_for_guard(venue: &RemoteVenue, key_file: Option<&Path>) -> Result<Credentials, Failure> {
    GUARD.find(venue, key_file)
}

impl Holder {
    fn find(&self, venue: &RemoteVenue, key_file: Option<&Path>) -> Result<Credentials, Failure> {
        if let Some(path) = credential(self.credential) {
            return read(&path, venue.environment);
        }
        if let Some(path) = key_file {
            check_mode(path)?;
            return read(path, venue.environment);
        }
        let Self { credential, setting, variables: [key, secret] } = self;
        match (std::env::var(key), std::env::var(secret)) {
            (Ok(key), Ok(secret)) if venue.allows_key_from_environment => build(key, secret),
            (Ok(_), Ok(_)) => Err(Failure::Refused(format!(
                "a key for mainnet is not taken from the environment, which other processes can read: use {setting} \
             (mode 0600) or a systemd credential"
            ))),
            _ => Err(Failure::Refused(format!(
                "no API key: name a file by {setting}, load the systemd credential `{credential}`, or (not for \
             mainnet) set {key} and {secret}"
            ))),
        }
    }
}

/// The file of a systemd credential, where one of this name is loaded.
pub(super) fn credential(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY")?;
    Some(PathBuf::from(folder).join(name)).filter(|path| path.exists())
}

/// The key of an account of the embedded venue.
pub(crate) fn build(key: String, secret: String) -> Result<Credentials, Failure> {
    Credentials::new(key, Secret::new(secret)).map_err(|error| Failure::Refused(error.to_string()))
}

fn read(path: &Path, environment: Environment) -> Result<Credentials, Failure> {
    let text = read_text(path)?;
    let text = match Vault::parse(&text) {
        Some(vault) => vault
            .open(&Passphrase::find()?)
            .map_err(|error| Failure::Refused(format!("{}: {error}", path.display())))?,
        None => text,
    };
    let file = parse(path, &text)?;
    if let Some(made_in) = file.environment.filter(|made_in| *made_in != environment) {
        return Err(Failure::Refused(format!(
            "{} holds a key of {}, the config trades on {}; keys of one do not work on the other",
            path.display(),
            made_in.as_str(),
            environment.as_str()
        )));
    }
    of_file(path, file)
}

/// The same as [`build`], with the file's name in what is wrong with it.
fn of_file(path: &Path, file: KeyFile) -> Result<Credentials, Failure> {
    Credentials::new(file.key, Secret::new(file.secret))
        .map_err(|error| Failure::Refused(format!("{}: {error}", path.display())))
}

/// The text of a key file in the clear, checked to be one: what is sealed must open to a key.
///
/// # Errors
/// [`Failure::Refused`] when others can read it, or it is no key file.
pub(crate) fn read_to_seal(path: &Path) -> Result<Zeroizing<String>, Failure> {
    check_mode(path)?;
    let text = read_text(path)?;
    if Vault::parse(&text).is_some() {
        return Err(Failure::Refused(format!("{} is sealed already", path.display())));
    }
    let file = parse(path, &text)?;
    of_file(path, file)?;
    Ok(text)
}

fn read_text(path: &Path) -> Result<Zeroizing<String>, Failure> {
    std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| Failure::Refused(format!("the key file {} cannot be read: {error}", path.display())))
}

fn parse(path: &Path, text: &str) -> Result<KeyFile, Failure> {
    // The parser's message would quote the line, and with it the secret.
    toml::from_str(text).map_err(|_| {
        Failure::Refused(format!(
            "{} is not two lines `key = \"…\"` and `secret = \"…\"` (and perhaps `environment = \"…\"`), nor sealed \
             by `windvane keys seal`",
            path.display()
        ))
    })
}

/// A secret that others on the machine can read or replace is none.
pub(super) fn check_mode(path: &Path) -> Result<(), Failure> {
    let refuse = |why: String| Err(Failure::Refused(format!("the secret file {} {why}", path.display())));
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => return refuse(format!("cannot be read: {error}")),
    };
    if metadata.is_symlink() {
        return refuse("is a symbolic link; name the file itself".to_owned());
    }
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return refuse(format!("has mode {mode:03o}; `chmod 600` it"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder_mode = std::fs::metadata(folder).map_or(0, |folder| folder.permissions().mode());
    // Whoever may write there can put another file in its place; in a sticky folder only the file's owner can.
    if folder_mode & 0o022 != 0 && folder_mode & 0o1000 == 0 {
        return refuse(format!(
            "lies in a folder that others may write to; `chmod go-w {}`",
            folder.display()
        ));
    }
    let own = std::fs::metadata("/proc/self").map(|process| process.uid());
    if own.is_ok_and(|uid| uid != metadata.uid()) {
        return refuse("belongs to another user".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_that_others_can_read_is_refused_without_showing_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("demo.key");
        std::fs::write(&path, "key = \"k\"\nsecret = \"only-for-this-test\"\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = check_mode(&path).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(check_mode(&path).is_ok());
        for (mode, is_good) in [(0o775, false), (0o757, false), (0o1777, true), (0o700, true)] {
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            let checked = check_mode(&path);
            assert_eq!(checked.is_ok(), is_good, "{mode:o} {checked:?}");
        }
        let link = folder.path().join("link.key");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let error = check_mode(&link).unwrap_err().to_string();
        assert!(error.contains("symbolic link"), "{error}");
        std::fs::write(&path, "key = \"k\"\nsecret = only-for-this-test\n").unwrap();
        let error = read(&path, Environment::Demo).unwrap_err().to_string();
        assert!(!error.contains("only-for-this-test"), "{error}");
    }

    #[test]
    fn e10_a_key_of_another_environment_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("live.key");
        std::fs::write(&path, "key = \"k\"\nsecret = \"s\"\nenvironment = \"testnet\"\n").unwrap();
        let error = read(&path, Environment::Mainnet).unwrap_err().to_string();
        assert!(error.contains("a key of testnet, the config trades on mainnet"), "{error}");
        assert!(read(&path, Environment::Testnet).is_ok());
    }
}
