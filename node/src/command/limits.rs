//! What was done to single figures, in words.

use policies::protections::{Applied, Kind, OwnFigures, Parts, Variance};

/// The fewest patients of a part that is shown, where there is such a number.
fn least_part(applied: &Applied) -> Option<u32> {
    let parts = applied.parts.filter(|parts| *parts != Parts::Members)?;
    let least = applied.min_part.map_or(0, policies::protections::MinPart::get);
    (parts >= Parts::Noisy && least > 0).then_some(least)
}

/// What is off for the kind of the figures.
fn kind(applied: &Applied) -> Option<&'static str> {
    match applied.kind? {
        Kind::Quality => None,
        Kind::Volume => Some("a volume: closed years without threshold"),
        Kind::Completeness => Some("a completeness: few missing values shown"),
    }
}

/// In a few words, after what is said of cells.
pub(in crate::command) fn words(applied: &Applied) -> String {
    if applied.own == Some(OwnFigures::Exact) {
        return "own figures, exact, for this hospital's staff only".to_owned();
    }
    let mut words = vec![match least_part(applied) {
        None => "parts of a cell exact".to_owned(),
        Some(least) => format!("parts under {least} hidden"),
    }];
    words.extend(kind(applied).map(str::to_owned));
    let Applied { dominance, p_percent, min_df, .. } = applied;
    if let Some(most) = dominance.filter(|most| most.get() < 100) {
        words.push(format!("dominance {} %", most.get()));
    }
    if let Some(least) = p_percent.filter(|least| least.get() > 0) {
        words.push(format!("p {} %", least.get()));
    }
    if let Some(least) = min_df.filter(|least| least.get() > 0) {
        words.push(format!("spread from {} degrees of freedom", least.get()));
    }
    words.join(", ")
}

/// One sentence a limit.
pub(in crate::command) fn lines(applied: &Applied) -> Vec<String> {
    if let Some(variance) = applied.variance {
        let total = match variance {
            Variance::Three => 3,
            Variance::Five => 5,
        };
        return vec![
            format!(
                "noise of variance {total} in every count, and in sums in units of what one row can add at most"
            ),
            "the least number of patients of a cell is raised by 0 to 4, the same in every wording"
                .to_owned(),
        ];
    }
    let mut lines = vec![match least_part(applied) {
        None => "parts of a cell (FILTER, CASE) are exact, however few patients".to_owned(),
        Some(least) => format!("parts of under {least} patients, or all but so few, hidden"),
    }];
    lines.extend(kind(applied).map(str::to_owned));
    let Applied { dominance, p_percent, min_df, .. } = applied;
    if let Some(most) = dominance.filter(|most| most.get() < 100) {
        lines.push(format!("sums of which two patients make up over {} % hidden", most.get()));
    }
    if let Some(least) = p_percent.filter(|least| least.get() > 0) {
        let least = least.get();
        lines
            .push(format!("sums whose rest is under {least} % of the largest contribution hidden"));
    }
    if let Some(least) = min_df.filter(|least| least.get() > 0) {
        lines
            .push(format!("spread of under {} patients beyond its parameters hidden", least.get()));
    }
    lines
}
