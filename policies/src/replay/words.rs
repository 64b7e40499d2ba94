//! Changes in words, in English and Dutch. Words of rules, profiles and protections stay as files have them.

use super::{AtDoor, Change, Difference, Reason, What};

/// A language of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Dutch.
    Dutch,
}

impl Language {
    fn of(self, english: &'static str, dutch: &'static str) -> &'static str {
        match self {
            Self::English => english,
            Self::Dutch => dutch,
        }
    }

    fn when(self, waits: bool) -> &'static str {
        if waits {
            self.of("after the notice", "na de aankondigingstijd")
        } else {
            self.of("at once", "meteen")
        }
    }
}

impl Change {
    /// What changes, a line each; nothing where nothing does.
    #[must_use]
    pub fn lines(&self, language: Language) -> Vec<String> {
        let mut lines = match &self.what {
            What::Same | What::Unknown(_) => Vec::new(),
            What::Denied(reason) => {
                let change = language.of("allowed -> denied", "toegestaan -> geweigerd");
                vec![format!("{change}, {}: {}", language.when(false), reason.text(language))]
            }
            What::Allowed { was, granted, waits } => {
                let change = language.of("denied -> allowed", "geweigerd -> toegestaan");
                let (profile, rules) = (granted.profile.as_str(), granted.rules.join(", "));
                let (under, by) = (language.of("under", "onder"), language.of("by", "door"));
                let (when, then) = (language.when(*waits), language.of("it was", "dat was"));
                vec![format!(
                    "{change} {under} {profile} {by} {rules}, {when}; {then} {}",
                    was.text(language)
                )]
            }
            What::Otherwise(found) => found.iter().map(|one| one.text(language)).collect(),
        };
        lines.extend(self.pause.as_ref().map(|reason| {
            let what = language.of(
                "not answered while the notice lasts",
                "niet beantwoord zolang de aankondigingstijd duurt",
            );
            format!("{what}: {}", reason.text(language))
        }));
        lines
    }
}

impl AtDoor {
    /// What changes, in a line; nothing where nothing does.
    #[must_use]
    pub fn line(&self, language: Language) -> Option<String> {
        match self {
            Self::Refused(_) | Self::Inside => None,
            Self::LetIn { was, waits } => {
                let change = language.of("turned away -> let in", "afgewezen -> binnengelaten");
                let (when, then) = (language.when(*waits), language.of("it was", "dat was"));
                Some(format!("{change}, {when}; {then} {}", was.text(language)))
            }
        }
    }
}

impl Difference {
    /// The difference, in a line.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let Self { word, from, to, stricter, waits } = self;
        let none = if word.starts_with("quota") {
            language.of("no limit", "geen grens")
        } else {
            language.of("not applied", "niet toegepast")
        };
        let value = |value: &Option<String>| value.as_deref().unwrap_or(none).to_owned();
        let stricter = match stricter {
            Some(true) => language.of("stricter, ", "strenger, "),
            Some(false) => language.of("looser, ", "ruimer, "),
            None => "",
        };
        format!("{word} {} -> {} ({stricter}{})", value(from), value(to), language.when(*waits))
    }
}

impl Reason {
    /// Its code, rule and message.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let Self { code, rule, message, message_nl } = self;
        let message = match language {
            Language::English => message,
            Language::Dutch => message_nl,
        };
        match rule {
            Some(rule) => format!("{code} ({rule}): {message}"),
            None => format!("{code}: {message}"),
        }
    }
}
