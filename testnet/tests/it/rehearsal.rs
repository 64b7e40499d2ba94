//! What a board is told of its indicators before they are sealed, by the command itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use policies::dataset::{Dataset, file};
use policies::{Digest, HospitalCode};
use serde_json::Value;
use testnet::data::Data;
use testnet::generate::Region;
use testnet::network::Network;
use testnet::topology;

use crate::support::Net;

const RULES: &str = "@id(\"indicators\") @explain_en(\"all\") @explain_nl(\"alles\") @min_patients(\"10\")\n\
    permit (principal in Kring::Role::\"analyst\", action == Kring::Action::\"ask.indicator\", resource);\n";
const PATIENTS: u32 = 25;

/// A charter over the Rotterdam dictionary with these indicators.
struct Board<'n> {
    net: &'n Net,
    folder: PathBuf,
}

impl<'n> Board<'n> {
    fn new(net: &'n Net, name: &str, indicators: &[(&str, &str)]) -> Self {
        let folder = net.network.amend(&net.network.first_version(), name).unwrap().folder;
        std::fs::write(folder.join("rules/indicators.cedar"), RULES).unwrap();
        for (id, sql) in indicators {
            let text = format!(
                "-- id: {id}\n-- version: 1\n-- dataset: rotterdam\n-- title_en: {id}\n-- source: the board\n{sql}\n"
            );
            std::fs::write(folder.join(format!("indicators/{id}.sql")), text).unwrap();
        }
        Self { net, folder }
    }

    /// Exit code, output and words of `kring charter` with this.
    fn kring(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let mut kring = self.net.network.kring();
        kring.arg("charter").arg(args[0]).arg(&self.folder).args(&args[1..]);
        let done = kring.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (done.status.code(), text(done.stdout), text(done.stderr))
    }

    #[track_caller]
    fn report(&self) -> Value {
        let patients = PATIENTS.to_string();
        let over = ["--hospitals", "1", "--patients", &patients];
        let (code, told, why) = self.kring(&[&["check", "--report", "json"], &over[..]].concat());
        assert_eq!(code, Some(0), "{why}");
        serde_json::from_str(&told).unwrap()
    }

    fn dataset(&self) -> Dataset {
        let text = std::fs::read_to_string(self.folder.join("datasets/rotterdam.toml")).unwrap();
        file::parse("rotterdam.toml", &text).unwrap()
    }
}

/// The made-up patients of each grade, counted in the rows as an import gets them.
fn recount(dataset: &Dataset, hospital: &str) -> BTreeMap<String, u64> {
    let hospital = HospitalCode::new(hospital).unwrap();
    let rows = query::rehearse::rows(dataset, (&hospital, PATIENTS));
    let mut lines = rows[0].1.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let grade = lines.next().unwrap().iter().position(|name| *name == "grade").unwrap();
    let mut found = BTreeMap::new();
    for line in lines {
        *found.entry(line[grade].to_owned()).or_default() += 1;
    }
    found
}

const ALL: (&str, &str) = ("a_all", "SELECT count(*) AS n FROM patient");
const GRADES: (&str, &str) =
    ("b_grades", "SELECT grade, count(*) AS n FROM patient GROUP BY grade");

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_else(|| panic!("{key} in {value}"))
}

/// What is told of one indicator, as figures, exact, null, and null for what was told before.
fn counts(report: &Value, indicator: &str) -> [u64; 4] {
    let all = report["datasets"][0]["variants"].as_array().unwrap();
    let mut own = all.iter().filter(|variant| variant["indicator"] == indicator);
    let own = own.next().unwrap_or_else(|| panic!("{indicator} in {report}"));
    ["figures", "exact", "hidden", "before"].map(|key| number(own, key))
}

fn the_report_is_an_honest_recount(net: &Net) {
    let board = Board::new(net, "alone", &[GRADES]);
    let report = board.report();
    let hospital = report["hospitals"][0].as_str().unwrap();
    let grades = recount(&board.dataset(), hospital);
    let (shown, small): (Vec<u64>, Vec<u64>) = grades.values().partition(|n| **n >= 10);
    // What the rest of the test is about.
    assert_eq!((shown.len(), small.len()), (1, 1), "{grades:?}");
    assert_eq!(counts(&report, "b_grades"), [2, 1, 1, 0]);
    let together = &report["datasets"][0]["together"];
    assert_eq!(number(together, "patients"), u64::from(PATIENTS));
    for key in ["about", "smallest"] {
        assert_eq!(number(together, key), shown[0], "{key} in {together}");
    }
    for (key, expected) in
        [("groups", 1), ("equations", 1), ("linked", 0), ("solved", 0), ("narrow", 0)]
    {
        assert_eq!(number(together, key), expected, "{key} in {together}");
    }
    assert_eq!(together["rules"], serde_json::json!({"r1": 1}));
}

