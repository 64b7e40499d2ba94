use super::*;
use crate::{Profile, capability};

/// Every value that the lattice knows of one protection, silence first; from the loosest to the strictest.
struct Values;

impl Values {
    fn opinions() -> Vec<Vec<Opinions>> {
        let none = Opinions::default();
        let each = |values: Vec<Opinions>| [vec![none], values].concat();
        let patients = |n| Opinions { min_patients: Some(MinPatients::new(n)), ..none };
        let part = |n| Opinions { min_part: Some(MinPart::new(n)), ..none };
        let zeros = |zeros| Opinions { zeros: Some(zeros), ..none };
        let parts = |parts| Opinions { parts: Some(parts), ..none };
        let two = |n| Opinions { dominance: Some(Dominance::new(n)), ..none };
        let p = |n| Opinions { p_percent: Some(PPercent::new(n)), ..none };
        let df = |n| Opinions { min_df: Some(MinDf::new(n)), ..none };
        let variance = |variance| Opinions { variance: Some(variance), ..none };
        let day = |n| Opinions { quota_day: Some(Quota::new(n)), ..none };
        let lineage = |n| Opinions { quota_lineage: Some(Quota::new(n)), ..none };
        let signature = |kind| Opinions { signature: Some(kind), ..none };
        let own = |own| Opinions { own: Some(own), ..none };
        let approval = |approval| Opinions { approval: Some(approval), ..none };
        vec![
            each([0, 5, 10, 50].map(patients).to_vec()),
            each([0, 4, 5, 20].map(part).to_vec()),
            each([Zeros::Shown, Zeros::Hidden].map(zeros).to_vec()),
            each(
                [Parts::Members, Parts::Noisy, Parts::AskerNode, Parts::Band, Parts::Hide]
                    .map(parts)
                    .to_vec(),
            ),
            each([100, 95, 85, 60].map(two).to_vec()),
            each([0, 5, 10, 40].map(p).to_vec()),
            each([0, 10, 12].map(df).to_vec()),
            each([Variance::Three, Variance::Five].map(variance).to_vec()),
            each([200, 5, 1].map(day).to_vec()),
            each([200, 5, 1].map(lineage).to_vec()),
            each([SignatureKind::Delegated, SignatureKind::Direct].map(signature).to_vec()),
            each([OwnFigures::Exact, OwnFigures::Protected].map(own).to_vec()),
            each([Approval::None, Approval::Required].map(approval).to_vec()),
        ]
    }

    /// Opinions with a value of each protection, chosen by a number.
    fn mixed(mut number: usize) -> Opinions {
        Self::opinions().iter().fold(Opinions::default(), |joined, values| {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
            joined.join(values[(number >> 33) % values.len()])
        })
    }
}

#[test]
fn the_stricter_of_two_values_holds() {
    for values in Values::opinions() {
        for (place, one) in values.iter().enumerate() {
            for (other_place, other) in values.iter().enumerate() {
                let strictest = values[place.max(other_place)];
                assert_eq!(one.join(*other), strictest, "{one:?} {other:?}");
            }
        }
    }
}

#[test]
fn joining_is_a_lattice() {
    let all: Vec<Opinions> = (0..40).map(Values::mixed).collect();
    for one in &all {
        assert_eq!(one.join(*one), *one);
        assert_eq!(one.join(Opinions::default()), *one);
        for other in &all {
            let joined = one.join(*other);
            assert_eq!(joined, other.join(*one));
            assert_eq!(joined.join(*one), joined);
            for third in all.iter().take(10) {
                assert_eq!(joined.join(*third), one.join(other.join(*third)));
            }
        }
    }
}

#[test]
fn two_kinds_give_up_what_either_gives_up_alone() {
    use Kind::{Completeness, Quality, Volume};
    for (one, other, joined) in [
        (Volume, Volume, Volume),
        (Completeness, Completeness, Completeness),
        (Volume, Completeness, Quality),
        (Volume, Quality, Quality),
        (Quality, Quality, Quality),
    ] {
        assert_eq!(one.join(other), joined);
        assert_eq!(other.join(one), joined);
        let said = |kind| Opinions { kind: Some(kind), ..Opinions::default() };
        assert_eq!(said(one).join(said(other)).kind, Some(joined));
        assert_eq!(said(one).join(Opinions::default()).kind, Some(one));
    }
}

