//! `kring key`: a person's key, made where the person is; a node's keys ([`node`]), also to be read aloud ([`fingerprint`]).

use std::path::Path;

use policies::PersonId;

use crate::cli::PassphraseArg;
use crate::command::{Exit, print};
use crate::keys::passphrase::Source;
use crate::keys::{Key, KeyRole};

pub(crate) mod fingerprint;
pub(crate) mod node;

/// Makes the key file, encrypted where a passphrase is wanted, and prints the line for people.toml.
pub(crate) fn new(
    person: &PersonId,
    out: &Path,
    passphrase: Option<&PassphraseArg>,
) -> anyhow::Result<Exit> {
    let key = match passphrase {
        Some(arg) => {
            let passphrase = Source(arg.passphrase_file.as_deref()).choose()?;
            Key::create_sealed(out, person.as_str(), &passphrase)?
        }
        None => Key::create(out, KeyRole::Person, person.as_str())?,
    };
    print::note(format!("The key is in {}; keep it to yourself.", out.display()));
    print::note(format!("Fingerprint: {}", key.public.fingerprint()));
    print::note("For people.toml (or the signers of charter.toml):");
    print::line(format!("id = \"{person}\", key = \"{}\"", key.public));
    Ok(Exit::Done)
}
