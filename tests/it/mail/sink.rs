//! A small SMTP server that writes down what it hears and answers as it is told.

use parking_lot::Mutex;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// How it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Friendly,
    /// Takes logins only with this answer.
    Login(u16),
    Sender(u16),
    Recipient(u16),
    Content(u16),
    /// Takes connections and never says a word.
    Silent,
    /// Talks, but not SMTP.
    Babbles,
}

#[derive(Default)]
struct Heard {
    commands: Vec<String>,
    messages: Vec<String>,
}

pub(super) struct Sink {
    pub(super) port: u16,
    address: SocketAddr,
    manner: Arc<Mutex<Manner>>,
    heard: Arc<Mutex<Heard>>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    closed: Arc<AtomicBool>,
}

impl Sink {
    pub(super) fn new(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let this =
            Self { port: address.port(), address, manner: Arc::new(Mutex::new(manner)), heard: Arc::default(), open: Arc::default(), closed: Arc::default() };
        let (manner, heard, open, closed) = (Arc::clone(&this.manner), Arc::clone(&this.heard), Arc::clone(&this.open), Arc::clone(&this.closed));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if closed.load(SeqCst) {
                    return;
                }
                let stream = stream.unwrap();
                open.lock().push(stream.try_clone().unwrap());
                let (manner, heard) = (Arc::clone(&manner), Arc::clone(&heard));
                // A client that hangs up ends the conversation.
                std::thread::spawn(move || converse(stream, &manner, &heard).is_ok());
            }
        });
        this
    }

    pub(super) fn becomes(&self, manner: Manner) {
        *self.manner.lock() = manner;
    }

    pub(super) fn commands(&self) -> Vec<String> {
        self.heard.lock().commands.clone()
    }

    pub(super) fn messages(&self) -> Vec<String> {
        self.heard.lock().messages.clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.open.lock().len()
    }
}

impl Drop for Sink {
    /// Hangs up on everybody, so that nobody waits for an answer any more.
    fn drop(&mut self) {
        self.closed.store(true, SeqCst);
        for stream in self.open.lock().drain(..) {
            drop(stream.shutdown(std::net::Shutdown::Both));
        }
        drop(TcpStream::connect(self.address));
    }
}

fn converse(stream: TcpStream, manner: &Mutex<Manner>, heard: &Mutex<Heard>) -> std::io::Result<()> {
    let (mut reader, mut writer) = (BufReader::new(stream.try_clone()?), stream);
    let mut say = |text: &str| writer.write_all(format!("{text}\r\n").as_bytes());
    let refusal = |code: u16| format!("{code} 5.1.1 <ada@example.com>: no such person here");
    match *manner.lock() {
        Manner::Silent => {}
        Manner::Babbles => say("HTTP/1.1 400 ada@example.com")?,
        _ => say("220 sink ESMTP")?,
    }
    let mut line = String::new();
    while {
        line.clear();
        reader.read_line(&mut line)? > 0
    } {
        let command = line.trim_end().to_owned();
        heard.lock().commands.push(command.clone());
        let manner = *manner.lock();
        match (command.split([' ', ':']).next().unwrap_or_default(), manner) {
            (_, Manner::Silent) => {}
            ("EHLO", Manner::Login(_)) => say("250-sink\r\n250 AUTH PLAIN LOGIN")?,
            ("EHLO", _) => say("250-sink\r\n250 8BITMIME")?,
            ("AUTH", Manner::Login(code)) => say(&format!("{code} well"))?,
            ("MAIL", Manner::Sender(code)) | ("RCPT", Manner::Recipient(code)) => say(&refusal(code))?,
            ("DATA", _) => {
                say("354 go on")?;
                let mut message = String::new();
                while {
                    line.clear();
                    reader.read_line(&mut line)? > 0
                } && line != ".\r\n"
                {
                    message.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                match manner {
                    Manner::Content(code) => say(&refusal(code))?,
                    _ => {
                        heard.lock().messages.push(message);
                        say("250 taken")?;
                    }
                }
            }
            ("QUIT", _) => return say("221 bye"),
            _ => say("250 well")?,
        }
    }
    Ok(())
}
