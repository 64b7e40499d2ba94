use policies::wire::LayerRef;
use policies::{Digest, NetworkId};

use super::*;

fn refusal() -> RefusalBody {
    let network = NetworkId::new("demo").unwrap();
    let part = |state, code: Option<&str>| Coverage { state, code: code.map(str::to_owned) };
    let hospital = |code| HospitalCode::new(code).unwrap();
    RefusalBody {
        code: "forbidden".to_owned(),
        message: "OOST refuses: forbidden by rule `demo/r`".to_owned(),
        message_nl: Some("OOST weigert: verboden door regel `demo/r`".to_owned()),
        rule: Some("demo/r".to_owned()),
        layer: Some(LayerRef { network, version: 3, digest: Digest::of(b"layer") }),
        coverage: BTreeMap::from([
            (hospital("OOST"), part(CoverageState::Refused, Some("forbidden"))),
            (hospital("ZUID"), part(CoverageState::Unreachable, Some("no_answer"))),
        ]),
    }
}

#[test]
fn both_languages_name_rule_charter_and_hospitals() {
    assert_eq!(
        lines(&refusal(), Language::En),
        [
            "refused (forbidden): OOST refuses: forbidden by rule `demo/r`",
            "rule: demo/r",
            "charter: demo version 3",
            "hospitals: 0 of 2 answered: OOST refused (forbidden), ZUID not reached (no_answer)",
        ]
    );
    assert_eq!(
        lines(&refusal(), Language::Nl),
        [
            "geweigerd (forbidden): OOST weigert: verboden door regel `demo/r`",
            "regel: demo/r",
            "charter: demo versie 3",
            "ziekenhuizen: 0 van 2 antwoordden: OOST weigert (forbidden), ZUID niet bereikt (no_answer)",
        ]
    );
}

#[test]
fn what_has_no_dutch_text_is_told_in_english() {
    let bare = RefusalBody {
        message_nl: None,
        rule: None,
        layer: None,
        coverage: BTreeMap::new(),
        ..refusal()
    };
    assert_eq!(
        lines(&bare, Language::Nl),
        ["geweigerd (forbidden): OOST refuses: forbidden by rule `demo/r`"]
    );
    assert!(!serde_json::to_string(&bare).unwrap().contains("message_nl"));
}
