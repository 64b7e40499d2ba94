//! From one version to the next: the board sees what changes, its cases speak up, and both boards sign.

use serde_json::{Value, json};

use super::support::{BOARD, Board};

/// The next version as a folder: k from 10 to 20, and B. de Vries withdrawn.
fn draft(board: &Board) {
    board.done(&["charter", "new", "v2", "--from", "v1.kring"]);
    board.edit("v2/rules/network.cedar", "@min_patients(\"10\")", "@min_patients(\"20\")");
    let people = String::from_utf8(board.read("v2/people.toml")).unwrap();
    let (kept, _) = people.split_once("[[people]]\nid = \"b.devries\"").unwrap();
    board.write("v2/people.toml", kept);
}

#[test]
fn the_board_raises_k_and_withdraws_an_analyst() {
    let board = Board::new();
    let first = board.sealed();
    draft(&board);

    let told = board.done(&["charter", "diff", "v1.kring", "v2"]);
    let expected = format!(
        "Charter\n  the charter: version from 1 to 2\n  the charter: version before {first} (not said before)\n\
         People\n  person `b.devries` is removed (b.devries, OOST; -; analyst)\n\
         Rules\n  rule `exact-for-analysts`: @min_patients from 10 to 20\n"
    );
    assert_eq!(told, expected);
    assert!(
        board
            .done(&["charter", "diff", "v1", "v2", "--language", "nl"])
            .contains("@min_patients van 10 naar 20")
    );
    assert_eq!(board.done(&["charter", "diff", "v1", "v1.kring"]), "Nothing changes.\n");

    // The cases speak up, and nothing is sealed.
    let told = board.fails(1, &["charter", "test", "v2"]);
    assert!(
        told.contains(
            "FAIL  an analyst asks for quality (tests/board.toml:1): it is denied (unknown_person)"
        ),
        "{told}"
    );
    assert!(told.ends_with("4 case(s), 1 failed\n"), "{told}");
    let told = board.fails(64, &["charter", "seal", "v2", "--out", "v2.kring"]);
    assert!(
        told.contains("tests/board.toml:1: case `an analyst asks for quality`: it is denied"),
        "{told}"
    );
    assert!(!board.path("v2.kring").exists());
    board.edit("v2/tests/board.toml", "person = \"b.devries\"", "person = \"a.jansen\"");
    board.edit("v2/tests/board.toml", "min_patients = \"10\"", "min_patients = \"20\"");
    board.done(&["charter", "test", "v2"]);

    let sealed = board.kring(&["charter", "seal", "v2", "--out", "v2.kring"]);
    let notes = String::from_utf8(sealed.stderr).unwrap();
    assert!(
        notes.contains("Not tried: 3 case(s) with a text; `kring charter test` tries them."),
        "{notes}"
    );
    let told =
        board.done(&["charter", "sign", "v2.kring", "--key", "chair.key", "--against", "v1.kring"]);
    for shown in [format!("after   {first}"), "@min_patients from 10 to 20".to_owned()] {
        assert!(told.contains(&shown), "{shown} in {told}");
    }
    // Whoever compares with another version before is told.
    board.done(&["charter", "sign", "v1.kring", "--key", "third.key"]);
    let told = board.fails(
        64,
        &["charter", "sign", "v2.kring", "--key", "second.key", "--against", "v2.kring"],
    );
    assert!(told.contains("v2.kring is not the version before"), "{told}");
}

#[test]
fn who_leaves_the_board_signs_the_version_without_them() {
    let board = Board::new();
    board.sealed();
    draft(&board);
    board.edit("v2/tests/board.toml", "person = \"b.devries\"", "person = \"a.jansen\"");
    board.edit("v2/tests/board.toml", "min_patients = \"10\"", "min_patients = \"20\"");
    let head = String::from_utf8(board.read("v2/charter.toml")).unwrap();
    let (kept, _) = head.split_once("[[signers]]\nname = \"third\"").unwrap();
    board.write("v2/charter.toml", kept);
    board.done(&["charter", "seal", "v2", "--out", "v2.kring"]);
    let sign = |name: &str| format!("{name}.key");
    let told = board.fails(64, &["charter", "sign", "v2.kring", "--key", &sign("third")]);
    assert!(told.contains("name the version before with --against"), "{told}");
    let out = ["--against", "v1.kring", "--out", "third.sig"];
    board.done(&[&["charter", "sign", "v2.kring", "--key", &sign("third")], &out[..]].concat());
    let told = board.fails(2, &["charter", "collect", "v2.kring", "third.sig"]);
    assert!(told.contains("third.sig is refused (not_a_signer)"), "{told}");
    let told =
        board.done(&["charter", "collect", "v2.kring", "third.sig", "--against", "v1.kring"]);
    assert!(
        told.ends_with("  third signed\n1 of the 2 signature(s) that the board of version 1 gives\n0 of the 2 signature(s) that the board of version 2 gives\n"),
        "{told}"
    );
    for name in BOARD.iter().take(2) {
        board.done(&["charter", "sign", "v2.kring", "--key", &sign(name)]);
    }
}

