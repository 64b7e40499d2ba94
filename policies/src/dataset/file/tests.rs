use std::fmt::Write as _;

use super::{MAX_CODES, MAX_COLUMNS, MAX_TABLES, parse};
use crate::Digest;
use crate::dataset::{Bounds, Class, CodeValue, ColumnType, Dataset, DatasetStatus};

const HEAD: &str = "id = \"tiny\"\nversion = 1\nstatus = \"real\"\npatient = \"patient\"\n\
                    title = { en = \"Tiny\" }\n";
const PATIENT: &str = "[[tables]]\nname = \"patient\"\nkey = \"id\"\n\
                       [[tables.columns]]\nname = \"id\"\ntype = \"integer\"\nclass = \"key\"\n";

fn with_columns(columns: &str) -> Dataset {
    parse("tiny.toml", &format!("{HEAD}{PATIENT}{columns}")).unwrap()
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let problems = parse("tiny.toml", text).unwrap_err();
    let messages: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(messages, [expected]);
}

#[test]
fn a_dataset_keeps_what_its_file_says() {
    let text = format!(
        "{HEAD}[code_lists.size]\ncodes = [{{ code = \"b\", nl = \"groot\" }}, {{ code = \"a\" }}]\n{PATIENT}\
         [[tables.columns]]\nname = \"size\"\ntype = \"text\"\nclass = \"category\"\ncodes = \"size\"\n"
    );
    let dataset = parse("tiny.toml", &text).unwrap();
    assert_eq!(dataset.status, DatasetStatus::Real);
    assert_eq!(dataset.digest, Digest::of(text.as_bytes()));
    let patient = dataset.table("patient").unwrap();
    assert_eq!(patient.key_of("id").map(ToString::to_string), Some("patient".to_owned()));
    let size = dataset.column("patient", "size").unwrap();
    assert_eq!(size.class, Class::Category);
    let values: Vec<&CodeValue> = size.codes.iter().map(|code| &code.value).collect();
    assert_eq!(values, [&CodeValue::Text("a".to_owned()), &CodeValue::Text("b".to_owned())]);
    assert_eq!(size.codes[1].title["nl"], "groot");
    assert!(!size.nullable && !size.sensitive);
}

#[test]
fn flags_have_their_codes_and_bounds() {
    let dataset = with_columns(
        "[[tables.columns]]\nname = \"dead\"\ntype = \"integer\"\nclass = \"flag\"\nsensitive = true\n",
    );
    let dead = dataset.column("patient", "dead").unwrap();
    assert!(dead.sensitive);
    assert_eq!(dead.bounds, Some(Bounds { min: 0, max: 1 }));
    let values: Vec<&CodeValue> = dead.codes.iter().map(|code| &code.value).collect();
    assert_eq!(values, [&CodeValue::Integer(0), &CodeValue::Integer(1)]);
}

#[test]
fn numbers_are_in_units_of_the_scale() {
    let decimal = |min: &str, max: &str| {
        let dataset = with_columns(&format!(
            "[[tables.columns]]\nname = \"dose\"\ntype = \"decimal\"\nscale = 3\nclass = \"measure\"\nmin = {min}\nmax = {max}\n"
        ));
        let column = dataset.column("patient", "dose").unwrap();
        assert_eq!(column.kind, ColumnType::Decimal { scale: 3 });
        column.bounds.unwrap()
    };
    assert_eq!(decimal("\"-0.5\"", "\"12.345\""), Bounds { min: -500, max: 12_345 });
    assert_eq!(decimal("\"0.001\"", "\"1\""), Bounds { min: 1, max: 1_000 });
    assert_eq!(decimal("-2", "0x10"), Bounds { min: -2_000, max: 16_000 });
    let limit = 999_999_999_999_999;
    assert_eq!(
        decimal("\"-999999999999.999\"", "\"999999999999.999\""),
        Bounds { min: -limit, max: limit }
    );
}

#[test]
fn odd_decimals_are_refused() {
    for text in ["", "-", ".5", "5.", "1.2345", "+1", "1e3", " 1", "1_000", "--1", "1.-2", "١"] {
        let column = format!(
            "[[tables.columns]]\nname = \"dose\"\ntype = \"decimal\"\nscale = 3\nclass = \"measure\"\nmin = \"{text}\"\nmax = 5\n"
        );
        check(
            &format!("{HEAD}{PATIENT}{column}"),
            "tiny.toml:18: `min` must be a decimal of at most 3 digits behind the point, such as \"12.5\"",
        );
    }
}

#[test]
fn whole_numbers_are_64_bit() {
    let column = "[[tables.columns]]\nname = \"age\"\ntype = \"integer\"\nclass = \"measure\"\nmin = 0\nmax = 99999999999999999999\n";
    check(
        &format!("{HEAD}{PATIENT}{column}"),
        "tiny.toml:18: `max` is too large for a 64-bit number",
    );
    let least = column.replace("max = 99999999999999999999", "max = -9223372036854775808");
    check(
        &format!("{HEAD}{PATIENT}{least}"),
        "tiny.toml:18: `max` must stay under 10^15 in units of the last digit",
    );
    let code = "[code_lists.c]\ncodes = [{ code = -9223372036854775808 }]\n";
    let column = "[[tables.columns]]\nname = \"c\"\ntype = \"integer\"\nclass = \"category\"\ncodes = \"c\"\n";
    let problems = parse("tiny.toml", &format!("{HEAD}{code}{PATIENT}{column}")).unwrap_err();
    assert!(problems.iter().any(|problem| problem.line == Some(7)), "{problems:?}");
}

