//! In which form a paper is handed out: JSON, a page of HTML, or PDF.

use crate::features::documents::rules::html;
use crate::features::documents::rules::paper::Sheet;
use crate::features::documents::rules::pdf::pdf;
use crate::platform::error::Result;
use crate::platform::http::etag;
use crate::platform::tasks::aside;
use anyhow::Context as _;
use poem::http::{HeaderName, header};
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::payload::{Binary, Html, Json};
use poem_openapi::types::{ToJSON, Type};
use poem_openapi::{ApiResponse, Enum, ResponseContent};

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "PaperForm", rename_all = "snake_case")]
pub(super) enum Form {
    Json,
    Html,
    Pdf,
}

/// What the headers of the request say about the form, and about what the client has already.
#[derive(Debug, Default)]
pub(super) struct Asked {
    accept: String,
    if_none_match: String,
}

impl<'a> FromRequest<'a> for Asked {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        let of = |name: HeaderName| {
            let values: Vec<&str> = request.headers().get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
            values.join(",")
        };
        Ok(Self { accept: of(header::ACCEPT), if_none_match: of(header::IF_NONE_MATCH) })
    }
}

/// A paper in the form that was asked for.
#[derive(ResponseContent)]
pub(super) enum PaperContent<T: Type + ToJSON> {
    Json(Json<T>),
    #[oai(content_type = "text/html; charset=utf-8")]
    Html(Html<String>),
    #[oai(content_type = "application/pdf")]
    Pdf(Binary<Vec<u8>>),
}

#[derive(ApiResponse)]
pub(super) enum PaperAnswer<T: Type + ToJSON> {
    /// The paper.
    #[oai(status = 200)]
    Written(
        PaperContent<T>,
        #[oai(header = "ETag")] String,
        #[oai(header = "Cache-Control")] String,
        #[oai(header = "Vary")] String,
        #[oai(header = "Content-Disposition")] String,
        #[oai(header = "Content-Security-Policy")] String,
    ),
    /// You have it already: `If-None-Match` named the current `ETag`.
    #[oai(status = 304)]
    Same(#[oai(header = "ETag")] String, #[oai(header = "Cache-Control")] String),
}

/// Kept by the client alone, and asked for again each time.
const PRIVATE: &str = "private, no-cache";

/// Hands a paper out. `name` is what a file of it is called; the sheet is made where it is needed.
pub(super) async fn answer<T: Type + ToJSON>(
    asked: &Asked,
    form: Option<Form>,
    name: &str,
    view: T,
    sheet: impl FnOnce() -> Sheet + Send + 'static,
) -> Result<PaperAnswer<T>> {
    let form = form.unwrap_or_else(|| liked(&asked.accept));
    // What is drawn follows from what is told; another release may draw it otherwise.
    let tag = etag::of(format!("{form:?} {} {}", env!("CARGO_PKG_VERSION"), view.to_json_string()).as_bytes());
    if etag::matches(&asked.if_none_match, &tag) {
        return Ok(PaperAnswer::Same(tag, PRIVATE.into()));
    }
    let (content, file) = match form {
        Form::Json => (PaperContent::Json(Json(view)), "inline".to_owned()),
        Form::Html => (PaperContent::Html(Html(html::html(&sheet()))), "inline".to_owned()),
        Form::Pdf => {
            let drawn = aside(move || pdf(&sheet())).await.context("a paper could not be drawn")??;
            (PaperContent::Pdf(Binary(drawn)), format!("attachment; filename=\"{name}.pdf\""))
        }
    };
    Ok(PaperAnswer::Written(content, tag, PRIVATE.into(), "accept".into(), file, html::policy().to_owned()))
}

/// The form that `Accept` likes best; JSON where it likes others as much, or none.
fn liked(accept: &str) -> Form {
    let forms = [(Form::Pdf, "application/pdf"), (Form::Html, "text/html"), (Form::Json, "application/json")];
    // The last of those that are liked alike is taken.
    forms.into_iter().max_by_key(|(_, kind)| weight(accept, kind)).map_or(Form::Json, |(form, _)| form)
}

/// How much a kind is liked, in thousandths: by the entry that names it most closely.
fn weight(accept: &str, kind: &str) -> u16 {
    let broad = kind.split_once('/').map_or(String::new(), |(main, _)| format!("{main}/*"));
    let mut best = (0, 0);
    for entry in accept.split(',') {
        let mut pieces = entry.split(';').map(str::trim);
        let closeness = match pieces.next().unwrap_or_default() {
            name if name.eq_ignore_ascii_case(kind) => 3,
            name if name.eq_ignore_ascii_case(&broad) => 2,
            "*/*" => 1,
            _ => continue,
        };
        let quality = pieces.find_map(|piece| piece.strip_prefix("q=").or_else(|| piece.strip_prefix("Q=")));
        if closeness > best.0 {
            best = (closeness, quality.map_or(1_000, thousandths));
        }
    }
    best.1
}

/// `0.75` as 750; what cannot be read is 0.
fn thousandths(text: &str) -> u16 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = decimals.chars().chain("000".chars()).take(3).collect();
    match (whole, digits.parse::<u16>()) {
        ("1", _) => 1_000,
        ("0", Ok(part)) => part,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_what_is_liked_best() {
        for (accept, form) in [
            ("", Form::Json),
            ("*/*", Form::Json),
            ("application/pdf", Form::Pdf),
            ("Text/HTML", Form::Html),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8", Form::Html),
            ("application/pdf;q=0.5, text/html; q=0.25", Form::Pdf),
            ("application/pdf, application/json", Form::Json),
            ("application/*, application/json;q=0", Form::Pdf),
            ("image/png", Form::Json),
            ("application/pdf;q=nonsense, text/html;q=0.001", Form::Html),
        ] {
            assert_eq!(liked(accept), form, "{accept}");
        }
    }
}
