//! The limits of single figures, in words.

use policies::Limits;
use policies::limits::PartsTreatment;

/// In a few words, after what is said of cells.
pub(in crate::command) fn words(limits: Option<&Limits>) -> String {
    let Some(limits) = limits else { return "parts of a cell exact".to_owned() };
    let Limits { min_part: _, parts: _, dominance, p_percent, min_df, min_values } = *limits;
    let mut words = vec![match limits.least_part() {
        0 => "parts of a cell exact".to_owned(),
        least => format!("parts under {least} hidden"),
    }];
    words.push(format!("dominance {dominance} %, p {p_percent} %"));
    words.push(format!("spread from {min_df} degrees of freedom and {min_values} values"));
    words.join(", ")
}

/// One sentence a limit.
pub(in crate::command) fn lines(limits: Option<&Limits>) -> Vec<String> {
    let Some(limits) = limits else {
        return vec!["parts of a cell (FILTER, CASE) are exact, however few patients".to_owned()];
    };
    let Limits { min_part, parts, dominance, p_percent, min_df, min_values } = *limits;
    let mut lines = match (parts, min_part) {
        (PartsTreatment::Members, _) | (PartsTreatment::Hide, 0) => {
            vec!["parts of a cell exact".to_owned()]
        }
        (PartsTreatment::Hide, _) => {
            vec![format!("parts of under {min_part} patients, or all but so few, hidden")]
        }
    };
    if dominance < 100 {
        lines.push(format!("sums of which two patients make up over {dominance} % hidden"));
    }
    if p_percent > 0 {
        lines.push(format!(
            "sums whose rest is under {p_percent} % of the largest contribution hidden"
        ));
    }
    if min_df > 0 {
        lines.push(format!("spread of under {min_df} patients beyond its parameters hidden"));
    }
    if min_values > 0 {
        lines.push(format!("spread of columns of under {min_values} values hidden"));
    }
    lines
}
