//! Names that all features share in the OpenAPI document: the prefix of their addresses and their tags.

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem_openapi::registry::{MetaApi, Registry};
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
    /// Registration, login, sessions, one's own account.
    Accounts,
    /// People.
    Users,
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
        }
        apis
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
