//! `kring init`: a node's folder with keys, certificate, token and a commented config.toml.

use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::Context as _;
use policies::HospitalCode;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

use crate::command::{Exit, print};
use crate::keys::{Key, KeyRole, random_bytes, write_private};

/// Makes the folder, which must be empty or not exist.
pub(crate) fn run(dir: &Path, hospital: &HospitalCode) -> anyhow::Result<Exit> {
    let full = std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some());
    if full {
        print::note(format!("kring: {} is not empty; name a new folder", dir.display()));
        return Ok(Exit::Usage);
    }
    for folder in ["", "keys", "tls", "state", "snapshots", "data"] {
        let path = dir.join(folder);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .and_then(|()| std::fs::set_permissions(&path, Permissions::from_mode(0o700)))
            .with_context(|| format!("cannot make {}", path.display()))?;
    }
    let mut lines = Vec::new();
    for (name, role) in [
        ("transport", KeyRole::Transport),
        ("envelope", KeyRole::Envelope),
        ("log", KeyRole::Log),
        ("witness", KeyRole::Witness),
    ] {
        let key =
            Key::create(&dir.join("keys").join(format!("{name}.key")), role, hospital.as_str())?;
        lines.push(format!("{name} = \"{}\"", key.public));
    }
    Key::create(&dir.join("keys").join("record.key"), KeyRole::Record, hospital.as_str())?;
    Key::create(&dir.join("keys").join("noise.key"), KeyRole::Noise, hospital.as_str())?;
    certificate(&dir.join("tls")).context("cannot make the certificate of the local interface")?;
    let token =
        hex::encode(*random_bytes().map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?);
    write_private(&dir.join("token"), token.as_bytes()).context("cannot write the token")?;
    let config = CONFIG.replace("{hospital}", hospital.as_str());
    write_private(&dir.join("config.toml"), config.as_bytes())
        .context("cannot write config.toml")?;
    print::note(format!(
        "Made {}. Next: type the pin of the network into config.toml as `root`, send the board these keys,",
        dir.display()
    ));
    print::note(
        "put the sealed charter into charter.kring, then `kring check --config config.toml`.",
    );
    print::note(
        "Back up keys/ now: without keys/record.key, snapshots of this node have no successors, and without keys/noise.key \
         nothing more is answered with noise.",
    );
    print::line(format!("[members.keys] # {hospital}, for members.toml"));
    lines.into_iter().for_each(print::line);
    Ok(Exit::Done)
}

/// A certificate for the loopback interface, signed by an authority whose key is thrown away.
fn certificate(folder: &Path) -> anyhow::Result<()> {
    let authority_key = KeyPair::generate()?;
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    authority.distinguished_name.push(DnType::CommonName, "kring local authority");
    let authority = authority.self_signed(&authority_key)?;
    let server_key = KeyPair::generate()?;
    let mut server =
        CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()])?;
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.distinguished_name.push(DnType::CommonName, "kring local interface");
    let server = server.signed_by(&server_key, &authority, &authority_key)?;
    for (name, pem) in [("ca.pem", authority.pem()), ("server.pem", server.pem())] {
        write_private(&folder.join(name), pem.as_bytes())?;
        std::fs::set_permissions(folder.join(name), Permissions::from_mode(0o644))?;
    }
    write_private(&folder.join("server.key"), server_key.serialize_pem().as_bytes())?;
    Ok(())
}

const CONFIG: &str = r#"# Configuration of a Kring node. `kring check --config config.toml` reports every problem at once.
# Paths are relative to this file.

# This hospital's code in the charter.
hospital = "{hospital}"
# Log, stored replies and patient numbers. Back it up; never restore an old copy of it.
state = "state"
# Sealed snapshots: what the node answers from.
snapshots = "snapshots"

[charter]
# The sealed charter, as the board sends it.
bundle = "charter.kring"
# The pin: the digest of version 1 of the charter, 64 hexadecimal digits or 24 words, from the board by another way than the bundle.
root = ""
# The hospital's own rules, in Cedar: they forbid and strengthen what the charter permits, and grant nothing.
# own_rules = "own.cedar"

[network]
# Where other nodes reach this one: libp2p addresses, TCP and QUIC. One port (TCP and UDP) must be open.
listen = ["/ip4/0.0.0.0/tcp/4001", "/ip4/0.0.0.0/udp/4001/quic-v1"]

[http]
# The interface for people of this hospital; loopback only.
listen = "127.0.0.1:8443"

[workers]
# Questions of one person that run here at once, at most 4; one process more is kept ready.
count = 2
# The same for the work of asking: splitting, merging, finishing, explaining. These processes may read no file.
asker_count = 1
# Longest run of one question, in seconds.
deadline_s = 30
# Most memory of one process, in MiB.
memory_mb = 1024

[log]
# Messages on stderr: text or json.
format = "text"

# Forwards the log to the hospital's own logging system: RFC 5424 messages with the fields of NEN 7513.
# [log.syslog]
# to = "tls://siem.hospital.example:6514"   # or tcp://HOST:PORT, udp://HOST:PORT, unix:///dev/log
# ca = "tls/siem-ca.pem"                    # with tls: the authority that signed the receiver's certificate
# enterprise = 32473                        # your private enterprise number of IANA; 32473 is the one for examples

# What `kring import` reads, one section a dataset of the charter:
# [[datasets]]
# id = "oncology"
# opt_out = "opt_out"                # column of the patient source that is 1 for a patient who opted out
# [[datasets.sources]]
# name = "patients"
# path = "data/patients.csv"
# format = "csv"                     # or parquet
# [[datasets.tables]]
# table = "patient"
# source = "patients"
# columns = { patient_key = "pid" }  # dataset column = source column, where the names differ
# # or: sql = "SELECT pid AS patient_key, ... FROM patients"
"#;

#[cfg(test)]
mod tests;
