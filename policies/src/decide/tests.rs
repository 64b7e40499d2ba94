use super::decided;
use crate::Profile;
use crate::dataset::DatasetStatus::{Real, Synthetic};
use crate::protections::{MinPatients, Opinions, SignatureKind, Zeros};

fn asked(min_patients: Option<u32>) -> Opinions {
    Opinions { min_patients: min_patients.map(MinPatients::new), ..Opinions::default() }
}

#[test]
fn no_threshold_for_people_is_under_the_floor() {
    let least = |opinions, status| {
        decided(Profile::Members, (opinions, Opinions::default()), status).min_patients.get()
    };
    for under in 0..5 {
        assert_eq!(least(asked(Some(under)), Real), 5);
        assert_eq!(least(asked(Some(under)), Synthetic), under);
    }
    assert_eq!(least(asked(Some(50)), Real), 50);
    assert_eq!(least(asked(None), Real), 10);
    assert_eq!(least(asked(None), Synthetic), 10);
}

#[test]
fn members_sign_themselves_whatever_rules_say() {
    let loose = Opinions { signature: Some(SignatureKind::Delegated), ..Opinions::default() };
    let protections = decided(Profile::Members, (loose, Opinions::default()), Real);
    assert_eq!(protections.signature, SignatureKind::Direct);
    assert_eq!(protections.zeros, Zeros::Hidden);
}