#[test]
fn a_hospital_only_takes_away() {
    for number in 0..200 {
        let charter = Protections::from(Values::mixed(number));
        let own = Opinions { parts: None, own: None, ..Values::mixed(number + 1000) };
        let here = charter.at_hospital(own);
        let (said, now) = (Opinions::from(charter), Opinions::from(here));
        let unagreed = Opinions { parts: now.parts, own: now.own, ..said };
        assert_eq!(unagreed.join(now), now, "{charter:?} {own:?}");
        assert!(here.parts >= charter.parts, "{charter:?}");
        assert_eq!(here.own, OwnFigures::Protected);
    }
}

#[test]
fn parts_are_exact_only_where_charter_and_hospital_say_so() {
    let said = |parts| Opinions { parts, ..Opinions::default() };
    let decided = |charter, own| Protections::from(said(charter)).at_hospital(said(own)).parts;
    assert_eq!(decided(Some(Parts::Members), Some(Parts::Members)), Parts::Members);
    assert_eq!(decided(Some(Parts::Members), None), Parts::Hide);
    assert_eq!(decided(Some(Parts::Members), Some(Parts::Noisy)), Parts::Noisy);
    assert_eq!(decided(Some(Parts::Noisy), Some(Parts::Members)), Parts::Noisy);
    assert_eq!(decided(Some(Parts::Noisy), None), Parts::Noisy);
    assert_eq!(decided(None, Some(Parts::Members)), Parts::Hide);
}

#[test]
fn nothing_decided_for_people_is_under_a_floor() {
    for number in 0..200 {
        let mixed = Protections::from(Values::mixed(number));
        let loose = mixed.floored(Profile::Indicator);
        assert!(under(&Opinions::from(loose)).is_empty(), "{loose:?}");
        assert_eq!(loose.min_part, mixed.min_part, "the board signs an indicator's");
        for profile in [Profile::Members, Profile::Explore, Profile::Network, Profile::Strict] {
            let loose = mixed.floored(profile);
            assert!(under_in_a_rule(&Opinions::from(loose)).is_empty(), "{loose:?}");
        }
    }
    let opinions = |text: &[(&str, &str)]| {
        let mut opinions = Opinions::default();
        for (word, value) in text {
            read(Word::of(word).unwrap(), value, &mut opinions).unwrap();
        }
        opinions
    };
    let all = [
        ("min_patients", "4"),
        ("dominance", "96"),
        ("p_percent", "4"),
        ("min_df", "4"),
        ("variance", "2"),
    ];
    let told = [
        "`@min_patients` under 5",
        "`@dominance` over 95",
        "`@p_percent` under 5",
        "`@min_df` under 5",
        "`@variance` under 4",
    ];
    assert_eq!(under(&opinions(&all)), told);
    let least = [("min_patients", "5"), ("dominance", "95"), ("p_percent", "5"), ("min_df", "5")];
    assert!(under_in_a_rule(&opinions(&least)).is_empty());
    assert_eq!(under_in_a_rule(&opinions(&[("min_part", "4")])), ["`@min_part` under 5"]);
    assert!(under(&opinions(&[("min_part", "0")])).is_empty());
}

