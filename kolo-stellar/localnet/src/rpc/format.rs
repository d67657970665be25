//! XDR in answers, written as was asked for with `xdrFormat`.

use serde::Serialize;
use serde_json::{Map, Value};
use stellar_xdr::WriteXdr;

use super::jsonrpc::RpcError;
use super::wire;

/// How XDR is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Format {
    /// Its bytes in base64.
    #[default]
    Base64,
    /// As JSON that names everything (SEP-51).
    Json,
}

impl Format {
    /// Reads `xdrFormat`; nothing and an empty text are base64.
    ///
    /// # Errors
    /// Stellar RPC's sentence about any other; which code goes with it depends on the method.
    pub(super) fn parse(asked: Option<&str>) -> Result<Self, String> {
        match asked {
            None | Some("" | "base64") => Ok(Self::Base64),
            Some("json") => Ok(Self::Json),
            Some(other) => {
                let shown: String = other.chars().take(64).collect();
                Err(format!("got '{shown}': expected base64, json for optional 'xdrFormat'"))
            }
        }
    }

    /// Fields in this format, none yet.
    pub(super) fn fields(self) -> XdrFields {
        XdrFields { format: self, fields: Map::new() }
    }

    fn write<T: WriteXdr + Serialize>(self, value: &T) -> Result<Value, RpcError> {
        match self {
            Self::Base64 => wire::encode(value).map(Value::String),
            Self::Json => serde_json::to_value(value)
                .map_err(|error| RpcError::internal(format!("XDR cannot be JSON: {error}"))),
        }
    }
}

/// The name of a field with XDR in it: in base64, and as JSON.
pub(super) type Name = (&'static str, &'static str);

/// The fields of an answer that carry XDR; flattened into it.
#[derive(Debug, Default, Serialize)]
pub(super) struct XdrFields {
    #[serde(skip)]
    format: Format,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

impl XdrFields {
    /// Adds a value.
    ///
    /// # Errors
    /// [`RpcError::internal`] if it cannot be written.
    pub(super) fn put<T: WriteXdr + Serialize>(
        &mut self,
        name: Name,
        value: &T,
    ) -> Result<(), RpcError> {
        let value = self.format.write(value)?;
        self.insert(name, value);
        Ok(())
    }

    /// Adds a list, unless it is empty.
    ///
    /// # Errors
    /// As [`Self::put`].
    pub(super) fn put_list<'a, T: WriteXdr + Serialize + 'a>(
        &mut self,
        name: Name,
        values: impl IntoIterator<Item = &'a T>,
    ) -> Result<(), RpcError> {
        let list = self.list(values)?;
        self.insert_unless_empty(name, list);
        Ok(())
    }

    /// Adds a list of lists, unless there are none.
    ///
    /// # Errors
    /// As [`Self::put`].
    pub(super) fn put_lists<'a, T: WriteXdr + Serialize + 'a>(
        &mut self,
        name: Name,
        lists: impl IntoIterator<Item = impl IntoIterator<Item = &'a T>>,
    ) -> Result<(), RpcError> {
        let lists = lists.into_iter().map(|list| self.list(list).map(Value::Array));
        let lists = lists.collect::<Result<_, _>>()?;
        self.insert_unless_empty(name, lists);
        Ok(())
    }

    /// What stands in a field that nothing was put into: Stellar RPC keeps some of them.
    pub(super) fn or(&mut self, name: &str, value: impl Into<Value>) {
        if !self.fields.contains_key(name) {
            self.fields.insert(name.to_owned(), value.into());
        }
    }

    fn list<'a, T: WriteXdr + Serialize + 'a>(
        &self,
        values: impl IntoIterator<Item = &'a T>,
    ) -> Result<Vec<Value>, RpcError> {
        values.into_iter().map(|value| self.format.write(value)).collect()
    }

    fn insert_unless_empty(&mut self, name: Name, list: Vec<Value>) {
        if !list.is_empty() {
            self.insert(name, Value::Array(list));
        }
    }

    fn insert(&mut self, (base64, json): Name, value: Value) {
        let name = match self.format {
            Format::Base64 => base64,
            Format::Json => json,
        };
        self.fields.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use stellar_xdr::ScVal;

    use super::*;

    #[test]
    fn a_format_is_one_of_two() {
        for (asked, format) in [
            (None, Format::Base64),
            (Some(""), Format::Base64),
            (Some("base64"), Format::Base64),
            (Some("json"), Format::Json),
        ] {
            assert_eq!(Format::parse(asked), Ok(format));
        }
        for wrong in ["xml", "JSON", "base64 "] {
            let error = Format::parse(Some(wrong)).unwrap_err();
            assert_eq!(
                error,
                format!("got '{wrong}': expected base64, json for optional 'xdrFormat'")
            );
        }
    }

    #[test]
    fn fields_have_the_name_and_form_of_their_format() {
        let value = ScVal::U64(u64::MAX);
        let written = |format: Format| {
            let mut fields = format.fields();
            fields.put(("xdr", "json"), &value).unwrap();
            fields.put_list(("all", "allJson"), [&value]).unwrap();
            fields.put_list::<ScVal>(("none", "noneJson"), []).unwrap();
            fields.put_lists(("lists", "listsJson"), [vec![&value], vec![]]).unwrap();
            fields.or("xdr", "");
            serde_json::to_value(fields).unwrap()
        };
        let base64 = wire::encode(&value).unwrap();
        assert_eq!(
            written(Format::Base64),
            json!({ "xdr": base64, "all": [base64], "lists": [[base64], []] })
        );
        // 64 bits do not fit into a number of JSON.
        let spelt = json!({ "u64": "18446744073709551615" });
        assert_eq!(
            written(Format::Json),
            json!({ "json": spelt, "allJson": [spelt], "listsJson": [[spelt], []], "xdr": "" })
        );
    }
}