fn what_would_complete_a_hidden_figure_is_null_for_what_was_told(net: &Net) {
    let board = Board::new(net, "both", &[ALL, GRADES]);
    let report = board.report();
    assert_eq!(counts(&report, "a_all"), [1, 1, 0, 0]);
    // The total less the large grade would be the small one: the large one is null, and alone it would not be.
    assert_eq!(counts(&report, "b_grades"), [2, 0, 2, 1]);
    let together = &report["datasets"][0]["together"];
    assert_eq!(number(together, "smallest"), u64::from(PATIENTS));
    assert_eq!((number(together, "solved"), number(together, "narrow")), (0, 0));
    assert_eq!(report["generated"], true);
}

fn what_does_not_plan_is_neither_checked_nor_sealed(net: &Net) {
    let wrong = ("c_wrong", "SELECT graad, count(*) AS n FROM patient GROUP BY graad");
    let board = Board::new(net, "wrong", &[ALL, wrong]);
    let bundle = board.folder.with_extension("kring");
    let out = bundle.to_string_lossy();
    for command in [&["check"][..], &["seal", "--out", &out]] {
        let (code, told, why) = board.kring(command);
        assert_eq!((code, told.as_str()), (Some(64), ""), "{why}");
        assert!(why.starts_with("kring: 1 problem(s)"), "{why}");
        let named = "indicators/c_wrong.sql: variant `` is refused (unknown_column): ";
        assert!(why.contains(named), "{why}");
    }
    assert!(!bundle.exists());
}

fn sealing_prints_the_report_beside_the_digest(net: &Net) {
    let board = Board::new(net, "sealed", &[ALL, GRADES]);
    let seal = |name: &str, more: &[&str]| {
        let bundle = board.folder.with_file_name(name);
        let out = bundle.to_string_lossy();
        let args = ["seal", "--out", &out, "--hospitals", "1", "--patients", "25"];
        let (code, digest, told) = board.kring(&[&args, more].concat());
        assert_eq!(code, Some(0), "{told}");
        assert!(digest.trim().parse::<Digest>().is_ok() && bundle.exists(), "{digest}");
        told
    };
    let told = seal("told.kring", &[]);
    for words in ["generated data", "b_grades", "k=10", "In plain words: whoever collects"] {
        assert!(told.contains(words), "{words} in {told}");
    }
    let told = seal("nl.kring", &["--language", "nl"]);
    assert!(told.contains("Deze patienten zijn verzonnen"), "{told}");
    let told = seal("quiet.kring", &["--report", "none"]);
    assert!(!told.contains("In plain words"), "{told}");
}

fn tidy(folder: &Path) -> usize {
    let left = std::fs::read_dir(folder).unwrap().filter(|entry| {
        entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("kring-rehearsal-")
    });
    left.count()
}

#[test]
fn a_board_sees_what_its_indicators_tell_together() {
    let net = Net::create(3);
    the_report_is_an_honest_recount(&net);
    what_would_complete_a_hidden_figure_is_null_for_what_was_told(&net);
    what_does_not_plan_is_neither_checked_nor_sealed(&net);
    sealing_prints_the_report_beside_the_digest(&net);
}

/// The real dictionary and its 42 indicators, over made-up patients of one hospital; what is made up is removed again.
#[test]
fn the_oncology_indicators_are_rehearsed() {
    let temporary = tempfile::Builder::new().prefix("kring-test-").tempdir().unwrap();
    let network = Network::with_data(
        &temporary.path().join("net"),
        topology::hospitals(3),
        Path::new(env!("CARGO_BIN_EXE_testnet")),
        &[Data::oncology(Region::new(1, 3, 20), 10)],
    )
    .unwrap();
    let made = temporary.path().join("made");
    std::fs::create_dir(&made).unwrap();
    let mut kring = network.kring();
    kring.args(["charter", "check"]).arg(network.dir.join("charter")).env("TMPDIR", &made);
    kring.args(["--report", "json", "--hospitals", "1", "--patients", "200", "--variants", "99"]);
    let done = kring.output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(tidy(&made), 0);
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(report["variants"][0], 99);
    assert!(report["variants"][1].as_u64().unwrap() > 300, "{}", report["variants"]);
    let variants = report["datasets"][0]["variants"].as_array().unwrap();
    assert!(variants.len() >= 99);
    let mut sum = [0; 3];
    for variant in variants {
        assert_eq!(variant["fault"], Value::Null, "{variant}");
        let told = ["exact", "noisy", "bands"].map(|key| number(variant, key));
        let all = told.iter().sum::<u64>() + number(variant, "hidden");
        assert_eq!(all, number(variant, "figures"), "{variant}");
        if variant["repeated"] == false {
            let own = ["figures", "exact", "hidden"].map(|key| number(variant, key));
            sum.iter_mut().zip(own).for_each(|(all, own)| *all += own);
        }
    }
    let together = &report["datasets"][0]["together"];
    assert_eq!(["figures", "exact", "hidden"].map(|key| number(together, key)), sum);
    assert!(sum[1] > 0 && sum[2] > 0, "{together}");
    assert!(number(together, "equations") <= number(together, "about"), "{together}");
    assert!(number(together, "about") <= 200 && number(together, "smallest") >= 5, "{together}");
    assert_eq!(number(together, "solved"), 0, "{together}");
}