#[test]
fn a_value_has_one_form() {
    let told = |word: &str, value: &str| {
        read(Word::of(word).unwrap(), value, &mut Opinions::default()).err()
    };
    for word in ["min_patients", "min_part", "min_df"] {
        assert_eq!(told(word, "0"), None);
        assert_eq!(told(word, "1000000"), None);
        for wrong in ["", "05", "+5", "-1", "5.0", " 5", "1000001", "99999999999999999999", "ten"] {
            let form = format!("`@{word}` is a number of patients, \"0\" to \"1000000\"");
            assert_eq!(told(word, wrong), Some(form), "{wrong}");
        }
    }
    for word in ["dominance", "p_percent"] {
        assert_eq!(told(word, "100"), None);
        assert_eq!(told(word, "101"), Some(format!("`@{word}` is percent, \"0\" to \"100\"")));
    }
    for word in ["quota_day", "quota_lineage"] {
        assert_eq!(told(word, "1"), None);
        assert!(told(word, "0").is_some());
    }
    for (word, values) in [
        ("zeros", &["shown", "hidden"][..]),
        ("parts", &["hide", "band", "asker-node", "noisy", "members"]),
        ("variance", &["2", "4"]),
        ("kind", &["quality", "volume", "completeness"]),
        ("signature", &["direct", "delegated"]),
        ("own", &["exact"]),
        ("approval", &["required", "none"]),
        ("reveal", &["named", "pseudonym", "none"]),
    ] {
        for value in values {
            assert_eq!(told(word, value), None, "{word} {value}");
            assert!(told(word, &value.to_uppercase()).is_some() || value.parse::<u8>().is_ok());
        }
        assert!(told(word, "").is_some() && told(word, "3").is_some());
    }
    assert_eq!(Word::of("min_patient"), None);
}

#[test]
fn a_receipt_claims_what_is_applied_and_nothing_else() {
    let decided = Protections::from(Values::mixed(7));
    let decided = Protections { kind: Kind::Volume, own: OwnFigures::Exact, ..decided };
    let decided = Protections { approval: Approval::Required, reveal: Reveal::None, ..decided };
    let of_exact = [Word::MinPart, Word::Parts, Word::Dominance, Word::PPercent, Word::MinDf];
    for profile in Profile::ALL {
        let applied = decided.applied_under(profile);
        let json = serde_json::to_value(applied).unwrap();
        let claimed: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        let noisy = profile == Profile::Explore;
        for word in Word::ALL {
            let quota = matches!(word, Word::QuotaDay | Word::QuotaLineage);
            let other = if noisy { of_exact.contains(&word) } else { word == Word::Variance };
            let applies = capability::applies(word) && !other;
            assert!(claimed.contains(&word.as_str()) == applies || quota, "{claimed:?} {word:?}");
        }
        assert_eq!(serde_json::from_value::<Applied>(json).unwrap(), applied);
    }
    // Where every rule holds there is nothing to say.
    let usual = Protections { kind: Kind::Quality, own: OwnFigures::Protected, ..decided };
    assert_eq!((usual.applied().kind, usual.applied().own), (None, None));
    let unheld = Protections { approval: Approval::None, ..decided };
    assert_eq!(unheld.applied().approval, None);
    let named = Protections { reveal: Reveal::Named, ..decided };
    assert_eq!(named.applied().reveal, None);
    // A hospital's own staff wait like everybody else.
    assert_eq!(decided.own_figures().approval, Approval::Required);
}

#[test]
fn what_cannot_be_kept_is_told_by_name() {
    let mut opinions = Opinions::default();
    for (word, value) in [("min_patients", "20"), ("zeros", "shown"), ("signature", "direct")] {
        read(Word::of(word).unwrap(), value, &mut opinions).unwrap();
    }
    assert!(capability::missing(&opinions).is_empty());
    for (word, value) in [
        ("min_part", "5"),
        ("parts", "asker-node"),
        ("dominance", "85"),
        ("p_percent", "10"),
        ("min_df", "10"),
        ("variance", "2"),
        ("kind", "volume"),
        ("quota_day", "9"),
        ("quota_lineage", "9"),
        ("own", "exact"),
        ("approval", "required"),
    ] {
        let mut opinions = Opinions::default();
        let word = Word::of(word).unwrap();
        read(word, value, &mut opinions).unwrap();
        let told = capability::missing(&opinions);
        let name = format!("`@{}`", word.as_str());
        let kept = capability::applies(word) && value != "asker-node";
        assert_eq!(told.len(), usize::from(!kept), "{told:?}");
        assert!(told.iter().all(|told| told.contains(&name)), "{told:?}");
    }
}
