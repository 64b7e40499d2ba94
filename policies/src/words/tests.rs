use super::*;

/// Vectors of BIP39's reference list (entropy, words).
#[test]
fn the_words_are_those_of_the_reference_vectors() {
    let zeros = Root::of(Digest::from_bytes([0; 32]));
    assert_eq!(zeros.words(), format!("{}art", "abandon ".repeat(23)));
    let ones = Root::of(Digest::from_bytes([0xff; 32]));
    assert_eq!(ones.words(), format!("{}vote", "zoo ".repeat(23)));
    let legal = Root::of(Digest::from_bytes([0x7f; 32]));
    let words = "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth title";
    assert_eq!(legal.words(), words);
    assert_eq!(Root::parse(words), Ok(legal));
}

#[test]
fn words_and_digits_are_the_same_value_in_any_spacing_and_case() {
    for number in 0_u32..200 {
        let root = Root::of(Digest::of(&number.to_le_bytes()));
        let words = root.words();
        assert_eq!(words.split(' ').count(), 24);
        assert_eq!(Root::parse(&words), Ok(root));
        assert_eq!(Root::parse(&root.to_string()), Ok(root));
    }
    let root = Root::of(Digest::of(b"root"));
    let shouted = format!("\n  {}\t\r\n", root.words().to_uppercase().replace(' ', " \n  "));
    assert_eq!(Root::parse(&shouted), Ok(root));
    let digits = root.to_string().to_uppercase();
    let (first, second) = digits.split_at(32);
    assert_eq!(Root::parse(&format!(" {first} {second}\n")), Ok(root));
}

#[test]
fn a_wrong_word_is_named_and_a_wrong_order_found() {
    let words = Root::of(Digest::from_bytes([0x7f; 32])).words();
    let error = Root::parse(&words.replacen("thank", "thnak", 1)).unwrap_err();
    assert_eq!(error, RootError::UnknownWord { place: 3, word: "thnak".to_owned() });
    assert_eq!(error.code(), "root_unknown_word");
    // A Cyrillic letter that looks like `a`.
    let error = Root::parse(&words.replacen("thank", "th\u{430}nk", 1)).unwrap_err();
    assert_eq!(error.code(), "root_unknown_word");
    let swapped = words.replacen("legal winner", "winner legal", 1);
    assert_eq!(Root::parse(&swapped), Err(RootError::Checksum));
    assert_eq!(Root::parse(&words.replacen("thank", "year", 1)), Err(RootError::Checksum));
    let fewer = words.rsplit_once(' ').unwrap().0;
    assert_eq!(Root::parse(fewer), Err(RootError::Form { got: 23 }));
    assert_eq!(Root::parse(&format!("{words} legal")), Err(RootError::Form { got: 25 }));
    assert_eq!(Root::parse(""), Err(RootError::Form { got: 0 }));
    assert_eq!(Root::parse(&"1".repeat(63)), Err(RootError::Form { got: 1 }));
    assert_eq!(Root::parse(&"g".repeat(64)).unwrap_err().code(), "root_form");
    assert_eq!(Root::parse(&"zoo ".repeat(100_000)).unwrap_err().code(), "root_form");
}
