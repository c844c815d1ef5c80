//! Where the passphrase of a vault comes from: a systemd credential, an open file descriptor, or a person at a terminal.
//! Never from the command line or the environment, which other processes can read.

use crate::exit::Failure;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Name of the systemd credential: `LoadCredentialEncrypted=windvane-passphrase:…`.
const CREDENTIAL_NAME: &str = "windvane-passphrase";
/// The environment names the descriptor, not the passphrase.
const DESCRIPTOR_VARIABLE: &str = "WINDVANE_PASSPHRASE_FD";
/// Fewer characters are guessed whatever a guess costs.
const CHARACTERS_MIN: usize = 8;
/// A descriptor that gives more than this in its first line is not a passphrase.
const BYTES_MAX: u64 = 4_096;

/// A passphrase; its memory is overwritten when it is dropped.
pub(crate) struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes a passphrase; the end of its line does not count.
    ///
    /// # Errors
    /// [`Failure::Refused`] when it is too short.
    pub(crate) fn new(text: &str) -> Result<Self, Failure> {
        let text = text.trim_end_matches(['\n', '\r']);
        if text.chars().count() < CHARACTERS_MIN {
            return Err(Failure::Refused(format!("a passphrase has at least {CHARACTERS_MIN} characters")));
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// Finds the passphrase that opens a vault.
    ///
    /// # Errors
    /// [`Failure::Refused`] with the ways to give one.
    pub(crate) fn find() -> Result<Self, Failure> {
        if let Some(folder) = std::env::var_os("CREDENTIALS_DIRECTORY") {
            let path = PathBuf::from(folder).join(CREDENTIAL_NAME);
            if path.exists() {
                return first_line(&path.display().to_string(), File::open(&path));
            }
        }
        match std::env::var(DESCRIPTOR_VARIABLE).ok().and_then(|number| number.parse().ok()) {
            Some(descriptor) => Self::from_descriptor(descriptor),
            None => Self::from_terminal("Passphrase: "),
        }
    }

    /// Reads the first line of an open file descriptor.
    ///
    /// # Errors
    /// [`Failure::Refused`] when it is not open, or gives no passphrase.
    pub(crate) fn from_descriptor(descriptor: u32) -> Result<Self, Failure> {
        let name = format!("file descriptor {descriptor}");
        first_line(&name, File::open(format!("/proc/self/fd/{descriptor}")))
    }

    /// Asks twice, because nobody sees what they type.
    ///
    /// # Errors
    /// [`Failure::Refused`] when there is no terminal, or the two differ.
    pub(crate) fn ask_twice() -> Result<Self, Failure> {
        let first = Self::from_terminal("New passphrase: ")?;
        let second = Self::from_terminal("Once more: ")?;
        if first.as_bytes() != second.as_bytes() {
            return Err(Failure::Refused("the two passphrases differ".to_owned()));
        }
        Ok(first)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    fn from_terminal(prompt: &str) -> Result<Self, Failure> {
        let nobody = |_| {
            Failure::Refused(format!(
                "the key file is sealed and there is no terminal to ask for its passphrase: load the systemd \
                 credential `{CREDENTIAL_NAME}`, or set {DESCRIPTOR_VARIABLE} to the number of a file descriptor \
                 that gives it"
            ))
        };
        let mut terminal = File::options().read(true).write(true).open("/dev/tty").map_err(nobody)?;
        let _ = terminal.write_all(prompt.as_bytes()).and_then(|()| terminal.flush());
        let line = {
            let _silence = Silence::on(&terminal)?;
            first_line("the terminal", terminal.try_clone())
        };
        let _ = terminal.write_all(b"\n");
        line
    }
}

/// A terminal that does not show what is typed, until this is dropped.
struct Silence<'t> {
    terminal: &'t File,
    before: Termios,
}

impl<'t> Silence<'t> {
    fn on(terminal: &'t File) -> Result<Self, Failure> {
        let refuse =
            |error| Failure::Refused(format!("the terminal cannot be made to hide what is typed: {error}"));
        let before = tcgetattr(terminal).map_err(refuse)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Flush, &silent).map_err(refuse)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing.
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}

fn first_line(name: &str, file: std::io::Result<File>) -> Result<Passphrase, Failure> {
    let refuse = |error| Failure::Refused(format!("no passphrase could be read from {name}: {error}"));
    let mut line = Zeroizing::new(String::with_capacity(256));
    BufReader::with_capacity(256, file.map_err(refuse)?)
        .take(BYTES_MAX)
        .read_line(&mut line)
        .map_err(refuse)?;
    Passphrase::new(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_passphrase_and_a_short_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        for (text, is_taken) in [("correct horse\nbattery\n", true), ("short\n", false), ("", false)] {
            std::fs::write(&path, text).unwrap();
            let found = first_line("a test", File::open(&path));
            assert_eq!(found.is_ok(), is_taken, "{text:?}");
            if let Ok(found) = found {
                assert_eq!(found.as_bytes(), b"correct horse");
            }
        }
    }

    #[test]
    fn a_descriptor_that_is_not_open_is_named() {
        let error = Passphrase::from_descriptor(987).err().unwrap().to_string();
        assert!(error.contains("file descriptor 987"), "{error}");
    }
}
