//! The OpenAPI document as it is served: what poem-openapi writes, and what only the doors know.

use super::PROBLEM_JSON;
use crate::platform::access::{Action, Cell, Door, Doors};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Completes a document: operations that are open to strangers say so (`security: []`), and every operation names what its caller
/// must be allowed (`x-permission`), what the edge may refuse it with, the scope a personal access token needs, and whether a fresh proof is asked for.
#[must_use]
pub fn complete(spec: &str, doors: &Doors) -> String {
    // What cannot be read is passed on as it is; the start refuses it, and tests compare it.
    let Ok(mut document) = serde_json::from_str::<Value>(spec) else { return spec.to_owned() };
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    for operation in paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
        let door = operation.get("operationId").and_then(Value::as_str).and_then(|id| doors.find(id)).copied();
        if let Some(door) = door {
            tell(operation, door);
            refuse(operation, door);
        }
    }
    let kinds: HashMap<String, Value> =
        document["components"]["schemas"].as_object().into_iter().flatten().map(|(name, schema)| (name.clone(), schema["type"].clone())).collect();
    let schemas = document["components"]["schemas"].as_object_mut().into_iter().flat_map(Map::values_mut);
    schemas.filter_map(Value::as_object_mut).for_each(|schema| admit_null(schema, &kinds));
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

/// What the edge may answer before a handler runs.
fn refuse(operation: &mut Map<String, Value>, door: Door) {
    let mut statuses = vec![(401, "Nobody we know, or not any more: what was shown is not valid.")];
    if door.action.row().cells[0] != Cell::Yes || door.action == Action::ComeIn {
        statuses.push((403, "Not yours to do."));
    }
    if door.by_card {
        statuses.push((402, "The means of payment was refused."));
    }
    if operation.contains_key("requestBody") {
        statuses.extend([(408, "The body came too slowly."), (413, "The body is too large."), (415, "Not a format we read.")]);
    }
    if door.action == Action::ComeIn || door.by_link {
        statuses.push((410, "The link was used already, or has run out."));
    }
    let named = |name: &str| operation.get("parameters").and_then(Value::as_array).is_some_and(|all| all.iter().any(|p| p["name"] == name));
    if named("If-Match") {
        statuses.push((412, "It has changed since you read it."));
    }
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    let schema = json!({"$ref": "#/components/schemas/Problem"});
    for (status, words) in statuses {
        let answer = json!({"description": words, "content": {PROBLEM_JSON: {"schema": schema}}});
        responses.entry(status.to_string()).or_insert(answer);
    }
}

/// A member that need not be there may be null: that is how it is written, and it is read like that too. `kinds`: the types of all
/// schemas, which must stand beside `nullable`.
fn admit_null(schema: &mut Map<String, Value>, kinds: &HashMap<String, Value>) {
    let required: Vec<String> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect();
    let members = schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten();
    for (_, member) in members.filter(|(name, _)| !required.contains(name)) {
        if let Some(reference) = member.get("$ref").cloned() {
            *member = json!({"allOf": [{"$ref": reference}]});
        }
        // The type of what is meant must stand beside `nullable`.
        if let Some(reference) = member["allOf"][0]["$ref"].as_str() {
            let kind = reference.rsplit('/').next().and_then(|name| kinds.get(name)).cloned().unwrap_or(Value::Null);
            if kind.is_string() {
                member["type"] = kind;
            }
        }
        // Beside no type there is nothing that null would be an exception to.
        if member["type"].is_string() {
            member["nullable"] = json!(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_doors_and_closed_ones_are_told_apart() {
        let doors = Doors::of(&[&[
            Door::to("search", Action::Search),
            Door::to("edit", Action::EditOwnAccount),
            Door::to("make", Action::SecureOwnAccount).with_fresh_proof(),
        ]]);
        let spec = json!({"paths": {"/a": {"get": {"operationId": "search"}, "patch": {"operationId": "edit"}, "post": {"operationId": "make"}}}}).to_string();
        let document: Value = serde_json::from_str(&complete(&spec, &doors)).unwrap();
        let of = |method: &str| document["paths"]["/a"][method].clone();
        assert_eq!(of("get")["security"], json!([]));
        assert_eq!((of("patch")["x-scope"].clone(), of("patch")["security"].clone()), (json!("account:write"), Value::Null));
        assert_eq!((of("post")["x-scope"].clone(), of("post")["x-fresh-proof"].clone()), (Value::Null, json!(true)));
        assert_eq!(complete("not json", &doors), "not json");
    }

    #[test]
    fn refusals_and_nulls_are_documented() {
        let doors = Doors::of(&[&[Door::to("edit", Action::EditOwnAccount).with_card()]]);
        let spec = json!({
            "paths": {"/a": {"patch": {"operationId": "edit", "requestBody": {}, "parameters": [{"name": "If-Match", "in": "header"}], "responses": {"400": {"description": "?"}}}}},
            "components": {"schemas": {"A": {"required": ["here"], "properties": {"here": {"type": "string"}, "maybe": {"type": "integer"}, "other": {"$ref": "#/components/schemas/B"},
                "told": {"allOf": [{"$ref": "#/components/schemas/B"}, {"description": "Told."}], "description": "Told."}}}, "B": {"type": "string"}}},
        });
        let document: Value = serde_json::from_str(&complete(&spec.to_string(), &doors)).unwrap();
        let statuses: Vec<&String> = document["paths"]["/a"]["patch"]["responses"].as_object().unwrap().keys().collect();
        assert_eq!(statuses, ["400", "401", "402", "403", "408", "412", "413", "415"]);
        let members = &document["components"]["schemas"]["A"]["properties"];
        assert_eq!((&members["here"]["nullable"], &members["maybe"]["nullable"]), (&Value::Null, &json!(true)));
        assert_eq!(members["other"], json!({"type": "string", "allOf": [{"$ref": "#/components/schemas/B"}], "nullable": true}));
        assert_eq!((&members["told"]["type"], &members["told"]["nullable"]), (&json!("string"), &json!(true)));
    }
}
