//! Bodies that fit and bodies that do not, against a document of the tests.

use super::*;
use serde_json::json;

fn spec() -> Value {
    json!({
        "paths": {"/stays": {"post": {"operationId": "ask", "requestBody": {"required": true, "content": {"application/json; charset=utf-8": {"schema": {"$ref": "#/components/schemas/Ask"}}}}}}},
        "components": {"schemas": {
            "Ask": {"type": "object", "required": ["listing_id", "check_in", "guests"], "properties": {
                "listing_id": {"type": "string", "format": "uuid"},
                "check_in": {"type": "string", "format": "date"},
                "guests": {"type": "array", "maxItems": 2, "minItems": 1, "items": {"$ref": "#/components/schemas/Guest"}},
                "message": {"type": "string", "maxLength": 5},
                "kind": {"type": "string", "allOf": [{"$ref": "#/components/schemas/Kind"}], "nullable": true},
                "paid": {"allOf": [{"$ref": "#/components/schemas/Kind"}, {"description": "How."}], "description": "How."},
                "rate": {"type": "number", "format": "double"},
                "bathrooms": {"type": "number", "format": "double", "multipleOf": 0.5},
                "custom": {"type": "object", "additionalProperties": {}},
            }},
            "Guest": {"type": "object", "required": ["age"], "properties": {"age": {"type": "integer", "format": "uint8"}, "pet/s": {"type": "boolean"}}},
            "Kind": {"type": "string", "enum": ["instant", "request"]},
        }},
    })
}

fn shape() -> Shape {
    let spec = spec();
    Shape::of_operation(&spec, &spec["paths"]["/stays"]["post"]).unwrap().unwrap()
}

fn stay() -> Value {
    json!({"listing_id": "0197f3a0-0000-7000-8000-000000000001", "check_in": "2026-07-01", "guests": [{"age": 30}]})
}

/// `(code, [(pointer, code)])` of the refusal; `None`: it fits.
fn told(body: &str) -> Option<(&'static str, Vec<(String, &'static str)>)> {
    match shape().check(body.as_bytes()) {
        Ok(()) => None,
        Err(Error::Refused(refused)) => {
            assert_eq!(refused.kind, if refused.code == "out_of_range" { Kind::Unacceptable } else { Kind::Malformed });
            Some((refused.code, refused.errors.into_iter().map(|error| (error.pointer, error.code)).collect()))
        }
        Err(Error::Broken(error)) => panic!("{error}"),
    }
}

fn with(name: &str, value: Value) -> String {
    let mut stay = stay();
    stay[name] = value;
    stay.to_string()
}

#[test]
fn what_fits_passes() {
    assert_eq!(told(&stay().to_string()), None);
    for (name, value) in [
        ("message", json!("éééé😀")),
        ("message", Value::Null),
        ("kind", json!("instant")),
        ("kind", Value::Null),
        ("rate", json!(1)),
        ("bathrooms", json!(1.5)),
        ("bathrooms", json!(2)),
        ("custom", json!({"a": [1, null], "b": "x"})),
        ("check_in", json!("2026-07-01T00:00:00Z")),
        ("guests", json!([{"age": 0, "pet/s": false}, {"age": 255}])),
    ] {
        assert_eq!(told(&with(name, value.clone())), None, "{name} = {value}");
    }
    // Whoever reads the body says why it is no JSON.
    assert_eq!(told("{nonsense"), None);
}

