//! A change: of what, what about it, and from what to what. Its sentences are made in `words.rs`.

use serde::Serialize;

use crate::{DatasetId, HospitalCode, Ident, IndicatorId, NetworkId, PersonId};

/// A part of the charter, in the order of printing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// charter.toml.
    Charter,
    /// Who signs, and who vouches that a version is the newest.
    Signers,
    /// Sub-networks.
    Networks,
    /// Hospitals.
    Members,
    /// People.
    People,
    /// The data dictionary.
    Datasets,
    /// Approved questions.
    Indicators,
    /// Rules.
    Rules,
    /// The board's own cases.
    Cases,
}

/// What a change is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The charter itself.
    Charter,
    /// A signer, by name.
    Signer(String),
    /// A hospital's key that vouches for a version being the newest.
    Freshness(HospitalCode),
    /// A sub-network.
    Network(NetworkId),
    /// A network below, with a charter of its own.
    Child(NetworkId),
    /// A hospital.
    Member(HospitalCode),
    /// A person.
    Person(PersonId),
    /// A dataset.
    Dataset(DatasetId),
    /// A table of a dataset.
    Table(DatasetId, Ident),
    /// A column of a table of a dataset.
    Column(DatasetId, Ident, Ident),
    /// An indicator.
    Indicator(IndicatorId),
    /// A rule, by its `@id`.
    Rule(String),
    /// A case of the board, by its name.
    Case(String),
}

/// What about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// All of it.
    Whole,
    /// The network's id.
    Network,
    /// The version.
    Version,
    /// The digest of the version before.
    Previous,
    /// Days for which an older version holds beside it.
    Notice,
    /// The title in a language.
    Title(String),
    /// First moment.
    ValidFrom,
    /// Last moment.
    ValidUntil,
    /// The network above, and the oldest version of it.
    Parent,
    /// How many must sign.
    Threshold,
    /// A name.
    Name,
    /// What kind it is.
    Kind,
    /// A key, by its job; empty where there is one only.
    Key(String),
    /// An address.
    Address,
    /// Membership in a sub-network.
    Membership(NetworkId),
    /// Care that is not given, in a column.
    NotGiven(String),
    /// The hospital of a person.
    Hospital,
    /// A tumour group.
    Group,
    /// A role.
    Role,
    /// Real or synthetic.
    Status,
    /// The table of patients.
    Patient,
    /// The column that attributes rows to one hospital.
    Attribution,
    /// The key of a table.
    TableKey,
    /// A foreign key.
    ForeignKey,
    /// A column's type.
    Type,
    /// A column's class.
    Class,
    /// Whether a row may lack it.
    Nullable,
    /// Whether it is sensitive.
    Sensitive,
    /// Bounds.
    Bounds,
    /// A code.
    Code,
    /// A group of codes.
    CodeGroup(String),
    /// The step of a generalisation.
    Step,
    /// Edges of quantiles.
    Edges,
    /// The unit.
    Unit,
    /// The dataset of an indicator.
    Dataset,
    /// The norm.
    Norm,
    /// Where a definition comes from.
    Source,
    /// A variant by which it is counted.
    By,
    /// A window of years.
    Window,
    /// The rate in the middle of a band.
    Band,
    /// The year of a volume.
    Year,
    /// The SQL text, of so many variants.
    Text,
    /// Notes and layout of a file, and nothing that is read of it.
    Notes,
    /// What a rule does.
    Effect,
    /// Who and what a rule is about.
    Scope,
    /// When a rule holds.
    Conditions,
    /// What a refused person is told, in a language.
    Explanation(String),
    /// A protection, by its word.
    Protection(String),
}

/// From what to what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Moved {
    /// It is there now; in short, what it is.
    Added(String),
    /// It is there no more; in short, what it was.
    Removed(String),
    /// It is another one, or said for the first time, or said no more.
    Changed {
        /// What it was.
        from: Option<String>,
        /// What it is.
        to: Option<String>,
    },
    /// It has one more.
    Gains(String),
    /// It has one less.
    Loses(String),
    /// Its text is another one under the same version; whose, in short.
    Unnumbered(String),
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Of what.
    pub subject: Subject,
    /// What about it.
    pub what: What,
    /// From what to what.
    pub moved: Moved,
}

impl Subject {
    /// The part of the charter that it belongs to.
    #[must_use]
    pub fn part(&self) -> Part {
        match self {
            Self::Charter => Part::Charter,
            Self::Signer(_) | Self::Freshness(_) => Part::Signers,
            Self::Network(_) | Self::Child(_) => Part::Networks,
            Self::Member(_) => Part::Members,
            Self::Person(_) => Part::People,
            Self::Dataset(_) | Self::Table(_, _) | Self::Column(_, _, _) => Part::Datasets,
            Self::Indicator(_) => Part::Indicators,
            Self::Rule(_) => Part::Rules,
            Self::Case(_) => Part::Cases,
        }
    }
}
