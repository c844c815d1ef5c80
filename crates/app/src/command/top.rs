//! `windvane top`: the status of a running engine in a terminal, renewed once a second.

use super::control::{reach, socket};
use crate::cli::Target;
use crate::control::{Answer, Ask};
use crate::exit::Failure;
use crate::top::{View, draw, lines};
use anyhow::Context as _;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyModifiers};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(1);
/// Columns where standard output is no terminal.
const PIPED_WIDTH: u16 = 160;

/// Shows it until `q`; once, where standard output is no terminal. An engine that stops answering is waited for: it may be
/// on its way back.
///
/// # Errors
/// When no engine answers at first.
pub(crate) fn top(target: &Target) -> Result<ExitCode, Failure> {
    let socket = socket(target)?;
    let view = view(&socket)?;
    if std::io::stdout().is_terminal() {
        ratatui::run(|terminal| watch(terminal, &socket, view)).context("drawing on the terminal")?;
    } else {
        let mut out = std::io::stdout().lock();
        // Whoever reads may have gone; that is no fault.
        drop(lines(&view, PIPED_WIDTH).iter().try_for_each(|line| writeln!(out, "{line}")));
    }
    Ok(ExitCode::SUCCESS)
}

fn view(socket: &Path) -> Result<View, Failure> {
    match reach(socket, &Ask::Status {})? {
        Answer::Status(status) => Ok(View::of(&status)),
        other => Err(Failure::Fault(anyhow::anyhow!("the engine answered something else: {other:?}"))),
    }
}

fn watch(terminal: &mut DefaultTerminal, socket: &Path, mut shown: View) -> std::io::Result<()> {
    let (mut heard, mut silence) = (Instant::now(), None);
    loop {
        terminal.draw(|frame| draw(&shown, silence.as_deref(), frame.area(), frame.buffer_mut()))?;
        if wants_to_leave(Instant::now() + EVERY)? {
            return Ok(());
        }
        match view(socket) {
            Ok(view) => (shown, heard, silence) = (view, Instant::now(), None),
            Err(_) => silence = Some(format!("no answer for {} s: old figures", heard.elapsed().as_secs())),
        }
    }
}

/// Waits for a key until a moment, or until the window has another size.
fn wants_to_leave(until: Instant) -> std::io::Result<bool> {
    while event::poll(until.saturating_duration_since(Instant::now()))? {
        match event::read()? {
            Event::Key(key) if leaves(key) => return Ok(true),
            Event::Resize(..) => return Ok(false),
            _ => {}
        }
    }
    Ok(false)
}

/// The terminal gives us Ctrl-C as a key.
fn leaves(key: KeyEvent) -> bool {
    match key.code {
        KeyCode::Char('q') | KeyCode::Esc => true,
        KeyCode::Char('c') => key.modifiers.contains(KeyModifiers::CONTROL),
        _ => false,
    }
}
