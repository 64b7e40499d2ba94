use super::*;
use crate::charter;
use crate::compare::fixture;
use crate::problem::Problem;

const CASE: &str = "[[cases]]\nname = \"a case\"\nperson = \"a.jansen\"\npurpose = \"quality\"\ndataset = \"made\"\n";

fn with(cases: &str) -> BTreeMap<String, String> {
    let mut files = fixture::files();
    files.insert("tests/board.toml".to_owned(), cases.to_owned());
    files
}

#[track_caller]
fn verdict(body: &str) -> Result<(), String> {
    let charter = charter::parse(&with(&format!("{CASE}{body}\n"))).unwrap();
    let case = charter.cases().next().unwrap();
    case.judge(&case.decide(&charter).unwrap())
}

/// What is said of a case; empty where it holds.
#[track_caller]
fn check(body: &str, expected: &str) {
    assert_eq!(verdict(body).err().unwrap_or_default(), expected, "{body}");
}

#[test]
fn a_case_holds_or_says_why_not() {
    const AGE: &str = "uses = [\"patient.age:aggregate\"]\n";
    check(&format!("{AGE}expect = \"allow\""), "");
    check(&format!("{AGE}expect = \"allow\"\nrule = \"exact\""), "");
    check(&format!("{AGE}expect = \"allow\"\nrule = \"noord/exact\""), "");
    check(
        &format!("{AGE}expect = \"allow\"\nrule = \"ex\""),
        "it is allowed by noord/exact, not by `ex`",
    );
    check(
        &format!(
            "{AGE}expect = \"allow\"\nprotections = {{ min_patients = \"10\", zeros = \"hidden\" }}"
        ),
        "",
    );
    check(
        &format!(
            "{AGE}expect = \"allow\"\nprotections = {{ min_patients = \"20\", variance = \"4\" }}"
        ),
        "min_patients is \"10\", not \"20\"; variance is not applied, \"4\" was expected",
    );
    check(&format!("{AGE}expect = \"deny\""), "it is allowed by noord/exact, deny was expected");
}

#[test]
fn a_denial_is_compared_with_its_rule_and_code() {
    const GRADE: &str = "columns = [\"patient.grade\"]\n";
    let denied = format!("{GRADE}profile = \"ask.explore\"\nexpect = \"deny\"");
    check(&denied, "");
    check(&format!("{denied}\ncode = \"no_rule_permits\""), "");
    let told = verdict(&format!("{denied}\ncode = \"forbidden\"")).unwrap_err();
    assert!(
        told.starts_with("it is denied (no_rule_permits): ")
            && told.ends_with("; not with code `forbidden`"),
        "{told}"
    );
    let told = verdict(&format!("{denied}\nrule = \"exact\"")).unwrap_err();
    assert!(told.starts_with("it is denied by no rule (no_rule_permits): "), "{told}");
    let told =
        verdict(&format!("{GRADE}profile = \"ask.explore\"\nexpect = \"allow\"")).unwrap_err();
    assert!(told.ends_with("; allow was expected"), "{told}");
}

#[test]
fn what_is_refused_before_any_rule_has_to_be_meant() {
    const GROUPED: &str = "uses = [\"patient.patient_key:group\"]\nexpect = \"deny\"";
    let told = verdict(GROUPED).unwrap_err();
    assert!(
        told.starts_with("it is refused before any rule is asked (column_class): ")
            && told.ends_with("; write code = \"column_class\" if that is meant"),
        "{told}"
    );
    check(&format!("{GROUPED}\ncode = \"column_class\""), "");
    let told = verdict("columns = [\"patient.agee\"]\nexpect = \"deny\"").unwrap_err();
    assert!(told.contains("(unknown_column)"), "{told}");
}

#[test]
fn whoever_is_gone_is_denied() {
    let gone = CASE.replace("a.jansen", "x.gone");
    let files = with(&format!(
        "{gone}tables = [\"patient\"]\nexpect = \"deny\"\ncode = \"unknown_person\"\n"
    ));
    let charter = charter::parse(&files).unwrap();
    let case = charter.cases().next().unwrap();
    assert_eq!(case.judge(&case.decide(&charter).unwrap()), Ok(()));
    let mut files = with(&format!(
        "{CASE}tables = [\"patient\"]\nexpect = \"deny\"\ncode = \"person_not_valid\"\n"
    ));
    let people = files.get_mut("people.toml").unwrap();
    *people = people.replacen("groups =", "valid_until = 2025-06-01T00:00:00Z\ngroups =", 1);
    let charter = charter::parse(&files).unwrap();
    let case = charter.cases().next().unwrap();
    assert_eq!(case.judge(&case.decide(&charter).unwrap()), Ok(()));
}

