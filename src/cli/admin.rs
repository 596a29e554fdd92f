//! `stopover create-admin`, `reset-password`, `rotate-keys`: what an operator does at the machine itself. They work beside a
//! running server and on an empty instance.
//!
//! A password is never an argument: arguments are seen by everybody on the machine, and kept in the shell's history.

use super::print;
use crate::features::accounts::console;
use crate::platform::config::Config;
use crate::platform::tools::Tools;
use crate::values::SystemClock;
use anyhow::{Context, bail};
use clap::Args;
use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Longer files are no passwords.
const MOST_BYTES: u64 = 4_096;

/// Who becomes an operator.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// The mail address to log in with
    #[arg(long)]
    email: String,
    /// Under which others will know them
    #[arg(long, required_unless_present = "promote")]
    name: Option<String>,
    /// Makes an account that there is already an operator; its name and password stay
    #[arg(long, conflicts_with_all = ["name", "password_file"])]
    promote: bool,
    /// Reads the password from the first line of a file (`-`: standard input) instead of asking for it
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// Whose password is set.
#[derive(Debug, Args)]
pub struct ResetArgs {
    /// The mail address of the account
    #[arg(long)]
    email: String,
    /// Prints a link that its owner can set a password with, once and within half an hour, instead of asking for one
    #[arg(long, conflicts_with = "password_file")]
    link: bool,
    /// Reads the password from the first line of a file (`-`: standard input) instead of asking for it
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

pub(super) fn create(config: Config, args: &CreateArgs) -> anyhow::Result<()> {
    let tools = open(config)?;
    if args.promote {
        let name = console::promote(&tools, &args.email)?;
        return print(&format!("{name} is an operator now"));
    }
    // Before a password is asked for that would be good for nothing.
    if let Some(name) = console::name_of(&tools, &args.email)? {
        bail!("there is an account with this address already ({name}); to make it an operator: stopover create-admin --email {} --promote", args.email);
    }
    let password = password(args.password_file.as_deref())?;
    console::create_operator(&tools, args.name.as_deref().unwrap_or_default(), &args.email, &password)?;
    print("the operator was made; log in with POST /api/v1/auth/login")
}

pub(super) fn reset(config: Config, args: &ResetArgs) -> anyhow::Result<()> {
    if args.link {
        return print(&console::reset_link(&open(config)?, &args.email)?);
    }
    let password = password(args.password_file.as_deref())?;
    console::reset_password(&open(config)?, &args.email, &password)?;
    print("the password was set; all sessions and access tokens of the account have ended")
}

pub(super) fn rotate_keys(config: Config) -> anyhow::Result<()> {
    let kid = console::rotate_keys(&open(config)?)?;
    print(&format!(
        "access tokens are signed with the key {kid} from now on (a running server takes a minute); those under the one before run out by themselves"
    ))
}

fn open(config: Config) -> anyhow::Result<Tools> {
    crate::platform::private::folder(&config.data_dir).with_context(|| format!("cannot make the data folder {}", config.data_dir.display()))?;
    Tools::open(config, Arc::new(SystemClock))
}

/// From the file, from the terminal (twice, unseen), or from standard input where that is none.
fn password(file: Option<&Path>) -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    match file {
        Some(path) if path != Path::new("-") => {
            let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
            first_line(&mut std::io::BufReader::new(file))
        }
        None if stdin.is_terminal() => {
            let (once, again) = (asked("Password: ")?, asked("Once more: ")?);
            if once != again {
                bail!("the two passwords are not the same");
            }
            Ok(once)
        }
        _ => first_line(&mut stdin.lock()),
    }
}

/// Asks at the terminal without showing what is typed.
fn asked(prompt: &str) -> anyhow::Result<String> {
    eprint!("{prompt}");
    std::io::stderr().flush()?;
    let _unseen = Unseen::begin()?;
    let line = first_line(&mut std::io::stdin().lock());
    eprintln!();
    line
}

/// The first line without its end.
fn first_line(reader: &mut impl BufRead) -> anyhow::Result<String> {
    let mut line = String::new();
    reader.take(MOST_BYTES).read_line(&mut line).context("the password cannot be read")?;
    let line = line.trim_end_matches(['\r', '\n']);
    if line.is_empty() {
        bail!("there is no password: the first line is empty");
    }
    Ok(line.to_owned())
}

/// While this lives the terminal shows nothing of what is typed.
struct Unseen;

impl Unseen {
    fn begin() -> anyhow::Result<Self> {
        stty("-echo").context("the terminal cannot be kept from showing the password; use --password-file")?;
        Ok(Self)
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        if let Err(error) = stty("echo") {
            eprintln!("stopover: the terminal does not show what is typed; `stty echo` helps ({error})");
        }
    }
}

fn stty(argument: &str) -> anyhow::Result<()> {
    // Through the terminal's own program, because the call behind it would need `unsafe`.
    let status = Command::new("stty").arg(argument).stdin(Stdio::inherit()).stderr(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { bail!("stty {argument} failed") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_password() {
        let read = |text: &str| first_line(&mut text.as_bytes());
        assert_eq!(read("seven purple kettles\r\nmore").unwrap(), "seven purple kettles");
        assert_eq!(read(" spaces count ").unwrap(), " spaces count ");
        assert!(read("").is_err() && read("\nsecond").is_err());
    }
}
