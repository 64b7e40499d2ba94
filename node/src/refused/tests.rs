use policies::{DatasetId, VerifyError};

use super::*;

fn dataset() -> DatasetId {
    DatasetId::new("rotterdam").unwrap()
}

/// One of each kind that is made here, but for what workers say of a text.
fn all() -> Vec<Refused> {
    let faults = [
        Fault::Expired,
        Fault::Stale,
        Fault::Asker,
        Fault::NoVersion,
        Fault::OtherKeys,
        Fault::RevocationMissing,
        Fault::NotAMember,
        Fault::Revoked,
        Fault::OwnRules,
    ];
    let mut all: Vec<Refused> = faults.map(Refused::Charter).into();
    all.extend(
        [Unexplored::NoKey, Unexplored::OtherKey, Unexplored::Closed, Unexplored::Moving]
            .map(Refused::Unexplored),
    );
    all.extend([
        Refused::Decode(policies::SignedRequest::decode(b"x").unwrap_err()),
        Refused::Verify(VerifyError::CharterMismatch { held: 3 }),
        Refused::Footprint(FootprintError::TooManyCells { cells: 10_001 }),
        Refused::PlanMismatch,
        Refused::Pool(PoolError::Busy),
        Refused::Pool(PoolError::TooManyLost { minutes: 4 }),
        Refused::Log(LogError::Full),
        Refused::Log(LogError::TooLarge { bytes: 70_000 }),
        Refused::Log(LogError::Closed),
        Refused::OverQuota(query::OverQuota { scope: query::Scope::Purpose }),
        Refused::from(LedgerError::Lost),
        Refused::UnknownDataset(dataset()),
        Refused::NoSnapshot(dataset()),
        Refused::Paused,
        Refused::GivenUp,
        Refused::Unwitnessed(Unwitnessed::NoWitness),
        Refused::Interrupted,
    ]);
    all
}

#[test]
fn every_refusal_of_the_node_has_a_text_in_each_language() {
    for refused in all() {
        let Told { code, message, message_nl, .. } = refused.told();
        let dutch = message_nl.unwrap_or_default();
        assert!(!dutch.is_empty() && dutch != message, "{code}: {message}");
        assert!(message.chars().count() < 2_000 && dutch.chars().count() < 2_000, "{code}");
    }
}

#[test]
fn both_languages_name_the_same_limit() {
    for (refused, limit) in [
        (Refused::Footprint(FootprintError::TooManyCells { cells: 10_001 }), "10000"),
        (Refused::Log(LogError::TooLarge { bytes: 70_000 }), "65536"),
        (Refused::Pool(PoolError::Deadline { seconds: 30 }), "30 s"),
        (Refused::UnknownDataset(dataset()), "`rotterdam`"),
    ] {
        let Told { message, message_nl, .. } = refused.told();
        let dutch = message_nl.unwrap();
        assert!(message.contains(limit) && dutch.contains(limit), "{message} / {dutch}");
    }
}

#[test]
fn what_a_worker_says_of_a_text_is_told_in_both_languages_and_made_plain() {
    let failure = Failure::new("unknown_function", "no\nmedian2", "geen\nmedian2");
    let told = Refused::Text(failure).told();
    let plain = |text: &str| !text.contains('\n') && text.contains("median2");
    let dutch = told.message_nl.unwrap();
    assert!(plain(&told.message) && plain(&dutch), "{} / {dutch}", told.message);
    assert!(told.message.starts_with("no") && dutch.starts_with("geen"));
    assert_eq!(told.rule.as_deref(), Some("kring/unknown-function"));
}
