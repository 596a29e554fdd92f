//! Carries letters: the handler of the jobs `mail.send`.

use super::{KIND, Letter, message, opened, outbox, smtp};
use crate::platform::config::{Config, Mail, SettingsError};
use crate::platform::jobs::{Failure, Handler, Order};
use crate::platform::keys::Keys;
use lettre::message::Mailbox;
use std::path::PathBuf;
use std::sync::Arc;

/// With pauses of up to an hour, half a day: mail servers take their time to come back.
const TRIES: i64 = 24;

/// Sends letters to the SMTP server, or writes them to the outbox.
pub struct Postman {
    mail: Mail,
    from: Mailbox,
    outbox: PathBuf,
    keys: Arc<Keys>,
}

impl Postman {
    /// The error says that the sender of the settings is no address.
    pub fn new(config: &Config, keys: Arc<Keys>) -> Result<Self, SettingsError> {
        Ok(Self { from: config.mail.sender()?, mail: config.mail.clone(), outbox: outbox::folder(&config.data_dir), keys })
    }

    fn letter(&self, order: &Order) -> Option<Letter> {
        opened(&self.keys, &order.payload)
    }
}

impl Handler for Postman {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn tries(&self) -> i64 {
        TRIES
    }

    fn run(&self, order: &Order) -> Result<(), Failure> {
        let letter = self.letter(order).ok_or_else(|| Failure::Never("the letter cannot be opened with this master key".into()))?;
        let message = message::compose(&letter, &self.from, order.id, order.created_at).map_err(Failure::Never)?;
        if self.mail.host.is_some() {
            return smtp::deliver(&self.mail, &message);
        }
        let written = outbox::write(&self.outbox, order.id, order.created_at, &message.formatted());
        let path = written.map_err(|error| Failure::Later(format!("the letter could not be written to {}: {error}", self.outbox.display())))?;
        tracing::info!(path = %path.display(), "a letter was written to the outbox, for there is no SMTP server");
        Ok(())
    }
}
