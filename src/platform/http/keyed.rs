//! The edge's part in `Idempotency-Key`: before the handler it asks what is stored, after it it stores what is not yet.

use super::answer;
use super::reply::whole_body;
use crate::platform::access::Principal;
use crate::platform::error::Error;
use crate::platform::idempotency::{Keys, Once, Start};
use crate::platform::tools::Tools;
use bytes::Bytes;
use poem::http::Method;
use poem::{Request, Response};

/// Larger answers are not stored when no transaction did: they are long lists, not effects.
const LARGEST: usize = 256 << 10;

pub(super) struct Keyed(Keys);

/// What a request with a key begins with.
pub(super) enum Begun {
    Answered(Response),
    New(Once),
}

impl Keyed {
    pub(super) fn new(tools: &Tools) -> Self {
        Self(Keys::new(tools.db.clone(), &tools.keys))
    }

    /// Looks at the key of a POST. Strangers have none: whose would it be?
    pub(super) async fn begin(&self, request: &mut Request, body: &Bytes, caller: Option<&Principal>, secret: bool) -> Result<Begun, Error> {
        let (Some(caller), &Method::POST) = (caller, request.method()) else { return Ok(Begun::New(Once::default())) };
        match self.0.begin(caller.user, request, body, secret).await? {
            Start::Again(kept) => Ok(Begun::Answered(answer::again(kept))),
            Start::Do(once) => {
                request.extensions_mut().insert(once.clone());
                Ok(Begun::New(once))
            }
        }
    }

    /// Stores what the handler decided without a transaction of `write_once`, and frees the key. That an answer could not be stored
    /// does not undo what was done, so it goes out all the same.
    pub(super) async fn finish(&self, once: &Once, mut response: Response) -> Response {
        let Some(claim) = once.claim() else { return response };
        if claim.wants(response.status().as_u16())
            && let Some(bytes) = whole_body(&mut response, 0).await
        {
            if bytes.len() <= LARGEST
                && let Err(error) = self.0.settle(claim, answer::keep(&response, bytes.clone())).await
            {
                tracing::warn!(%error, "an answer could not be stored for its Idempotency-Key");
            }
            response.set_body(bytes);
        }
        claim.end();
        response
    }
}
