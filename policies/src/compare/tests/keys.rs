//! Keys of nodes, compared.

use super::{check, fingerprint};

#[test]
fn keys_of_a_node_come_get_an_end_and_go() {
    let (one, two, three) = (fingerprint("KEY12"), fingerprint("KEY15"), fingerprint("KEY22"));
    let ends = "2026-09-01T00:00:00Z";
    let begins = "2026-08-01T00:00:00Z";
    check(
        &[
            (
                "members.toml",
                "envelope = \"KEY12\"",
                "envelope = [{ key = \"KEY12\", valid_until = 2026-09-01T00:00:00Z }, \
                 { key = \"KEY15\", valid_from = 2026-08-01T00:00:00Z }]",
            ),
            // The same in the long form is no change.
            ("members.toml", "envelope = \"KEY22\"", "envelope = [{ key = \"KEY22\" }]"),
            ("members.toml", "witness = \"KEY24\"", "witness = [{ key = \"KEY25\" }]"),
        ],
        &[
            (
                &format!("hospital `ALFA`: envelope key from {one} to {one} (- .. {ends})"),
                &format!(
                    "ziekenhuis `ALFA`: sleutel `envelope` van {one} naar {one} (- .. {ends})"
                ),
            ),
            (
                &format!("hospital `ALFA` gains envelope key {two} ({begins} .. -)"),
                &format!("ziekenhuis `ALFA` krijgt sleutel `envelope` {two} ({begins} .. -)"),
            ),
            (
                &format!(
                    "hospital `BRAVO`: witness key from {} to {}",
                    fingerprint("KEY24"),
                    fingerprint("KEY25")
                ),
                &format!(
                    "ziekenhuis `BRAVO`: sleutel `witness` van {} naar {}",
                    fingerprint("KEY24"),
                    fingerprint("KEY25")
                ),
            ),
        ],
    );
    assert_ne!(one, three);
}
