use super::*;

fn signer(name: &str, seed: u8) -> NamedKey {
    let key = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
    NamedKey { name: name.to_owned(), key: policies::dsse::PublicKey::of(&key).unwrap() }
}

#[test]
fn a_new_folder_lacks_nothing_but_members() {
    let signers = [signer("Voorzitter \"A\"", 1), signer("B", 2), signer("C", 3)];
    let mut files = first("noord", (&signers, 2), UnixTime(1_782_900_000));
    let problems = policies::charter::parse(&files).unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["members.toml: the network has no member: write [[members]]"]);
    files.insert(
        "members.toml".to_owned(),
        format!(
            "{MEMBERS}\n[[members]]\ncode = \"NOORD\"\nname = \"N\"\nkind = \"general\"\nkeys = {{ transport = \"{}\", envelope = \"{}\", log = \"{}\", witness = \"{}\" }}\n",
            signer("", 4).key, signer("", 5).key, signer("", 6).key, signer("", 7).key
        ),
    );
    let charter = policies::charter::parse(&files).unwrap();
    assert_eq!(
        (charter.network().as_str(), charter.version(), charter.threshold()),
        ("noord", 1, 2)
    );
    assert_eq!(charter.signers().first().map(|signer| &*signer.name), Some("Voorzitter \"A\""));
    assert_eq!(charter.valid_from().to_string(), "2026-07-01T00:00:00Z");
}

#[track_caller]
fn check(head: &str, expected: &str) {
    let digest = Digest::from_bytes([0xab; 32]);
    assert_eq!(after(head, 8, digest).unwrap(), expected.replace("DIGEST", &digest.to_string()));
}

#[test]
fn the_next_version_names_the_one_before_and_changes_nothing_else() {
    check(
        "# version = 7\nnetwork = \"noord\"\nversion = 1 # the first\nthreshold = 1\n",
        "# version = 7\nnetwork = \"noord\"\nversion = 8\nprevious = \"DIGEST\" # the first\nthreshold = 1\n",
    );
    check(
        "previous = \"00\" # before\nversion = 7\n[title]\nen = \"version = 7\"\n",
        "previous = \"DIGEST\" # before\nversion = 8\n[title]\nen = \"version = 7\"\n",
    );
    check("version=7\nprevious='00'\n", "version=8\nprevious=\"DIGEST\"\n");
    assert_eq!(after("network = \"noord\"\n", 8, Digest::from_bytes([0; 32])), None);
}
