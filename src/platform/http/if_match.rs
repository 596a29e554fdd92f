//! `If-Match`: change it only if it is still what I have read (RFC 9110, section 13.1.1).

use crate::platform::error::{Error, FieldError, Kind, Result};
use poem::http::{HeaderValue, header};
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaParamIn, MetaSchema, MetaSchemaRef};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::etag;

/// The tags that the client would change, as an argument of a handler named `if_match`. Never required.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum IfMatch {
    /// Nothing was said: the client does not mind.
    #[default]
    Absent,
    /// `*`: whatever it is, as long as it is there.
    Any,
    /// One of these strong tags, quotes included. Weak ones are left out, because they match nothing here.
    Tags(Vec<String>),
}

impl IfMatch {
    /// Passes when nothing was asked, or `tag` (quotes included, of what is there now) is one of the tags that were named;
    /// else 412 `stale`.
    pub fn check(&self, tag: &str) -> Result<()> {
        let passes = match self {
            Self::Absent | Self::Any => true,
            Self::Tags(tags) => tags.iter().any(|one| etag::same(one, tag)),
        };
        if passes {
            return Ok(());
        }
        Err(Error::refused(Kind::Stale, "stale", "It has changed since you read it. Read it again and decide anew.").with_data("etag", tag.into()))
    }

    fn parse(value: &str) -> Option<Self> {
        if value.trim_matches([' ', '\t']) == "*" {
            return Some(Self::Any);
        }
        let (mut tags, mut count, mut rest) = (Vec::new(), 0, value);
        loop {
            // Empty elements are to be passed over.
            rest = rest.trim_start_matches([' ', '\t', ',']);
            if rest.is_empty() {
                return (count > 0).then_some(Self::Tags(tags));
            }
            let weak = rest.strip_prefix("W/");
            let opaque = weak.unwrap_or(rest).strip_prefix('"')?;
            let end = opaque.find('"')?;
            let tag = &opaque[..end];
            if !tag.bytes().all(|b| b == 0x21 || (0x23..=0x7e).contains(&b)) {
                return None;
            }
            count += 1;
            if weak.is_none() {
                tags.push(format!("\"{tag}\""));
            }
            rest = opaque[end + 1..].trim_start_matches([' ', '\t']);
            if !rest.is_empty() && !rest.starts_with(',') {
                return None;
            }
        }
    }

    fn of(request: &Request) -> Result<Self> {
        let lines: Vec<&[u8]> = request.headers().get_all(header::IF_MATCH).iter().map(HeaderValue::as_bytes).collect();
        if lines.is_empty() {
            return Ok(Self::Absent);
        }
        let joined = lines.join(&b", "[..]);
        std::str::from_utf8(&joined).ok().and_then(Self::parse).ok_or_else(|| {
            let message = "must be * or a list of entity tags in quotes";
            let refused = Error::refused(Kind::Malformed, "invalid_parameter", format!("If-Match: {message}"));
            refused.with_error(FieldError::new("/header/If-Match", "invalid_parameter", message))
        })
    }
}

/// The document calls it by the argument's name; `v1.rs` corrects that.
impl<'a> ApiExtractor<'a> for IfMatch {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = String;
    type ParamRawType = String;

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))))
    }

    async fn from_request(request: &'a Request, _body: &mut RequestBody, _options: ExtractParamOptions<String>) -> poem::Result<Self> {
        Ok(Self::of(request)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[&str]) -> Result<IfMatch> {
        IfMatch::of(&lines.iter().fold(Request::builder(), |request, line| request.header("if-match", *line)).finish())
    }

    #[test]
    fn tags_are_compared_strongly() {
        let now = etag::of_version(7);
        assert_eq!(now, "\"7\"");
        for (lines, passes) in [
            (&[][..], true),
            (&["*"], true),
            (&[" * "], true),
            (&["\"7\""], true),
            (&["\"6\", \"7\""], true),
            (&["\"6\"", "\"7\""], true),
            (&["\"6\",,\"7\" ,"], true),
            (&["\"a,b\", \"7\""], true),
            (&["\"7-gz\""], true),
            (&["\"7-br\""], true),
            (&["\"6\""], false),
            (&["W/\"7\""], false),
            (&["W/\"7\", \"6\""], false),
            (&["\"\""], false),
        ] {
            let checked = of(lines).and_then(|if_match| if_match.check(&now));
            assert_eq!(checked.is_ok(), passes, "{lines:?}");
        }
        let Err(Error::Refused(stale)) = of(&["\"6\""]).unwrap().check(&now) else { panic!("not refused") };
        assert_eq!((stale.kind, stale.code, &stale.data["etag"]), (Kind::Stale, "stale", &serde_json::json!("\"7\"")));
    }

    #[test]
    fn what_is_no_list_of_tags_is_malformed() {
        for bad in ["", ",", "7", "\"7", "7\"", "\"7\" \"8\"", "\"7\", *", "*, \"7\"", "w/\"7\"", "\"7\"x", "\"a b\""] {
            let Err(Error::Refused(refused)) = of(&[bad]) else { panic!("{bad:?} was read") };
            assert_eq!((refused.kind, refused.errors[0].pointer.as_str()), (Kind::Malformed, "/header/If-Match"), "{bad:?}");
        }
    }
}
