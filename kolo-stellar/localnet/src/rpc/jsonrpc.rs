//! JSON-RPC 2.0 framing: one request or a batch in, answers out.
//!
//! Follows <https://www.jsonrpc.org/specification>, and Stellar RPC where that is stricter or says
//! it in words of its own: parameters are passed by name, an id that is null is none, fields that
//! do not belong to a request are refused.

use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Most requests answered in one batch; a longer one is refused as a whole.
pub const MAX_BATCH: usize = 100;

/// Why a request was refused: the code and message of a JSON-RPC error object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (JSON-RPC error {code})")]
pub struct RpcError {
    /// One of the codes of the JSON-RPC specification.
    pub code: i32,
    /// What is wrong, in Stellar RPC's words where it has any.
    pub message: String,
    /// What exactly, where the message is a general one: the method, the fields, the parser's words.
    pub data: Option<Value>,
}

impl RpcError {
    /// -32700: what arrived is not JSON.
    pub fn parse_error(message: impl Into<String>) -> Self {
        Self::new(-32_700, message)
    }

    /// -32600: not a JSON-RPC 2.0 request, or one that cannot be answered as asked.
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(-32_600, message)
    }

    /// -32601: there is no such method.
    pub fn method_not_found(method: &str) -> Self {
        Self::new(-32_601, "method not found").about(method)
    }

    /// -32602: the parameters do not fit the method.
    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(-32_602, message)
    }

    /// -32603: the network could not answer.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(-32_603, message)
    }

    /// The same error saying more.
    #[must_use]
    pub fn about(self, data: impl Into<Value>) -> Self {
        Self { data: Some(data.into()), ..self }
    }

    fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }
}

/// Answers a request or a batch, asking `call` for each method's result.
///
/// `None` means that nothing is to be answered: the request was a notification, or a batch of them.
pub(super) async fn answer<C, F>(request: Value, call: C) -> Option<Value>
where
    C: Fn(String, Option<Value>) -> F,
    F: Future<Output = Result<Value, RpcError>>,
{
    let Value::Array(requests) = request else {
        return answer_one(request, &call).await;
    };
    if requests.is_empty() {
        return Some(failure(&Value::Null, &RpcError::invalid_request("empty request batch")));
    }
    if requests.len() > MAX_BATCH {
        let error = RpcError::invalid_request(format!(
            "the batch has {} requests; at most {MAX_BATCH} are answered at once",
            requests.len()
        ));
        return Some(failure(&Value::Null, &error));
    }
    let mut answers = Vec::with_capacity(requests.len());
    for request in requests {
        answers.extend(answer_one(request, &call).await);
    }
    (!answers.is_empty()).then_some(Value::Array(answers))
}

async fn answer_one<C, F>(request: Value, call: &C) -> Option<Value>
where
    C: Fn(String, Option<Value>) -> F,
    F: Future<Output = Result<Value, RpcError>>,
{
    let Frame { id, method, params } = match Frame::parse(request) {
        Ok(frame) => frame,
        Err((id, error)) => return Some(failure(&id, &error)),
    };
    let outcome = call(method, params).await;
    let id = id?;
    Some(match outcome {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(error) => failure(&id, &error),
    })
}

/// A JSON-RPC error object as a whole answer.
pub(super) fn failure(id: &Value, error: &RpcError) -> Value {
    let mut object = json!({ "code": error.code, "message": error.message });
    if let Some(data) = &error.data {
        object["data"] = data.clone();
    }
    json!({ "jsonrpc": "2.0", "id": id, "error": object })
}

/// The parts of a well-formed request; without an id it is a notification.
struct Frame {
    id: Option<Value>,
    method: String,
    params: Option<Value>,
}

impl Frame {
    /// On failure also the id that the error answer carries (null where it cannot be told).
    fn parse(request: Value) -> Result<Self, (Value, RpcError)> {
        let Value::Object(mut fields) = request else {
            return Err((Value::Null, RpcError::parse_error("request is not a JSON object")));
        };
        let id = take_id(&mut fields).map_err(|error| (Value::Null, error))?;
        match Self::parse_fields(fields) {
            Ok((method, params)) => Ok(Self { id, method, params }),
            Err(error) => Err((id.unwrap_or(Value::Null), error)),
        }
    }

    fn parse_fields(mut fields: Map<String, Value>) -> Result<(String, Option<Value>), RpcError> {
        match fields.remove("jsonrpc") {
            Some(Value::String(version)) if version == "2.0" => {}
            None | Some(Value::String(_) | Value::Null) => {
                return Err(RpcError::invalid_request("invalid version marker"));
            }
            Some(_) => return Err(RpcError::parse_error("invalid version key")),
        }
        let method = match fields.remove("method") {
            Some(Value::String(method)) => method,
            None | Some(Value::Null) => String::new(),
            Some(_) => return Err(RpcError::parse_error("invalid method name")),
        };
        let params = fields.remove("params").filter(|params| !params.is_null());
        if params.as_ref().is_some_and(|params| !(params.is_object() || params.is_array())) {
            return Err(RpcError::invalid_request("parameters must be array or object"));
        }
        if !fields.is_empty() {
            let extra: Vec<String> = fields.into_iter().map(|(name, _)| name).collect();
            return Err(RpcError::invalid_request("extra fields in request").about(extra));
        }
        if method.is_empty() {
            return Err(RpcError::invalid_request("empty method name"));
        }
        Ok((method, params))
    }
}

/// An id that is null counts as none: the request is a notification.
fn take_id(fields: &mut Map<String, Value>) -> Result<Option<Value>, RpcError> {
    match fields.remove("id") {
        Some(Value::Object(_) | Value::Array(_) | Value::Bool(_)) => {
            Err(RpcError::invalid_request("invalid request ID"))
        }
        id => Ok(id.filter(|id| !id.is_null())),
    }
}

