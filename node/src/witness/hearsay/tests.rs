use futures::FutureExt as _;

use super::*;
use crate::proof::checkpoint::{Checkpoint, Origin};
use crate::proof::merkle::{Head, empty_root};

const NOW: UnixTime = UnixTime(1_700_000_000);

fn hospital(code: &str) -> HospitalCode {
    HospitalCode::new(code).unwrap()
}

/// A head of this size of a member's log.
fn signed(code: &str, size: u64) -> Box<SignedCheckpoint> {
    let secret = ed25519_dalek::SigningKey::from_bytes(&[3; 32]);
    let key = policies::dsse::PublicKey::of(&secret).unwrap();
    let origin = Origin::of(&hospital(code), &key, 0).unwrap();
    let verifier = origin.key(&key).unwrap();
    let checkpoint = Checkpoint { origin, head: Head { size, root: empty_root() } };
    Box::new(SignedCheckpoint::sign(checkpoint, &verifier, &secret).unwrap())
}

/// What is taken next, by its log, kind and size.
fn next(hearsay: &Hearsay) -> Option<(String, Kind, u64)> {
    let (owner, said) = hearsay.next().now_or_never()?;
    let size = match &said {
        Said::InRequest { note: _, at: _ } => 0,
        Said::Cosigned(signed) | Said::Newer(signed) => signed.head().size,
    };
    Some((owner.to_string(), said.kind(), size))
}

#[test]
fn a_member_that_says_any_number_of_things_displaces_nothing_of_others() {
    let hearsay = Hearsay::new();
    let flood = |from: u64| {
        for size in from..from + 1_000 {
            hearsay.say(&hospital("WEST"), Said::Newer(signed("WEST", size)));
            hearsay.in_request(&hospital("WEST"), &size.to_string(), NOW);
        }
    };
    flood(1);
    hearsay.say(&hospital("NOORD"), Said::Cosigned(signed("NOORD", 10)));
    hearsay.say(&hospital("WEST"), Said::Cosigned(signed("WEST", 7)));
    assert_eq!(next(&hearsay), Some(("WEST".to_owned(), Kind::Newer, 1_000)));
    // While that is asked for, and not answered, more comes.
    flood(2_000);
    assert_eq!(next(&hearsay), Some(("WEST".to_owned(), Kind::InRequest, 0)));
    flood(4_000);
    assert_eq!(next(&hearsay), Some(("NOORD".to_owned(), Kind::Cosigned, 10)));
    assert_eq!(next(&hearsay), Some(("WEST".to_owned(), Kind::Cosigned, 7)), "nor of its own");
    assert_eq!(next(&hearsay), Some(("WEST".to_owned(), Kind::Newer, 4_999)));
    assert_eq!(next(&hearsay), Some(("WEST".to_owned(), Kind::InRequest, 0)));
    assert_eq!(next(&hearsay), None);
}

#[tokio::test]
async fn who_waits_is_woken() {
    let hearsay = Hearsay::new();
    let mut waiting = std::pin::pin!(hearsay.next());
    assert!(waiting.as_mut().now_or_never().is_none());
    hearsay.say(&hospital("NOORD"), Said::Newer(signed("NOORD", 3)));
    assert_eq!(waiting.await.0, hospital("NOORD"));
    // The same note in another request says nothing more.
    hearsay.in_request(&hospital("NOORD"), "note", NOW);
    hearsay.in_request(&hospital("NOORD"), "note", NOW);
    assert_eq!(next(&hearsay), Some(("NOORD".to_owned(), Kind::InRequest, 0)));
    assert_eq!(next(&hearsay), None);
}
