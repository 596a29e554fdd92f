//! Texts of a source made plain: tags dropped, entities decoded, control characters removed.

/// Tags that end a line.
const BREAKING: [&str; 2] = ["br", "/p"];
/// Names of real tags; anything else in angle brackets is something the host wrote.
const TAGS: [&str; 42] = [
    "a",
    "abbr",
    "b",
    "big",
    "blockquote",
    "br",
    "center",
    "code",
    "dd",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "tr",
    "u",
    "ul",
    "wbr",
];

/// HTML to text: `<br>` and `</p>` become line breaks, other tags go, entities are decoded once, control characters go,
/// lines lose their trailing spaces and the text its outer blank lines. `<3` and `a < b` stay.
#[must_use]
pub(crate) fn plain(html: &str) -> String {
    let bare = without_tags(html);
    let decoded = html_escape::decode_html_entities(&bare);
    let mut text = String::with_capacity(decoded.len());
    for line in decoded.replace("\r\n", "\n").replace('\r', "\n").split('\n') {
        let clean: String = line.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|c| !c.is_control()).collect();
        text.push_str(clean.trim_end());
        text.push('\n');
    }
    text.trim().to_owned()
}

/// A title or name: entities decoded, every run of white space one space, control characters removed.
#[must_use]
pub(crate) fn one_line(text: &str) -> String {
    let decoded = html_escape::decode_html_entities(text);
    let mut line = String::with_capacity(decoded.len());
    for word in decoded.split_whitespace() {
        let clean = word.chars().filter(|c| !c.is_control());
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(clean);
    }
    line
}

fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        match tag_at(rest) {
            Some((name, length)) => {
                if BREAKING.contains(&name.as_str()) {
                    text.push('\n');
                    // The source often writes a line break behind the tag as well.
                    rest = rest[length..].strip_prefix('\n').unwrap_or(&rest[length..]);
                } else {
                    rest = &rest[length..];
                }
            }
            None => {
                text.push('<');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
    text
}

/// The lower-case name (with a leading `/` for a closing tag) and the length of the tag that `text` begins with.
fn tag_at(text: &str) -> Option<(String, usize)> {
    let end = text[1..].find(['<', '>'])? + 1;
    if !text[end..].starts_with('>') {
        return None;
    }
    let inside = &text[1..end];
    let (slash, named) = inside.strip_prefix('/').map_or(("", inside), |named| ("/", named));
    let name: String = named.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let ends_well = named[name.len()..].starts_with(|c: char| c.is_whitespace() || c == '/') || named.len() == name.len();
    (ends_well && TAGS.contains(&name.as_str())).then(|| (format!("{slash}{name}"), end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_plain_text() {
        for (html, text) in [
            ("One<br />two<br>three<br/>four</p>five", "One\ntwo\nthree\nfour\nfive"),
            ("<b>The space</b><br /><br />Nice", "The space\n\nNice"),
            ("Tom &amp; Jerry&#39;s &lt;b&gt;", "Tom & Jerry's <b>"),
            ("&amp;amp;", "&amp;"),
            ("I <3 Boston, a < b, 5 <6> 7, <my mail>", "I <3 Boston, a < b, 5 <6> 7, <my mail>"),
            ("<a href=\"http://x\">link</a> <span style='x'>y</span>", "link y"),
            ("<bright> <break", "<bright> <break"),
            ("a\u{0}b\u{7}c\td", "abc d"),
            ("trailing   \r\nnext \t\n", "trailing\nnext"),
            ("中文 😀<br />résumé", "中文 😀\nrésumé"),
            ("", ""),
        ] {
            assert_eq!(plain(html), text, "{html}");
        }
    }

    #[test]
    fn titles_stay_on_one_line() {
        for (raw, title) in
            [("  Cozy \n\t flat ", "Cozy flat"), ("Tom&#39;s &amp; Ada\u{2019}s", "Tom's & Ada’s"), ("a\u{0}b", "ab"), ("<b>Loft</b>", "<b>Loft</b>")]
        {
            assert_eq!(one_line(raw), title);
        }
    }
}
