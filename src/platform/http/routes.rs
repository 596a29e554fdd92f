//! What the server knows of its own operations, read from its OpenAPI document at the start: which address takes which
//! methods and which parameters. It makes typing errors visible instead of silently widening a search, answers a
//! wrong method with `Allow`, and gives the metrics their route names.
//!
//! All of this happens before the router sees the request and costs well under two microseconds.

use super::shape::Shape;
use super::strict;
use crate::platform::access::{Door, Doors};
use crate::platform::error::{Error, Kind, Refused};
use crate::platform::telemetry::Metrics;
use poem::Request;
use poem::http::{Method, Uri};
use poem_openapi::payload::{Json, Payload};
use prometheus::{Histogram, IntCounter};
use serde_json::Value;
use std::collections::HashMap;

/// Status classes that are counted, from 1xx to 5xx.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// All operations of the server.
pub struct Routes {
    exact: HashMap<String, usize>,
    /// Templates with parameters, by their number of segments.
    templates: HashMap<usize, Vec<(Vec<Segment>, usize)>>,
    paths: Vec<Path>,
    unmatched: Numbers,
}

/// An address with its methods.
struct Path {
    operations: Vec<Operation>,
    allow: String,
}

/// One method of one address.
pub(super) struct Operation {
    method: Method,
    query: Vec<Parameter>,
    headers: Vec<String>,
    path_names: Vec<String>,
    /// What the JSON of its body must look like.
    shape: Option<Shape>,
    /// Pages such as `/docs`, which are not part of the API, may be called with anything; so may what others send browsers to.
    lenient: bool,
    pub(super) numbers: Numbers,
    pub(super) search: bool,
    /// Answered even when the server is full.
    pub(super) vital: bool,
    /// Who may come in; `None` only for pages, which show nothing that is anybody's.
    pub(super) door: Option<Door>,
}

struct Parameter {
    name: String,
    repeats: bool,
}

enum Segment {
    Fixed(String),
    Any,
}

/// The counters of one operation, looked up once so that a request only increments.
pub(super) struct Numbers {
    by_class: [IntCounter; 5],
    seconds: Histogram,
}

impl Numbers {
    fn new(metrics: &Metrics, method: &str, route: &str) -> Self {
        Self {
            by_class: CLASSES.map(|class| metrics.requests.with_label_values(&[method, route, class])),
            seconds: metrics.request_seconds.with_label_values(&[method, route]),
        }
    }

    pub(super) fn count(&self, status: u16, took: std::time::Duration) {
        if let Some(counter) = self.by_class.get(usize::from(status / 100).wrapping_sub(1)) {
            counter.inc();
        }
        self.seconds.observe(took.as_secs_f64());
    }
}

impl Operation {
    /// Where a parameter of this name stands, as a pointer.
    pub(super) fn pointer(&self, name: &str) -> String {
        let header = self.headers.iter().any(|header| header.eq_ignore_ascii_case(name)) && !self.query.iter().any(|p| p.name == name);
        if header { format!("/header/{name}") } else { format!("/query/{name}") }
    }

    /// The name of the path parameter that the router calls `param0`, `param1` and so on.
    pub(super) fn path_name(&self, counted: &str) -> Option<&str> {
        counted.strip_prefix("param")?.parse::<usize>().ok().and_then(|n| self.path_names.get(n)).map(String::as_str)
    }

    /// Holds the body against the document. Another format than JSON is left to the router, which refuses it.
    pub(super) fn check_body(&self, request: &Request, body: &[u8]) -> Result<(), Error> {
        match &self.shape {
            Some(shape) if request.content_type().is_some_and(is_json) => shape.check(body),
            _ => Ok(()),
        }
    }

    /// Refuses unknown and repeated parameters.
    fn check_query(&self, query: &str) -> Result<(), Error> {
        if self.lenient {
            return Ok(());
        }
        let mut seen = 0_u128;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let name = strict::decode(pair.split_once('=').map_or(pair, |(name, _)| name))?;
            if self.door.and_then(|door| door.named_query).is_some_and(|beginning| name.starts_with(beginning)) {
                continue;
            }
            let Some(at) = self.query.iter().position(|parameter| parameter.name == *name) else {
                return Err(strict::unknown(&name, self.query.iter().map(|p| p.name.as_str())));
            };
            let bit = 1_u128 << (at % 128);
            if seen & bit != 0 && !self.query[at].repeats {
                return Err(Error::of_parameter(Kind::Malformed, "repeated_parameter", &self.query[at].name, "takes one value, but was given several"));
            }
            seen |= bit;
        }
        Ok(())
    }
}

impl Routes {
    /// Reads the operations of an OpenAPI document. Errors: an operation for which `doors` has none.
    pub fn from_spec(spec: &Value, doors: &Doors, metrics: &Metrics) -> anyhow::Result<Self> {
        let mut routes = Self { exact: HashMap::new(), templates: HashMap::new(), paths: Vec::new(), unmatched: Numbers::new(metrics, "other", "unmatched") };
        routes.add_spec(spec, doors, metrics)?;
        Ok(routes)
    }