#[test]
fn an_indicator_is_asked_in_words_or_by_its_own_text() {
    let planner = CASE.replace("a.jansen", "b.devries");
    let of = |body: &str| charter::parse(&with(&format!("{planner}{body}\n"))).unwrap();
    let charter = of("indicator = { id = \"count\" }\nexpect = \"allow\"");
    let case = charter.cases().next().unwrap();
    assert!(case.needs_a_worker() && case.decide(&charter).is_none());
    assert_eq!(case.text(&charter), Ok(Some("SELECT count(*) AS n\nFROM patient".to_owned())));
    let charter = of(
        "indicator = { id = \"count\", by = \"grade\" }\nuses = [\"patient.grade:group\"]\nexpect = \"allow\"\nrule = \"planners\"",
    );
    let case = charter.cases().next().unwrap();
    assert!(!case.needs_a_worker());
    assert_eq!(case.judge(&case.decide(&charter).unwrap()), Ok(()));
    let charter = of("indicator = { id = \"count\", by = \"year\" }\nexpect = \"allow\"");
    let case = charter.cases().next().unwrap();
    let refused = case.text(&charter).unwrap_err();
    assert!(
        matches!(&refused, Decided::Refused { code, .. } if code == "unknown_variant"),
        "{refused:?}"
    );
    let charter =
        of("indicator = { id = \"gone\" }\nexpect = \"deny\"\ncode = \"unknown_indicator\"");
    let case = charter.cases().next().unwrap();
    assert_eq!(case.judge(&case.text(&charter).unwrap_err()), Ok(()));
}

#[track_caller]
fn problems(cases: &str, expected: &[&str]) {
    let found = charter::parse(&with(cases)).unwrap_err();
    let told: Vec<String> = found.iter().map(Problem::to_string).collect();
    assert_eq!(told, expected, "{cases}");
}

#[test]
fn every_problem_of_a_file_is_told_with_its_line() {
    problems("cases = 1\n", &["tests/board.toml:1: `cases` must be a list, not an integer"]);
    problems(
        &format!(
            "{}wrong = 1\nsql = \"SELECT 1\"\nuses = [\"patient.age\"]\ntables = [\"Patient\"]\nexpect = \"maybe\"\nprotections = {{ min_patients = \"ten\", k = \"1\" }}\nrule = \"A rule\"\n",
            CASE.replace("a.jansen", "A. Jansen")
        ),
        &[
            "tests/board.toml:3: `A. Jansen` is not a person id: expected 2 to 64 characters: a-z, then a-z, 0-9, `.`, `_` or -",
            "tests/board.toml:6: `wrong` is not a field of `cases`; its fields are name, person, purpose, group, dataset, profile, indicator, sql, tables, columns, uses, functions, aggregates, hospital, network, expect, rule, code, protections",
            "tests/board.toml:8: `patient.age` in `uses` is not a use, such as \"patient.age:group\": join, count_distinct, group, filter, count_values or aggregate",
            "tests/board.toml:9: `Patient` in `tables` is not a table's name",
            "tests/board.toml:10: `expect` is \"allow\" or \"deny\"",
            "tests/board.toml:11: `k` is not a field of `protections`; its fields are min_patients, min_part, zeros, parts, dominance, p_percent, min_df, variance, kind, quota_day, quota_lineage, signature, own, approval, reveal",
            "tests/board.toml:11: `min_patients` is a number of patients, \"0\" to \"1000000\"",
            "tests/board.toml:12: `rule` is 2 to 97 characters of a-z, 0-9, -, _ and /",
        ],
    );
}

#[test]
fn a_case_says_what_it_touches_once() {
    let allow = |body: &str| format!("{CASE}{body}expect = \"allow\"\n");
    let nothing = "say what the case touches: uses = [\"patient.age:group\"], columns, tables, functions, aggregates, hospital, network, or sql = \"SELECT ..\"";
    problems(&allow(""), &[&format!("tests/board.toml:1: {nothing}")]);
    problems(
        &allow("sql = \"SELECT 1\"\ntables = [\"patient\"]\n"),
        &["tests/board.toml:6: say what the case touches by `sql` or in words, not by both"],
    );
    problems(
        &allow("indicator = { id = \"count\" }\nsql = \"SELECT 1\"\n"),
        &["tests/board.toml:7: an indicator has a text of its own: remove `sql`"],
    );
    problems(
        &allow("tables = [\"patient\"]\ncode = \"forbidden\"\n"),
        &["tests/board.toml:1: `code` is of a denial: remove it, or expect \"deny\""],
    );
    let one = allow("tables = [\"patient\"]\n");
    problems(
        &format!("{one}{one}"),
        &["tests/board.toml:8: a case of this name stands in tests/board.toml:1"],
    );
}

#[test]
fn cases_are_sealed_with_the_charter() {
    let one = format!("{CASE}tables = [\"patient\"]\nexpect = \"deny\"\n");
    let with_one = crate::bundle::seal(&with(&one)).unwrap();
    let other = crate::bundle::seal(&with(&one.replace("deny", "allow"))).unwrap();
    assert_ne!(with_one.digest(), other.digest());
}
