//! The utility gate in short: one small region, every seventh indicator.

use testnet::utility::{Plan, measure, table, treatment};

#[test]
fn what_protections_cost_is_measured_on_every_path() {
    let plan = Plan { patients: vec![60], regions: 1, hospitals: 3, every: 7 };
    let (treatments, refused) = treatment::all(plan.hospitals).unwrap();
    let tallies = measure(&plan, &treatments, 1).unwrap();
    assert_eq!(tallies.len(), treatments.len());
    let of = |name: &str| &tallies[&(60, name.to_owned())];
    let (hide, members, noisy) = (of("hide"), of("members"), of("noisy"));
    // The same figures under each treatment, and none of an exact one is off.
    for tally in tallies.values() {
        let cells = |tally: &testnet::utility::tally::Tally| -> Vec<u64> {
            tally.tables.values().map(testnet::utility::tally::Cells::all).collect()
        };
        assert_eq!(cells(tally), cells(hide));
        assert!(tally.figures() > 100 && tally.shown > 0, "{tally:?}");
        assert!(!tally.hidden.contains_key("fault"), "{tally:?}");
    }
    for exact in [hide, members] {
        assert!(exact.compared > 0);
        assert_eq!(exact.squares.to_bits(), 0);
    }
    let null = |tally: &testnet::utility::tally::Tally, rule: &str| {
        tally.hidden.get(rule).copied().unwrap_or_default()
    };
    assert!(null(hide, "r2") > 0 && null(members, "r2") == 0, "{hide:?} {members:?}");
    assert_eq!(null(hide, "r1"), null(members, "r1"));
    assert!(hide.shown < members.shown);
    assert_eq!(hide.figures(), members.figures());
    // Noise costs no part, and shows in what is told.
    assert!(noisy.squares > 0.0 && null(noisy, "r2") == 0, "{noisy:?}");
    assert!((0.5..10.0).contains(&noisy.deviation()), "{}", noisy.deviation());
    assert_eq!(noisy.figures(), hide.figures());
    assert!(hide.shown < noisy.shown);
    // Bands show no figure more, and few of so small groups have one.
    let band = of("band");
    assert!(band.shown <= hide.shown + band.tables["hospital"].banded, "{band:?} {hide:?}");
    assert_eq!((band.squares.to_bits(), null(band, "r1")), (0, null(hide, "r1")));
    assert!(of("hide, with memory").shown <= hide.shown);
    let text = table::text(&plan, &tallies, &refused);
    assert!(text.contains("| 60 | hide |") && text.contains("| r2 |"), "{text}");
}