#[test]
fn each_field_that_does_not_fit_is_named() {
    for (name, value, code, pointer, field) in [
        ("listing_id", json!("home"), "invalid_body", "/body/listing_id", "invalid_value"),
        ("listing_id", Value::Null, "invalid_body", "/body/listing_id", "invalid_type"),
        ("check_in", json!("1 July"), "invalid_body", "/body/check_in", "invalid_value"),
        ("check_in", json!(20_260_701), "invalid_body", "/body/check_in", "invalid_type"),
        ("message", json!(true), "invalid_body", "/body/message", "invalid_type"),
        ("message", json!("éééééé"), "out_of_range", "/body/message", "out_of_range"),
        ("kind", json!("later"), "invalid_body", "/body/kind", "unknown_value"),
        ("paid", json!("later"), "invalid_body", "/body/paid", "unknown_value"),
        ("rate", json!("1.5"), "invalid_body", "/body/rate", "invalid_type"),
        ("bathrooms", json!(1.3), "invalid_body", "/body/bathrooms", "invalid_value"),
        ("bathrooms", json!(0.125), "invalid_body", "/body/bathrooms", "invalid_value"),
        ("custom", json!([]), "invalid_body", "/body/custom", "invalid_type"),
        ("guests", json!({}), "invalid_body", "/body/guests", "invalid_type"),
        ("guests", json!([]), "out_of_range", "/body/guests", "out_of_range"),
        ("guests", json!([{"age": 1}, {"age": 1}, {"age": 1}]), "out_of_range", "/body/guests", "out_of_range"),
        ("guests", json!([{"age": 30}, {}]), "invalid_body", "/body/guests/1/age", "required"),
        ("guests", json!([{"age": 256}]), "out_of_range", "/body/guests/0/age", "out_of_range"),
        ("guests", json!([{"age": 1e20}]), "out_of_range", "/body/guests/0/age", "out_of_range"),
        ("guests", json!([{"age": -1}]), "out_of_range", "/body/guests/0/age", "out_of_range"),
        ("guests", json!([{"age": 1.5}]), "invalid_body", "/body/guests/0/age", "invalid_type"),
        ("guests", json!([{"age": 1, "pet/s": 1}]), "invalid_body", "/body/guests/0/pet~1s", "invalid_type"),
        ("mesage", json!("hi"), "invalid_body", "/body/mesage", "unknown_field"),
    ] {
        assert_eq!(told(&with(name, value.clone())), Some((code, vec![(pointer.to_owned(), field)])), "{name} = {value}");
    }
    for whole in ["[]", "null", "7", "\"stay\""] {
        assert_eq!(told(whole), Some(("invalid_body", vec![("/body".to_owned(), "invalid_type")])), "{whole}");
    }
}

#[test]
fn all_misfits_are_named_at_once_up_to_a_limit_and_nothing_sent_comes_back() {
    let (code, fields) = told(r#"{"listing_id": 1, "guests": [{"age": 300}], "mesage": "hunter2"}"#).unwrap();
    assert_eq!(code, "invalid_body");
    let names: Vec<&str> = fields.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(names, ["/body/check_in", "/body/guests/0/age", "/body/listing_id", "/body/mesage"]);
    let many: Map<String, Value> = (0..10_000).map(|n| (format!("field{n}"), json!("hunter2"))).collect();
    let Err(Error::Refused(refused)) = shape().check(Value::Object(many).to_string().as_bytes()) else { panic!("not refused") };
    assert_eq!((refused.errors.len(), refused.code), (NAMED, "invalid_body"));
    assert!(!format!("{refused:?}").contains("hunter2") && refused.detail.contains("the first 20"), "{refused:?}");
    let Err(Error::Refused(hint)) = shape().check(with("mesage", json!(1)).as_bytes()) else { panic!("not refused") };
    assert_eq!(hint.detail, "The body does not fit: `mesage` is not a field of this body (did you mean `message`?).");
}

#[test]
fn bodies_that_may_be_left_out_may_be_null_and_free_ones_are_not_held() {
    let spec = json!({"components": {"schemas": {"Loop": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Loop"}}}}}});
    let of = |required: bool, schema: Value| {
        Shape::of_operation(&spec, &json!({"operationId": "x", "requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}))
    };
    let some = json!({"type": "object", "properties": {"a": {"type": "boolean"}}});
    assert!(of(false, some.clone()).unwrap().unwrap().check(b"null").is_ok());
    assert!(of(true, some).unwrap().unwrap().check(b"null").is_err());
    assert_eq!(of(true, json!({"type": "object"})).unwrap(), None);
    assert_eq!(Shape::of_operation(&spec, &json!({"operationId": "x"})).unwrap(), None);
    for unread in [json!({"oneOf": []}), json!({"$ref": "#/components/schemas/Loop"}), json!({"$ref": "#/nowhere"}), json!({"type": "tuple"})] {
        assert!(of(true, unread.clone()).is_err(), "{unread}");
    }
}
