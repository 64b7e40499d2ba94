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

#[test]
fn the_right_side_of_is_distinct_from_ends_where_sql_ends_it() {
    check("a IS DISTINCT FROM 1 AND b", Some("not_supported"));
    check("a IS NOT DISTINCT FROM 1 + b OR c", Some("not_supported"));
    check("CASE WHEN a IS DISTINCT FROM 1 THEN b AND c ELSE d END AND e", None);
    check("(a IS DISTINCT FROM 1) AND b", None);
    check("b AND a IS DISTINCT FROM 1", None);
    check("SELECT a IS DISTINCT FROM 1 AS b FROM c WHERE d AND e", None);
    check("SELECT DISTINCT a AS b FROM c WHERE d AND e", None);
    check("SELECT DISTINCT FROM WHERE d AND e", None);
}
