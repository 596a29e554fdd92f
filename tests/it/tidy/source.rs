//! Source files as the checks see them: code, comments and text literals apart.

use std::path::Path;

/// A file with its path below `src/`, as in `features/search/store.rs`.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
    /// The code outside `#[cfg(test)]` modules, with comments and literals blanked out; line numbers are kept.
    pub(super) code: String,
    /// Line and words of every text literal outside test modules.
    pub(super) literals: Vec<(usize, String)>,
    /// All comments.
    pub(super) comments: String,
}

impl Source {
    pub(super) fn new(path: &str, text: &str) -> Self {
        let (mut code, mut literals, comments) = split(text);
        if let Some(at) = test_module(&code) {
            let last = code[..at].lines().count();
            literals.retain(|(line, _)| *line <= last);
            code.truncate(at);
        }
        Self { path: path.to_owned(), text: text.to_owned(), code, literals, comments }
    }

    /// `features/search/store.rs` → `["features", "search", "store"]`; `mod`, `lib` and `main` name their folder.
    pub(super) fn module(&self) -> Vec<String> {
        let mut parts: Vec<String> = self.path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if parts.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main")) {
            parts.pop();
        }
        parts
    }

    /// The feature this file belongs to.
    pub(super) fn feature(&self) -> Option<&str> {
        self.path.strip_prefix("features/")?.split_once('/').map(|(name, _)| name)
    }

    /// Whether this file is the room `room` of a feature, or in its corridor.
    pub(super) fn is_room(&self, room: &str) -> bool {
        let rest = self.path.strip_prefix("features/").and_then(|p| p.split_once('/')).map(|(_, rest)| rest);
        rest.is_some_and(|rest| rest == format!("{room}.rs") || rest.starts_with(&format!("{room}/")))
    }

    /// The words of the code with their lines: `tokio::spawn(x)` → tokio, spawn, x.
    pub(super) fn words(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().enumerate().flat_map(|(n, line)| line.split(|c: char| !c.is_alphanumeric() && c != '_').map(move |word| (n + 1, word)))
    }
}

/// Where the test module at the end of a file begins.
fn test_module(code: &str) -> Option<usize> {
    code.match_indices("#[cfg(test)]").map(|(at, _)| at).find(|at| {
        let mut rest = &code[*at..];
        while rest.starts_with("#[") {
            rest = rest.split_once(']').map_or("", |(_, rest)| rest).trim_start();
        }
        rest.starts_with("mod ") && rest.lines().next().is_some_and(|line| line.trim_end().ends_with('{') || line.contains("{ "))
    })
}

/// Every `.rs` file below `folder`, sorted by path.
pub(super) fn read(folder: &Path) -> Vec<Source> {
    fn walk(root: &Path, folder: &Path, found: &mut Vec<Source>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(Source::new(path.strip_prefix(root).unwrap().to_str().unwrap(), &std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Code with everything else blanked, the literals, the comments.
fn split(text: &str) -> (String, Vec<(usize, String)>, String) {
    let (mut code, mut literals, mut comments) = (String::new(), Vec::new(), String::new());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let line = code.matches('\n').count() + 1;
        let length = if rest.starts_with("//") {
            let length = rest.find('\n').unwrap_or(rest.len());
            comments.push_str(&rest[..length]);
            comments.push('\n');
            length
        } else if rest.starts_with("/*") {
            let length = rest.find("*/").map_or(rest.len(), |end| end + 2);
            comments.push_str(&rest[..length]);
            length
        } else if let Some((length, literal)) = text_literal(rest, code.chars().last()) {
            literals.push((line, literal));
            length
        } else if let Some(length) = character(rest) {
            length
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        code.push(' ');
        code.extend(rest[..length].matches('\n'));
        rest = &rest[length..];
    }
    (code, literals, comments)
}

/// The length and the words of a literal that begins here: "…", r"…", r#"…"#, b"…".
fn text_literal(rest: &str, before: Option<char>) -> Option<(usize, String)> {
    let prefix = if before.is_some_and(|c| c.is_alphanumeric() || c == '_') { 0 } else { rest.find(|c| !matches!(c, 'r' | 'b' | 'c')).filter(|n| *n <= 2)? };
    let raw = rest[..prefix].contains('r');
    let hashes = if raw { rest[prefix..].find(|c| c != '#')? } else { 0 };
    let body = prefix + hashes + 1;
    if !rest[prefix + hashes..].starts_with('"') {
        return None;
    }
    if raw {
        let end = format!("\"{}", "#".repeat(hashes));
        let length = rest[body..].find(&end)?;
        return Some((body + length + end.len(), rest[body..body + length].to_owned()));
    }
    let mut escaped = false;
    for (at, c) in rest[body..].char_indices() {
        match c {
            '"' if !escaped => return Some((body + at + 1, rest[body..body + at].to_owned())),
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

/// The length of a character literal that begins here; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('\'')?;
    if let Some(escape) = inner.strip_prefix('\\') {
        return escape.char_indices().skip(1).find(|(_, c)| *c == '\'').map(|(at, _)| at + 3);
    }
    let c = inner.chars().next()?;
    inner[c.len_utf8()..].starts_with('\'').then(|| c.len_utf8() + 2)
}

#[test]
fn code_comments_and_literals_are_told_apart() {
    let source = Source::new(
        "features/search/mod.rs",
        "//! Head.\nuse a::b; // note \"no literal\"\nlet x = \"SELECT // 1\"; let c = '\"'; let l: &'a str = r#\"raw \"q\" x\"#;\nlet e = \"a\\\"b\\\\\"; y();\n#[cfg(test)]\nmod tests { let z = \"hidden\"; }\n",
    );
    assert_eq!(source.literals, [(3, "SELECT // 1".to_owned()), (3, "raw \"q\" x".to_owned()), (4, "a\\\"b\\\\".to_owned())]);
    assert!(source.code.contains("use a::b;") && source.code.contains("y();") && !source.code.contains("SELECT") && !source.code.contains("hidden"));
    assert!(source.comments.contains("Head.") && source.comments.contains("no literal"));
    assert_eq!((source.module(), source.feature()), (vec!["features".to_owned(), "search".to_owned()], Some("search")));
    assert!(Source::new("features/a/store/x.rs", "").is_room("store") && !Source::new("features/a/storefront.rs", "").is_room("store"));
}
