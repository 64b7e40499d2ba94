//! Signatures: shown before they are made, made apart, collected, and never changed by being made again.

use super::support::Board;

#[test]
fn two_of_three_sign_and_a_node_takes_it() {
    let board = Board::new();
    let digest = board.done(&["charter", "seal", "v1", "--out", "v1.kring"]).trim().to_owned();
    let unsigned = board.read("v1.kring");
    let verify = ["charter", "verify", "v1.kring", "--root", &digest];
    assert!(board.fails(2, &verify).contains("refused (too_few_signers)"));

    // The chair signs on a machine of their own: the bundle stays as it is.
    let told =
        board.done(&["charter", "sign", "v1.kring", "--key", "chair.key", "--out", "chair.sig"]);
    assert_eq!(board.read("v1.kring"), unsigned);
    let shown = ["charter of noord version 1: noord", &digest, "signers 2 of chair, second, third"];
    for shown in shown {
        assert!(told.contains(shown), "{shown} in {told}");
    }
    let words = told.lines().find_map(|line| line.strip_prefix("words   ")).unwrap().to_owned();
    board.done(&["charter", "sign", "v1.kring", "--key", "third.key", "--out", "third.sig"]);
    let again = board.read("chair.sig");
    board.done(&["charter", "sign", "v1.kring", "--key", "chair.key", "--out", "chair.sig"]);
    assert_eq!(board.read("chair.sig"), again, "signing twice is signing once");

    let told = board.done(&["charter", "collect", "v1.kring", "chair.sig"]);
    assert_eq!(told, "  chair signed\n1 of the 2 signature(s) that the board of version 1 gives\n");
    assert!(board.fails(2, &verify).contains("refused (too_few_signers)"));
    let told = board.done(&["charter", "collect", "v1.kring", "third.sig", "chair.sig"]);
    assert_eq!(
        told,
        "  third signed\n  chair had signed already\n2 of the 2 signature(s) that the board of version 1 gives\n"
    );
    assert!(board.done(&verify).starts_with("charter of noord version 1, "));
    board.done(&["charter", "verify", "v1.kring", "--root", &words]);

    // In place it is the same bundle, and signing again changes nothing.
    let collected = board.read("v1.kring");
    board.write("v1.kring", std::str::from_utf8(&unsigned).unwrap());
    for name in ["third", "chair", "third"] {
        board.done(&["charter", "sign", "v1.kring", "--key", &format!("{name}.key")]);
    }
    assert_eq!(board.read("v1.kring"), collected);
}

#[test]
fn a_signature_that_does_not_belong_is_refused_and_nothing_changes() {
    let board = Board::new();
    board.done(&["charter", "seal", "v1", "--out", "v1.kring"]);
    board.done(&["charter", "sign", "v1.kring", "--key", "third.key", "--out", "third.sig"]);
    let sealed = board.read("v1.kring");

    board.done(&["key", "new", "--person", "stranger", "--out", "stranger.key"]);
    let told = board.fails(64, &["charter", "sign", "v1.kring", "--key", "stranger.key"]);
    assert!(told.contains("is not among the signers of this charter"), "{told}");

    // Another draft under the same version.
    board.edit("v1/rules/network.cedar", "@min_patients(\"10\")", "@min_patients(\"1\")");
    board.edit("v1/tests/board.toml", "min_patients = \"10\"", "min_patients = \"1\"");
    board.done(&["charter", "seal", "v1", "--out", "draft.kring"]);
    board.done(&["charter", "sign", "draft.kring", "--key", "second.key", "--out", "second.sig"]);
    let told = board.fails(2, &["charter", "collect", "v1.kring", "third.sig", "second.sig"]);
    assert!(told.contains("second.sig is refused (signature_of_other_bytes)"), "{told}");
    let text = String::from_utf8(board.read("third.sig")).unwrap();
    board.write("damaged.sig", &text.replacen("\"signature\":\"", "\"signature\":\"A", 1));
    let told = board.fails(2, &["charter", "collect", "v1.kring", "damaged.sig"]);
    assert!(told.contains("damaged.sig is refused (malformed_signature)"), "{told}");
    assert_eq!(board.read("v1.kring"), sealed, "all of them or none");
}

#[test]
fn an_encrypted_key_opens_with_its_passphrase_alone() {
    let board = Board::new();
    board.done(&["charter", "seal", "v1", "--out", "v1.kring"]);
    board.write("wrong", "another four words");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(board.path("wrong"), private).unwrap();
    let sign = ["charter", "sign", "v1.kring", "--key", "chair.key"];
    let told = board.fails(64, &[&sign[..], &["--passphrase-file", "wrong"]].concat());
    assert!(told.contains("chair.key does not open with this passphrase"), "{told}");
    // What is signed was shown all the same, before anybody was asked.
    assert!(told.starts_with("charter of noord version 1: noord\ndigest  "), "{told}");
    // Without a file it is asked on the terminal, which a process of its own session does not have.
    let mut asked = std::process::Command::new("setsid");
    asked.arg("--wait").arg(env!("CARGO_BIN_EXE_kring")).args(sign).current_dir(board.path(""));
    asked.stdin(std::process::Stdio::null());
    let output = asked.env_remove("KRING_PASSPHRASE_FILE").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64), "{told}");
    assert!(told.contains("there is no terminal"), "{told}");
    board.done(&sign);

    board.write("passphrase", "short");
    let told =
        board.fails(64, &["key", "new", "--person", "d.smit", "--out", "d.key", "--passphrase"]);
    assert!(told.contains("take at least 12"), "{told}");
    assert!(!board.path("d.key").exists());
}
