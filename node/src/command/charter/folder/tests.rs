use std::os::unix::ffi::OsStrExt as _;

use super::*;

fn folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("kring-folder-").tempdir().unwrap();
    std::fs::create_dir(folder.path().join("rules")).unwrap();
    std::fs::write(folder.path().join("charter.toml"), "version = 1\n").unwrap();
    std::fs::write(folder.path().join("rules/network.cedar"), "// None.\n").unwrap();
    folder
}

#[track_caller]
fn check(prepare: impl Fn(&Path), expected: &[&str]) {
    let folder = folder();
    prepare(folder.path());
    let error = read(folder.path()).unwrap_err();
    let bad: &BadFolder = error.downcast_ref().unwrap();
    let told: Vec<String> = bad.problems.iter().map(ToString::to_string).collect();
    assert_eq!(told, expected);
    assert!(crate::command::is_usage(&error));
}

#[test]
fn a_folder_is_read_by_its_paths() {
    let folder = folder();
    let files = read(folder.path()).unwrap();
    let paths: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(paths, ["charter.toml", "rules/network.cedar"]);
    // The folder itself may be named by a link.
    let link = folder.path().with_extension("link");
    std::os::unix::fs::symlink(folder.path(), &link).unwrap();
    let through = read(&link);
    std::fs::remove_file(&link).unwrap();
    assert_eq!(through.unwrap(), files);
}

#[test]
fn links_are_not_followed() {
    check(
        |dir| {
            std::os::unix::fs::symlink("/etc/hostname", dir.join("people.toml")).unwrap();
            std::os::unix::fs::symlink("/etc", dir.join("datasets")).unwrap();
            std::os::unix::fs::symlink("network.cedar", dir.join("rules/other.cedar")).unwrap();
            std::os::unix::fs::symlink("nowhere", dir.join("tests")).unwrap();
        },
        &[
            "datasets: it is a link: put the file itself here",
            "people.toml: it is a link: put the file itself here",
            "rules/other.cedar: it is a link: put the file itself here",
            "tests: it is a link: put the file itself here",
        ],
    );
}

#[test]
fn what_is_no_plain_file_is_refused() {
    check(
        |dir| {
            std::fs::create_dir(dir.join("rules/more")).unwrap();
            std::fs::create_dir(dir.join(".git")).unwrap();
            let made = std::process::Command::new("mkfifo").arg(dir.join("people.toml")).status();
            assert!(made.unwrap().success());
        },
        &[
            ".git: it is no file of a charter: remove it",
            "people.toml: it is no file of a charter: remove it",
            "rules/more: it is no file of a charter: remove it",
        ],
    );
}

#[test]
fn texts_and_names_are_utf_8() {
    check(
        |dir| {
            std::fs::write(dir.join("people.toml"), b"name = \"\xff\"").unwrap();
            let name = std::ffi::OsStr::from_bytes(b"b\xffd.cedar");
            std::fs::write(dir.join("rules").join(name), "").unwrap();
        },
        &[
            "people.toml: it is not UTF-8 text",
            "rules/b\\u{fffd}d.cedar: its name is not UTF-8: rename it",
        ],
    );
}

#[test]
fn large_files_and_many_are_refused() {
    check(
        |dir| std::fs::write(dir.join("people.toml"), vec![b'#'; (1 << 20) + 1]).unwrap(),
        &["people.toml: it has more than 1048576 bytes"],
    );
    check(
        |dir| {
            for number in 0..600 {
                std::fs::write(dir.join(format!("rules/r{number}.cedar")), "").unwrap();
            }
        },
        &[
            "charter.toml: the folder has more than 512 files or 16777216 bytes: no bundle holds that",
        ],
    );
}

#[test]
fn paths_that_lead_elsewhere_are_no_files_of_a_charter() {
    for path in [
        "../charter.toml",
        "/etc/passwd",
        "rules/../people.toml",
        "rules//a.cedar",
        "rules\\a.cedar",
        "./people.toml",
    ] {
        let files = BTreeMap::from([(path.to_owned(), String::new())]);
        let problems = charter::parse(&files).unwrap_err();
        assert!(
            problems.iter().any(|problem| problem.file == path.replace('\\', "\\\\")),
            "{path}: {problems:?}"
        );
    }
}

#[test]
fn a_file_that_is_no_bundle_is_told() {
    let folder = folder();
    let path = folder.path().join("charter.toml");
    let error = format!("{:#}", open(&path).unwrap_err());
    assert!(error.contains("is no bundle of a charter"), "{error}");
    let error = open(&folder.path().join("gone")).unwrap_err();
    assert!(crate::command::is_usage(&error), "{error:#}");
}
