//! What a table says of hospitals where it may not say it of each.

use crate::api::{Missing, Together};

/// How many are missing.
pub(super) fn missing(missing: Missing) -> &'static str {
    match missing {
        Missing::None => "all that were asked answered; rules let none be told apart",
        Missing::Some => {
            "some of those that were asked are missing; rules let it not be told which"
        }
        Missing::MoreThanHalf => {
            "more than half of those that were asked are missing; rules let it not be told which"
        }
    }
}

/// What was done to the figures, at each hospital this or less.
pub(super) fn done(together: &Together) -> String {
    let Together { profiles, rules, protections, since, noise } = together;
    let profile = profiles.join(", ");
    let done = super::done(protections, noise.as_ref(), &profile);
    let since = since.map_or_else(String::new, |since| {
        format!("; some figures as told on {since} or later, too few patients changed since")
    });
    format!("at the strictest hospital {done} ({profile}; {}){since}", rules.join(", "))
}