#[test]
fn the_matrix_shows_the_cells_that_differ() {
    let board = Board::new();
    board.sealed();
    draft(&board);
    let told = board.done(&["charter", "matrix", "v1.kring"]);
    // Two people alike but for their hospital, three purposes at most: quality, and one that no rule names.
    assert!(
        told.contains("ask.members made for quality\n  analyst of NOORD (like a.jansen); analyst of OOST (like b.devries)\n"),
        "{told}"
    );
    assert!(
        told.contains("    deny by noord/no-ages (forbidden)\n      patient.age:group\n"),
        "{told}"
    );
    assert!(told.ends_with("76 cells, 20 allowed\n"), "{told}");

    let json = |args: &[&str]| -> Value { serde_json::from_str(&board.done(args)).unwrap() };
    let found = json(&["charter", "matrix", "v2", "--against", "v1.kring", "--format", "json"]);
    let found = found["differences"].as_array().unwrap();
    let gone = found.iter().filter(|one| one["to"] == json!("absent")).count();
    let stricter: Vec<&Value> = found.iter().filter(|one| one["to"] != json!("absent")).collect();
    // B. de Vries' eight uses and the indicator for either purpose; A. Jansen's eight uses under another threshold.
    assert_eq!((gone, stricter.len()), (10, 8));
    let protections =
        |side: &str| stricter[0][side]["allow"]["protections"]["min_patients"].clone();
    assert_eq!((protections("from"), protections("to")), (json!("10"), json!("20")));
    let told = board.done(&["charter", "matrix", "v2", "--against", "v1.kring"]);
    assert!(
        told.contains(
            "    still allowed: min_patients 10 -> 20\n      patient category:count_values, "
        ),
        "{told}"
    );
    assert!(told.contains(" -> deny (not in the charter)\n"), "{told}");
    assert!(told.ends_with("76 cells, 18 differ\n"), "{told}");

    // Of a person of whom only some cells differ, these are named.
    board.done(&["charter", "new", "v3", "--from", "v1.kring"]);
    board.edit("v3/rules/network.cedar", "patient.age:group", "patient.age:filter");
    let told = board.done(&["charter", "matrix", "v3", "--against", "v1.kring"]);
    let deny = "deny by noord/no-ages (forbidden)\n      patient.age:filter\n";
    assert!(told.contains(deny), "{told}");
    assert!(told.ends_with("76 cells, 4 differ\n"), "{told}");

    let csv = board.done(&[
        "charter",
        "matrix",
        "v1",
        "--person",
        "a.jansen",
        "--purpose",
        "quality",
        "--format",
        "csv",
    ]);
    assert_eq!(csv.lines().count(), 1 + 19, "{csv}");
    let line = "ask.members,made,,,analyst,NOORD,quality,,patient,category,,group,,,allow,noord/exact-for-analysts,";
    assert!(csv.lines().any(|one| one.starts_with(line)), "{csv}");
}

#[test]
fn changes_are_one_json_object() {
    let board = Board::new();
    let digest = board.sealed();
    draft(&board);
    let told = board.done(&["charter", "diff", "v1.kring", "v2", "--format", "json"]);
    let found: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(found["from"], json!({"network": "noord", "version": 1, "digest": digest}));
    assert_eq!(found["to"], json!({"network": "noord", "version": 2, "digest": null}));
    let last = found["changes"].as_array().unwrap().last().unwrap();
    let expected = json!({
        "part": "rules",
        "subject": {"rule": "exact-for-analysts"},
        "what": {"protection": "min_patients"},
        "moved": {"changed": {"from": "10", "to": "20"}},
        "en": "rule `exact-for-analysts`: @min_patients from 10 to 20",
        "nl": "regel `exact-for-analysts`: @min_patients van 10 naar 20",
    });
    assert_eq!(*last, expected);
}
