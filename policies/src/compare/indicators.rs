//! indicators/*.sql: new ones, those that go, new versions, and texts that changed without one.

use std::collections::{BTreeMap, BTreeSet};

use crate::charter::Charter;
use crate::indicator::Indicator;
use crate::{IndicatorId, VariantName};

use super::{Found, Moved, Subject, What, listed};

pub(super) fn compare(old: &Charter, new: &Charter, found: &mut Found) {
    let (from, to) = (&by_id(old), &by_id(new));
    for (subject, from, to) in found.things((from, to), |id| Subject::Indicator(id.clone()), short)
    {
        indicator(&subject, (from, to), found);
    }
}

fn by_id(charter: &Charter) -> BTreeMap<IndicatorId, &Indicator> {
    charter.indicators().map(|indicator| (indicator.id.clone(), indicator)).collect()
}

fn short(indicator: &Indicator) -> String {
    let title = indicator.title.values().next_back().map_or("", String::as_str);
    format!("{}, {title}", indicator.version)
}

fn indicator(subject: &Subject, (from, to): (&Indicator, &Indicator), found: &mut Found) {
    let before = found.0.len();
    found.value(subject, What::Dataset, &from.dataset, &to.dataset);
    found.named(subject, What::Title, &from.title, &to.title);
    found.maybe(subject, What::Norm, from.norm.as_ref(), to.norm.as_ref());
    found.value(subject, What::Source, &from.source, &to.source);
    // The first is what is asked where nothing is said.
    found.list(subject, &What::By, &from.by, &to.by);
    found.list(subject, &What::Window, &from.window, &to.window);
    let rate = |indicator: &Indicator| {
        let rate = indicator.band?.fraction();
        Some(format!("{} / {}", rate.0, rate.1))
    };
    found.maybe(subject, What::Band, rate(from), rate(to));
    let year = |indicator: &Indicator| {
        indicator.year.as_ref().map(|year| format!("{}.{}", year.table, year.column))
    };
    found.maybe(subject, What::Year, year(from), year(to));
    let (old, new) = (from.opinions.said(), to.opinions.said());
    found.named(subject, What::Protection, &old, &new);
    let headed = found.0.len() > before;
    let texts = texts_that_changed(from, to);
    if from.version != to.version {
        found.value(subject, What::Version, from.version, to.version);
        if !texts.is_empty() {
            found.add(subject, What::Text, Moved::Gains(listed(texts)));
        }
    } else if !texts.is_empty() {
        found.add(subject, What::Text, Moved::Unnumbered(listed(texts)));
    } else if !headed && from.digest != to.digest {
        found.add(subject, What::Notes, Moved::Unnumbered(to.version.to_string()));
    }
}

/// The variants that both have, and whose text is another one.
fn texts_that_changed(from: &Indicator, to: &Indicator) -> BTreeSet<String> {
    let both: BTreeSet<_> = from.variants().collect();
    let other = |(by, window): &(Option<&VariantName>, Option<&VariantName>)| {
        from.expand(*by, *window).ok() != to.expand(*by, *window).ok()
    };
    let shared = to.variants().filter(|variant| both.contains(variant));
    let names = |(by, window): (Option<&VariantName>, Option<&VariantName>)| {
        let names = [by, window].into_iter().flatten().map(VariantName::as_str);
        let names = names.collect::<Vec<_>>().join(" ");
        if names.is_empty() { "-".to_owned() } else { names }
    };
    shared.filter(other).map(names).collect()
}
