use std::collections::BTreeMap;

use super::fixture::{files, with_keys};
use super::*;
use crate::charter;

mod keys;

#[track_caller]
fn parsed(files: &BTreeMap<String, String>) -> Charter {
    charter::parse(files).unwrap_or_else(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

/// The sentences of what replacing texts changes; each text stands in its file once.
#[track_caller]
fn check(edits: &[(&str, &str, &str)], expected: &[(&str, &str)]) {
    let mut changed = files();
    for (path, find, put) in edits {
        let text = changed.get_mut(*path).unwrap();
        assert_eq!(text.matches(&with_keys(find)).count(), 1, "{find} in {text}");
        *text = text.replace(&with_keys(find), &with_keys(put));
    }
    let changes = between(&parsed(&files()), &parsed(&changed));
    let told: Vec<(String, String)> =
        changes.iter().map(|change| (change.english(), change.dutch())).collect();
    let told: Vec<(&str, &str)> =
        told.iter().map(|(english, dutch)| (english.as_str(), dutch.as_str())).collect();
    assert_eq!(told, expected);
}

#[test]
fn the_same_charter_in_other_words_has_no_change() {
    check(&[], &[]);
    check(
        &[
            (
                "rules/network.cedar",
                "permit (principal in Kring::Role::\"planner\", ",
                "// Planners.\n permit(\n principal in Kring::Role::\"planner\",\n",
            ),
            ("charter.toml", "version = 1\n", "# The first.\nversion   = 1\n"),
            ("people.toml", "hospital = \"ALFA\"\n", "\n\nhospital=\"ALFA\" # Alfa\n"),
        ],
        &[],
    );
}

#[test]
fn the_head_says_what_changes() {
    check(
        &[
            (
                "charter.toml",
                "version = 1",
                &format!("version = 2\nprevious = \"{}\"", "0a".repeat(32)),
            ),
            ("charter.toml", "notice_days = 14", "notice_days = 7"),
            ("charter.toml", "2027-01-01", "2028-01-01"),
            ("charter.toml", "threshold = 1", "threshold = 2"),
            (
                "charter.toml",
                "name = \"Second\"\nkey = \"KEY02\"\n",
                "name = \"Third\"\nkey = \"KEY03\"\n[[freshness]]\nhospital = \"ALFA\"\nkey = \"KEY04\"\n",
            ),
        ],
        &[
            ("the charter: version from 1 to 2", "het charter: versie van 1 naar 2"),
            (
                "the charter: last moment from 2027-01-01T00:00:00Z to 2028-01-01T00:00:00Z",
                "het charter: einde van 2027-01-01T00:00:00Z naar 2028-01-01T00:00:00Z",
            ),
            (
                &format!("the charter: version before {} (not said before)", "0a".repeat(32)),
                &format!("het charter: vorige versie {} (was niet gezegd)", "0a".repeat(32)),
            ),
            (
                "the charter: days of notice from 14 to 7",
                "het charter: dagen aankondiging van 14 naar 7",
            ),
            (
                "the charter: signatures needed from 1 to 2",
                "het charter: benodigde handtekeningen van 1 naar 2",
            ),
            (
                &format!("signer `Second` is removed ({})", fingerprint("KEY02")),
                &format!("ondertekenaar `Second` vervalt ({})", fingerprint("KEY02")),
            ),
            (
                &format!("signer `Third` is added ({})", fingerprint("KEY03")),
                &format!("ondertekenaar `Third` komt erbij ({})", fingerprint("KEY03")),
            ),
            (
                &format!("freshness key of `ALFA` is added ({})", fingerprint("KEY04")),
                &format!("versheidssleutel van `ALFA` komt erbij ({})", fingerprint("KEY04")),
            ),
        ],
    );
}

fn fingerprint(key: &str) -> String {
    crate::dsse::PublicKey::from_hex(&with_keys(key)).unwrap().fingerprint().to_string()
}

#[test]
fn hospitals_join_leave_and_change() {
    check(
        &[
            ("members.toml", "kind = \"umc\"", "kind = \"teaching\""),
            ("members.toml", "log = \"KEY23\"", "log = \"KEY25\""),
            ("members.toml", "tcp/4001", "tcp/4002"),
            ("members.toml", "networks = [{ id = \"oost\" }]\n", ""),
        ],
        &[
            (
                "hospital `ALFA` loses address /ip4/127.0.0.1/tcp/4001",
                "ziekenhuis `ALFA` verliest adres /ip4/127.0.0.1/tcp/4001",
            ),
            (
                "hospital `ALFA` gains address /ip4/127.0.0.1/tcp/4002",
                "ziekenhuis `ALFA` krijgt adres /ip4/127.0.0.1/tcp/4002",
            ),
            (
                "hospital `ALFA` leaves sub-network `oost`",
                "ziekenhuis `ALFA` gaat uit subnetwerk `oost`",
            ),
            (
                "hospital `BRAVO`: kind from umc to teaching",
                "ziekenhuis `BRAVO`: soort van umc naar teaching",
            ),
            (
                &format!(
                    "hospital `BRAVO`: log key from {} to {}",
                    fingerprint("KEY23"),
                    fingerprint("KEY25")
                ),
                &format!(
                    "ziekenhuis `BRAVO`: sleutel `log` van {} naar {}",
                    fingerprint("KEY23"),
                    fingerprint("KEY25")
                ),
            ),
        ],
    );
}

#[test]
fn a_hospital_under_another_code_is_another_hospital() {
    let code = (
        "members.toml",
        "code = \"BRAVO\"\nname = \"Bravo\"",
        "code = \"CHARLIE\"\nname = \"Charlie\"",
    );
    let staff = ("people.toml", "hospital = \"BRAVO\"", "hospital = \"CHARLIE\"");
    check(
        &[code, staff],
        &[
            (
                "hospital `BRAVO` (Bravo) leaves the network",
                "ziekenhuis `BRAVO` (Bravo) verlaat het netwerk",
            ),
            (
                "hospital `CHARLIE` (Charlie) joins the network",
                "ziekenhuis `CHARLIE` (Charlie) wordt lid van het netwerk",
            ),
            (
                "person `b.devries`: hospital from BRAVO to CHARLIE",
                "persoon `b.devries`: ziekenhuis van BRAVO naar CHARLIE",
            ),
        ],
    );
}

#[test]
fn people_come_go_and_change() {
    check(
        &[
            (
                "people.toml",
                "groups = [\"borst\"]",
                "groups = [\"long\"]\nvalid_until = 2026-06-01T00:00:00Z",
            ),
            (
                "people.toml",
                "id = \"b.devries\"\nname = \"B. de Vries\"",
                "id = \"c.bakker\"\nname = \"C. Bakker\"",
            ),
        ],
        &[
            (
                "person `b.devries` is removed (B. de Vries, BRAVO; -; planner)",
                "persoon `b.devries` vervalt (B. de Vries, BRAVO; -; planner)",
            ),
            (
                "person `c.bakker` is added (C. Bakker, BRAVO; -; planner)",
                "persoon `c.bakker` komt erbij (C. Bakker, BRAVO; -; planner)",
            ),
            (
                "person `a.jansen` loses tumour group borst",
                "persoon `a.jansen` verliest tumorgroep borst",
            ),
            (
                "person `a.jansen` gains tumour group long",
                "persoon `a.jansen` krijgt tumorgroep long",
            ),
            (
                "person `a.jansen`: last moment 2026-06-01T00:00:00Z (not said before)",
                "persoon `a.jansen`: einde 2026-06-01T00:00:00Z (was niet gezegd)",
            ),
        ],
    );
}

#[test]
fn the_dictionary_says_what_changes_and_asks_for_a_version() {
    check(
        &[
            ("datasets/made.toml", "max = 120", "max = 110\nunit = \"year\""),
            ("datasets/made.toml", "{ code = 3 }", "{ code = 3 }, { code = 4, en = \"worst\" }"),
            (
                "datasets/made.toml",
                "name = \"grade\"\ntype = \"integer\"\nclass = \"category\"",
                "name = \"grade\"\ntype = \"integer\"\nclass = \"category\"\nnullable = true",
            ),
        ],
        &[
            (
                "column `made: patient.age`: bounds from 0 .. 120 to 0 .. 110",
                "kolom `made: patient.age`: grenzen van 0 .. 120 naar 0 .. 110",
            ),
            (
                "column `made: patient.age`: unit year (not said before)",
                "kolom `made: patient.age`: eenheid year (was niet gezegd)",
            ),
            (
                "column `made: patient.grade`: may be empty from false to true",
                "kolom `made: patient.grade`: mag leeg zijn van false naar true",
            ),
            (
                "column `made: patient.grade` gains code 4 (worst)",
                "kolom `made: patient.grade` krijgt code 4 (worst)",
            ),
            (
                "dataset `made`: the version stays the same: give it a higher one (version 1)",
                "dataset `made`: de versie blijft gelijk: geef een hogere (versie 1)",
            ),
        ],
    );
    check(
        &[("datasets/made.toml", "id = \"made\"", "# Notes.\nid = \"made\"")],
        &[(
            "dataset `made`: only notes or layout of its file change (version 1)",
            "dataset `made`: alleen notities of opmaak van het bestand veranderen (versie 1)",
        )],
    );
}

#[test]
fn a_text_that_changes_without_a_version_is_told() {
    check(
        &[(
            "indicators/count.sql",
            "SELECT grade, count(*) AS n -- by grade",
            "SELECT grade, count(distinct patient_key) AS n -- by grade",
        )],
        &[(
            "indicator `count`: the text that is asked changes (grade), the version stays the same: give it a higher one",
            "indicator `count`: de tekst die gevraagd wordt verandert (grade), de versie blijft gelijk: geef een hogere",
        )],
    );
    check(
        &[
            ("indicators/count.sql", "FROM patient", "FROM patient p"),
            ("indicators/count.sql", "-- version: 1", "-- version: 2\n-- min_patients: 20"),
        ],
        &[
            (
                "indicator `count`: @min_patients 20 (not said before)",
                "indicator `count`: @min_patients 20 (was niet gezegd)",
            ),
            ("indicator `count`: version from 1 to 2", "indicator `count`: versie van 1 naar 2"),
            (
                "indicator `count`: the text that is asked changes (grade, total)",
                "indicator `count`: de tekst die gevraagd wordt verandert (grade, total)",
            ),
        ],
    );
}

#[test]
fn rules_say_what_changes_and_cases_too() {
    check(
        &[
            (
                "rules/network.cedar",
                "@min_patients(\"10\")",
                "@min_patients(\"20\") @zeros(\"shown\")",
            ),
            ("rules/network.cedar", "== \"quality\"", "== \"research\""),
            (
                "rules/network.cedar",
                "@id(\"planners\") permit (principal in Kring::Role::\"planner\"",
                "@id(\"planning\") forbid (principal",
            ),
            ("tests/board.toml", "expect = \"allow\"", "expect = \"deny\""),
        ],
        &[
            ("rule `planners` is removed (permit)", "regel `planners` vervalt (permit)"),
            ("rule `planning` is added (forbid)", "regel `planning` komt erbij (forbid)"),
            (
                "rule `exact`: condition from `when { context.purpose == \"quality\" }` to `when { context.purpose == \"research\" }`",
                "regel `exact`: voorwaarde van `when { context.purpose == \"quality\" }` naar `when { context.purpose == \"research\" }`",
            ),
            (
                "rule `exact`: @min_patients from 10 to 20",
                "regel `exact`: @min_patients van 10 naar 20",
            ),
            (
                "rule `exact`: @zeros shown (not said before)",
                "regel `exact`: @zeros shown (was niet gezegd)",
            ),
            (
                "case `the analyst`: content from a.jansen for quality: allow to a.jansen for quality: deny",
                "voorbeeld `the analyst`: inhoud van a.jansen for quality: allow naar a.jansen for quality: deny",
            ),
        ],
    );
}

#[test]
fn every_change_is_one_json_object() {
    let mut changed = files();
    changed.remove("indicators/count.sql");
    let changes = between(&parsed(&files()), &parsed(&changed));
    let json = serde_json::to_value(&changes).unwrap();
    let expected = serde_json::json!([
        {"subject": {"indicator": "count"}, "what": "whole", "moved": {"removed": "1, Patients"}},
    ]);
    assert_eq!(json, expected);
}

#[test]
fn another_order_is_a_change_where_the_first_means_something() {
    check(
        &[("indicators/count.sql", "-- by: total, grade", "-- by: grade, total")],
        &[(
            "indicator `count`: variant `by` from total, grade to grade, total",
            "indicator `count`: variant `by` van total, grade naar grade, total",
        )],
    );
    let table = |keys: &str| {
        format!(
            "[[tables]]\nname = \"visit\"\nkey = \"visit_key\"\nforeign_keys = [{keys}]\n\
             [[tables.columns]]\nname = \"visit_key\"\ntype = \"text\"\nclass = \"key\"\n\
             [[tables.columns]]\nname = \"patient_key\"\ntype = \"text\"\nclass = \"key\"\n\
             [[tables.columns]]\nname = \"stay_key\"\ntype = \"text\"\nclass = \"key\"\n\
             [[tables]]\nname = \"stay\"\nkey = \"stay_key\"\nforeign_keys = [{{ column = \"patient_key\", table = \"patient\" }}]\n\
             [[tables.columns]]\nname = \"stay_key\"\ntype = \"text\"\nclass = \"key\"\n\
             [[tables.columns]]\nname = \"patient_key\"\ntype = \"text\"\nclass = \"key\"\n"
        )
    };
    let (patient, stay) = (
        "{ column = \"patient_key\", table = \"patient\" }",
        "{ column = \"stay_key\", table = \"stay\" }",
    );
    let with = |keys: &str| {
        let mut files = files();
        files.get_mut("datasets/made.toml").unwrap().push_str(&table(keys));
        parsed(&files)
    };
    let (old, new) = (with(&format!("{patient}, {stay}")), with(&format!("{stay}, {patient}")));
    let told: Vec<String> = between(&old, &new).iter().map(Change::english).collect();
    assert_eq!(
        told,
        [
            "table `made: visit`: foreign key from patient_key -> patient, stay_key -> stay to stay_key -> stay, patient_key -> patient",
            "dataset `made`: the version stays the same: give it a higher one (version 1)",
        ]
    );
}
