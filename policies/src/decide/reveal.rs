//! `@reveal`: whether what a question would show of single hospitals may be shown.
//!
//! Every responder looks at the text by its own worker's account, so no asking node is believed here. What that node then
//! tells of who answered is its own part: a responder sends its cells to it in any case.

use std::collections::BTreeSet;

use crate::HospitalCode;
use crate::ask::Ask;
use crate::charter::{Beside, Books, Charter, own};
use crate::denial::reveal::{Said, Why, refused};
use crate::denial::{Denial, rule_name};
use crate::footprint::{FootprintDraft, HospitalUse, Shows};
use crate::protections::{Protections, Reveal};
use crate::reveal::{FEWEST, fewest_together};

/// The protections of a question that shows no more than they let it; who asks the own hospital alone is told of no other.
///
/// # Errors
/// The denial, with the rule that says so.
pub(super) fn held<'b>(
    books: Books<'b>,
    ask: &Ask,
    draft: &FootprintDraft,
    (protections, rules): (Protections, &[String]),
) -> Result<Protections, Denial> {
    if super::of_own(books.charter, ask) {
        return Ok(Protections { reveal: Reveal::Named, ..protections });
    }
    let reveal = protections.reveal;
    match why(books.charter, ask, draft.shows, reveal) {
        None => Ok(protections),
        Some(why) => {
            let (said, waits) = said(books, rules, reveal);
            let denial = refused(&said, reveal, &why);
            Err(waits.map_or(denial.clone(), |beside| denial.waits(beside)))
        }
    }
}

/// Why it may not be shown.
fn why(charter: &Charter, ask: &Ask, shows: Shows, reveal: Reveal) -> Option<Why> {
    let Shows { hospital, network } = shows;
    match (reveal, hospital) {
        (Reveal::Named, _) => return None,
        (Reveal::None, HospitalUse::Unused) => {}
        (Reveal::None, HospitalUse::Grouped | HospitalUse::Compared | HospitalUse::Unknown) => {
            return Some(Why::Hospital);
        }
        (Reveal::Pseudonym, HospitalUse::Compared | HospitalUse::Unknown) => {
            return Some(Why::Compared);
        }
        (Reveal::Pseudonym, HospitalUse::Grouped) if network => return Some(Why::Both),
        (Reveal::Pseudonym, HospitalUse::Grouped | HospitalUse::Unused) => {}
    }
    let members = charter.members().filter(|member| member.valid_at(ask.at));
    let members: BTreeSet<&HospitalCode> = members.map(|member| &member.code).collect();
    let every = match &ask.named {
        Some(named) => members.iter().all(|code| named.contains(*code)),
        None => ask.hospitals >= members.len(),
    };
    if !every {
        return Some(Why::NotAll);
    }
    let networks = network.then(|| charter.networks_at(ask.at));
    let fewest = fewest_together(members.into_iter(), networks.as_ref());
    (fewest < FEWEST).then_some(Why::TooFew { network })
}

/// Who says so: the first of the granting rules, of whatever layer; else the indicator. With the older version whose rule it
/// is, where no newest one says it.
fn said<'b>(books: Books<'b>, rules: &[String], reveal: Reveal) -> (Said<'b>, Option<&'b Beside>) {
    let newest = std::iter::once(books.charter).chain(books.others().map(|layer| &*layer.charter));
    let older = books.besides.iter().chain(books.others().flat_map(|layer| &layer.besides));
    let all = newest
        .map(|charter| (charter, None))
        .chain(older.map(|beside| (&*beside.charter, Some(beside))));
    for (charter, beside) in all {
        let speaks = charter.rules().iter().find(|rule| {
            rule.opinions.reveal == Some(reveal) && rules.contains(&rule_name(charter, &rule.id))
        });
        if let Some(rule) = speaks {
            return (Said::Rule { charter, rule }, beside);
        }
    }
    let mut own = books.own.into_iter().flat_map(|own| own.rules().iter());
    let speaks = own.find(|rule| {
        rule.opinions.reveal == Some(reveal) && rules.contains(&own::rule_name(&rule.id))
    });
    match speaks {
        Some(rule) => (Said::Own { rule }, None),
        None => (Said::Indicator { charter: books.charter }, None),
    }
}
