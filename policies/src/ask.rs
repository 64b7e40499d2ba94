//! Who asks for what, as rules see it: the part of a question that is known before its SQL is read.
//!
//! The responder takes it from a verified request; the asking node makes one to explain a question that was never
//! sent. It proves nothing by itself.

use std::collections::{BTreeMap, BTreeSet};

use crate::charter::Charter;
use crate::charter::rules::{ENTER, Field, Outcome};
use crate::dataset::{Class, Dataset, Use};
use crate::denial::{Denial, reasons};
use crate::footprint::FootprintDraft;
use crate::wire::Question;
use crate::{DatasetId, GroupId, HospitalCode, PersonId, Profile, Purpose};

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
        let Question { person, purpose, group, dataset, asking_node, hospitals, .. } = question;
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
            return Err(reasons::unknown_person(charter, &self.person));
        };
        let Some(dataset) = charter.dataset(&self.dataset) else {
            return Err(reasons::unknown_dataset(charter, &self.dataset));
        };
        if let Some(group) = &self.group
            && !person.groups.contains(group)
        {
            return Err(reasons::not_your_group(charter, person, group));
        }
        let rules = charter.rules();
        match rules.evaluate(&self.person, ENTER, &self.dataset, self.context()) {
            Outcome::Permitted(_) => Ok(dataset),
            Outcome::Silent if !rules.has_permit_for(ENTER) => {
                let profile = Profile::Members.as_str();
                let near = rules.permits_in_scope(&self.person, profile, &self.dataset);
                if near.is_empty() {
                    return Err(reasons::silent(charter, self, profile, &[]));
                }
                Ok(dataset)
            }
            denied @ (Outcome::Silent | Outcome::Forbidden(_) | Outcome::Failed(_)) => {
                Err(reasons::outcome(charter, self, ENTER, &denied))
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
        let FootprintDraft { tables, uses, functions, aggregates, fragments } = draft;
        let mut tables = tables.clone();
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
            // A column's table is touched, whether or not the draft says so.
            tables.insert(used.table.clone());
        }
        let group_keys = fragments.iter().map(|fragment| fragment.group_keys.len()).max();
        let cells = fragments.iter().fold(0_u64, |sum, one| sum.saturating_add(one.cells));
        let mut context = self.context();
        context.extend([
            ("hospitals", count(self.hospitals)),
            ("tables", Field::Words(tables)),
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
}

fn count(number: usize) -> Field {
    Field::Count(u64::try_from(number).unwrap_or(u64::MAX))
}
