//! Who cannot be told apart.

use super::*;

fn hospitals(codes: &str) -> BTreeSet<HospitalCode> {
    codes.split(' ').map(|code| code.parse().unwrap()).collect()
}

fn networks(all: &[(&str, &str)]) -> BTreeMap<NetworkId, BTreeSet<HospitalCode>> {
    all.iter().map(|(id, codes)| (id.parse().unwrap(), hospitals(codes))).collect()
}

#[track_caller]
fn check(codes: &str, all: &[(&str, &str)], fewest: usize) {
    let (hospitals, networks) = (hospitals(codes), networks(all));
    assert_eq!(fewest_together(hospitals.iter(), Some(&networks)), fewest);
    assert_eq!(fewest_together(hospitals.iter(), None), hospitals.len());
}

#[test]
fn hospitals_of_the_same_networks_are_told_together() {
    check("AA BB CC DD EE FF", &[("embraze", "AA BB CC"), ("concord", "DD EE FF")], 3);
    check("AA BB CC DD EE FF", &[("embraze", "AA BB CC DD"), ("concord", "EE FF")], 2);
    check("AA BB CC", &[], 3);
}

#[test]
fn one_in_two_networks_is_what_both_are_over_the_whole() {
    check("AA BB CC DD EE FF GG", &[("embraze", "AA BB CC GG"), ("concord", "DD EE FF GG")], 1);
}

#[test]
fn those_in_no_network_are_a_group_too() {
    check("AA BB CC DD", &[("embraze", "AA BB CC")], 1);
    check("AA BB CC DD EE FF", &[("embraze", "AA BB CC")], 3);
}

#[test]
fn nobody_is_no_group() {
    assert_eq!(fewest_together(std::iter::empty(), None), 0);
}
