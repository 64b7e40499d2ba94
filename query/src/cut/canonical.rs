//! The canonical form of a fragment: equal texts of equal forms give equal sums, so its digest names what is run.
//!
//! A node that cuts differently gets another digest and refuses. The form holds the language's version and the dataset's
//! digest, so neither can change unnoticed.

use std::fmt::Write as _;

use policies::Digest;
use policies::dataset::Dataset;
use policies::wire::LANGUAGE_VERSION;

use super::{Fragment, Measure, contributions, explain};
use crate::facts::domain::Domain;

/// The digest of a fragment's canonical form.
pub(super) fn digest(fragment: &Fragment, dataset: &Dataset) -> Digest {
    Digest::of(text(fragment, dataset).as_bytes())
}

fn text(fragment: &Fragment, dataset: &Dataset) -> String {
    let mut text = format!("kring fragment {LANGUAGE_VERSION}\ndataset {}\n", dataset.digest);
    for key in &fragment.keys {
        let nullable = if key.nullable { " null" } else { "" };
        let _ = writeln!(text, "key {} {}{nullable}", key.expr, key.data_type);
        if let Domain::Values(values) = &key.domain {
            for value in values {
                let _ = writeln!(text, "value {value:?}");
            }
        }
    }
    for primitive in &fragment.primitives {
        let measure = contributions::place(primitive, &fragment.measures);
        let sum = explain::exact(primitive);
        let _ = writeln!(text, "sum {sum} scale {} measure {measure}", primitive.scale);
        for also in primitive.made.iter().flat_map(|made| &made.also) {
            let _ = writeln!(text, "also {} scale {}", explain::exact(also), also.scale);
        }
    }
    for vector in &fragment.vectors {
        let _ = writeln!(text, "vector {vector:?}");
    }
    for Measure { footprint, .. } in &fragment.measures {
        let _ = writeln!(text, "measure {footprint:?}");
    }
    let _ = write!(text, "patient {}\n{}\n", fragment.patient, fragment.input.display_indent());
    text
}
