//! Rules of the repository: who may depend on whom, how long a file may be, that links lead somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Longest source file, in lines.
const MAX_LINES: usize = 400;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--locked"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Direct dependencies of every crate of the workspace; `dev` adds those of tests.
fn dependencies(dev: bool) -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let all = package["dependencies"].as_array().unwrap().iter();
            let chosen = all.filter(|dependency| dev || dependency["kind"].is_null());
            let names = chosen.map(|dependency| dependency["name"].as_str().unwrap().to_owned());
            (package["name"].as_str().unwrap().to_owned(), names.collect())
        })
        .collect()
}

#[test]
fn dependencies_point_one_way() {
    let order = ["policies", "query", "node", "testnet"];
    let all = dependencies(true);
    assert_eq!(
        all.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        order.into_iter().collect()
    );
    for (place, name) in order.iter().enumerate() {
        for above in &order[place..] {
            assert!(!all[*name].contains(*above), "{name} depends on {above}");
        }
    }
}

#[test]
fn crates_stay_what_they_are() {
    let never: [(&str, &[&str]); 3] = [
        (
            "policies",
            &["tokio", "futures", "datafusion", "arrow", "libp2p", "rustls", "getrandom", "rand"],
        ),
        (
            "query",
            &["libp2p", "rustls", "ed25519-dalek", "clap", "toml", "getrandom", "rand", "axum"],
        ),
        ("node", &["datafusion", "arrow", "cedar-policy", "sqlparser"]),
    ];
    let all = dependencies(false);
    for (name, forbidden) in never {
        for dependency in forbidden {
            assert!(!all[name].contains(*dependency), "{name} depends on {dependency}");
        }
    }
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for package in ["openssl", "openssl-sys", "native-tls"] {
        assert!(!lock.contains(&format!("name = \"{package}\"")), "{package} is in the tree");
    }
    let arrows = lock.matches("name = \"arrow-array\"").count();
    assert_eq!(arrows, 1, "two versions of Arrow do not understand each other");
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn files_stay_short_and_say_what_they_are_for() {
    let mut found = Vec::new();
    for name in ["policies", "query", "node", "testnet"] {
        sources(&root().join(name), &mut found);
    }
    assert!(found.len() > 50);
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = text.lines().count();
        assert!(lines <= MAX_LINES, "{} has {lines} lines", path.display());
        let tests = path.ends_with("tests.rs");
        assert!(tests || text.starts_with("//!"), "{} has no module doc", path.display());
        assert!(!path.ends_with("mod.rs"), "{}: foo.rs beside foo/, no mod.rs", path.display());
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut documents = vec![root().join("README.md")];
    for folder in ["docs", "docs/decisions"] {
        let entries = std::fs::read_dir(root().join(folder)).unwrap();
        documents.extend(entries.map(|entry| entry.unwrap().path()));
    }
    documents.retain(|path| path.extension().is_some_and(|kind| kind == "md"));
    for document in documents {
        let text = std::fs::read_to_string(&document).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = document.parent().unwrap().join(target);
            assert!(path.exists(), "{}: {link}", document.display());
        }
    }
}
