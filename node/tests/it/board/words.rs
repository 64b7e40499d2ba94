//! Folders that are no charter yet, and cases that cannot be read.

use super::support::Board;

#[test]
fn a_new_folder_says_what_it_lacks() {
    let board = Board::new();
    let signer = format!("Board={}", super::support::key(1));
    let new = ["charter", "new", "empty", "--network", "noord", "--signer", &signer];
    board.done(&new);
    let told = board.fails(64, &["charter", "check", "empty"]);
    assert!(
        told.ends_with("members.toml: the network has no member: write [[members]]\n"),
        "{told}"
    );
    assert!(board.fails(64, &new).contains("empty is not empty"));
    let few =
        ["charter", "new", "few", "--network", "noord", "--signer", &signer, "--threshold", "2"];
    assert!(board.fails(64, &few).contains("--threshold is 1 to the number of signers"));
    assert!(board.fails(64, &["charter", "new", "few", "--network", "noord"]).contains("--signer"));
    let bad = ["charter", "new", "few", "--network", "noord", "--signer", "Board"];
    assert!(board.fails(64, &bad).contains("write NAME=KEY"));
    assert!(!board.path("few").exists());
}

#[test]
fn a_folder_that_was_filled_in_is_checked_and_tried() {
    let board = Board::new();
    let told = board.done(&["charter", "check", "v1"]);
    assert!(told.starts_with("charter of noord version 1, "), "{told}");
    assert_eq!(
        board.done(&["charter", "test", "v1"]),
        "pass  an analyst asks for quality\npass  nobody groups by age\npass  the indicator is asked\npass  no rows\n4 case(s), 0 failed\n"
    );
    board.sealed();
    assert!(board.done(&["charter", "test", "v1.kring"]).ends_with("4 case(s), 0 failed\n"));
}

#[test]
fn every_problem_of_a_folder_is_told_at_once() {
    let board = Board::new();
    board.edit("v1/tests/board.toml", "expect = \"deny\"\nrule", "expect = \"no\"\nrule");
    board.edit("v1/people.toml", "hospital = \"OOST\"", "hospital = \"WEST\"");
    let told = board.fails(64, &["charter", "seal", "v1", "--out", "v1.kring"]);
    for problem in [
        "tests/board.toml:16: `expect` is \"allow\" or \"deny\"",
        "people.toml:10: hospital `WEST` is not in members.toml",
    ] {
        assert!(told.contains(problem), "{problem} in {told}");
    }
    std::os::unix::fs::symlink("/etc/hostname", board.path("v1/rules/other.cedar")).unwrap();
    for args in [
        &["charter", "check", "v1"][..],
        &["charter", "test", "v1"],
        &["charter", "diff", "v1", "v1"],
    ] {
        let told = board.fails(64, args);
        assert!(
            told.contains("rules/other.cedar: it is a link: put the file itself here"),
            "{told}"
        );
    }
}
