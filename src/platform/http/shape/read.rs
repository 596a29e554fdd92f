//! Reads a [`Shape`] from a schema of the OpenAPI document.

use super::{Form, Member, Shape, Sort};
use crate::platform::wire::hundredths;
use anyhow::{Context, bail};
use serde_json::{Map, Value};

/// How deep a body may be described: deeper is a schema that contains itself.
const DEEPEST: usize = 16;

impl Shape {
    /// What an operation reads as JSON; `None` if it reads no body, another format, or any JSON at all. Errors: a schema in words that are not known here,
    /// which ends the start.
    pub(in crate::platform::http) fn of_operation(spec: &Value, operation: &Value) -> anyhow::Result<Option<Self>> {
        let body = &operation["requestBody"];
        let json = body["content"].as_object().into_iter().flatten().find(|(format, _)| format.starts_with("application/json"));
        let Some((_, json)) = json else { return Ok(None) };
        let mut shape = Self::read(spec, &json["schema"], 0).with_context(|| format!("the body of `{}`", operation["operationId"]))?;
        shape.nullable |= body["required"] != true;
        let any = matches!(&shape.sort, Sort::Any) || matches!(&shape.sort, Sort::Object { members, others: Some(_) } if members.is_empty());
        Ok((!any).then_some(shape))
    }

    pub(super) fn read(spec: &Value, schema: &Value, depth: usize) -> anyhow::Result<Self> {
        if depth > DEEPEST {
            bail!("the schema contains itself");
        }
        let parts: Option<Vec<&Value>> = schema["allOf"].as_array().map(|parts| parts.iter().filter(|part| binds(part)).collect());
        let mut shape = match (schema["$ref"].as_str(), parts.as_deref()) {
            (Some(name), _) => Self::read(spec, named(spec, name)?, depth + 1)?,
            (None, Some([one])) => Self::read(spec, one, depth + 1)?,
            (None, Some(_)) => bail!("allOf of several schemas is not read"),
            (None, None) => Self { nullable: false, sort: sort(spec, schema, depth)? },
        };
        shape.nullable |= schema["nullable"] == true;
        Ok(shape)
    }
}

/// Whether a schema says more than words about what it describes.
fn binds(schema: &Value) -> bool {
    schema.as_object().is_some_and(|words| words.keys().any(|word| !matches!(word.as_str(), "description" | "default" | "title" | "nullable")))
}

fn named<'a>(spec: &'a Value, reference: &str) -> anyhow::Result<&'a Value> {
    let pointer = reference.strip_prefix('#').unwrap_or(reference);
    spec.pointer(pointer).with_context(|| format!("{reference} is not in the document"))
}

fn sort(spec: &Value, schema: &Value, depth: usize) -> anyhow::Result<Sort> {
    let format = schema["format"].as_str().unwrap_or_default();
    let count = |name: &str, otherwise| schema[name].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(otherwise);
    Ok(match schema["type"].as_str() {
        None if !binds(schema) => Sort::Any,
        Some("boolean") => Sort::Flag,
        Some("number") => Sort::Number { step: hundredths(&schema["multipleOf"]).filter(|step| *step > 0) },
        Some("integer") => whole(format)?,
        Some("string") => Sort::Text {
            form: match format {
                "date" => Form::Date,
                "uuid" => Form::Uuid,
                _ => Form::Free,
            },
            least: count("minLength", 0),
            most: count("maxLength", usize::MAX),
            values: schema["enum"].as_array().into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect(),
        },
        Some("array") => {
            Sort::List { of: Box::new(Shape::read(spec, &schema["items"], depth + 1)?), least: count("minItems", 0), most: count("maxItems", usize::MAX) }
        }
        Some("object") => object(spec, schema, depth)?,
        other => bail!("a schema of type {other:?} is not read"),
    })
}

/// Limits that a handler sets (`minimum`, `maximum`) are left to poem-openapi, which names the field itself.
fn whole(format: &str) -> anyhow::Result<Sort> {
    let (least, most) = match format {
        "int32" => (i128::from(i32::MIN), i128::from(i32::MAX)),
        "int64" => (i128::from(i64::MIN), i128::from(i64::MAX)),
        "uint8" => (0, i128::from(u8::MAX)),
        "uint16" => (0, i128::from(u16::MAX)),
        "uint32" => (0, i128::from(u32::MAX)),
        "uint64" => (0, i128::from(u64::MAX)),
        other => bail!("whole numbers of the format `{other}` are not read"),
    };
    Ok(Sort::Whole { least, most })
}

fn object(spec: &Value, schema: &Value, depth: usize) -> anyhow::Result<Sort> {
    let needed = |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|needed| needed == name));
    let properties = schema["properties"].as_object();
    let members = properties
        .into_iter()
        .flat_map(Map::iter)
        .map(|(name, member)| {
            let mut shape = Shape::read(spec, member, depth + 1).with_context(|| format!("the field `{name}`"))?;
            // What need not be there may be null (`document.rs`).
            shape.nullable |= !needed(name);
            Ok(Member { name: name.clone(), needed: needed(name), shape })
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let others = match &schema["additionalProperties"] {
        Value::Null if properties.is_some() => None,
        Value::Bool(false) => None,
        Value::Object(words) if !words.is_empty() => Some(Shape::read(spec, &schema["additionalProperties"], depth + 1)?),
        _ => Some(Shape { nullable: true, sort: Sort::Any }),
    };
    Ok(Sort::Object { members, others: others.map(Box::new) })
}
