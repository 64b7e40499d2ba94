//! Why a row is rejected.

use policies::Ident;

use crate::import::value::BadValue;

/// What is wrong with a row as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadRow {
    #[error("{0}")]
    Value(BadValue),
    #[error("the key was used before{}", at_line(*first))]
    DuplicateKey { first: Option<u64> },
    #[error("the row of `{table}` that it belongs to was rejected")]
    ParentRejected { table: Ident },
    #[error("no row of `{table}` has this key")]
    ParentUnknown { table: Ident },
    #[error("the row of `{table}` is of another patient than the row's first foreign key")]
    OtherPatient { table: Ident },
    #[error(
        "`{got}` does not say whether the patient opted out: 1, true, ja, yes or 0, false, nee, no"
    )]
    OptOutUnreadable { got: String },
}

fn at_line(line: Option<u64>) -> String {
    line.map(|line| format!(", on line {line}")).unwrap_or_default()
}

impl BadRow {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Value(value) => value.code(),
            Self::DuplicateKey { .. } => "duplicate_key",
            Self::ParentRejected { .. } => "parent_rejected",
            Self::ParentUnknown { .. } => "foreign_key_unknown",
            Self::OtherPatient { .. } => "foreign_keys_disagree",
            Self::OptOutUnreadable { .. } => "opt_out_unreadable",
        }
    }
}