/// Reads a method's parameters; none at all are read as an empty object.
///
/// # Errors
/// [`RpcError::invalid_params`] naming the field that does not fit.
pub(super) fn params<T: DeserializeOwned>(params: Option<Value>) -> Result<T, RpcError> {
    let refused = |why: String| RpcError::invalid_params("invalid parameters").about(why);
    let object = match params {
        None | Some(Value::Null) => Value::Object(Map::new()),
        Some(Value::Array(_)) => {
            return Err(refused(
                "parameters are passed by name: \"params\" must be an object, not an array".into(),
            ));
        }
        Some(object) => object,
    };
    serde_json::from_value(object).map_err(|error| refused(error.to_string()))
}

/// Turns a method's answer into JSON.
///
/// # Errors
/// [`RpcError::internal`] if the answer cannot be expressed in JSON.
pub(super) fn result(answer: &impl Serialize) -> Result<Value, RpcError> {
    serde_json::to_value(answer).map_err(|error| RpcError::internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn echo(method: String, params: Option<Value>) -> Result<Value, RpcError> {
        match method.as_str() {
            "echo" => Ok(params.unwrap_or(Value::Null)),
            other => Err(RpcError::method_not_found(other)),
        }
    }

    async fn code(request: Value) -> i64 {
        let answer = answer(request, echo).await.unwrap();
        answer["error"]["code"].as_i64().unwrap()
    }

    #[tokio::test]
    async fn an_answer_carries_the_id_of_its_request() {
        for id in [json!(7), json!("seven"), json!("")] {
            let request =
                json!({ "jsonrpc": "2.0", "id": id, "method": "echo", "params": {"a": 1} });
            let expected = json!({ "jsonrpc": "2.0", "id": id, "result": {"a": 1} });
            assert_eq!(answer(request, echo).await, Some(expected));
        }
    }

    #[tokio::test]
    async fn a_notification_is_not_answered() {
        let request = json!({ "jsonrpc": "2.0", "method": "echo" });
        assert_eq!(answer(request.clone(), echo).await, None);
        assert_eq!(answer(json!([request.clone(), request]), echo).await, None);
        let unknown = json!({ "jsonrpc": "2.0", "method": "nothing" });
        assert_eq!(answer(unknown, echo).await, None);
        let null = json!({ "jsonrpc": "2.0", "id": null, "method": "echo" });
        assert_eq!(answer(null, echo).await, None);
    }

    #[tokio::test]
    async fn a_batch_is_answered_in_order_without_its_notifications() {
        let batch = json!([
            { "jsonrpc": "2.0", "id": 1, "method": "echo" },
            { "jsonrpc": "2.0", "method": "echo" },
            5,
            { "jsonrpc": "2.0", "id": 2, "method": "nothing" },
        ]);
        let answers = answer(batch, echo).await.unwrap();
        assert_eq!(answers.as_array().unwrap().len(), 3);
        assert_eq!(answers[0]["id"], 1);
        assert_eq!(answers[1]["error"]["code"], -32_700);
        assert_eq!(answers[2]["error"]["code"], -32_601);
    }

    #[tokio::test]
    async fn what_is_no_request_is_refused_in_stellar_rpcs_words() {
        let request = |more: Value| {
            let mut request = json!({ "jsonrpc": "2.0", "id": 1, "method": "echo" });
            request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            request
        };
        for (request, code, message) in [
            (Value::Null, -32_700, "request is not a JSON object"),
            (json!("getHealth"), -32_700, "request is not a JSON object"),
            (json!([]), -32_600, "empty request batch"),
            (json!({}), -32_600, "invalid version marker"),
            (request(json!({ "jsonrpc": "1.0" })), -32_600, "invalid version marker"),
            (request(json!({ "jsonrpc": 2 })), -32_700, "invalid version key"),
            (request(json!({ "method": null })), -32_600, "empty method name"),
            (request(json!({ "method": "" })), -32_600, "empty method name"),
            (request(json!({ "method": 5 })), -32_700, "invalid method name"),
            (request(json!({ "id": {} })), -32_600, "invalid request ID"),
            (request(json!({ "params": "text" })), -32_600, "parameters must be array or object"),
            (request(json!({ "more": 1 })), -32_600, "extra fields in request"),
            (request(json!({ "method": "nothing" })), -32_601, "method not found"),
        ] {
            let answer = answer(request.clone(), echo).await.unwrap();
            let error = &answer["error"];
            assert_eq!((&error["code"], &error["message"]), (&json!(code), &json!(message)));
            assert_eq!(
                answer["id"],
                request.get("id").map_or(Value::Null, |id| {
                    if id.is_object() { Value::Null } else { id.clone() }
                })
            );
        }
        assert_eq!(code(Value::Array(vec![json!(1); MAX_BATCH + 1])).await, -32_600);
        let nothing = json!({ "jsonrpc": "2.0", "id": 1, "method": "nothing" });
        assert_eq!(answer(nothing, echo).await.unwrap()["error"]["data"], "nothing");
    }

    #[test]
    fn parameters_are_read_by_name_only() {
        #[derive(serde::Deserialize, Debug, PartialEq)]
        struct P {
            a: Option<u32>,
        }
        assert_eq!(params::<P>(None).unwrap(), P { a: None });
        assert_eq!(params::<P>(Some(json!({ "a": 1, "b": 2 }))).unwrap(), P { a: Some(1) });
        assert_eq!(params::<P>(Some(json!([1]))).unwrap_err().code, -32_602);
        assert_eq!(params::<P>(Some(json!({ "a": -1 }))).unwrap_err().code, -32_602);
    }
}
