use super::*;

fn term(factor: Exact, atoms: &[usize], conditions: &[Expr]) -> Term {
    let (atoms, conditions) = (atoms.to_vec(), conditions.to_vec());
    Term { factor: Some(factor), atoms, conditions, is_present: false }
}

#[test]
fn terms_of_the_same_are_one_and_opposites_are_none() {
    let c = datafusion::logical_expr::col("c");
    let all = vec![
        term(Exact::ONE, &[0], std::slice::from_ref(&c)),
        term(Exact::ONE, &[0], std::slice::from_ref(&c)),
        term(Exact::MINUS_ONE, &[], &[]),
        term(Exact::ONE, &[], &[]),
        term(Exact::ONE, &[1], &[c.clone(), c.clone().is_not_true()]),
    ];
    let two = Exact::ONE.plus(Exact::ONE).unwrap();
    assert_eq!(collected(all), [term(two, &[0], &[c])]);
}

#[test]
fn what_is_0_or_1_is_its_own_square() {
    let atom = |most| Atom {
        expr: datafusion::logical_expr::col("x"),
        facts: Facts {
            range: Range::exact(0, most, 0),
            ..Facts::of_type(arrow::datatypes::DataType::Int64)
        },
        is_column: true,
        tells: Vec::new(),
    };
    let x = [term(Exact::ONE, &[0], &[])];
    let square = |most| multiplied(&x, &x, &[atom(most)]).unwrap().remove(0).atoms;
    assert_eq!(square(1), [0]);
    assert_eq!(square(2), [0, 0]);
}
