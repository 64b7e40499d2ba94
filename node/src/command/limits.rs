//! What was done to single figures, in words.

use policies::protections::{Applied, Approval, Kind, OwnFigures, Parts, Reveal, Variance};

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
        Some(_least) if applied.parts == Some(Parts::Noisy) => {
            "every part of a cell with noise".to_owned()
        }
        Some(_least) if applied.parts == Some(Parts::Band) => {
            "the part as a band of the funnel".to_owned()
        }
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
    if applied.approval == Some(Approval::Required) {
        words.push("the text approved by the hospital's own people".to_owned());
    }
    words.extend(match applied.reveal {
        None | Some(Reveal::Named) => None,
        Some(Reveal::Pseudonym) => Some("hospitals under letters".to_owned()),
        Some(Reveal::None) => Some("no hospital told apart".to_owned()),
    });
    words.join(", ")
}

/// Who looks at the text first.
fn approval(applied: &Applied) -> Option<String> {
    let held = applied.approval == Some(Approval::Required);
    held.then(|| "people of each hospital approve the text before it is answered there".to_owned())
}

/// What the asking node tells of single hospitals.
fn revealed(applied: &Applied) -> Option<String> {
    let told = match applied.reveal? {
        Reveal::Named => return None,
        Reveal::Pseudonym => {
            "hospitals under letters that are drawn for each answer; who is missing is told as none, some or more than half"
        }
        Reveal::None => {
            "no figure of a single hospital; who is missing is told as none, some or more than half"
        }
    };
    Some(told.to_owned())
}

/// A band, for a person.
pub(in crate::command) fn band(word: &str) -> &str {
    match word {
        "below_99_8" => "below 99.8 %",
        "below_95" => "below 95 %",
        "inside" => "in the funnel",
        "above_95" => "above 95 %",
        "above_99_8" => "above 99.8 %",
        other => other,
    }
}

/// One sentence a limit.
pub(in crate::command) fn lines(applied: &Applied) -> Vec<String> {
    let noisy_parts = least_part(applied).filter(|_least| applied.parts == Some(Parts::Noisy));
    if let Some(variance) = applied.variance.filter(|_variance| noisy_parts.is_none()) {
        let total = match variance {
            Variance::Three => 3,
            Variance::Five => 5,
        };
        let mut lines = vec![
            format!(
                "noise of variance {total} in every count, and in sums in units of what one row can add at most"
            ),
            "the least number of patients of a cell is raised by 0 to 4, the same in every wording"
                .to_owned(),
        ];
        lines.extend(approval(applied));
        lines.extend(revealed(applied));
        return lines;
    }
    let mut lines = vec![match least_part(applied) {
        None => "parts of a cell (FILTER, CASE) are exact, however few patients".to_owned(),
        Some(_least) if noisy_parts.is_some() => {
            "every part of a cell (FILTER, CASE, values that can be missing) with noise; the cell's own number is exact".to_owned()
        }
        Some(_least) if applied.parts == Some(Parts::Band) => {
            "the part (FILTER, CASE) as a band of the funnel around the indicator's rate; no total of it".to_owned()
        }
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
    lines.extend(approval(applied));
    lines.extend(revealed(applied));
    lines
}
