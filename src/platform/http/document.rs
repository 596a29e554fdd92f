//! The OpenAPI document as it is served: what poem-openapi writes, and what only the doors know.

use crate::platform::access::{Cell, Door, Doors};
use serde_json::{Map, Value, json};

/// Completes a document: operations that are open to strangers say so (`security: []`), and every operation names what its caller
/// must be allowed (`x-permission`), the scope a personal access token needs, and whether a fresh proof is asked for.
#[must_use]
pub fn complete(spec: &str, doors: &Doors) -> String {
    // What cannot be read is passed on as it is; the start refuses it, and tests compare it.
    let Ok(mut document) = serde_json::from_str::<Value>(spec) else { return spec.to_owned() };
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    for operation in paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
        let door = operation.get("operationId").and_then(Value::as_str).and_then(|id| doors.find(id)).copied();
        if let Some(door) = door {
            tell(operation, door);
        }
    }
    serde_json::to_string_pretty(&document).unwrap_or_else(|_never| spec.to_owned())
}

fn tell(operation: &mut Map<String, Value>, door: Door) {
    let row = door.action.row();
    if row.cells[0] == Cell::Yes {
        operation.entry("security").or_insert_with(|| json!([]));
        return;
    }
    operation.insert("x-permission".into(), json!(row.words));
    if let Some(scope) = row.scope {
        operation.insert("x-scope".into(), json!(scope.name()));
    }
    if door.fresh_proof {
        operation.insert("x-fresh-proof".into(), json!(true));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::access::Action;

    #[test]
    fn open_doors_and_closed_ones_are_told_apart() {
        let doors = Doors::of(&[&[Door::to("search", Action::Search), Door::to("edit", Action::EditOwnAccount), Door::to("make", Action::SecureOwnAccount).with_fresh_proof()]]);
        let spec = json!({"paths": {"/a": {"get": {"operationId": "search"}, "patch": {"operationId": "edit"}, "post": {"operationId": "make"}}}}).to_string();
        let document: Value = serde_json::from_str(&complete(&spec, &doors)).unwrap();
        let of = |method: &str| document["paths"]["/a"][method].clone();
        assert_eq!(of("get")["security"], json!([]));
        assert_eq!((of("patch")["x-scope"].clone(), of("patch")["security"].clone()), (json!("account:write"), Value::Null));
        assert_eq!((of("post")["x-scope"].clone(), of("post")["x-fresh-proof"].clone()), (Value::Null, json!(true)));
        assert_eq!(complete("not json", &doors), "not json");
    }
}
