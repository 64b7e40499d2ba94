//! `kring key new`: a person's key, made where the person is.

use std::path::Path;

use policies::PersonId;

use crate::command::{Exit, print};
use crate::keys::{Key, KeyRole};

/// Makes the key file and prints the line for people.toml.
pub(crate) fn new(person: &PersonId, out: &Path) -> anyhow::Result<Exit> {
    let key = Key::create(out, KeyRole::Person, person.as_str())?;
    print::note(format!("The key is in {}; keep it to yourself.", out.display()));
    print::note(format!("Fingerprint: {}", key.public.fingerprint()));
    print::note("For people.toml (or the signers of charter.toml):");
    print::line(format!("id = \"{person}\", key = \"{}\"", key.public));
    Ok(Exit::Done)
}
