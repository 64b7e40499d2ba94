use super::*;

/// The example of the package golang.org/x/mod/sumdb/note, which the C2SP specification describes.
const NEUMANN: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const NEUMANN_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

/// A checkpoint of the public log arche2025h1 with lines of two kinds by the log and four witnesses of the public network.
pub(in crate::proof) const ARCHE: &str = "arche2025h1.staging.ct.transparency.dev\n\
    1432088532\n\
    U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n\n\
    — arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=\n\
    — arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n\
    — transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==\n\
    — witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==\n\
    — remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n\
    — witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==\n";
pub(in crate::proof) const ARCHE_KEY: &str =
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f";
pub(in crate::proof) const ARCHE_WITNESSES: [&str; 4] = [
    "transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",
    "witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
];

fn key(text: &str) -> VerifierKey {
    VerifierKey::parse(text).unwrap()
}

#[test]
fn notes_of_other_implementations_verify() {
    let note = Note::parse(NEUMANN).unwrap();
    assert_eq!(note.signed_by(&key(NEUMANN_KEY)), Ok(Some(0)));
    assert_eq!(note.to_string(), NEUMANN);
    let note = Note::parse(ARCHE).unwrap();
    assert_eq!(note.signed_by(&key(ARCHE_KEY)), Ok(Some(0)));
    for witness in ARCHE_WITNESSES {
        assert_eq!(note.signed_by(&key(witness)), Ok(Some(1_779_573_024)), "{witness}");
        assert_eq!(key(witness).to_string(), witness);
    }
    assert_eq!(note.to_string(), ARCHE);
}

#[test]
fn lines_of_unknown_keys_are_ignored_even_when_name_or_id_is_known() {
    let note = Note::parse(ARCHE).unwrap();
    assert_eq!(note.signed_by(&key(NEUMANN_KEY)), Ok(None));
    let moved = NEUMANN.replace("— PeterNeumann", "— Peter");
    assert_eq!(Note::parse(&moved).unwrap().signed_by(&key(NEUMANN_KEY)), Ok(None));
}

#[test]
fn no_bit_of_a_note_changes_unseen() {
    let (garden, log) = (key(ARCHE_WITNESSES[0]), key(ARCHE_KEY));
    let whole = Note::parse(ARCHE).unwrap();
    let seen = |note: &Note| {
        note.signed_by(&garden) != Ok(Some(1_779_573_024))
            || note.signed_by(&log) != Ok(Some(0))
            || note.signatures() != whole.signatures()
    };
    assert!(!seen(&whole));
    for place in 0..ARCHE.len() {
        for bit in 0..8 {
            let mut bytes = ARCHE.as_bytes().to_vec();
            bytes[place] ^= 1 << bit;
            let Ok(text) = String::from_utf8(bytes) else { continue };
            let Ok(note) = Note::parse(&text) else { continue };
            assert!(seen(&note), "byte {place}, bit {bit}");
        }
    }
}

#[track_caller]
fn refused(note: &str, expected: &str) {
    assert_eq!(Note::parse(note).unwrap_err().code(), expected, "{note:?}");
}

#[test]
fn what_is_not_a_note_is_refused() {
    refused("", "note_malformed");
    refused("text\n", "note_malformed");
    refused("text\n\n", "note_malformed");
    let line = NEUMANN.split_once("\n\n").unwrap().1;
    for bad in [
        format!("text\n{line}"),
        format!("text\n\n{line}more\n"),
        format!("te\txt\n\n{line}"),
        format!("text\r\n\n{line}"),
        format!("text\n\n{}", line.trim_end()),
        format!("text\n\n{}", line.replace("— ", "- ")),
        format!("text\n\n{}", line.replace("— ", "—  ")),
        format!("text\n\n{}", line.replace("nAM=", "nAM")),
        format!("text\n\n{}", line.replace("nAM=", "nAN=")),
        format!("text\n\n{}", line.replace("nAM=", "nAM= ")),
        format!("text\n\n{}", line.replace("PeterNeumann", "Peter+Neumann")),
        format!("text\n\n{}", line.replace("PeterNeumann", "Peter\u{a0}Neumann")),
        "text\n\n— a AAAAAA==\n".to_owned(),
        "text\n\n— a \n".to_owned(),
        "text\n\n—  AAAAAAA=\n".to_owned(),
    ] {
        refused(&bad, "note_malformed");
    }
    refused(&format!("text\n\n{}", "— a AAAAAAA=\n".repeat(65)), "note_signatures");
    refused(&format!("{}\n\n{line}", "x".repeat(MAX_NOTE_BYTES)), "note_too_large");
}

#[test]
fn a_key_that_signs_twice_or_wrongly_spoils_the_note() {
    let line = NEUMANN.split_once("\n\n").unwrap().1;
    let twice = Note::parse(&format!("{NEUMANN}{line}")).unwrap();
    assert_eq!(twice.signed_by(&key(NEUMANN_KEY)).unwrap_err().code(), "note_duplicate");
    let other = Note::parse(&format!("other\n\n{line}")).unwrap();
    assert_eq!(other.signed_by(&key(NEUMANN_KEY)).unwrap_err().code(), "note_bad_signature");
}

#[test]
fn only_usable_keys_are_read() {
    let bad = [
        ("PeterNeumann", BadVerifierKey::Form),
        (
            "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            BadVerifierKey::Name,
        ),
        ("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", BadVerifierKey::Id),
        (
            "PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            BadVerifierKey::Kind,
        ),
        (
            "a+00000000+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            BadVerifierKey::Key(policies::dsse::BadKey::Weak),
        ),
    ];
    for (text, expected) in bad {
        assert_eq!(VerifierKey::parse(text), Err(expected), "{text}");
    }
}
