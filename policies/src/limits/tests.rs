use super::*;
use crate::protections::Opinions;

#[test]
fn the_limits_are_those_of_the_protections() {
    assert_eq!(Limits::of(&Opinions::default().into()), Limits::DEFAULT);
    let off = Opinions::default().switched_off();
    assert!(Limits::of(&off.into()).is_off());
}

#[test]
fn limits_are_off_only_if_each_of_them_is() {
    assert!(Limits::OFF.is_off());
    assert!(!Limits::DEFAULT.is_off());
    for one in [
        Limits { min_part: 1, parts: Parts::Hide, ..Limits::OFF },
        Limits { dominance: 99, ..Limits::OFF },
        Limits { p_percent: 1, ..Limits::OFF },
        Limits { min_df: 1, ..Limits::OFF },
        Limits { min_values: 1, ..Limits::OFF },
    ] {
        assert!(!one.is_off(), "{one:?}");
    }
    assert!(Limits { min_part: 5, ..Limits::OFF }.is_off(), "members see every part");
}
