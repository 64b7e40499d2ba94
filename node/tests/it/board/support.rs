//! A board of three with a small synthetic network in a folder, and the command line over it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ed25519_dalek::SigningKey;
use policies::dsse::PublicKey;

/// The passphrase of every encrypted key here.
pub(super) const PASSPHRASE: &str = "four words or more";
/// The board's members; a majority of them signs.
pub(super) const BOARD: [&str; 3] = ["chair", "second", "third"];

const DATASET: &str = "id = \"made\"\nversion = 1\nstatus = \"synthetic\"\ntitle = { en = \"Generated patients\" }\npatient = \"patient\"\n\
    [code_lists.grade]\ncodes = [{ code = 2 }, { code = 3 }]\n\
    [[tables]]\nname = \"patient\"\nkey = \"patient_key\"\n\
    [[tables.columns]]\nname = \"patient_key\"\ntype = \"text\"\nclass = \"key\"\n\
    [[tables.columns]]\nname = \"age\"\ntype = \"integer\"\nclass = \"measure\"\nmin = 0\nmax = 120\n\
    [[tables.columns]]\nname = \"grade\"\ntype = \"integer\"\nclass = \"category\"\ncodes = \"grade\"\n";
const INDICATOR: &str = "-- id: grades\n-- version: 1\n-- dataset: made\n-- title_en: Patients by grade\n-- source: the board\n\
    SELECT grade, count(*) AS n\nFROM patient\nGROUP BY grade\n";
const RULES: &str = "@id(\"exact-for-analysts\")\n@explain_en(\"Analysts may ask exact figures for quality.\")\n@min_patients(\"10\")\n\
    permit (principal in Kring::Role::\"analyst\", action == Kring::Action::\"ask.members\", resource)\n\
    when { context.purpose == \"quality\" };\n\
    @id(\"indicators-for-analysts\") permit (principal in Kring::Role::\"analyst\", action == Kring::Action::\"ask.indicator\", resource);\n\
    @id(\"no-ages\") @explain_en(\"Nobody groups by age.\") forbid (principal, action == Kring::Action::\"ask.members\", resource)\n\
    when { context.uses.contains(\"patient.age:group\") };\n";
const CASES: &str = "[[cases]]\nname = \"an analyst asks for quality\"\nperson = \"b.devries\"\npurpose = \"quality\"\ndataset = \"made\"\n\
    uses = [\"patient.age:aggregate\", \"patient.grade:group\"]\nexpect = \"allow\"\nrule = \"exact-for-analysts\"\nprotections = { min_patients = \"10\" }\n\
    [[cases]]\nname = \"nobody groups by age\"\nperson = \"a.jansen\"\npurpose = \"quality\"\ndataset = \"made\"\n\
    sql = \"SELECT age / 10 AS decade, count(*) AS n FROM patient GROUP BY age / 10\"\nexpect = \"deny\"\nrule = \"no-ages\"\n\
    [[cases]]\nname = \"the indicator is asked\"\nperson = \"a.jansen\"\npurpose = \"capacity\"\ndataset = \"made\"\n\
    indicator = { id = \"grades\" }\nexpect = \"allow\"\n\
    [[cases]]\nname = \"no rows\"\nperson = \"a.jansen\"\npurpose = \"quality\"\ndataset = \"made\"\n\
    sql = \"SELECT age FROM patient\"\nexpect = \"deny\"\ncode = \"not_an_aggregate\"\n";

/// A board's own folder, with its keys and the draft of version 1.
pub(super) struct Board {
    folder: tempfile::TempDir,
}

pub(super) fn key(seed: u8) -> PublicKey {
    PublicKey::of(&SigningKey::from_bytes(&[seed; 32])).unwrap()
}

impl Board {
    /// Keys of three members, the chair's encrypted, and a draft that can be sealed.
    pub(super) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("kring-board-").tempdir().unwrap();
        let board = Self { folder };
        board.write("passphrase", PASSPHRASE);
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(board.path("passphrase"), private).unwrap();
        let mut signers = Vec::new();
        for name in BOARD {
            let mut args = vec!["key", "new", "--person", name, "--out"];
            let out = board.path(&format!("{name}.key"));
            let sealed = name == "chair";
            args.push(out.to_str().unwrap());
            if sealed {
                args.push("--passphrase");
            }
            let line = board.done(&args);
            let public = line.rsplit("key = \"").next().unwrap().trim().trim_end_matches('"');
            signers.push(format!("{name}={public}"));
        }
        let mut args = vec!["charter", "new", "v1", "--network", "noord"];
        signers.iter().for_each(|signer| args.extend(["--signer", signer]));
        board.done(&args);
        board.fill();
        board
    }

    /// Two hospitals, two analysts, a dataset, an indicator, rules and cases.
    fn fill(&self) {
        let mut members = String::new();
        for (seed, code) in (10..).step_by(4).zip(["NOORD", "OOST"]) {
            members.push_str(&format!(
                "[[members]]\ncode = \"{code}\"\nname = \"{code}\"\nkind = \"general\"\n\
                 keys = {{ transport = \"{}\", envelope = \"{}\", log = \"{}\", witness = \"{}\" }}\n",
                key(seed), key(seed + 1), key(seed + 2), key(seed + 3)
            ));
        }
        self.write("v1/members.toml", &members);
        let person = |id: &str, hospital: &str, seed| {
            format!(
                "[[people]]\nid = \"{id}\"\nname = \"{id}\"\nhospital = \"{hospital}\"\nkey = \"{}\"\nroles = [\"analyst\"]\n",
                key(seed)
            )
        };
        self.write(
            "v1/people.toml",
            &format!("{}{}", person("a.jansen", "NOORD", 30), person("b.devries", "OOST", 31)),
        );
        self.write("v1/datasets/made.toml", DATASET);
        self.write("v1/indicators/grades.sql", INDICATOR);
        self.write("v1/rules/network.cedar", RULES);
        self.write("v1/tests/board.toml", CASES);
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(super) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Replaces a text that stands once in a file.
    #[track_caller]
    pub(super) fn edit(&self, name: &str, find: &str, put: &str) {
        let text = String::from_utf8(self.read(name)).unwrap();
        assert_eq!(text.matches(find).count(), 1, "{find} in {text}");
        self.write(name, &text.replace(find, put));
    }

    /// Runs the program in the board's folder, without a terminal to ask on.
    pub(super) fn kring(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    pub(super) fn command(&self, args: &[impl AsRef<OsStr>]) -> Command {
        let mut kring = Command::new(Path::new(env!("CARGO_BIN_EXE_kring")));
        kring.args(args).current_dir(self.folder.path());
        kring.env("KRING_PASSPHRASE_FILE", self.path("passphrase"));
        kring.stdin(std::process::Stdio::null());
        kring
    }

    /// What a command that succeeds prints.
    #[track_caller]
    pub(super) fn done(&self, args: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.kring(args);
        assert_eq!(status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    }

    /// What a command that ends with this code says of it, on both outputs.
    #[track_caller]
    pub(super) fn fails(&self, code: i32, args: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.kring(args);
        let told =
            format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        assert_eq!(status.code(), Some(code), "{args:?}: {told}");
        told
    }

    /// Version 1, sealed and signed by the first two; its digest.
    pub(super) fn sealed(&self) -> String {
        let digest = self.done(&["charter", "seal", "v1", "--out", "v1.kring"]).trim().to_owned();
        for name in ["chair", "second"] {
            self.done(&["charter", "sign", "v1.kring", "--key", &format!("{name}.key")]);
        }
        digest
    }
}
