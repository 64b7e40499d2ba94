//! Names and digests: one form each, also through serde.

use policies::{
    DatasetId, Digest, GroupId, HospitalCode, Ident, NetworkId, PersonId, Purpose, UnixTime,
};

#[track_caller]
fn check<T>(good: &[&str], bad: &[&str])
where
    T: std::str::FromStr + serde::de::DeserializeOwned + serde::Serialize,
{
    for text in good {
        assert!(text.parse::<T>().is_ok(), "`{text}`");
        let json = format!("\"{text}\"");
        let name: T = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&name).unwrap(), json);
    }
    for text in bad {
        assert!(text.parse::<T>().is_err(), "`{text}`");
        let json = serde_json::to_string(text).unwrap();
        assert!(serde_json::from_str::<T>(&json).is_err(), "`{text}`");
    }
}

#[test]
fn each_kind_of_name_has_one_form() {
    let (long16, long17) = ("A".repeat(16), "A".repeat(17));
    check::<HospitalCode>(
        &["EMC", "A1", "ST-ANNA", &long16],
        &["", "A", "emc", "1A", "-A", "A B", "Á1", "A_1", &long17, "EMC\n"],
    );
    let common = ["", "a", "1a", "-a", "a b", "a\u{301}", "é1", "a\0", "../a", "A1"];
    check::<NetworkId>(&["nl", "embraze-2"], &[&common[..], &["a_b"]].concat());
    check::<PersonId>(&["a.jansen", "a_b-1"], &[&common[..], &["a@b"]].concat());
    check::<Purpose>(&["quality", "a_1"], &[&common[..], &["a.b"]].concat());
    check::<GroupId>(&["borst", "hoofd-hals"], &common);
    check::<DatasetId>(&["oncology", "a_1"], &common);
    let (long63, long64) = ("a".repeat(63), "a".repeat(64));
    check::<Ident>(
        &["a", "x1", "patient_key", &long63],
        &["", "_a", "1", "A", "a-b", "a b", "a\"", &long64],
    );
}

#[test]
fn digests_are_lower_case() {
    let digest = Digest::of(b"");
    let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(digest.to_string(), text);
    assert_eq!(digest.short(), "e3b0c44298fc1c14");
    assert_eq!(Digest::try_from(text.to_owned()), Ok(digest));
    for bad in [text.to_uppercase(), text.replacen('e', "", 1), format!("{text}00"), "g".repeat(64)]
    {
        assert!(Digest::try_from(bad).is_err());
    }
}

#[test]
fn moments_saturate() {
    assert_eq!(UnixTime(i64::MAX).plus(1), UnixTime(i64::MAX));
    assert_eq!(UnixTime(i64::MIN).since(UnixTime(1)), i64::MIN);
    assert_eq!(UnixTime(1_782_900_000).to_string(), "2026-07-01T10:00:00Z");
}
