use super::*;

#[test]
fn a_rate_is_written_in_one_form() {
    let rate = |text: &str| Norm::parse(text).map(|norm| norm.fraction().0);
    assert_eq!(rate("2.5 %"), Some(250));
    assert_eq!(rate("20 %"), Some(2_000));
    assert_eq!(rate("0.05 %"), Some(5));
    assert_eq!(rate("99.99 %"), Some(9_999));
    for bad in ["0 %", "100 %", "2.5", "2.5%", ".5 %", "2.555 %", "-1 %", "2,5 %", "a %", " %"] {
        assert_eq!(rate(bad), None, "{bad}");
    }
}

#[test]
fn a_window_says_how_many_years_it_is_of() {
    let of = ["all", "2024", "2023-2024", "2022-2024", "2019-2024"].map(years);
    assert_eq!(of, [1, 1, 2, 3, 6]);
}
