use super::*;

const LOG: &str =
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f";
const GARDEN: &str = "transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM";
const REMORA: &str = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";

#[test]
fn quorums_are_groups_of_groups() {
    let text = format!(
        "# trust\n\n log {LOG} https://log.example\nwitness g {GARDEN}\n\twitness r {REMORA}\n\
         group one any g\ngroup two 2 one r\nquorum two\n"
    );
    let policy = Policy::parse(&text).unwrap();
    let (garden, remora) =
        (VerifierKey::parse(GARDEN).unwrap(), VerifierKey::parse(REMORA).unwrap());
    assert!(policy.witnessed("two", &[&garden, &remora]));
    assert!(policy.witnessed("one", &[&garden]));
    assert!(!policy.witnessed("two", &[&garden]));
    assert!(!policy.witnessed("two", &[&remora, &remora]));
    assert!(!policy.witnessed("nobody", &[&garden, &remora]));
}

#[test]
fn what_is_no_policy_is_refused_with_its_line() {
    let witnesses = format!("witness g {GARDEN}\nwitness r {REMORA}\n");
    for (text, line) in [
        ("log\nquorum none\n".to_owned(), 1),
        ("quorum g\n".to_owned(), 1),
        ("quorum none\nquorum none\n".to_owned(), 2),
        ("quorum none\rquorum none\n".to_owned(), 1),
        (format!("log {GARDEN}\nquorum none\n"), 1),
        (format!("log {LOG}\nlog {LOG}\nquorum none\n"), 2),
        (format!("log {}\nquorum none\n", LOG.replace("ba2f", "ba2e")), 1),
        (format!("witness none {GARDEN}\nquorum none\n"), 1),
        (format!("{witnesses}witness g {GARDEN}\nquorum g\n"), 3),
        (format!("{witnesses}group x 0 g\nquorum x\n"), 3),
        (format!("{witnesses}group x 3 g r\nquorum x\n"), 3),
        (format!("{witnesses}group x two g r\nquorum x\n"), 3),
        (format!("{witnesses}group x any\nquorum x\n"), 3),
        (format!("{witnesses}group x any g g\nquorum x\n"), 3),
        (format!("{witnesses}group x any g x\nquorum x\n"), 3),
        (format!("{witnesses}group x any g\ngroup y any g\nquorum x\n"), 4),
    ] {
        let found = match Policy::parse(&text).unwrap_err() {
            PolicyError::Line { line, .. } | PolicyError::Key { line, .. } => line,
            error @ (PolicyError::TooLarge | PolicyError::NoQuorum) => panic!("{error}: {text}"),
        };
        assert_eq!(found, line, "{text}");
    }
    assert_eq!(Policy::parse(&witnesses).unwrap_err(), PolicyError::NoQuorum);
    let long = "#".repeat(MAX_POLICY_BYTES + 1);
    assert_eq!(Policy::parse(&long).unwrap_err(), PolicyError::TooLarge);
}
