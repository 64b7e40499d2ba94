//! What was decided, held against what the board expects.

use std::collections::BTreeMap;

use super::{Case, Decided, Expect};

impl Case {
    /// Compares what was decided with what the board expects.
    ///
    /// # Errors
    /// Why the case fails, in one sentence.
    pub fn judge(&self, decided: &Decided) -> Result<(), String> {
        match (self.expect, decided) {
            (Expect::Allow, Decided::Allowed { rules, protections }) => {
                self.granted(rules, protections)
            }
            (Expect::Deny, Decided::Denied { code, rule, message }) => {
                self.denied(code, rule.as_deref(), message)
            }
            (Expect::Deny, Decided::Refused { code, .. }) if self.code.as_ref() == Some(code) => {
                Ok(())
            }
            (Expect::Deny, Decided::Refused { code, message }) => Err(format!(
                "it is refused before any rule is asked ({code}): {message}; write code = \"{code}\" if that is meant"
            )),
            (Expect::Deny, Decided::Allowed { rules, .. }) => {
                Err(format!("it is allowed by {}, deny was expected", rules.join(", ")))
            }
            (
                Expect::Allow,
                Decided::Denied { code, message, .. } | Decided::Refused { code, message },
            ) => Err(format!("it is denied ({code}): {message}; allow was expected")),
        }
    }

    fn granted(
        &self,
        rules: &[String],
        protections: &BTreeMap<&'static str, String>,
    ) -> Result<(), String> {
        if let Some(rule) = &self.rule
            && !rules.iter().any(|granting| is_rule(rule, granting))
        {
            return Err(format!("it is allowed by {}, not by `{rule}`", rules.join(", ")));
        }
        let mut wrong = Vec::new();
        for (word, expected) in &self.protections {
            match protections.get(word.as_str()) {
                Some(got) if got == expected => {}
                Some(got) => wrong.push(format!("{word} is \"{got}\", not \"{expected}\"")),
                None => wrong.push(format!("{word} is not applied, \"{expected}\" was expected")),
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
    }

    fn denied(&self, code: &str, rule: Option<&str>, message: &str) -> Result<(), String> {
        let by = rule.map_or_else(|| "no rule".to_owned(), |rule| format!("`{rule}`"));
        if let Some(expected) = &self.rule
            && !rule.is_some_and(|rule| is_rule(expected, rule))
        {
            return Err(format!("it is denied by {by} ({code}): {message}; not by `{expected}`"));
        }
        match &self.code {
            Some(expected) if expected != code => {
                Err(format!("it is denied ({code}): {message}; not with code `{expected}`"))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Whether a name in a case is that of a rule, with or without its network.
fn is_rule(expected: &str, full: &str) -> bool {
    full == expected || full.split_once('/').is_some_and(|(_, id)| id == expected)
}
