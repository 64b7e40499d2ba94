use super::*;

#[test]
fn numbers_and_rules_come_back() {
    let values = [0, 1, -1, 63, -64, 64, 1 << 40, i128::MAX, i128::MIN];
    for value in values {
        let mut bytes = Vec::new();
        signed(&mut bytes, value);
        let mut left = Bytes(&bytes);
        assert_eq!((left.signed(), left.is_empty()), (Some(value), true));
        assert_eq!(Bytes(&bytes[..bytes.len() - 1]).signed(), None);
    }
    for rule in RULES.into_iter().map(Some).chain([None]) {
        assert_eq!(Bytes(&[byte(rule)]).rule(), Some(rule));
    }
    assert_eq!(Bytes(&[16]).rule(), None);
    assert_eq!(Bytes(&[0xff; 30]).signed(), None);
    assert_eq!(Bytes(&[0xff; 12]).count(), None);
}
