//! A charter for tests in process: keys that follow from their owners' names, one analyst, one asking hospital without data.

use std::collections::BTreeMap;

use anyhow::Context as _;
use ed25519_dalek::SigningKey;
use policies::bundle::{open, seal};
use policies::dsse::PublicKey;
use policies::{Charter, Digest, Trust, UnixTime};

/// The moment of every question.
pub(crate) const NOW: UnixTime = UnixTime(1_782_900_000);
/// The hospital that asks; it has no data.
pub(crate) const ASKER: &str = "ASKER";

/// The key of an owner.
pub(crate) fn key(owner: &str) -> SigningKey {
    SigningKey::from_bytes(Digest::of(owner.as_bytes()).as_bytes())
}

fn public(owner: &str) -> anyhow::Result<PublicKey> {
    PublicKey::of(&key(owner)).context("a public key")
}

/// A charter that permits everything and protects nothing: a synthetic dataset may.
pub(crate) const RULES: &str = "@id(\"all\")\n@explain_en(\"all\")\n@explain_nl(\"alles\")\n@min_patients(\"0\")\n@zeros(\"shown\")\npermit (principal in Kring::Role::\"analyst\", action == Kring::Action::\"ask.members\", resource in Kring::Network::\"noord\");";

/// What a charter is made of.
pub(crate) struct Sealed<'a> {
    /// The dataset's dictionary.
    pub(crate) dataset: &'a str,
    /// Codes of the hospitals with data.
    pub(crate) hospitals: Vec<&'a str>,
    /// Sub-networks, and the hospitals in each.
    pub(crate) networks: Vec<(&'a str, Vec<&'a str>)>,
    /// Cedar.
    pub(crate) rules: &'a str,
    /// Each indicator's id and file.
    pub(crate) indicators: &'a [(&'a str, &'a str)],
}

/// Seals and opens a charter with one analyst, `a.jansen` of [`ASKER`].
///
/// # Errors
/// Its problems.
pub(crate) fn charter(of: &Sealed<'_>) -> anyhow::Result<Charter> {
    let mut members = String::new();
    for (id, _) in &of.networks {
        members.push_str(&format!("[[networks]]\nid = \"{id}\"\nname = \"{id}\"\n"));
    }
    for code in of.hospitals.iter().copied().chain([ASKER]) {
        let mut keys = Vec::new();
        for kind in ["transport", "envelope", "log", "witness"] {
            keys.push(format!("{kind} = \"{}\"", public(&format!("{code} {kind}"))?));
        }
        let keys = keys.join(", ");
        let own = of.networks.iter().filter(|(_, members)| members.contains(&code));
        let own: Vec<String> = own.map(|(id, _)| format!("{{ id = \"{id}\" }}")).collect();
        let own = own.join(", ");
        members.push_str(&format!("[[members]]\ncode = \"{code}\"\nname = \"{code}\"\nkind = \"general\"\nnetworks = [{own}]\nkeys = {{ {keys} }}\n"));
    }
    let person = format!(
        "[[people]]\nid = \"a.jansen\"\nname = \"A\"\nhospital = \"{ASKER}\"\nkey = \"{}\"\nroles = [\"analyst\"]\n",
        public("a.jansen")?
    );
    let mut freshness = String::new();
    for code in of.hospitals.iter().copied().chain([ASKER]).take(3) {
        let key = public(&format!("{code} freshness"))?;
        freshness.push_str(&format!("[[freshness]]\nhospital = \"{code}\"\nkey = \"{key}\"\n"));
    }
    let network = format!(
        "network = \"noord\"\nversion = 1\ntitle = {{ en = \"North\" }}\nvalid_from = 2026-01-01T00:00:00Z\nvalid_until = 2026-12-31T23:59:59Z\nthreshold = 1\nnotice_days = 0\n[[signers]]\nname = \"Board\"\nkey = \"{}\"\n{freshness}",
        public("board")?
    );
    let first = of.dataset.lines().find(|line| line.starts_with("id = "));
    let id = first.and_then(|line| line.split('"').nth(1)).context("the dataset names itself")?;
    let mut files = BTreeMap::from([
        ("charter.toml".to_owned(), network),
        ("members.toml".to_owned(), members),
        ("people.toml".to_owned(), person),
        (format!("datasets/{id}.toml"), of.dataset.to_owned()),
        ("rules/all.cedar".to_owned(), of.rules.to_owned()),
    ]);
    let indicators = of.indicators.iter();
    files.extend(indicators.map(|(id, text)| (format!("indicators/{id}.sql"), (*text).to_owned())));
    let mut envelope = seal(&files).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the charter has problems: {}", problems.join("; "))
    })?;
    envelope.add_signature(&key("board"));
    let trust = Trust { root: envelope.digest(), now: NOW, held: None };
    Ok(open(&envelope.encode(), &trust)?)
}
