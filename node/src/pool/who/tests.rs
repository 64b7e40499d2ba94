use std::collections::BTreeSet;

use super::*;

#[test]
fn every_person_has_a_digest_of_their_own() {
    let hospital = |code| HospitalCode::new(code).unwrap();
    let person = |id| PersonId::new(id).unwrap();
    let all = [
        Who::Signed { hospital: hospital("NOORD"), person: person("a.jansen") },
        Who::Signed { hospital: hospital("ZUID"), person: person("a.jansen") },
        Who::Signed { hospital: hospital("NOORD"), person: person("operator") },
        Who::Named { person: person("a.jansen") },
        Who::Named { person: person("operator") },
        Who::Operator,
    ];
    let digests: BTreeSet<_> = all.iter().map(Who::digest).collect();
    assert_eq!(digests.len(), all.len());
    assert_eq!(all[0].digest(), all[0].clone().digest());
}
