//! Who asks for what, as rules see it: the part of a question that is known before its SQL is read.
//!
//! The responder takes it from a verified request; the asking node makes one to explain a question that was never
//! sent. It proves nothing by itself.

use std::collections::{BTreeMap, BTreeSet};

use crate::charter::Charter;
use crate::charter::rules::{ENTER, Field, Outcome};
use crate::dataset::{Class, Dataset, Use};
use crate::denial::{Denial, explained};
use crate::footprint::FootprintDraft;
use crate::wire::Question;
use crate::{DatasetId, GroupId, HospitalCode, PersonId, Purpose};

/// Who asks for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Who.
    pub person: PersonId,
    /// What for.
    pub purpose: Purpose,
    /// For which tumour group.
    pub group: Option<GroupId>,
    /// Which dataset.
    pub dataset: DatasetId,
    /// From which node.
    pub asking_node: HospitalCode,
    /// Whether the person's own key signs.
    pub direct_signature: bool,
    /// How many hospitals are asked.
    pub hospitals: usize,
}

impl From<&Question> for Ask {
    /// A question's signature is the person's own: delegations are not part of this version.
    fn from(question: &Question) -> Self {
        let Question {
            person,
            purpose,
            group,
            dataset,
            asking_node,
            hospitals,
            ..
        } = question;
        Self {
            person: person.clone(),
            purpose: purpose.clone(),
            group: group.clone(),
            dataset: dataset.clone(),
            asking_node: asking_node.clone(),
            direct_signature: true,
            hospitals: hospitals.len(),
        }
    }
}

