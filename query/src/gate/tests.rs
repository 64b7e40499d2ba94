use super::*;

#[track_caller]
fn check(sql: &str, expected: Option<&str>) {
    let code = tokens(sql).err().map(|error| error.code());
    assert_eq!(code, expected, "{sql}");
}

#[test]
fn brackets_close_again_and_case_counts_as_one() {
    check(&"(1)".repeat(200), None);
    check(&"CASE WHEN a THEN 1 END, ".repeat(100), None);
    check(&"(".repeat(MAX_DEPTH), None);
    check(&"(".repeat(MAX_DEPTH + 1), Some("too_deep"));
    check(&"CASE ".repeat(MAX_DEPTH + 1), Some("too_deep"));
    check(&"[".repeat(MAX_DEPTH + 1), Some("too_deep"));
    check(&"END ".repeat(100), None);
    check(&")".repeat(100), None);
}

#[test]
fn operators_are_counted_within_their_brackets() {
    check(&"a + ".repeat(MAX_CHAIN), None);
    check(&"a + ".repeat(MAX_CHAIN + 1), Some("chain_too_long"));
    check(&"a OR ".repeat(MAX_CHAIN + 1), Some("chain_too_long"));
    check(&format!("{}({})", "a + ".repeat(150), "a + ".repeat(150)), None);
}

#[test]
fn names_of_the_engine_are_refused_however_they_are_quoted() {
    for sql in ["__patient", "\"__patient\"", "p.__patient", "__p1"] {
        check(sql, Some("reserved_name"));
    }
    check("'__patient' _x", None);
}

#[test]
fn a_text_that_has_no_tokens_is_refused_with_its_line() {
    check("SELECT 1,\n'open", Some("bad_sql"));
    let Err(PlanError::BadSql { line, .. }) = tokens("SELECT 1,\n'open") else { panic!("refused") };
    assert_eq!(line, 2);
}
