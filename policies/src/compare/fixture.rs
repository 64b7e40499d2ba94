//! A small network for tests of what is compared, tried out and decided: two hospitals, two people, one synthetic dataset.

use std::collections::BTreeMap;

const HEAD: &str = "network = \"noord\"\nversion = 1\ntitle = { en = \"North\" }\nvalid_from = 2026-01-01T00:00:00Z\n\
    valid_until = 2027-01-01T00:00:00Z\nthreshold = 1\nnotice_days = 14\n[[signers]]\nname = \"Board\"\nkey = \"KEY01\"\n\
    [[signers]]\nname = \"Second\"\nkey = \"KEY02\"\n";
const MEMBERS: &str = "[[networks]]\nid = \"oost\"\nname = \"Oost\"\n\
    [[members]]\ncode = \"ALFA\"\nname = \"Alfa\"\nkind = \"general\"\naddresses = [\"/ip4/127.0.0.1/tcp/4001\"]\n\
    networks = [{ id = \"oost\" }]\n\
    keys = { transport = \"KEY11\", envelope = \"KEY12\", log = \"KEY13\", witness = \"KEY14\" }\n\
    [[members]]\ncode = \"BRAVO\"\nname = \"Bravo\"\nkind = \"umc\"\n\
    keys = { transport = \"KEY21\", envelope = \"KEY22\", log = \"KEY23\", witness = \"KEY24\" }\n";
const PEOPLE: &str = "[[people]]\nid = \"a.jansen\"\nname = \"A. Jansen\"\nhospital = \"ALFA\"\nkey = \"KEY31\"\n\
    groups = [\"borst\"]\nroles = [\"analyst\"]\n\
    [[people]]\nid = \"b.devries\"\nname = \"B. de Vries\"\nhospital = \"BRAVO\"\nkey = \"KEY32\"\nroles = [\"planner\"]\n";
const MADE: &str = "id = \"made\"\nversion = 1\nstatus = \"synthetic\"\ntitle = { en = \"Generated patients\" }\npatient = \"patient\"\n\
    [code_lists.grade]\ncodes = [{ code = 2 }, { code = 3 }]\n\
    [[tables]]\nname = \"patient\"\nkey = \"patient_key\"\n\
    [[tables.columns]]\nname = \"patient_key\"\ntype = \"text\"\nclass = \"key\"\n\
    [[tables.columns]]\nname = \"age\"\ntype = \"integer\"\nclass = \"measure\"\nmin = 0\nmax = 120\n\
    [[tables.columns]]\nname = \"grade\"\ntype = \"integer\"\nclass = \"category\"\ncodes = \"grade\"\n";
const COUNT: &str = "-- id: count\n-- version: 1\n-- dataset: made\n-- title_en: Patients\n-- source: the board\n-- by: total, grade\n\
    SELECT count(*) AS n -- by total\nSELECT grade, count(*) AS n -- by grade\nFROM patient\nGROUP BY grade -- by grade\n";
const RULES: &str = "@id(\"exact\") @explain_en(\"analysts, for quality\") @min_patients(\"10\")\n\
    permit (principal in Kring::Role::\"analyst\", action == Kring::Action::\"ask.members\", resource)\n\
    when { context.purpose == \"quality\" };\n\
    @id(\"planners\") permit (principal in Kring::Role::\"planner\", action == Kring::Action::\"ask.indicator\", resource);\n";
const CASES: &str = "[[cases]]\nname = \"the analyst\"\nperson = \"a.jansen\"\npurpose = \"quality\"\ndataset = \"made\"\n\
    uses = [\"patient.age:aggregate\"]\nexpect = \"allow\"\n";

/// Puts a key in place of each `KEY` with two digits.
pub(crate) fn with_keys(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("KEY") {
        let (number, next) = after.split_at(2);
        let secret = ed25519_dalek::SigningKey::from_bytes(&[number.parse().unwrap(); 32]);
        out.push_str(before);
        out.push_str(&crate::dsse::PublicKey::of(&secret).unwrap().to_string());
        rest = next;
    }
    out.push_str(rest);
    out
}

/// The files of a small network over synthetic data.
pub(crate) fn files() -> BTreeMap<String, String> {
    let texts = [
        ("charter.toml", HEAD),
        ("members.toml", MEMBERS),
        ("people.toml", PEOPLE),
        ("datasets/made.toml", MADE),
        ("indicators/count.sql", COUNT),
        ("rules/network.cedar", RULES),
        ("tests/board.toml", CASES),
    ];
    texts.into_iter().map(|(path, text)| (path.to_owned(), with_keys(text))).collect()
}
