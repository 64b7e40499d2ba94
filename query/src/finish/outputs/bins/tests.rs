use super::*;

fn bins(edges: &[i64]) -> Bins {
    Bins { counts: (0..edges.len() - 1).collect(), edges: edges.to_vec(), scale: 0 }
}

fn of(counts: &[i128], part: f64) -> Option<f64> {
    let edges: Vec<i64> = (0..=counts.len()).map(|at| 10 * i64::try_from(at).unwrap()).collect();
    quantile(&bins(&edges), counts, part).map(|known| known.value)
}

#[test]
fn exact_counts_stay_as_they_are() {
    assert_eq!(cumulative(&[3, 0, 4, 1]), [3.0, 3.0, 7.0, 8.0]);
    assert_eq!(cumulative(&[]), [0.0; 0]);
    // Four values evenly in one bin stand at 1.25, 3.75, 6.25 and 8.75; the third of them and the next bin's first are a bin apart.
    assert_eq!(of(&[4], 0.0), Some(1.25));
    assert_eq!(of(&[4], 1.0), Some(8.75));
    assert_eq!(of(&[4], 0.5), Some(5.0));
    assert_eq!(of(&[1, 1], 0.5), Some(10.0));
    assert_eq!((of(&[], 0.5), of(&[0, 0], 0.5)), (None, None));
}

#[test]
fn counts_up_to_an_edge_are_made_ascending_by_least_squares() {
    // 5, 2: the nearest ascending pair is 3.5, 3.5; 4, 1, 4 becomes 2.5, 2.5, 4.
    assert_eq!(cumulative(&[5, -3]), [3.5, 3.5]);
    assert_eq!(cumulative(&[4, -3, 3]), [2.5, 2.5, 4.0]);
    assert_eq!(cumulative(&[-2, 1, 6]), [0.0, 0.0, 5.0]);
    // Against every ascending sequence of quarters within reach: none is nearer.
    for counts in [[2_i128, -3, 4], [-1, 2, -2], [1, -1, -1], [0, 3, -4]] {
        let up_to: Vec<f64> = running(&counts).collect();
        let distance = |to: &[f64]| -> f64 {
            up_to.iter().zip(to).map(|(one, other)| (one - other) * (one - other)).sum()
        };
        let found = cumulative(&counts);
        let steps: Vec<f64> = (0..=32).map(|step| f64::from(step) / 4.0).collect();
        for a in &steps {
            for b in steps.iter().filter(|b| *b >= a) {
                for c in steps.iter().filter(|c| *c >= b) {
                    assert!(distance(&found) <= distance(&[*a, *b, *c]) + 1e-9, "{counts:?}");
                }
            }
        }
    }
}

#[test]
fn noise_leaves_a_quantile_inside_the_bounds_or_without_a_value() {
    for counts in [[-3_i128, 9, -4, 6], [7, -2, -2, 1], [0, 0, 1, -1], [1, 0, 0, 0], [-5, -5, 2, 1]]
    {
        for part in [0.0, 0.1, 0.5, 0.9, 1.0] {
            if let Some(value) = of(&counts, part) {
                assert!((0.0..=40.0).contains(&value), "{counts:?} {part}: {value}");
            }
        }
    }
    assert_eq!(of(&[-5, -5, 2, 1], 0.5), None);
    let edges = bins(&[0, 10, 20]);
    assert_eq!(histogram(&edges, &[-2, 5]), Some("0..10: 0, 10..20: 5".to_owned()));
    assert_eq!(histogram(&edges, &[-5, 5]), None);
}
