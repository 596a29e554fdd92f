//! Where a call goes: an address in words, read once and written anew, so that what is checked is what is connected to.

use super::Trouble;
use url::{Host, Url};

/// Longest address and longest host that are called (S-SSRF 2).
const URL_BYTES: usize = 2_048;
const HOST_BYTES: usize = 253;

/// What is asked of an address before anything is looked up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<'a> {
    pub(super) http: bool,
    /// `None`: any port.
    pub(super) ports: Option<&'a [u16]>,
    /// Names that stand for this machine or its network are refused.
    pub(super) strict: bool,
}

/// Reads an address. Odd spellings of numbers become plain here (`0x7f.1` is 127.0.0.1), names lower case and ASCII.
pub(super) fn read(text: &str, shape: Shape<'_>) -> Result<Url, Trouble> {
    let refuse = |why| Err(Trouble::Refused(why));
    if text.len() > URL_BYTES || text.bytes().any(|byte| byte <= b' ' || byte == 0x7f || byte == b'\\') {
        return refuse("it is too long, or holds spaces, control characters or backslashes");
    }
    let Ok(url) = Url::parse(text) else { return refuse("it is not a URL") };
    check(&url, shape)?;
    Ok(url)
}

/// The address a redirect leads to, with the same rules; never from https to http.
pub(super) fn follow(from: &Url, location: &str, shape: Shape<'_>) -> Result<Url, Trouble> {
    if location.len() > URL_BYTES || location.bytes().any(|byte| byte <= b' ' || byte == 0x7f || byte == b'\\') {
        return Err(Trouble::Refused("a redirect leads to something that is not a URL"));
    }
    let mut next = from.join(location).map_err(|_not_a_url| Trouble::Refused("a redirect leads to something that is not a URL"))?;
    next.set_fragment(None);
    check(&next, shape)?;
    if from.scheme() == "https" && next.scheme() != "https" {
        return Err(Trouble::Refused("a redirect leads from https to http"));
    }
    Ok(next)
}

