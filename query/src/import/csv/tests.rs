//! Records as they stand, faults on their line.

use super::*;

#[track_caller]
fn check(bytes: &[u8], expected: &[(u64, Result<&[&str], Fault>)]) {
    let found: Vec<_> = Records::new(bytes, b',').collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(line, fields)| Record {
            line: *line,
            fields: fields
                .clone()
                .map(|fields| fields.iter().map(|text| Cow::Owned((*text).to_owned())).collect()),
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn records_keep_their_lines() {
    check(b"a,b\n1,2\n", &[(1, Ok(&["a", "b"])), (2, Ok(&["1", "2"]))]);
    check(b"\xef\xbb\xbfa\r\n1\r\n\r\n", &[(1, Ok(&["a"])), (2, Ok(&["1"]))]);
    check(b"a,\n,b", &[(1, Ok(&["a", ""])), (2, Ok(&["", "b"]))]);
    check(b"\"x\ny\",\"a\"\"b\"\nz,\"\"\n", &[(1, Ok(&["x\ny", "a\"b"])), (3, Ok(&["z", ""]))]);
    check(b"", &[]);
    check(b"\n\n", &[]);
    check(b"a\n\nb\n", &[(1, Ok(&["a"])), (2, Ok(&[""])), (3, Ok(&["b"]))]);
}

#[test]
fn a_fault_costs_its_line_only() {
    check(b"\"a,1\nb,2\n", &[(1, Err(Fault::UnclosedQuote)), (2, Ok(&["b", "2"]))]);
    check(b"\"a,1\n\"b\",2\n", &[(1, Err(Fault::AfterQuote { field: 1 })), (2, Ok(&["b", "2"]))]);
    check(b"1,a\"b\nc,d\n", &[(1, Err(Fault::StrayQuote { field: 2 })), (2, Ok(&["c", "d"]))]);
    check(b"\"a\"b,1\nc\n", &[(1, Err(Fault::AfterQuote { field: 1 })), (2, Ok(&["c"]))]);
    check(b"a\rb\nc\n", &[(1, Err(Fault::CarriageReturn)), (2, Ok(&["c"]))]);
    check(b"a\0\nc\n", &[(1, Err(Fault::Nul)), (2, Ok(&["c"]))]);
    check(b"a,\xff\nc\n", &[(1, Err(Fault::NotUtf8 { field: 2 })), (2, Ok(&["c"]))]);
}

#[test]
fn a_record_is_bounded() {
    let mut bytes = vec![b'x'; MAX_RECORD_BYTES + 1];
    bytes.extend_from_slice(b"\nc\n");
    check(&bytes, &[(1, Err(Fault::TooLong)), (2, Ok(&["c"]))]);
    let mut bytes = b"\"".to_vec();
    bytes.resize(MAX_RECORD_BYTES + 2, b'x');
    bytes.extend_from_slice(b"\"\nc\n");
    check(&bytes, &[(1, Err(Fault::TooLong)), (2, Ok(&["c"]))]);
    let mut bytes = vec![b'x'; MAX_RECORD_BYTES - 1];
    let long = String::from_utf8(bytes.clone()).unwrap();
    bytes.extend_from_slice(b"\nc\n");
    check(&bytes, &[(1, Ok(&[&long])), (2, Ok(&["c"]))]);
}
