//! Values that a business gives with a text, so that a reviewer sees what its variables are for.

use crate::error::GraphError;
use crate::reading::{Members, Param};
use crate::templates::{Format, Wording};
use crate::value::Value;

/// The longest value, in characters.
const LIMIT: usize = 1024;

/// A value for each variable of a text, in the order of the variables; none, if the business has given none.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Examples(pub(crate) Vec<String>);

impl Examples {
    /// What `example` of a component says of the variables of `text`: lists under the first name, pairs under the second.
    pub(crate) fn read(members: &Members<'_>, names: [&str; 2], text: &Wording) -> Result<Self, GraphError> {
        let [listed, named] = names;
        let Some(example) = members.get("example") else { return Ok(Self::default()) };
        let example = example.object(&[listed, named])?;
        if let Some(pairs) = example.get(named) {
            let mut values = vec![String::new(); text.variables().len()];
            for pair in pairs.items()?.iter() {
                let pair = pair.object(&["param_name", "example"])?;
                let (name, value) =
                    (pair.required("param_name")?.text()?, example_text(pair.required("example")?)?);
                let known = text.variables().iter().position(|variable| variable == name);
                if let Some(to) = known.and_then(|at| values.get_mut(at)) {
                    *to = value;
                }
            }
            return Ok(Self(if values.iter().any(String::is_empty) { Vec::new() } else { values }));
        }
        let Some(list) = example.get(listed) else { return Ok(Self::default()) };
        let text_variables = text.variables().len();
        if let (Ok(_), Err(_)) = (list.text(), list.items()) {
            return Ok(Self(vec![list.text_within(LIMIT)?.to_owned()]).of(text_variables));
        }
        let list = list.items()?;
        let mut values = Vec::new();
        for item in list.iter() {
            match item.items() {
                // A set of values for each example; the first is enough.
                Ok(set) if item.text().is_err() => {
                    if values.is_empty() {
                        values = set.iter().map(|value| example_text(value)).collect::<Result<_, _>>()?;
                    }
                }
                _ => values.push(example_text(item)?),
            }
        }
        Ok(Self(values).of(text_variables))
    }

    /// No more than there are variables.
    fn of(mut self, variables: usize) -> Self {
        self.0.truncate(variables);
        self
    }

    /// As JSON, under the name that it was read from.
    pub(crate) fn written(
        &self,
        text: &Wording,
        format: Format,
        names: [&'static str; 2],
        nested: bool,
    ) -> Option<serde_json::Value> {
        let [listed, named] = names;
        if self.0.is_empty() {
            return None;
        }
        let value = match format {
            Format::Named => {
                let pair = |(name, example): (&String, &String)| serde_json::json!({ "param_name": name, "example": example });
                text.variables().iter().zip(&self.0).map(pair).collect()
            }
            Format::Positional if nested => serde_json::json!([self.0]),
            Format::Positional => serde_json::json!(self.0),
        };
        let name = if format == Format::Named { named } else { listed };
        Some(serde_json::Value::Object([(name.to_owned(), value)].into_iter().collect()))
    }

    /// True if there is one for each of so many variables.
    pub(crate) fn fit(&self, variables: usize) -> bool {
        self.0.len() >= variables
    }
}

impl std::fmt::Debug for Examples {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Examples(…)")
    }
}

/// A value; numbers are taken as they are written.
fn example_text(value: Param<'_>) -> Result<String, GraphError> {
    match value.value() {
        Value::Unsigned(number) => Ok(number.to_string()),
        _ => value.text_within(LIMIT).map(str::to_owned),
    }
}
