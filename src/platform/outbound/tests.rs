//! Calls on a small stage: servers on several loopback addresses, of which one plays the public internet.

use super::*;
use crate::platform::config::{Config, Network};
use http::Request;
use parking_lot::Mutex;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Answers one list of addresses after the other, then the last one for ever.
#[derive(Debug)]
struct Answers(Mutex<Vec<Vec<SocketAddr>>>);

impl Lookup for Answers {
    fn look_up(&self, _host: &str, _port: u16) -> std::io::Result<Vec<SocketAddr>> {
        let mut answers = self.0.lock();
        Ok(if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() })
    }
}

/// A server that gives every caller the same answer and counts them.
struct Server {
    at: SocketAddr,
    callers: Arc<AtomicUsize>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new(at: &str, answer: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind(at).unwrap();
        let (at, answer) = (listener.local_addr().unwrap(), answer.into());
        let (callers, heard) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (count, hear) = (Arc::clone(&callers), Arc::clone(&heard));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
                let mut stream = stream.unwrap();
                let mut head = [0_u8; 4_096];
                let length = stream.read(&mut head).unwrap_or(0);
                hear.lock().push(String::from_utf8_lossy(&head[..length]).into_owned());
                if answer.is_empty() {
                    // Dawdles: the caller has to lose patience.
                    std::thread::sleep(Duration::from_secs(3));
                }
                drop(stream.write_all(&answer));
            }
        });
        Self { at, callers, heard }
    }

    fn callers(&self) -> usize {
        self.callers.load(Ordering::SeqCst)
    }
}

/// 127.0.0.2 is public on this stage, any other address is what it is.
fn client(port: u16, answers: Vec<Vec<SocketAddr>>) -> Outbound {
    let mut config = Config { listen: "127.0.0.9:1".parse().unwrap(), ..Config::default() };
    config.outbound.allow_http = true;
    config.outbound.ports = vec![port];
    config.outbound.allow = vec![Network::parse("127.0.0.2").unwrap()];
    Outbound::with_lookup(&config, Arc::new(Answers(Mutex::new(answers))))
}

fn get(client: &Outbound, url: &str) -> Result<http::Response<Vec<u8>>, Trouble> {
    client.send(Policy::Public, Budget { total: Duration::from_secs(2), body_bytes: 1_000 }, Request::get(url).body(Vec::new()).unwrap())
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

#[test]
fn a_name_that_changes_its_mind_reaches_nothing_inside() {
    let public = Server::new("127.0.0.2:0", OK);
    let port = public.at.port();
    let canary = Server::new(&format!("127.0.0.1:{port}"), OK);
    let outside: SocketAddr = public.at;
    let inside: SocketAddr = canary.at;
    let url = format!("http://rebind.example:{port}/");
    // Public first, loopback second: the first call reaches the public server alone, the second nobody.
    let rebinding = client(port, vec![vec![outside], vec![inside]]);
    assert_eq!(get(&rebinding, &url).unwrap().into_body(), b"hi");
    assert!(matches!(get(&rebinding, &url), Err(Trouble::Refused(_))));
    // Both at once, in either order, and in IPv6 clothes.
    let mapped: SocketAddr = format!("[::ffff:127.0.0.1]:{port}").parse().unwrap();
    for answer in [vec![outside, inside], vec![inside, outside], vec![mapped], vec![outside, mapped]] {
        assert!(matches!(get(&client(port, vec![answer]), &url), Err(Trouble::Refused(_))));
    }
    // The number itself, and other ways to spell it.
    for host in ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "[::ffff:7f00:1]", "localhost", "localhost.", "evil@127.0.0.1"] {
        let found = get(&rebinding, &format!("http://{host}:{port}/"));
        assert!(matches!(found, Err(Trouble::Refused(_))), "{host}: {found:?}");
    }
    assert_eq!((public.callers(), canary.callers()), (1, 0));
}

#[test]
fn every_hop_of_a_redirect_is_judged_anew() {
    let canary = Server::new("127.0.0.1:0", OK);
    let port = canary.at.port();
    let hop = Server::new(&format!("127.0.0.2:{port}"), format!("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{port}/\r\nContent-Length: 0\r\n\r\n"));
    let fixed = client(port, vec![vec![hop.at]]);
    assert!(matches!(get(&fixed, &format!("http://a.example:{port}/")), Err(Trouble::Refused(_))));
    drop(hop);
    // The same name, which leads elsewhere by then.
    let other = Server::new("127.0.0.2:0", "HTTP/1.1 307 Again\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n");
    let port = other.at.port();
    let canary_there = Server::new(&format!("127.0.0.1:{port}"), OK);
    let moving = client(port, vec![vec![other.at], vec![canary_there.at]]);
    assert!(matches!(get(&moving, &format!("http://a.example:{port}/")), Err(Trouble::Refused(_))));
    assert_eq!((canary.callers(), canary_there.callers()), (0, 0));
    // Round and round ends after three.
    let circling = client(port, vec![vec![other.at]]);
    let before = other.callers();
    assert_eq!(get(&circling, &format!("http://a.example:{port}/")).unwrap_err(), Trouble::Redirected);
    assert_eq!(other.callers() - before, 4);
}

