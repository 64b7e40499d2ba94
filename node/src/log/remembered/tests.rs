use policies::protections::{MinPart, MinPatients, Opinions, Protections};

use super::*;

/// Protections of every kind that says whether an answer is remembered.
fn all() -> Vec<Protections> {
    let mut all = Vec::new();
    for patients in [1, 2, 10] {
        for part in [1, 2, 5] {
            for parts in [Parts::Hide, Parts::Band, Parts::AskerNode, Parts::Noisy, Parts::Members]
            {
                let opinions = Opinions {
                    min_patients: Some(MinPatients::new(patients)),
                    min_part: Some(MinPart::new(part)),
                    parts: Some(parts),
                    ..Opinions::default()
                };
                all.push(Protections::from(opinions));
            }
        }
    }
    all
}

#[test]
fn a_receipt_says_what_the_permit_said_of_being_remembered() {
    for profile in Profile::ALL {
        for protections in all() {
            let receipt = Receipt {
                profile,
                rules: vec![],
                own: None,
                protections: protections.applied_under(profile),
                cells: vec![],
                nulls: vec![],
                figures: vec![],
                since: None,
                noise: None,
            };
            let said = query::remembers_under(profile, &protections);
            assert_eq!(is_remembered(&receipt), said, "{profile:?} {protections:?}");
        }
    }
}

#[test]
fn what_is_lost_or_unheard_of_stays_so() {
    let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
    let mut heads = Heads::default();
    heads.take(&Event::MemoryLost { lineages: vec![a] });
    let mut joined = Heads::default();
    joined.take(&Event::MemoryLost { lineages: vec![b] });
    joined.join_stub(Some(&heads));
    assert_eq!((joined.lost.clone(), joined.unheard), (BTreeSet::from([a, b]), false));
    joined.join_stub(None);
    joined.join_stub(Some(&heads));
    assert!(joined.unheard);
}
