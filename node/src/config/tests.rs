use super::*;

const GOOD: &str = r#"
hospital = "NOORD"
[charter]
root = "1111111111111111111111111111111111111111111111111111111111111111"
[network]
listen = ["/ip4/127.0.0.1/tcp/0"]
[http]
listen = "127.0.0.1:0"
[[datasets]]
id = "rotterdam"
[[datasets.sources]]
name = "patients"
path = "data/patients.csv"
format = "csv"
[[datasets.tables]]
table = "patient"
source = "patients"
columns = { patient_key = "pid" }
"#;

fn parse(text: &str) -> Result<Config, Vec<Problem>> {
    Config::parse(Path::new("/somewhere/config.toml"), text)
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let problems = parse(text).unwrap_err();
    let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem}\nexpected: {expected}");
    }
}

#[test]
fn paths_are_relative_to_the_file() {
    let config = parse(GOOD).unwrap();
    assert_eq!(config.keys.envelope, Path::new("/somewhere/keys/envelope.key"));
    assert_eq!(config.datasets[0].sources[0].path, Path::new("/somewhere/data/patients.csv"));
    assert_eq!(config.workers.count, 2);
}

#[test]
fn every_problem_is_reported_at_once() {
    let text = GOOD
        .replace("NOORD", "noord")
        .replace("root = \"1111", "root = \"x111")
        .replace("127.0.0.1:0", "0.0.0.0:80")
        .replace("[[datasets]]", "[workers]\ncount = 0\nasker_count = 65\ndeadline_s = 100000\nmemory_mb = 64\n[[datasets]]")
        .replace("source = \"patients\"", "source = \"nothing\"");
    check(
        &text,
        &[
            "config.toml:2: `noord` is not a hospital code",
            "config.toml:4: expected 64 hexadecimal digits or 24 words",
            "config.toml:8: the local interface listens on loopback only",
            "config.toml:10: between 1 and 64 workers",
            "config.toml:11: between 1 and 64 workers",
            "config.toml:12: between 1 and 900 seconds",
            "config.toml:13: between 1024 and 1048576 MiB",
            "config.toml:15: table `patient` names source `nothing`",
        ],
    );
}

#[test]
fn unknown_fields_are_refused_with_their_line() {
    check(&GOOD.replace("[http]", "[http]\nport = 1"), &["config.toml:8: unknown field `port`"]);
    check(&GOOD.replace("hospital =", "hospitl ="), &["config.toml:2: unknown field `hospitl`"]);
}

#[test]
fn a_table_has_one_origin() {
    check(
        &GOOD.replace("source = \"patients\"", "source = \"patients\"\nsql = \"SELECT 1\""),
        &["config.toml:10: table `patient` needs either `source` or `sql`"],
    );
}