fn check(url: &Url, shape: Shape<'_>) -> Result<(), Trouble> {
    let refuse = |why| Err(Trouble::Refused(why));
    match url.scheme() {
        "https" => {}
        "http" if shape.http => {}
        _ => return refuse("only https is called"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("it holds a user name");
    }
    if url.fragment().is_some() {
        return refuse("it holds a fragment");
    }
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.to_ascii_lowercase();
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
            if name.is_empty() || name.len() > HOST_BYTES || !name.bytes().all(plain) {
                return refuse("its host is not a name");
            }
            let top = name.rsplit('.').next().unwrap_or_default();
            if shape.strict && (!name.contains('.') || matches!(top, "" | "localhost" | "local" | "internal" | "lan" | "home" | "arpa")) {
                return refuse("its host is a name of a private network");
            }
        }
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => {}
        None => return refuse("it has no host"),
    }
    let port = url.port_or_known_default().unwrap_or(0);
    if shape.ports.is_some_and(|ports| !ports.contains(&port)) || port == 0 {
        return refuse("its port is not one that is called");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::address::is_public;
    use super::*;
    use std::net::IpAddr;

    /// The address that stands in the URL itself, where it is a number.
    fn literal(url: &Url) -> Option<IpAddr> {
        match url.host()? {
            Host::Ipv4(v4) => Some(v4.into()),
            Host::Ipv6(v6) => Some(v6.into()),
            Host::Domain(_) => None,
        }
    }

    const SHAPE: Shape<'_> = Shape { http: false, ports: Some(&[80, 443, 8443]), strict: true };

    const BAD: &[&str] = &[
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://127.0.1/",
        "https://0x7f.1/",
        "https://0x7f.0x0.0x0.0x1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://017700000001/",
        "https://0177.0.0.1/",
        "https://00000177.0.0.1/",
        "https://127.0.0.1./",
        "https://0/",
        "https://0.0.0.0/",
        "https://0x0/",
        "https://00/",
        "https://10.1/",
        "https://0xa.1/",
        "https://3232235777/",
        "https://192.168.257/",
        "https://2852039166/",
        "https://0xa9fea9fe/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::]/",
        "https://[0:0:0:0:0:0:0:1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[fd00:ec2::254]/",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1]/",
        "https://localhost/",
        "https://LOCALHOST/",
        "https://localhost./",
        "https://a.localhost/",
        "https://a.localhost./",
        "https://router/",
        "https://printer.local/",
        "https://db.internal/",
        "https://1.0.0.127.in-addr.arpa/",
        "https://\u{ff11}\u{ff12}\u{ff17}.\u{ff10}.\u{ff10}.\u{ff11}/",
        "https://127\u{3002}0\u{3002}0\u{3002}1/",
        "https://\u{2460}27.0.0.1/",
        "https://\u{24db}ocalhost/",
        "https://127.0.0.1%00.example.org/",
        "https://127.0.0.1%2f.example.org/",
        "https://%31%32%37.0.0.1/",
        "https://evil@127.0.0.1/",
        "https://example.org@127.0.0.1/",
        "https://example.org:pw@example.com/",
        "https://user@example.org/",
        "https://127.0.0.1#@example.org/",
        "https://127.0.0.1\\@example.org/",
        "https://example.org\\.evil.example/",
        "https:\\\\127.0.0.1/",
        "https:///127.0.0.1/",
        "https:127.0.0.1",
        "https://example.org#fragment",
        "https://example.org:22/",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://example.org:6379/",
        "https://example .org/",
        "https://example.org/a b",
        "https://exa\tmple.org/",
        "https://example.org/\r\nX: y",
        "https://exa\u{0}mple.org/",
        "https:// 127.0.0.1/",
        "https://",
        "https:///",
        "https://?x",
        "https://./",
        "https://../",
        "//example.org/",
        "example.org",
        "",
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "data:text/plain,x",
        "javascript:1",
        "unix:/run/x.sock",
        "https://1.2.3.4.5/",
        "https://256.1.1.1/",
        "https://0x100000000/",
        "https://[::1/",
        "https://[v1.x]/",
        "https://example.org:443:80/",
        "https://exa|mple.org/",
        "https://exa^mple.org/",
        "https://exa<mple.org/",
    ];

    #[test]
    fn no_spelling_of_a_private_address_passes() {
        for bad in BAD {
            let read = read(bad, SHAPE);
            let passes = read.as_ref().is_ok_and(|url| literal(url).is_none_or(is_public));
            assert!(!passes, "{bad:?} became {:?}", read.map(String::from));
        }
        assert!(read(&format!("https://example.org/{}", "x".repeat(2_048)), SHAPE).is_err());
        assert!(read(&format!("https://{}org/", "a.".repeat(126)), SHAPE).is_err());
    }

    #[test]
    fn plain_addresses_pass() {
        for good in
            ["https://example.org", "https://example.org:8443/a?b=c", "https://xn--bcher-kva.example/", "https://1.1.1.1/", "https://[2606:4700:4700::1111]/x"]
        {
            assert!(read(good, SHAPE).is_ok(), "{good}");
        }
        assert_eq!(read("https://B\u{fc}cher.Example/", SHAPE).unwrap().as_str(), "https://xn--bcher-kva.example/");
        let operator = Shape { http: true, ports: None, strict: false };
        for good in ["http://localhost:8080/realms/x", "http://keycloak:8080/", "http://192.168.1.9/", "http://[::1]:5556/dex"] {
            assert!(read(good, operator).is_ok(), "{good}");
        }
    }

    #[test]
    fn redirects_keep_the_rules() {
        let from = read("https://example.org/a/b", SHAPE).unwrap();
        assert_eq!(follow(&from, "c?d#e", SHAPE).unwrap().as_str(), "https://example.org/a/c?d");
        assert_eq!(follow(&from, "//example.com/", SHAPE).unwrap().as_str(), "https://example.com/");
        for bad in
            ["http://example.org/", "https://localhost/", "https://u@example.org/", "ftp://example.org/", "https://example.org:22/", "\\\\127.0.0.1", "a b"]
        {
            assert!(follow(&from, bad, SHAPE).is_err(), "{bad}");
        }
        let both = Shape { http: true, ..SHAPE };
        assert!(follow(&from, "http://example.org/", both).is_err(), "never from https to http");
    }
}
