//! How much is kept against a log, and that all of it reaches the log of the witness.

use super::*;
use crate::proof::gap::MAX_GAPS;
use crate::witness::evidence::MAX_EVIDENCE;

#[test]
fn evidence_against_one_log_is_bounded() {
    let mut pair = Pair::new();
    let desk = pair.desk();
    drop(desk.handle(&noord(), &pair.offer(0, 20), NOW));
    let mut found = 0;
    for forged in 0_u8..40 {
        pair.leaves[3] = leaf_hash(&[forged]);
        found += usize::from(desk.handle(&noord(), &pair.offer(20, 20), NOW).evidence.is_some());
    }
    assert_eq!(found, MAX_EVIDENCE);
    let files = std::fs::read_dir(pair.records()).unwrap().count();
    assert_eq!(files, MAX_EVIDENCE + 1);
}

/// Every origin after a gap is accepted, and under each the log misbehaves: what is kept does not grow with them.
#[test]
fn evidence_and_records_are_bounded_over_all_origins_of_a_log() {
    let mut pair = Pair::new();
    let desk = pair.desk();
    drop(desk.handle(&noord(), &pair.offer(0, 30), NOW));
    let (mut cosigned, mut found, most) = (0, 0, MAX_GAPS + 40);
    for gaps in 1..=most {
        let handled = desk.handle(&noord(), &gap(&mut pair, 20, gaps).encode(), NOW);
        cosigned += u32::from(matches!(handled.reply, Reply::Cosigned(_)));
        found += usize::from(handled.evidence.is_some());
        found += usize::from(desk.handle(&noord(), &pair.offer(30, 35), NOW).evidence.is_some());
        pair.leaves[3] = leaf_hash(&gaps.to_be_bytes());
        let fork = Submission::Offer { old: 24, path: vec![], note: pair.note_after(gaps, 24) };
        found += usize::from(desk.handle(&noord(), &fork.encode(), NOW).evidence.is_some());
        let heard = Submission::Heard { note: fork_of(&mut pair, gaps) }.encode();
        found += usize::from(desk.handle(&zuid(), &heard, NOW).evidence.is_some());
    }
    assert_eq!(cosigned, MAX_GAPS);
    assert_eq!(found, MAX_EVIDENCE + MAX_GAPS as usize);
    assert_eq!(std::fs::read_dir(pair.records()).unwrap().count(), found + 1);
    check(&desk, &gap(&mut pair, 20, u32::MAX).encode(), &refusal("witness_gaps"));
    let latest = Submission::Latest { origin: pair.origin() }.encode();
    let Reply::Stands(Some(note)) = pair.desk().handle(&noord(), &latest, NOW).reply else {
        panic!("the witness forgot")
    };
    assert!(note.starts_with(&format!("{}\n", pair.after(MAX_GAPS))), "{note}");
}

fn fork_of(pair: &mut Pair, gaps: u32) -> String {
    pair.leaves[4] = leaf_hash(&gaps.to_le_bytes());
    pair.note_after(gaps, 24)
}

/// A kill or a full disk between the file and the log: whoever sees it again, or starts again, has it logged.
#[test]
fn evidence_is_given_out_until_it_is_logged() {
    let mut pair = Pair::new();
    let desk = pair.desk();
    drop(desk.handle(&noord(), &pair.offer(0, 20), NOW));
    let gap = gap(&mut pair, 15, 1).encode();
    let first = *desk.handle(&noord(), &gap, NOW).evidence.unwrap();
    pair.leaves[3] = leaf_hash(b"another history");
    let fork = Submission::Heard { note: pair.note_after(1, 19) }.encode();
    let again = |desk: &Desk| desk.handle(&zuid(), &fork, NOW).evidence.map(|pair| *pair);
    let second = again(&desk).unwrap();
    assert_eq!(again(&desk), None, "on its way");
    desk.logged(&second, false);
    assert_eq!(again(&desk), Some(second.clone()), "the log could not be written");
    let desk = pair.desk();
    let mut found = desk.unlogged();
    found.sort_by_key(|pair| pair.kind.code());
    assert_eq!(found, [second.clone(), first.clone()]);
    assert_eq!((desk.unlogged(), again(&desk)), (vec![], None), "on its way");
    desk.logged(&first, true);
    desk.logged(&second, true);
    assert_eq!(again(&desk), None);
    assert_eq!(again(&pair.desk()), None);
    assert_eq!(pair.desk().unlogged(), []);
    // What is no evidence is none after a start either, and is left there.
    for bad in ["", "fork\n\nx\n\ny\n\nz\n\n", "\u{0}"] {
        std::fs::write(pair.records().join("0.0.unlogged"), bad).unwrap();
        assert_eq!(pair.desk().unlogged(), []);
    }
}

/// What a gap took is not forgotten where the evidence cannot be written.
#[test]
fn a_gap_without_a_place_for_its_evidence_is_not_accepted() {
    let mut pair = Pair::new();
    let desk = pair.desk();
    drop(desk.handle(&noord(), &pair.offer(0, 30), NOW));
    let before = pair.note(30);
    let name =
        format!("{}.gap1.unlogged.tmp", policies::Digest::of(pair.origin().as_str().as_bytes()));
    std::fs::create_dir(pair.records().join(&name)).unwrap();
    let message = gap(&mut pair, 20, 1).encode();
    check(&desk, &message, &refusal("witness_records"));
    let latest = Submission::Latest { origin: pair.origin() }.encode();
    check(&desk, &latest, &Reply::Stands(Some(before)));
    std::fs::remove_dir(pair.records().join(&name)).unwrap();
    assert!(matches!(desk.handle(&noord(), &message, NOW).reply, Reply::Cosigned(_)));
}
