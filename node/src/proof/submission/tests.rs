use super::*;
use crate::proof::merkle::leaf_hash;
use crate::proof::note::tests::ARCHE;

/// The example of C2SP `tlog-witness`, shortened to two hashes and a note of another log.
fn offer() -> String {
    format!(
        "old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\
         jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n\n{ARCHE}"
    )
}

#[test]
fn offers_are_those_of_the_specification() {
    let read = Submission::parse(offer().as_bytes()).unwrap();
    let Submission::Offer { old, path, note } = &read else { panic!("{read:?}") };
    assert_eq!((*old, path.len(), note.as_str()), (20_852_014, 2, ARCHE));
    assert_eq!(read.encode(), offer().as_bytes());
}

#[test]
fn every_message_is_read_as_it_was_written() {
    let hash = leaf_hash(b"x");
    let line = ARCHE.lines().last().unwrap();
    for message in [
        Submission::Offer { old: 0, path: vec![], note: ARCHE.to_owned() },
        Submission::Offer { old: 7, path: vec![hash; 63], note: ARCHE.to_owned() },
        Submission::Gap {
            index: 3,
            path: vec![hash; 2],
            entry: "{}".to_owned(),
            note: ARCHE.to_owned(),
        },
        Submission::Gap { index: 0, path: vec![], entry: "{}".to_owned(), note: ARCHE.to_owned() },
        Submission::Wanted { old: 3, new: 90 },
        Submission::Heard { note: ARCHE.to_owned() },
        Submission::Latest { origin: Origin::parse("kring/NOORD/0123").unwrap() },
    ] {
        assert_eq!(Submission::parse(&message.encode()), Ok(message));
    }
    for reply in [
        Reply::Cosigned(SignatureLine::parse(line).unwrap()),
        Reply::Continues(vec![]),
        Reply::Continues(vec![hash; 63]),
        Reply::Stands(None),
        Reply::Stands(Some(ARCHE.to_owned())),
        Reply::Refused { code: "proof_root".to_owned() },
    ] {
        assert_eq!(Reply::parse(&reply.encode()), Ok(reply));
    }
}

#[test]
fn other_bytes_are_refused() {
    let many =
        format!("old 1\n{}\nnote", "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n".repeat(64));
    for text in [
        "",
        "old",
        "old 1\n",
        "old 01\n\nnote",
        "old -1\n\nnote",
        "old +1\n\nnote",
        "old 9223372036854775808\n\nnote",
        "old 1\nAAAA\n\nnote",
        "old 1\njrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swl=\n\nnote",
        "latest \n",
        "latest a b\n",
        "latest a",
        "Latest a\n",
        "wanted 3\n",
        "wanted 3 04\n",
        "wanted 3 4",
        "gap 3\n\nentry",
        "gap x\n\nentry\nnote",
        "gap 3\nAAAA\n\nentry\nnote",
        "heard",
        many.as_str(),
    ] {
        assert!(Submission::parse(text.as_bytes()).is_err(), "{text}");
    }
    assert!(Submission::parse(b"latest \xff\n").is_err());
    for text in [
        "",
        "continues\nx\n",
        "continues\njrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=",
        "cosigned",
        "cosigned\n",
        "cosigned\nx\n",
        "refused\na b\n",
        "refused\nab",
        "maybe\n",
    ] {
        assert!(Reply::parse(text.as_bytes()).is_err(), "{text}");
    }
    assert!(Reply::parse(format!("refused\n{}\n", "a".repeat(65)).as_bytes()).is_err());
}
