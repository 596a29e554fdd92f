//! Names that all features share in the OpenAPI document: the prefix of their addresses and their tags.

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem_openapi::registry::{MetaApi, MetaOperation, MetaOperationParam, MetaParamIn, MetaPath, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::{OpenApi, Tags};
use std::collections::HashMap;
use std::marker::PhantomData;

/// Where the features' operations live.
pub const PREFIX: &str = "/api/v1";

/// The chapters of the API.
#[derive(Tags)]
pub enum Tag {
    /// Finding a place to stay.
    Search,
    /// Homes, their calendars and their reviews.
    Listings,
    /// Stays: booking, answering, cancelling.
    Bookings,
    /// Registration, login, sessions, one's own account.
    Accounts,
    /// Paying for stays.
    Payments,
    /// People.
    Users,
    /// What staff may do. Needs a role; on a public instance a second factor too.
    Administration,
    /// Amenities, property types and other lists.
    Reference,
    /// The server itself.
    Platform,
}

/// Puts `/api/v1` before every address of `T`, in the document and in the router.
pub struct V1<T>(pub T);

impl<T: OpenApi> OpenApi for V1<T> {
    fn meta() -> Vec<MetaApi> {
        let mut apis = T::meta();
        for path in apis.iter_mut().flat_map(|api| &mut api.paths) {
            path.path.insert_str(0, PREFIX);
            path.operations.iter_mut().for_each(document_headers);
        }
        vec![MetaApi { paths: joined(apis) }]
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, table: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        let mut own = HashMap::new();
        self.0.add_routes(&mut own);
        for (path, methods) in own {
            table.entry(format!("{PREFIX}{path}")).or_default().extend(methods);
        }
    }
}

/// Each address once, with the operations of all features on it: a JSON object keeps one of two members with the same name.
fn joined(apis: Vec<MetaApi>) -> Vec<MetaPath> {
    let mut paths: Vec<MetaPath> = Vec::new();
    for path in apis.into_iter().flat_map(|api| api.paths) {
        match paths.iter_mut().find(|known| known.path == path.path) {
            Some(known) => known.operations.extend(path.operations),
            None => paths.push(path),
        }
    }
    paths
}

/// Headers that mean the same everywhere: every POST may have an `Idempotency-Key`, and an argument `if_match` is `If-Match`.
fn document_headers(operation: &mut MetaOperation) {
    for parameter in operation.params.iter_mut().filter(|parameter| parameter.in_type == MetaParamIn::Header && parameter.name == "if_match") {
        parameter.name = "If-Match".into();
        parameter.description = Some("Entity tags, as a read gave them in `ETag`, or `*`: when it has changed since, the answer is 412.".into());
    }
    if operation.method == Method::POST {
        let mut schema = MetaSchema::new("string");
        (schema.min_length, schema.max_length) = (Some(1), Some(255));
        operation.params.push(MetaOperationParam {
            name: "Idempotency-Key".into(),
            schema: MetaSchemaRef::Inline(Box::new(schema)),
            in_type: MetaParamIn::Header,
            description: Some(
                "Makes sending it again safe: the same key and body get the first answer again, for 72 hours. Only for callers who are logged in.".into(),
            ),
            required: false,
            deprecated: false,
            explode: false,
            style: None,
        });
    }
}

/// The document of `T` without an instance of it, so that it can be written without a database.
pub struct Document<T>(PhantomData<fn() -> T>);

impl<T> Document<T> {
    /// `_maker` is only looked at for the type that it makes.
    pub fn of<A>(_maker: impl Fn(A) -> T) -> Self {
        Self(PhantomData)
    }
}

impl<T: OpenApi> OpenApi for Document<T> {
    fn meta() -> Vec<MetaApi> {
        T::meta()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, _table: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}