#[test]
fn secrets_stay_with_the_server_they_are_for() {
    let second = Server::new("127.0.0.2:0", OK);
    let port = second.at.port();
    // Another name for the same machine is another server.
    let first = Server::new(&format!("127.0.0.3:{port}"), format!("HTTP/1.1 302 Found\r\nLocation: http://b.example:{port}/\r\nContent-Length: 0\r\n\r\n"));
    let mut config = Config::default();
    config.outbound.allow_http = true;
    config.outbound.ports = vec![port];
    config.outbound.allow = vec![Network::parse("127.0.0.2/31").unwrap()];
    let client = Outbound::with_lookup(&config, Arc::new(Answers(Mutex::new(vec![vec![first.at], vec![second.at]]))));
    let request = Request::get(format!("http://a.example:{port}/")).header("authorization", "Bearer x").header("cookie", "a=b").body(Vec::new()).unwrap();
    client.send(Policy::Public, Budget::of(100), request).unwrap();
    let (first, second) = (first.heard.lock().join(""), second.heard.lock().join(""));
    assert!(first.contains("Bearer x") && first.contains("a=b"), "{first}");
    assert!(!second.contains("Bearer x") && !second.contains("a=b"), "{second}");
}

#[test]
fn answers_are_bounded_in_time_and_size() {
    let url = |server: &Server| format!("http://a.example:{}/", server.at.port());
    let ask = |server: &Server| get(&client(server.at.port(), vec![vec![server.at]]), &url(server));
    let large = Server::new("127.0.0.2:0", format!("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n{}", "x".repeat(1_001)));
    assert_eq!(ask(&large).unwrap_err(), Trouble::TooLarge);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![0; 1 << 20]).unwrap();
    let bomb = encoder.finish().unwrap();
    let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", bomb.len()).into_bytes();
    answer.extend(bomb);
    let bomb = Server::new("127.0.0.2:0", answer);
    assert_eq!(ask(&bomb).unwrap_err(), Trouble::TooLarge, "counted after decompression");
    let odd = Server::new("127.0.0.2:0", "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nhi");
    assert_eq!(ask(&odd).unwrap_err(), Trouble::Unreadable);
    let slow = Server::new("127.0.0.2:0", "");
    let begun = std::time::Instant::now();
    assert_eq!(ask(&slow).unwrap_err(), Trouble::Slow);
    assert!(begun.elapsed() < Duration::from_millis(2_900));
    // A status is an answer.
    let missing = Server::new("127.0.0.2:0", "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
    assert_eq!(ask(&missing).unwrap().status(), 404);
}

#[test]
fn the_operator_may_name_what_strangers_may_not() {
    let inside = Server::new("127.0.0.1:0", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
    let client = Outbound::open(&Config::default());
    let call = |policy| client.send(policy, Budget::of(100), Request::get(format!("http://{}/", inside.at)).body(Vec::new()).unwrap());
    // Redirects are handed on, not followed.
    assert_eq!(call(Policy::Operator { http: true }).unwrap().status(), 302);
    assert!(matches!(call(Policy::Operator { http: false }), Err(Trouble::Refused(_))));
    assert!(matches!(call(Policy::Public), Err(Trouble::Refused(_))));
    assert_eq!(inside.callers(), 1);
}

#[test]
fn what_should_be_secret_is_called_with_tls_or_not_at_all() {
    let plain = Server::new("127.0.0.1:0", OK);
    let client = Outbound::open(&Config::default());
    let request = Request::get(format!("https://{}/", plain.at)).body(Vec::new()).unwrap();
    assert!(matches!(client.send(Policy::Operator { http: true }, Budget::of(100), request), Err(Trouble::Unreachable(_))));
    // A TLS record of kind handshake, version 1.0: the first words of a TLS client.
    assert!(plain.heard.lock()[0].starts_with("\u{16}\u{3}\u{1}"), "{:?}", plain.heard.lock());
}

#[test]
fn an_address_is_vetted_without_being_called() {
    let server = Server::new("127.0.0.2:0", OK);
    let port = server.at.port();
    let inside: SocketAddr = format!("127.0.0.1:{port}").parse().unwrap();
    let url = format!("http://a.example:{port}/x");
    assert_eq!(client(port, vec![vec![server.at]]).vet(&url).as_deref(), Ok("a.example"));
    assert!(matches!(client(port, vec![vec![server.at, inside]]).vet(&url), Err(Trouble::Refused(_))));
    assert_eq!(client(port, vec![vec![]]).vet(&url), Err(Trouble::UnknownHost));
    for bad in [format!("http://127.0.0.1:{port}/"), format!("http://a.example:{}/", port - 1), "http://localhost/".into(), "ftp://a.example/".into()] {
        assert!(matches!(client(port, vec![vec![server.at]]).vet(&bad), Err(Trouble::Refused(_))), "{bad}");
    }
    assert_eq!(server.callers(), 0);
}