#[test]
fn a_file_is_at_most_one_mebibyte() {
    let text = format!("# {}\n{HEAD}{PATIENT}", "x".repeat(1024 * 1024));
    let got = text.len();
    check(&text, &format!("tiny.toml: the file has {got} bytes, at most 1048576 are read"));
}

#[test]
fn tables_columns_and_codes_are_bounded() {
    let mut tables = format!("{HEAD}{PATIENT}");
    for n in 0..MAX_TABLES {
        write!(tables, "[[tables]]\nname = \"t{n}\"\nkey = \"id\"\n").unwrap();
    }
    let problems = parse("tiny.toml", &tables).unwrap_err();
    assert!(problems[0].message.contains("65 tables, at most 64"), "{:?}", problems[0]);

    let mut columns = format!("{HEAD}{PATIENT}");
    for n in 0..MAX_COLUMNS {
        write!(
            columns,
            "[[tables.columns]]\nname = \"c{n}\"\ntype = \"text\"\nclass = \"hidden\"\n"
        )
        .unwrap();
    }
    check(&columns, "tiny.toml:6: the table has 257 columns, at most 256 are read");

    let list: String = (0..=MAX_CODES).fold(String::new(), |mut list, n| {
        write!(list, "{{ code = {n} }}, ").unwrap();
        list
    });
    let column = "[[tables.columns]]\nname = \"c\"\ntype = \"integer\"\nclass = \"category\"\ncodes = \"c\"\n";
    check(
        &format!("{HEAD}[code_lists.c]\ncodes = [{list}]\n{PATIENT}{column}"),
        "tiny.toml:6: code list `c` has 4097 codes, at most 4096 are read",
    );
}

#[test]
fn a_long_cycle_is_found() {
    let mut text = format!("{HEAD}{PATIENT}");
    for (name, target) in [("a", "b"), ("b", "c"), ("c", "a")] {
        write!(
            text,
            "[[tables]]\nname = \"{name}\"\nkey = \"id\"\nforeign_keys = [{{ column = \"up\", table = \"{target}\" }}]\n\
             [[tables.columns]]\nname = \"id\"\ntype = \"integer\"\nclass = \"key\"\n\
             [[tables.columns]]\nname = \"up\"\ntype = \"integer\"\nclass = \"key\"\n"
        )
        .unwrap();
    }
    let problems = parse("tiny.toml", &text).unwrap_err();
    let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(
        messages,
        ["a", "b", "c"].map(|name| format!("table `{name}` leads to itself along foreign keys"))
    );
}

#[test]
fn a_table_that_joins_a_cycle_is_no_endless_search() {
    let mut text = format!("{HEAD}{PATIENT}");
    for (name, target) in [("a", "b"), ("b", "b")] {
        write!(
            text,
            "[[tables]]\nname = \"{name}\"\nkey = \"id\"\nforeign_keys = [{{ column = \"up\", table = \"{target}\" }}]\n\
             [[tables.columns]]\nname = \"id\"\ntype = \"integer\"\nclass = \"key\"\n\
             [[tables.columns]]\nname = \"up\"\ntype = \"integer\"\nclass = \"key\"\n"
        )
        .unwrap();
    }
    let problems = parse("tiny.toml", &text).unwrap_err();
    assert_eq!(problems.len(), 2, "{problems:?}");
}

#[test]
fn hostile_toml_ends() {
    let nested = format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(parse("tiny.toml", &nested).is_err());
    let dotted = format!("{} = 1", vec!["a"; 50_000].join("."));
    assert!(parse("tiny.toml", &dotted).is_err());
    assert!(parse("tiny.toml", "\u{0}").is_err());
    assert!(parse("tiny.toml", "").is_err());
}

fn with_groups(groups: &str) -> String {
    let codes = "codes = [{ code = 1 }, { code = 2 }, { code = 3 }]";
    let column = "[[tables.columns]]\nname = \"grade\"\ntype = \"integer\"\nclass = \"category\"\ncodes = \"grade\"\n";
    format!("{HEAD}[code_lists.grade]\n{codes}\ngroups = [{groups}]\n{PATIENT}{column}")
}

#[test]
fn groups_of_codes_are_registered() {
    let dataset =
        parse("tiny.toml", &with_groups("{ name = \"high\", codes = [3, 2], en = \"High\" }"));
    let dataset = dataset.unwrap();
    let column = dataset.column("patient", "grade").unwrap();
    let group = &column.groups[0];
    assert_eq!((group.name.as_str(), group.title["en"].as_str()), ("high", "High"));
    let codes: Vec<String> = group.codes.iter().map(ToString::to_string).collect();
    assert_eq!(codes, ["2", "3"]);
}

#[test]
fn odd_groups_are_refused() {
    let few = "tiny.toml:8: group `g` needs at least two codes of the list, and not all";
    for (group, expected) in [
        ("{ name = \"g\", codes = [2] }", few),
        ("{ name = \"g\" }", few),
        ("{ name = \"g\", codes = [1, 2, 3] }", few),
        ("{ name = \"g\", codes = [2, 4] }", "tiny.toml:8: the code `4` is not in the list"),
        ("{ name = \"g\", codes = [2, 3, 2] }", "tiny.toml:8: the group names this code twice"),
        (
            "{ name = \"g\", codes = [2, 3] }, { name = \"h\", codes = [3, 2] }",
            "tiny.toml:8: group `h` has the name or the codes of `g`",
        ),
    ] {
        check(&with_groups(group), expected);
    }
    assert!(
        parse("tiny.toml", &with_groups("{ name = \"g\", codes = [2, 3], nobody = 1 }")).is_err()
    );
    assert!(parse("tiny.toml", &with_groups("{ codes = [2, 3] }")).is_err());
}
