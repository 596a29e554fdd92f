//! Talks to the SMTP server. What the server answers besides its code is not passed on: it likes to repeat addresses.

use crate::platform::config::{Encryption, Hidden, Mail};
use crate::platform::jobs::Failure;
use crate::platform::tls;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::{self, response::Response};
use lettre::{Address, Message};
use std::io::{self, ErrorKind};
use std::time::Duration;

/// How long the server may take for each step of a delivery.
const PATIENCE: Duration = Duration::from_secs(20);

/// Whom a refusal is about, and so whether it may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The server, the encryption, the login, the sender: the operator can mend that, so letters wait.
    Ourselves,
    /// The recipient or the content: will be refused the same way each time.
    Letter,
}

/// Connects and logs in; the error is a sentence.
pub(super) fn greet(mail: &Mail, patience: Duration) -> Result<(), String> {
    let mut connection = connect(mail, patience).map_err(|error| format!("the SMTP server cannot be used: {}", told(&error)))?;
    connection.abort();
    Ok(())
}

/// Hands a message to the server.
pub(super) fn deliver(mail: &Mail, message: &Message) -> Result<(), Failure> {
    let mut connection = connect(mail, PATIENCE).map_err(|error| failure(Step::Ourselves, "the SMTP server cannot be used", &error))?;
    let envelope = message.envelope();
    let mut parameters = Vec::new();
    let is_wide = |address: &Address| !AsRef::<str>::as_ref(address).is_ascii();
    if envelope.to().iter().chain(envelope.from()).any(is_wide) {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(Failure::Never("the SMTP server takes no addresses beyond ASCII".into()));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    step(Step::Ourselves, "the sender", connection.command(MailFrom::new(envelope.from().cloned(), parameters)))?;
    for to in envelope.to() {
        step(Step::Letter, "the recipient", connection.command(Rcpt::new(to.clone(), Vec::new())))?;
    }
    step(Step::Letter, "the message", connection.command(Data))?;
    // The end of the last line belongs to the dot that follows.
    let text = message.formatted();
    step(Step::Letter, "the message", connection.message(text.strip_suffix(b"\r\n").unwrap_or(&text)))?;
    // It is delivered; how the server takes leave matters no more.
    if connection.set_timeout(Some(Duration::from_secs(1))).is_ok() {
        connection.abort();
    }
    Ok(())
}

fn connect(mail: &Mail, patience: Duration) -> Result<SmtpConnection, smtp::Error> {
    tls::choose_cryptography();
    let host = mail.host.as_deref().unwrap_or("localhost");
    let (me, address) = (ClientId::default(), (host, mail.port()));
    let parameters = || TlsParameters::new_rustls(host.to_owned());
    let mut connection = match mail.encryption {
        Encryption::None => SmtpConnection::connect(address, Some(patience), &me, None, None)?,
        Encryption::Tls => SmtpConnection::connect(address, Some(patience), &me, Some(&parameters()?), None)?,
        Encryption::Starttls => {
            let mut connection = SmtpConnection::connect(address, Some(patience), &me, None, None)?;
            connection.starttls(&parameters()?, &me)?;
            connection
        }
    };
    if let (Some(user), Some(password)) = (&mail.user, mail.password.as_ref().map(Hidden::expose)) {
        connection.auth(&[Mechanism::Plain, Mechanism::Login], &Credentials::new(user.clone(), password.to_owned()))?;
    }
    Ok(connection)
}

fn step(step: Step, what: &str, answer: Result<Response, smtp::Error>) -> Result<(), Failure> {
    match answer {
        Ok(_) => Ok(()),
        Err(error) => Err(failure(step, &format!("the SMTP server did not take {what}"), &error)),
    }
}

fn failure(step: Step, what: &str, error: &smtp::Error) -> Failure {
    let text = format!("{what}: {}", told(error));
    if step == Step::Letter && error.is_permanent() { Failure::Never(text) } else { Failure::Later(text) }
}

/// An error without what the server said in its own words.
fn told(error: &smtp::Error) -> String {
    if let Some(code) = error.status() {
        return format!("it answered {code}");
    }
    if error.is_response() {
        return "it answered something that is not SMTP".into();
    }
    let (mut text, mut cause) = (String::new(), Some(error as &dyn std::error::Error));
    while let Some(inner) = cause {
        // A read that takes too long "would block", says Linux.
        if inner.downcast_ref::<io::Error>().is_some_and(|e| matches!(e.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)) {
            return "it did not answer in time".into();
        }
        let said = inner.to_string();
        if !text.contains(&said) {
            text = if text.is_empty() { said } else { format!("{text}: {said}") };
        }
        cause = inner.source();
    }
    text
}
