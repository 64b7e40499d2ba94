//! Names that cross crate boundaries, each a checked newtype.
//!
//! A name is ASCII only, so two names that look alike are alike; every constructor, serde included,
//! runs the same check. Nothing here knows where a name comes from.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A name that does not have the form its kind asks for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{got}` is not a {kind}: expected {form}")]
pub struct BadName {
    /// What the name was meant to be.
    pub kind: &'static str,
    /// The form that is asked for, in words.
    pub form: &'static str,
    /// The text as given, shortened to 80 characters.
    pub got: String,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $form:literal, $sizes:expr, $first:expr, $rest:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks `text` and wraps it.
            ///
            /// # Errors
            /// `BadName` when the text has another form.
            pub fn new(text: &str) -> Result<Self, BadName> {
                let first: fn(char) -> bool = $first;
                let rest: fn(char) -> bool = $rest;
                let mut chars = text.chars();
                let good = $sizes.contains(&text.len())
                    && chars.next().is_some_and(first)
                    && chars.all(rest);
                if good {
                    return Ok(Self(text.to_owned()));
                }
                Err(BadName { kind: $kind, form: $form, got: text.chars().take(80).collect() })
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadName;
            fn try_from(text: String) -> Result<Self, BadName> {
                Self::new(&text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadName;
            fn from_str(text: &str) -> Result<Self, BadName> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    };
}

name!(
    /// A hospital's code in the charter, e.g. `EMC`.
    ///
    /// ```compile_fail
    /// let code = policies::HospitalCode::new("EMC").unwrap();
    /// let network: policies::NetworkId = code; // two kinds of names do not mix
    /// ```
    HospitalCode, "hospital code", "2 to 16 characters: A-Z, then A-Z, 0-9 or -", (2..=16),
    |c| c.is_ascii_uppercase(), |c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-'
);
name!(
    /// A network's id, e.g. `embraze`.
    NetworkId, "network id", "2 to 32 characters: a-z, then a-z, 0-9 or -", (2..=32),
    |c| c.is_ascii_lowercase(), |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
);
name!(
    /// A person in `people.toml`, e.g. `a.jansen`.
    PersonId, "person id", "2 to 64 characters: a-z, then a-z, 0-9, `.`, `_` or -", (2..=64),
    |c| c.is_ascii_lowercase(),
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-')
);
name!(
    /// A purpose of use, e.g. `quality`.
    Purpose, "purpose", "2 to 32 characters: a-z, then a-z, 0-9, `_` or -", (2..=32),
    |c| c.is_ascii_lowercase(),
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-')
);
name!(
    /// A tumour group, e.g. `blaas`.
    GroupId, "tumour group", "2 to 32 characters: a-z, then a-z, 0-9, `_` or -", (2..=32),
    |c| c.is_ascii_lowercase(),
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-')
);
name!(
    /// A role of a person, e.g. `analyst`.
    Role, "role", "2 to 32 characters: a-z, then a-z, 0-9, `_` or -", (2..=32),
    |c| c.is_ascii_lowercase(),
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-')
);
name!(
    /// A dataset's id, e.g. `oncology`.
    DatasetId, "dataset id", "2 to 32 characters: a-z, then a-z, 0-9, `_` or -", (2..=32),
    |c| c.is_ascii_lowercase(),
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-')
);
name!(
    /// An indicator's id, e.g. `s1_oes_volume`.
    IndicatorId, "indicator id", "2 to 48 characters: a-z, then a-z, 0-9, `_` or -", (2..=48),
    |c| c.is_ascii_lowercase(),
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-')
);
name!(
    /// A variant of an indicator: what it is counted by, e.g. `hospital`, or its years, e.g. `2022-2024`.
    VariantName, "variant", "1 to 32 characters of a-z, 0-9, `_` or -", (1..=32),
    |c| c.is_ascii_lowercase() || c.is_ascii_digit(),
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-')
);
name!(
    /// A table or column of a dataset.
    Ident, "table or column name", "1 to 63 characters: a-z, then a-z, 0-9 or _", (1..=63),
    |c| c.is_ascii_lowercase(),
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'
);

/// A SHA-256 digest, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// A digest that was stored as its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 16 hexadecimal digits: enough for a person to compare, not for a check.
    #[must_use]
    pub fn short(&self) -> String {
        hex::encode(self.0).chars().take(16).collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl TryFrom<String> for Digest {
    type Error = BadName;
    fn try_from(text: String) -> Result<Self, BadName> {
        let bad = || BadName {
            kind: "digest",
            form: "64 lower-case hexadecimal digits",
            got: text.chars().take(80).collect(),
        };
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(bad());
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(&text, &mut bytes).map_err(|_not_hex| bad())?;
        Ok(Self(bytes))
    }
}

impl std::str::FromStr for Digest {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        Self::try_from(text.to_owned())
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

/// A moment, in whole seconds since 1970-01-01 UTC.
///
/// It is always an argument: no function of this crate reads a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(pub i64);

impl UnixTime {
    /// This moment plus `seconds`, saturating.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to this moment; negative when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match chrono::DateTime::from_timestamp(self.0, 0) {
            Some(moment) => write!(f, "{}", moment.format("%Y-%m-%dT%H:%M:%SZ")),
            None => write!(f, "{} s", self.0),
        }
    }
}
