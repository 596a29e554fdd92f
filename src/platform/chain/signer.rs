//! What ties the newest link of a chain to the master key. A hash alone can be made anew by whoever can write to the database.

use super::{Chained, Link};
use crate::platform::instance::tag;
use crate::platform::keys::{Keys, same};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

/// Signs the newest link, the head.
pub struct Signer([u8; 32]);

impl Signer {
    /// The signer of the chain `C`.
    #[must_use]
    pub fn of<C: Chained>(keys: &Keys) -> Self {
        Self(keys.derive(C::NAMES.purpose))
    }

    /// The newest link with its signature, as text: `seq hash signature`.
    #[must_use]
    pub fn sign_head(&self, link: &Link) -> String {
        let signature = tag(&self.0, &[&link.seq.to_be_bytes(), &link.hash]);
        format!("{} {} {}", link.seq, BASE64.encode(link.hash), BASE64.encode(signature))
    }

    /// The link of [`Signer::sign_head`]'s text; `None` when it was not signed with this key.
    #[must_use]
    pub fn open_head(&self, text: &str) -> Option<Link> {
        let mut parts = text.split(' ');
        let (seq, hash) = (parts.next()?.parse().ok()?, BASE64.decode(parts.next()?).ok()?);
        let link = Link { seq, hash: hash.try_into().ok()? };
        same(self.sign_head(&link).as_bytes(), text.as_bytes()).then_some(link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_opens_only_as_it_was_signed() {
        let signer = Signer([1; 32]);
        let link = Link::START.next(b"entry");
        let text = signer.sign_head(&link);
        assert_eq!(signer.open_head(&text), Some(link));
        assert_eq!(Signer([2; 32]).open_head(&text), None);
        for bent in ["", " ", "1", &text.replacen('1', "2", 1), &format!("0{text}"), &format!("{text} "), &text[..text.len() - 1]] {
            assert_eq!(signer.open_head(bent), None, "{bent}");
        }
    }
}