    /// Adds the operations of another document.
    pub fn add_spec(&mut self, spec: &Value, doors: &Doors, metrics: &Metrics) -> anyhow::Result<()> {
        for (template, item) in spec["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes())?;
                let id = operation["operationId"].as_str().unwrap_or_default();
                let Some(door) = doors.find(id) else { anyhow::bail!("{method} {template} (`{id}`) has no door: nobody has said who may call it") };
                let mut known = Operation::from_spec(method, template, operation, metrics);
                known.door = Some(*door);
                known.lenient = door.any_query;
                known.shape = Shape::of_operation(spec, operation)?;
                self.add(template, known);
            }
        }
        Ok(())
    }

    /// Adds a page that is not in the document; it takes GET and any parameter.
    pub fn add_page(&mut self, path: &str, metrics: &Metrics) {
        let mut page = Operation::from_spec(Method::GET, path, &Value::Null, metrics);
        page.lenient = true;
        self.add(path, page);
    }

    fn add(&mut self, template: &str, operation: Operation) {
        let at = self.place(template);
        let path = &mut self.paths[at];
        path.operations.push(operation);
        let mut methods: Vec<&str> = path.operations.iter().map(|op| op.method.as_str()).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.push("OPTIONS");
        path.allow = methods.join(", ");
    }

    /// The entry of an address, made when it is new.
    fn place(&mut self, template: &str) -> usize {
        let next = self.paths.len();
        let at = if template.contains('{') {
            let segments: Vec<Segment> = template.split('/').map(|s| if s.starts_with('{') { Segment::Any } else { Segment::Fixed(s.to_owned()) }).collect();
            let same = self.templates.entry(segments.len()).or_default();
            match same.iter().find(|(known, _)| equal(known, &segments)) {
                Some((_, at)) => *at,
                None => {
                    same.push((segments, next));
                    next
                }
            }
        } else {
            *self.exact.entry(template.to_owned()).or_insert(next)
        };
        if at == next {
            self.paths.push(Path { operations: Vec::new(), allow: String::new() });
        }
        at
    }

    fn find(&self, path: &str) -> Option<&Path> {
        if let Some(at) = self.exact.get(path) {
            return self.paths.get(*at);
        }
        let count = path.bytes().filter(|b| *b == b'/').count() + 1;
        let (_, at) = self.templates.get(&count)?.iter().find(|(segments, _)| matches(segments, path))?;
        self.paths.get(*at)
    }

    /// The operation of a request whose address and parameters are in order; `None` when the address is unknown, which
    /// is left to the router. HEAD counts as GET.
    pub(super) fn operation(&self, method: &Method, uri: &Uri) -> Result<Option<&Operation>, Error> {
        strict::check_address(uri)?;
        let Some(path) = self.find(uri.path()) else { return Ok(None) };
        let wanted = if *method == Method::HEAD { &Method::GET } else { method };
        let Some(operation) = path.operations.iter().find(|op| op.method == wanted) else {
            return Err(wrong_method(method, Some(path.allow.clone())));
        };
        if let Some(query) = uri.query() {
            operation.check_query(query)?;
        }
        Ok(Some(operation))
    }

    /// The methods of an address, for `Allow`.
    pub(super) fn allow(&self, path: &str) -> Option<&str> {
        self.find(path).map(|path| path.allow.as_str())
    }

    pub(super) fn unmatched(&self) -> &Numbers {
        &self.unmatched
    }
}

/// 405 with the methods that are right.
pub(super) fn wrong_method(method: &Method, allow: Option<String>) -> Error {
    let shown = super::problem::cut(method.as_str());
    let mut refused = Refused::new(Kind::MethodNotAllowed, "method_not_allowed", format!("This address does not know the method {shown}."));
    refused.allow = allow;
    refused.into()
}

fn equal(a: &[Segment], b: &[Segment]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|pair| match pair {
            (Segment::Any, Segment::Any) => true,
            (Segment::Fixed(a), Segment::Fixed(b)) => a == b,
            _ => false,
        })
}

fn matches(segments: &[Segment], path: &str) -> bool {
    segments.iter().zip(path.split('/')).all(|(segment, part)| match segment {
        Segment::Fixed(text) => text == part,
        Segment::Any => !part.is_empty(),
    })
}

