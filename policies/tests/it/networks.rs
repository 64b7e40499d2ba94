//! Which hospitals are in which sub-network, at which moment.

use std::collections::BTreeMap;

use policies::{Charter, UnixTime};

use crate::fixture::{NOW, files, sealed};

/// ALFA in both, in concord for May and June 2026; BRAVO in oost from 2026-03-01 on; CHARLIE left the whole network in March.
fn charter() -> Charter {
    let mut files: BTreeMap<String, String> = files();
    let members = files.get_mut("members.toml").unwrap();
    *members = members
        .replace(
            "kind = \"umc\"",
            "kind = \"umc\"\nnetworks = [{ id = \"oost\" }, { id = \"concord\", valid_from = 2026-05-01T00:00:00Z, valid_until = 2026-06-30T23:59:59Z }]",
        )
        .replace(
            "kind = \"teaching\"",
            "kind = \"teaching\"\nnetworks = [{ id = \"oost\", valid_from = 2026-03-01T00:00:00Z }]",
        );
    sealed(&files)
}

#[track_caller]
fn check(at: UnixTime, expected: &str) {
    let networks = charter().networks_at(at).into_iter().map(|(id, members)| {
        let members: Vec<&str> = members.iter().map(|code| code.as_str()).collect();
        format!("{id}: {}", members.join(" "))
    });
    assert_eq!(networks.collect::<Vec<_>>().join("; "), expected);
}

#[test]
fn memberships_hold_within_their_time_and_that_of_the_hospital() {
    // 2026-02-01, 2026-03-01 to the second, 2026-06-01, 2026-06-30 to its last second and after it.
    check(UnixTime(1_769_904_000), "concord: ; oost: ALFA CHARLIE");
    check(UnixTime(1_772_323_199), "concord: ; oost: ALFA CHARLIE");
    check(UnixTime(1_772_323_200), "concord: ; oost: ALFA BRAVO CHARLIE");
    check(UnixTime(1_780_272_000), "concord: ALFA; oost: ALFA BRAVO");
    check(UnixTime(1_782_863_999), "concord: ALFA; oost: ALFA BRAVO");
    check(UnixTime(1_782_864_000), "concord: ; oost: ALFA BRAVO");
    check(NOW, "concord: ; oost: ALFA BRAVO");
}

#[test]
fn sub_networks_are_told_by_id_with_their_names() {
    let charter = charter();
    let networks: Vec<_> = charter.networks().map(|(id, name)| (id.as_str(), name)).collect();
    assert_eq!(networks, [("concord", "Concord"), ("oost", "Oost")]);
}

#[test]
fn care_that_is_not_given_is_told_by_hospital_and_dataset_and_leaves_the_dictionary() {
    let mut files: BTreeMap<String, String> = files();
    let members = files.get_mut("members.toml").unwrap();
    *members = members.replace(
        "kind = \"umc\"",
        "kind = \"umc\"\nnot_given = [{ dataset = \"rotterdam\", table = \"diagnosis\", column = \"size\", codes = [\">50\"] }]",
    );
    let charter = sealed(&files);
    let dataset = charter.datasets().find(|dataset| dataset.id.as_str() == "rotterdam").unwrap();
    let said = |code: &str| {
        let code = policies::HospitalCode::new(code).unwrap();
        charter.not_given(&code, &dataset.id).cloned().collect::<Vec<_>>()
    };
    assert!(said("BRAVO").is_empty());
    let alfa = said("ALFA");
    assert_eq!(alfa.len(), 1);
    let codes = |dataset: &policies::dataset::Dataset, column: &str| {
        let codes = &dataset.column("diagnosis", column).unwrap().codes;
        codes.iter().map(|code| code.value.to_string()).collect::<Vec<_>>()
    };
    let own = dataset.without(alfa.iter());
    assert_eq!(codes(&own, "size"), ["20-50", "<=20"]);
    assert_eq!(codes(&own, "grade"), codes(dataset, "grade"));
    assert_eq!(own.digest, dataset.digest, "snapshots are of the signed dictionary");
    assert_eq!(dataset.without(said("BRAVO").iter()), *dataset);
}
