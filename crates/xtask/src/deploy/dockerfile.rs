//! A Dockerfile as a list of steps, for carrying them out without Docker.

use anyhow::{Context as _, bail};

/// One step of the last stage.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A command line for the shell.
    Run(String),
    /// A file of the stage of that name goes to a place.
    CopyFrom { stage: String, from: String, to: String },
    /// Who the container runs as.
    User(String),
}

/// What is needed of a Dockerfile.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dockerfile {
    /// What the stage called `build` runs.
    pub(super) build: Vec<String>,
    /// The image that the last stage begins with: `debian:bookworm-slim`.
    pub(super) base: String,
    pub(super) steps: Vec<Step>,
    /// The program that the container starts.
    pub(super) entrypoint: String,
}

/// Reads one.
///
/// # Errors
/// With the instruction that is not understood: a step that is passed over would prove nothing.
pub(super) fn read(text: &str) -> anyhow::Result<Dockerfile> {
    let mut file =
        Dockerfile { build: Vec::new(), base: String::new(), steps: Vec::new(), entrypoint: String::new() };
    let mut stage = String::new();
    for line in joined(text) {
        let (word, rest) = line.split_once(' ').with_context(|| format!("what is `{line}`?"))?;
        let rest = rest.trim();
        let is_build = stage == "build";
        match word {
            "FROM" => {
                let (image, name) = rest.split_once(" AS ").unwrap_or((rest, ""));
                (file.base, stage) = (image.to_owned(), name.to_owned());
            }
            "RUN" if is_build => file.build.push(rest.to_owned()),
            "RUN" => file.steps.push(Step::Run(rest.to_owned())),
            "COPY" if is_build => {}
            "COPY" => file.steps.push(copy(rest)?),
            "USER" => file.steps.push(Step::User(rest.to_owned())),
            "ENTRYPOINT" => rest.trim_matches(['[', ']', '"']).clone_into(&mut file.entrypoint),
            // They describe the container and change nothing in it.
            "WORKDIR" | "VOLUME" | "STOPSIGNAL" | "CMD" => {}
            other => bail!("the Dockerfile's instruction {other} is not known here"),
        }
    }
    Ok(file)
}

fn copy(rest: &str) -> anyhow::Result<Step> {
    let words: Vec<_> = rest.split_whitespace().collect();
    let [stage, from, to] = words[..] else { bail!("COPY {rest}: not a stage, a file and a place") };
    let stage = stage.strip_prefix("--from=").with_context(|| format!("COPY {rest}: from which stage?"))?;
    Ok(Step::CopyFrom { stage: stage.to_owned(), from: from.to_owned(), to: to.to_owned() })
}

/// The instructions, each on one line, without comments.
fn joined(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let is_continued = line.ends_with('\\');
        if let Some(last) = lines.last_mut() {
            last.push_str(line.trim_end_matches('\\'));
        }
        if !is_continued {
            lines.push(String::new());
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read_in_their_order() {
        let text = "# a comment\nFROM rust:1 AS build\nCOPY . .\nRUN cargo build\n\nFROM debian:x-slim\n\
                    RUN apt-get update \\\n    && true\nCOPY --from=build /a /b\nUSER 7\nENTRYPOINT [\"p\"]\n";
        let file = read(text).unwrap();
        assert_eq!((file.base.as_str(), file.entrypoint.as_str()), ("debian:x-slim", "p"));
        assert_eq!(file.build, ["cargo build"]);
        let copied = Step::CopyFrom { stage: "build".into(), from: "/a".into(), to: "/b".into() };
        assert_eq!(file.steps, [Step::Run("apt-get update && true".into()), copied, Step::User("7".into())]);
        assert!(read("FROM a\nADD b c\n").unwrap_err().to_string().contains("ADD"));
    }
}
