use super::*;
use crate::protections::{SignatureKind, Zeros};

fn limits(k: u32, status: DatasetStatus) -> Limits {
    let min_patients = MinPatients::new(k);
    let signature = SignatureKind::Direct;
    Limits::of(&Protections { min_patients, zeros: Zeros::Shown, signature }, status)
}

#[test]
fn only_synthetic_data_of_single_patients_are_without_limits() {
    for k in [0, 1] {
        assert_eq!(limits(k, DatasetStatus::Synthetic), Limits::OFF);
        assert_eq!(limits(k, DatasetStatus::Real), Limits::DEFAULT);
    }
    for k in [2, 5, 10] {
        assert_eq!(limits(k, DatasetStatus::Synthetic), Limits::DEFAULT);
    }
}

#[test]
fn limits_are_off_only_if_each_of_them_is() {
    assert!(Limits::OFF.is_off());
    assert!(!Limits::DEFAULT.is_off());
    for one in [
        Limits { min_part: 1, parts: PartsTreatment::Hide, ..Limits::OFF },
        Limits { dominance: 99, ..Limits::OFF },
        Limits { p_percent: 1, ..Limits::OFF },
        Limits { min_df: 1, ..Limits::OFF },
        Limits { min_values: 1, ..Limits::OFF },
    ] {
        assert!(!one.is_off(), "{one:?}");
    }
    assert!(Limits { min_part: 5, ..Limits::OFF }.is_off(), "members see every part");
}