impl Ask {
    /// What needs no SQL: person, group and dataset are known, and the rules for `enter` allow it.
    ///
    /// Where no rule permits `enter`, the rules for the profile decide alone; a person whom none of their scopes
    /// fits is turned away here. A `forbid` on `enter` always counts.
    pub(crate) fn enter<'c>(&self, charter: &'c Charter) -> Result<&'c Dataset, Denial> {
        let Some(person) = charter.person(&self.person) else {
            let id = &self.person;
            let english = format!(
                "`{id}` is not in people.toml of network `{}`",
                charter.network()
            );
            let dutch = format!(
                "`{id}` staat niet in people.toml van netwerk `{}`",
                charter.network()
            );
            return Err(Denial::new(charter, "unknown_person", english, dutch));
        };
        let Some(dataset) = charter.dataset(&self.dataset) else {
            let known = list(charter.datasets().map(|dataset| dataset.id.as_str()));
            let id = &self.dataset;
            let english = format!("there is no dataset `{id}`; there is {known}");
            let dutch = format!("er is geen dataset `{id}`; er is {known}");
            return Err(Denial::new(charter, "unknown_dataset", english, dutch));
        };
        if let Some(group) = self
            .group
            .as_ref()
            .filter(|group| !person.groups.contains(*group))
        {
            let own = list(person.groups.iter().map(GroupId::as_str));
            let english = format!("you ask for tumour group `{group}`, you belong to {own}");
            let dutch = format!("u vraagt voor tumorgroep `{group}`, u hoort bij {own}");
            return Err(Denial::new(charter, "not_your_group", english, dutch));
        }
        let rules = charter.rules();
        match rules.evaluate(&self.person, ENTER, &self.dataset, self.context()) {
            Outcome::Permitted(_) => Ok(dataset),
            Outcome::Silent if rules.has_permit_for(ENTER) => Err(self.silent(charter, ENTER)),
            Outcome::Silent => {
                let profile = crate::Profile::Members.as_str();
                if rules
                    .permits_in_scope(&self.person, profile, &self.dataset)
                    .is_empty()
                {
                    return Err(self.silent(charter, profile));
                }
                Ok(dataset)
            }
            denied @ (Outcome::Forbidden(_) | Outcome::Failed(_)) => {
                Err(self.denied(charter, ENTER, &denied))
            }
        }
    }

    /// The context of `enter`, which every profile's context extends.
    pub(crate) fn context(&self) -> BTreeMap<&'static str, Field> {
        let mut context = BTreeMap::from([
            ("purpose", Field::Word(self.purpose.to_string())),
            ("asking_node", Field::Hospital(self.asking_node.clone())),
            ("direct_signature", Field::Flag(self.direct_signature)),
        ]);
        if let Some(group) = &self.group {
            context.insert("group", Field::Word(group.to_string()));
        }
        context
    }

    /// The context of a profile.
    pub(crate) fn profile_context(
        &self,
        draft: &FootprintDraft,
        dataset: &Dataset,
    ) -> BTreeMap<&'static str, Field> {
        let FootprintDraft {
            tables,
            uses,
            functions,
            aggregates,
            fragments,
        } = draft;
        let mut columns = BTreeSet::new();
        let mut named_uses = BTreeSet::new();
        let mut classes = BTreeSet::new();
        let mut class_uses = BTreeSet::new();
        let mut quasi_groups = BTreeSet::new();
        for used in uses {
            let column = format!("{}.{}", used.table, used.column);
            let usage = used.usage.as_str();
            named_uses.insert(format!("{column}:{usage}"));
            if let Some(known) = dataset.column(&used.table, &used.column) {
                let class = known.class.as_str();
                classes.insert(class.to_owned());
                class_uses.insert(format!("{class}:{usage}"));
                if known.class == Class::Quasi && used.usage == Use::Group {
                    quasi_groups.insert(column.clone());
                }
            }
            columns.insert(column);
        }
        let group_keys = fragments
            .iter()
            .map(|fragment| fragment.group_keys.len())
            .max();
        let cells = fragments
            .iter()
            .fold(0_u64, |sum, one| sum.saturating_add(one.cells));
        let mut context = self.context();
        context.extend([
            ("hospitals", count(self.hospitals)),
            ("tables", Field::Words(tables.clone())),
            ("columns", Field::Words(columns)),
            ("uses", Field::Words(named_uses)),
            ("classes", Field::Words(classes)),
            ("class_uses", Field::Words(class_uses)),
            ("functions", Field::Words(functions.clone())),
            ("aggregates", Field::Words(aggregates.clone())),
            ("group_keys", count(group_keys.unwrap_or(0))),
            ("quasi_groups", count(quasi_groups.len())),
            ("fragments", count(fragments.len())),
            ("cells", Field::Count(cells)),
        ]);
        context
    }

    /// The denial for an outcome that is no permit.
    pub(crate) fn denied(&self, charter: &Charter, action: &str, outcome: &Outcome) -> Denial {
        match outcome {
            Outcome::Permitted(_) | Outcome::Silent => self.silent(charter, action),
            Outcome::Forbidden(rules) => forbidden(charter, rules),
            Outcome::Failed(rule) => {
                let english =
                    "a rule could not be evaluated, so the answer is no: tell the board".to_owned();
                let dutch = "een regel kon niet worden bepaald, dus het antwoord is nee: meld het aan het bestuur".to_owned();
                let denial = Denial::new(charter, "rule_failed", english, dutch);
                match rule {
                    Some(rule) => denial.by(charter, rule),
                    None => denial,
                }
            }
        }
    }

    fn silent(&self, charter: &Charter, action: &str) -> Denial {
        let Self {
            person,
            purpose,
            dataset,
            ..
        } = self;
        let for_group = |word: &str| match &self.group {
            Some(group) => format!("{word} `{group}`"),
            None => String::new(),
        };
        let near = charter.rules().permits_in_scope(person, action, dataset);
        let names = |language: &str| {
            let named: Vec<String> = near
                .iter()
                .map(|rule| explained(charter, rule, language))
                .collect();
            named.join(", ")
        };
        let (english, dutch) = if near.is_empty() {
            let english = format!("no rule permits `{person}` to ask dataset `{dataset}` at all");
            let dutch = format!("geen regel staat `{person}` toe dataset `{dataset}` te bevragen");
            (english, dutch)
        } else {
            let english = format!(
                "no rule permits `{person}` to ask this of dataset `{dataset}` for purpose `{purpose}`{}; a rule that could under its conditions: {}",
                for_group(" and tumour group"),
                names("en")
            );
            let dutch = format!(
                "geen regel staat `{person}` toe dit aan dataset `{dataset}` te vragen voor doel `{purpose}`{}; een regel die het onder voorwaarden kan: {}",
                for_group(" en tumorgroep"),
                names("nl")
            );
            (english, dutch)
        };
        Denial::new(charter, "no_rule_permits", english, dutch)
    }
}

fn forbidden(charter: &Charter, rules: &BTreeSet<String>) -> Denial {
    let found: Vec<_> = rules
        .iter()
        .filter_map(|id| charter.rules().get(id))
        .collect();
    let text = |language: &str| {
        let texts: Vec<String> = found
            .iter()
            .map(|rule| explained(charter, rule, language))
            .collect();
        texts.join(", ")
    };
    let english = format!("forbidden by rule {}", text("en"));
    let dutch = format!("verboden door regel {}", text("nl"));
    let denial = Denial::new(charter, "forbidden", english, dutch);
    match rules.first() {
        Some(rule) => denial.by(charter, rule),
        None => denial,
    }
}

fn count(number: usize) -> Field {
    Field::Count(u64::try_from(number).unwrap_or(u64::MAX))
}

fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let named: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if named.is_empty() {
        "-".to_owned()
    } else {
        named.join(", ")
    }
}
