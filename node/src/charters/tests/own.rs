//! The hospital's own rules beside the charters of several networks.

use super::below::{Booked, country, region};
use super::*;

/// The region's person.
fn people() -> String {
    format!(
        "[[people]]\nid = \"e.oost\"\nname = \"E\"\nhospital = \"NOORD\"\nkey = \"{}\"\n",
        public("e.oost")
    )
}

/// What the hospital's rules stop in the country and in the region, and whether they hold where they do not.
fn stopped(bundles: &[Envelope], own: &str) -> ([bool; 2], bool) {
    let book = Booked::of(bundles, Some(own)).book();
    let below = &book.scopes[&"oost".parse().unwrap()];
    let stops = |book: &Rulebook| {
        assert!(matches!(book.fault, None | Some(Fault::OwnRules)), "{:?}", book.fault);
        book.fault.is_some()
    };
    ([stops(&book), stops(below)], book.own.is_some() && below.own.is_some())
}

#[test]
fn a_name_that_a_region_takes_away_stops_that_region_alone() {
    let about = |person: &str| {
        format!(
            "@id(\"own\") forbid (principal == Kring::Person::\"{person}\", action, resource);\n"
        )
    };
    let (first, one) = (country(), region(1, None, &people()));
    let two = region(2, Some(one.digest()), "");
    let with = [first.clone(), one.clone()];
    let without = [first, one, two];
    let own = about("e.oost");
    assert_eq!(stopped(&with, &own), ([false, false], true));
    assert_eq!(stopped(&without, &own), ([false, true], true));
    // A name that no charter ever had stops all, beside one that went too.
    let typo = about("e.noord");
    assert_eq!(stopped(&with, &typo), ([true, true], false));
    let both = own + &typo.replace("own", "typo");
    assert_eq!(stopped(&without, &both), ([true, true], false));
}
