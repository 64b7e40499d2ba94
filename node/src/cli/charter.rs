//! The command line of the charter. The doc comments are the help texts.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use policies::dsse::PublicKey;
use policies::{DatasetId, HospitalCode, NetworkId, PersonId, Purpose, Root};

use super::rehearsal::{RehearsalArgs, Report};
use super::{Format, PassphraseArg, ProfileArg};
use crate::language::Language;

/// The board's rules.
#[derive(Debug, Subcommand)]
pub enum CharterCommand {
    /// Make a commented folder to begin with, or the next version of a sealed charter as a folder
    New(NewCharter),
    /// Report every problem of a charter's folder at once, indicators that cannot be asked included
    Check {
        /// The folder
        dir: PathBuf,
        /// Bundles of the charters above this one, or a folder with them, where it has a parent
        #[arg(long)]
        above: Vec<PathBuf>,
        /// Print what all indicators together would tell over generated data
        #[arg(long, value_enum, default_value_t = Report::None)]
        report: Report,
        /// Over which
        #[command(flatten)]
        over: RehearsalArgs,
    },
    /// Try out the board's own cases, tests/*.toml; the exit code is 1 where one fails
    Test {
        /// The folder, or a bundle
        dir: PathBuf,
        /// Bundles of the charters above this one, or a folder with them, where it has a parent
        #[arg(long)]
        above: Vec<PathBuf>,
    },
    /// Make one bundle of a charter's folder, to be signed; indicators that cannot be asked are refused
    Seal {
        /// The folder
        dir: PathBuf,
        /// Bundles of the charters above this one, or a folder with them, where it has a parent
        #[arg(long)]
        above: Vec<PathBuf>,
        /// The bundle to write
        #[arg(long)]
        out: PathBuf,
        /// Print, beside the digest, what all indicators together would tell over generated data
        #[arg(long, value_enum, default_value_t = Report::Text)]
        report: Report,
        /// Over which
        #[command(flatten)]
        over: RehearsalArgs,
    },
    /// Show what a bundle says and changes, and sign it
    Sign(SignCharter),
    /// Put signatures that members made on their own machines into the bundle
    Collect {
        /// The bundle, changed in place
        bundle: PathBuf,
        /// The files of `kring charter sign --out`
        #[arg(required = true)]
        signatures: Vec<PathBuf>,
        /// The version before, whose signers sign too
        #[arg(long)]
        against: Option<PathBuf>,
    },
    /// Check a bundle as a node would
    Verify {
        /// The bundle, or a folder of bundles, from version 1
        bundle: PathBuf,
        /// The pin: the digest of version 1 of the network's charter, as 64 digits or 24 words in quotes
        #[arg(long)]
        root: Root,
    },
    /// Print what changes between two charters, in words of rules and people
    Diff {
        /// The old one: a bundle or a folder
        old: PathBuf,
        /// The new one: a bundle or a folder
        new: PathBuf,
        /// Print in this format
        #[arg(long, value_enum, default_value_t = DiffFormat::Text)]
        format: DiffFormat,
        /// Print in this language
        #[arg(long, value_enum, default_value_t = Language::En)]
        language: Language,
    },
    /// Try out what the rules say to everybody about everything, cell by cell
    Matrix(MatrixArgs),
    /// List what a draft would change for questions that were asked: replays the footprints of a log
    Simulate(Box<super::simulate::SimulateArgs>),
    /// Bring bundles and revocations to this hospital's node, which checks them and tells the others
    Publish {
        /// Files of `kring charter sign` and `kring charter revoke`, in their order
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Which node
        #[command(flatten)]
        profile: ProfileArg,
    },
    /// Make a revocation of a key, or add a signature to one; two members of the board, or the key itself, sign it
    Revoke(Box<RevokeCharter>),
    /// Print what a bundle says: members, people, datasets, rules; or what this hospital's node follows
    Show {
        /// The bundle
        #[arg(required_unless_present = "history")]
        bundle: Option<PathBuf>,
        /// Print every version that the node accepted: who signed it, and when
        #[arg(long, conflicts_with = "bundle")]
        history: bool,
        /// Which node
        #[command(flatten)]
        profile: ProfileArg,
        /// Print the history in this format
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
}

/// A revocation.
#[derive(Args, Debug)]
pub struct RevokeCharter {
    /// The file of the revocation: made where --public is given, else signed further
    pub file: PathBuf,
    /// The network's id
    #[arg(long, requires_all = ["public", "reason"])]
    pub network: Option<NetworkId>,
    /// Whose key
    #[command(flatten)]
    pub revoked: Revoked,
    /// The key that is revoked, in 64 digits
    #[arg(long, value_parser = public_key, requires_all = ["network", "reason", "revoked"])]
    pub public: Option<PublicKey>,
    /// Why, in one line
    #[arg(long)]
    pub reason: Option<String>,
    /// The signer's key file
    #[arg(long)]
    pub key: PathBuf,
    /// The key file may be encrypted
    #[command(flatten)]
    pub passphrase: PassphraseArg,
}

/// Whose key is revoked.
#[derive(Args, Debug)]
#[group(id = "revoked", multiple = false)]
pub struct Revoked {
    /// A person's
    #[arg(long)]
    pub person: Option<PersonId>,
    /// One of a hospital's node
    #[arg(long)]
    pub node: Option<HospitalCode>,
    /// A member of the board's
    #[arg(long)]
    pub signer: bool,
    /// One that vouches for charters
    #[arg(long)]
    pub freshness: bool,
}

/// What a new folder begins with.
#[derive(Args, Debug)]
pub struct NewCharter {
    /// The folder to make
    pub dir: PathBuf,
    /// The network's id, e.g. embraze
    #[arg(long, required_unless_present = "from")]
    pub network: Option<NetworkId>,
    /// A signer, as NAME=KEY with the key that `kring key new` prints; once for each
    #[arg(long = "signer", value_parser = signer, required_unless_present = "from")]
    pub signers: Vec<NamedKey>,
    /// How many of them must sign [default: more than half]
    #[arg(long)]
    pub threshold: Option<usize>,
    /// The sealed charter whose next version it is to be
    #[arg(long, conflicts_with_all = ["network", "signers", "threshold"])]
    pub from: Option<PathBuf>,
}

/// A signer's name and key.
#[derive(Clone, Debug)]
pub struct NamedKey {
    /// The name that people know.
    pub name: String,
    /// The key.
    pub key: PublicKey,
}

/// What is signed, and how.
#[derive(Args, Debug)]
pub struct SignCharter {
    /// The bundle; changed in place unless --out is given
    pub bundle: PathBuf,
    /// The board member's key file
    #[arg(long)]
    pub key: PathBuf,
    /// Write the signature alone to this file, for `kring charter collect`, and leave the bundle as it is
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// The version before, as a bundle or a folder: what changes is shown, and its signers may sign too
    #[arg(long)]
    pub against: Option<PathBuf>,
    /// The key file may be encrypted
    #[command(flatten)]
    pub passphrase: PassphraseArg,
}

/// What is tried out.
#[derive(Args, Debug)]
pub struct MatrixArgs {
    /// The folder, or a bundle
    pub charter: PathBuf,
    /// List only the cells that it decides otherwise than this older charter: a folder, or a bundle
    #[arg(long)]
    pub against: Option<PathBuf>,
    /// Only this dataset
    #[arg(long)]
    pub dataset: Option<DatasetId>,
    /// Only this purpose
    #[arg(long)]
    pub purpose: Option<Purpose>,
    /// Only this person, and so those with the same groups, roles and hospital
    #[arg(long)]
    pub person: Option<PersonId>,
    /// Print in this format
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// How changes are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// Sentences, grouped
    Text,
    /// One object, with the sentences in both languages
    Json,
}

fn public_key(text: &str) -> Result<PublicKey, String> {
    PublicKey::from_hex(text).map_err(|error| error.to_string())
}

fn signer(text: &str) -> Result<NamedKey, String> {
    let (name, key) = text.rsplit_once('=').ok_or("write NAME=KEY, with the key in 64 digits")?;
    let key = PublicKey::from_hex(key).map_err(|error| error.to_string())?;
    Ok(NamedKey { name: name.trim().to_owned(), key })
}