impl Operation {
    fn from_spec(method: Method, template: &str, operation: &Value, metrics: &Metrics) -> Self {
        let parameters: Vec<&Value> = operation["parameters"].as_array().into_iter().flatten().collect();
        let of = |place: &str| parameters.iter().filter(|p| p["in"] == place).filter_map(|p| p["name"].as_str().map(|name| (name, *p))).collect::<Vec<_>>();
        let query = of("query").into_iter().map(|(name, p)| Parameter { name: name.to_owned(), repeats: is_list(p) }).collect();
        let headers = of("header").into_iter().map(|(name, _)| name.to_owned()).collect();
        let path_names = template.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}')).map(str::to_owned).collect();
        let numbers = Numbers::new(metrics, method.as_str(), template);
        let search = template.contains("/search/");
        let vital = matches!(template, "/healthz" | "/readyz" | "/metrics");
        Self { method, query, headers, path_names, shape: None, lenient: false, numbers, search, vital, door: None }
    }
}

/// What poem-openapi reads as JSON, `application/merge-patch+json` as well; anything else it refuses.
fn is_json(content_type: &str) -> bool {
    <Json<String> as Payload>::check_content_type(content_type)
}

/// Lists are given by repeating the parameter, unless the operation reads them as `a,b`.
fn is_list(parameter: &Value) -> bool {
    parameter["schema"]["type"] == "array" && parameter["explode"] != false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::access::Action;
    use serde_json::json;

    fn routes() -> Routes {
        let parameter = |name: &str, place: &str, kind: &str| json!({"name": name, "in": place, "schema": {"type": kind}});
        let spec = json!({"paths": {
            "/api/v1/search/stays": {"get": {"operationId": "a", "parameters": [parameter("q", "query", "string"), parameter("amenities", "query", "array"), parameter("X-Hint", "header", "string")]}},
            "/api/v1/listings/{id}": {"get": {"operationId": "b", "parameters": [parameter("id", "path", "string")]}, "patch": {"operationId": "c"}},
            "/api/v1/listings/{id}/why": {"get": {"operationId": "d"}},
        }});
        let doors =
            Doors::of(&[&[Door::to("a", Action::Search), Door::to("b", Action::Search), Door::to("c", Action::EditListing), Door::to("d", Action::Search)]]);
        Routes::from_spec(&spec, &doors, &Metrics::new().unwrap()).unwrap()
    }

    #[test]
    fn an_operation_without_a_door_ends_the_start() {
        let spec = json!({"paths": {"/api/v1/secrets": {"get": {"operationId": "readSecrets"}}}});
        let refused = Routes::from_spec(&spec, &Doors::default(), &Metrics::new().unwrap()).err().unwrap().to_string();
        assert!(refused.contains("GET /api/v1/secrets (`readSecrets`) has no door"), "{refused}");
    }

    fn refused(method: Method, uri: &str) -> Box<Refused> {
        match routes().operation(&method, &uri.parse().unwrap()) {
            Err(Error::Refused(refused)) => refused,
            Err(Error::Broken(error)) => panic!("{error}"),
            Ok(found) => panic!("{uri} passed, found: {}", found.is_some()),
        }
    }

    #[test]
    fn known_addresses_and_parameters_pass() {
        let routes = routes();
        for (uri, known) in [
            ("/api/v1/search/stays", true),
            ("/api/v1/search/stays?q=%C3%A9&amenities=wifi&amenities=pool&", true),
            ("/api/v1/search/stays?%71=x", true),
            ("/api/v1/listings/1", true),
            ("/api/v1/listings/", false),
            ("/api/v1/listings/1/why", true),
            ("/elsewhere?anything=goes", false),
        ] {
            assert_eq!(routes.operation(&Method::GET, &uri.parse().unwrap()).unwrap().is_some(), known, "{uri}");
        }
        assert!(routes.operation(&Method::HEAD, &"/api/v1/listings/1".parse().unwrap()).unwrap().is_some());
    }

    #[test]
    fn typing_errors_are_told() {
        let unknown = refused(Method::GET, "/api/v1/search/stays?amenity=wifi");
        assert_eq!((unknown.code, unknown.errors[0].pointer.as_str()), ("unknown_parameter", "/query/amenity"));
        let twice = refused(Method::GET, "/api/v1/search/stays?q=a&q=b");
        assert_eq!((twice.code, twice.errors[0].pointer.as_str()), ("repeated_parameter", "/query/q"));
        let method = refused(Method::DELETE, "/api/v1/listings/7");
        assert_eq!((method.code, method.allow.as_deref()), ("method_not_allowed", Some("GET, PATCH, HEAD, OPTIONS")));
    }

    #[test]
    fn parameters_know_where_they_stand() {
        let routes = routes();
        let search = routes.operation(&Method::GET, &"/api/v1/search/stays".parse().unwrap()).unwrap().unwrap();
        assert_eq!((search.pointer("x-hint"), search.pointer("q")), ("/header/x-hint".into(), "/query/q".into()));
        let listing = routes.operation(&Method::GET, &"/api/v1/listings/1".parse().unwrap()).unwrap().unwrap();
        assert_eq!((listing.path_name("param0"), listing.path_name("param1")), (Some("id"), None));
    }
}
