//! Rules' conditions, taken apart at `&&`, `||` and `!`, so that what several rules ask is evaluated once for each question.
//!
//! Cedar evaluates each part; only these three operators are put together here, as Cedar does it: from the left, and no
//! further than is needed. A part that cannot be evaluated makes fail what it is reached in. A condition that cannot be taken
//! apart, so that reading the parts again gives the same, stays whole.

use std::collections::HashMap;

use cedar_policy::{Entities, EvalResult, Expression, Policy, Request, eval_expression};
use serde_json::{Value, json};

/// What a condition says to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    /// It holds.
    Holds,
    /// It does not hold.
    Not,
    /// It cannot be evaluated.
    Fails,
}

/// A condition, over parts that are known by their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// One part.
    Part(usize),
    /// The opposite.
    Not(Box<Self>),
    /// All, from the left; none of nothing.
    All(Vec<Self>),
    /// Any, from the left.
    Any(Vec<Self>),
}

/// The parts of all conditions of a charter, each once.
#[derive(Debug, Default)]
pub(super) struct Parts {
    expressions: Vec<Expression>,
    /// The place of each, by its form in JSON; none of one that stays in its rule.
    places: HashMap<String, Option<usize>>,
}

impl Parts {
    /// A rule's conditions; `None` where they stay whole.
    pub(super) fn take(&mut self, policy: &Policy) -> Option<Condition> {
        let json = policy.to_json().ok()?;
        let conditions = json.get("conditions")?.as_array()?;
        let mut all = Vec::new();
        for condition in conditions {
            let body = self.condition(condition.get("body")?)?;
            match condition.get("kind")?.as_str()? {
                "when" => all.push(body),
                "unless" => all.push(Condition::Not(Box::new(body))),
                _ => return None,
            }
        }
        Some(Condition::All(all))
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.expressions.len()
    }

    fn condition(&mut self, json: &Value) -> Option<Condition> {
        let fields = json.as_object().filter(|fields| fields.len() == 1)?;
        let (operator, inner) = fields.iter().next()?;
        let both = |parts: &mut Self| {
            let left = parts.condition(inner.get("left")?)?;
            Some(vec![left, parts.condition(inner.get("right")?)?])
        };
        match operator.as_str() {
            "&&" => both(self).map(Condition::All),
            "||" => both(self).map(Condition::Any),
            "!" => Some(Condition::Not(Box::new(self.condition(inner.get("arg")?)?))),
            _ => self.part(json).map(Condition::Part),
        }
    }

    fn part(&mut self, json: &Value) -> Option<usize> {
        let form = json.to_string();
        if let Some(place) = self.places.get(&form) {
            return *place;
        }
        let place = expression(json).map(|expression| {
            self.expressions.push(expression);
            self.expressions.len().saturating_sub(1)
        });
        self.places.insert(form, place);
        place
    }
}

/// A part as Cedar reads it, where it reads what it printed itself as the same.
fn expression(part: &Value) -> Option<Expression> {
    let all = json!({ "op": "All" });
    let policy = json!({
        "effect": "permit", "principal": all, "action": all, "resource": all,
        "conditions": [{ "kind": "when", "body": part }],
    });
    let printed = Policy::from_json(None, policy).ok()?.to_string();
    let (_scope, rest) = printed.split_once("when {")?;
    let (text, _end) = rest.rsplit_once('}')?;
    let again = format!("permit (principal, action, resource) when {{ {text} }};");
    let again = Policy::parse(None, again).ok()?.to_json().ok()?;
    if again.pointer("/conditions/0/body") != Some(part) {
        return None;
    }
    text.trim().parse().ok()
}

/// One question, and what was found out about it.
pub(super) struct Asked<'q> {
    parts: &'q Parts,
    request: &'q Request,
    entities: &'q Entities,
    known: Vec<Option<Truth>>,
}

impl<'q> Asked<'q> {
    /// Nothing is known yet.
    pub(super) fn new(parts: &'q Parts, request: &'q Request, entities: &'q Entities) -> Self {
        Self { parts, request, entities, known: vec![None; parts.expressions.len()] }
    }

    /// Whether a condition holds.
    pub(super) fn truth(&mut self, condition: &Condition) -> Truth {
        match condition {
            Condition::Part(place) => self.part(*place),
            Condition::Not(inner) => match self.truth(inner) {
                Truth::Holds => Truth::Not,
                Truth::Not => Truth::Holds,
                Truth::Fails => Truth::Fails,
            },
            Condition::All(several) => self.first_other(several, Truth::Holds),
            Condition::Any(several) => self.first_other(several, Truth::Not),
        }
    }

    /// The first that is something else; this, where all are.
    fn first_other(&mut self, several: &[Condition], this: Truth) -> Truth {
        let mut truths = several.iter().map(|one| self.truth(one));
        truths.find(|truth| *truth != this).unwrap_or(this)
    }

    fn part(&mut self, place: usize) -> Truth {
        if let Some(known) = self.known.get(place).copied().flatten() {
            return known;
        }
        let expression = self.parts.expressions.get(place);
        let truth = expression.map_or(Truth::Fails, |part| self.evaluate(part));
        if let Some(known) = self.known.get_mut(place) {
            *known = Some(truth);
        }
        truth
    }

    fn evaluate(&self, part: &Expression) -> Truth {
        match eval_expression(self.request, self.entities, part) {
            Ok(EvalResult::Bool(true)) => Truth::Holds,
            Ok(EvalResult::Bool(false)) => Truth::Not,
            // A rule's condition is yes or no: anything else is an error to Cedar too.
            Ok(
                EvalResult::Long(_)
                | EvalResult::String(_)
                | EvalResult::EntityUid(_)
                | EvalResult::Set(_)
                | EvalResult::Record(_)
                | EvalResult::ExtensionValue(_),
            )
            | Err(_) => Truth::Fails,
        }
    }
}
