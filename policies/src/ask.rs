//! Who asks for what, as rules see it: the part of a question that is known before its SQL is read.
//!
//! The responder takes it from a verified request; the asking node makes one to explain a question that was never
//! sent. It proves nothing by itself.

use std::collections::{BTreeMap, BTreeSet};

use crate::capability;
use crate::charter::own::OwnSay;
use crate::charter::rules::{ENTER, Field, Outcome, Posed};
use crate::charter::{Books, Charter};
use crate::dataset::{Class, Dataset, Use};
use crate::denial::{Denial, reasons};
use crate::footprint::FootprintDraft;
use crate::wire::{Asks, IndicatorRef, Question};
use crate::{DatasetId, GroupId, HospitalCode, NetworkId, PersonId, Profile, Purpose, UnixTime};

/// Who asks for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// In which network.
    pub network: NetworkId,
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
    /// Which, where that is known.
    pub named: Option<BTreeSet<HospitalCode>>,
    /// When it was asked: who the members were then.
    pub at: UnixTime,
    /// Whether the asking node's own hospital is asked, and no other.
    pub to_itself: bool,
    /// The indicator that is asked; none for a text of the person's own.
    pub indicator: Option<IndicatorRef>,
    /// The profile that the person names, if any.
    pub profile: Option<Profile>,
}

impl From<&Question> for Ask {
    /// Of a question that its person's own key signs; [`crate::admit()`] knows whether a session key did.
    fn from(question: &Question) -> Self {
        let Question { network, person, purpose, group, dataset, .. } = question;
        let Question { asking_node, hospitals, .. } = question;
        let indicator = match &question.asks {
            Asks::Sql(_) => None,
            Asks::Indicator(named) => Some(named.clone()),
        };
        Self {
            network: network.clone(),
            person: person.clone(),
            purpose: purpose.clone(),
            group: group.clone(),
            dataset: dataset.clone(),
            asking_node: asking_node.clone(),
            direct_signature: true,
            hospitals: hospitals.len(),
            named: Some(hospitals.iter().cloned().collect()),
            at: question.issued_at,
            to_itself: hospitals.as_slice() == [asking_node.clone()],
            indicator,
            profile: question.profile,
        }
    }
}

impl Ask {
    /// What needs no SQL: person, group and dataset are known, and the rules for `enter` of every layer allow it.
    ///
    /// A layer without a permit for `enter` leaves the decision to its rules for the profile; a person whom none of any
    /// layer's scopes fits is turned away here. A `forbid` on `enter` always counts.
    pub(crate) fn enter<'c>(&self, books: Books<'c>) -> Result<&'c Dataset, Denial> {
        let alone = books.is_alone();
        let posed = self.posed_at_the_door();
        let entered = (&posed, alone);
        let dataset = self.enter_charter(books.charter, entered)?;
        books.besides.iter().try_for_each(|beside| beside.enter(self, entered))?;
        for layer in books.others() {
            self.enter_rules(&layer.charter, entered)?;
            layer.besides.iter().try_for_each(|beside| beside.enter(self, entered))?;
        }
        if let Some(own) = books.own {
            let say = own.say(books.charter, &posed);
            if let OwnSay::Denies(denied) = say {
                return Err(reasons::own(own, &denied));
            }
        }
        Ok(dataset)
    }

    /// The profiles that may answer it, best first.
    ///
    /// # Errors
    /// The named profile is not for this kind of question, or this version cannot answer under it.
    pub(crate) fn profiles(&self, charter: &Charter) -> Result<Vec<Profile>, Denial> {
        let fitting = fitting(self.indicator.is_some());
        if let Some(named) = self.profile {
            if !capability::answers(named) {
                return Err(reasons::profile_not_supported(charter, named));
            }
            if !fitting.contains(&named) {
                return Err(reasons::profile_does_not_fit(charter, named, fitting));
            }
        }
        Ok(answering(fitting, self.profile))
    }

    /// This question to the rules for `enter`.
    pub(crate) fn posed_at_the_door(&self) -> Posed {
        Posed::new(&self.person, ENTER, &self.dataset, self.context())
    }

    /// This question to the rules of a profile.
    pub(crate) fn posed(
        &self,
        profile: Profile,
        draft: &FootprintDraft,
        dataset: &Dataset,
    ) -> Posed {
        let context = self.profile_context(profile, draft, dataset);
        Posed::new(&self.person, profile.as_str(), &dataset.id, context)
    }

    /// What needs no SQL, by one version of the charter; `alone` where no other layer may permit what it does not.
    pub(crate) fn enter_charter<'c>(
        &self,
        charter: &'c Charter,
        (posed, alone): (&Posed, bool),
    ) -> Result<&'c Dataset, Denial> {
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
        self.enter_rules(charter, (posed, alone))?;
        Ok(dataset)
    }

    /// What the rules for `enter` of one layer say.
    fn enter_rules(&self, charter: &Charter, (posed, alone): (&Posed, bool)) -> Result<(), Denial> {
        let rules = charter.rules();
        match rules.evaluate(posed) {
            Outcome::Permitted(_) => Ok(()),
            Outcome::Silent if !alone && !rules.has_permit_about(ENTER, &self.dataset) => Ok(()),
            Outcome::Silent if !rules.has_permit_for(ENTER) => {
                let profiles = self.profiles(charter)?;
                let near = |profile: &&Profile| {
                    let scope = (&self.person, profile.as_str(), &self.dataset);
                    !rules.permits_in_scope(scope.0, scope.1, scope.2).is_empty()
                };
                match (profiles.iter().find(near), profiles.first()) {
                    (None, Some(first)) => Err(reasons::silent(charter, self, first.as_str(), &[])),
                    (Some(_), _) | (None, None) => Ok(()),
                }
            }
            denied @ (Outcome::Silent | Outcome::Forbidden(_) | Outcome::Failed(_)) => {
                Err(reasons::outcome(charter, self, ENTER, &denied))
            }
        }
    }

    /// The context of `enter`, which every profile's context extends.
    fn context(&self) -> BTreeMap<&'static str, Field> {
        let mut context = BTreeMap::from([
            ("scope", Field::Word(self.network.to_string())),
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
    fn profile_context(
        &self,
        profile: Profile,
        draft: &FootprintDraft,
        dataset: &Dataset,
    ) -> BTreeMap<&'static str, Field> {
        let FootprintDraft { tables, uses, functions, aggregates, fragments, names: _, shows: _ } =
            draft;
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
        match (profile, &self.indicator) {
            (Profile::Indicator, Some(named)) => context.extend(of_indicator(named)),
            (Profile::Indicator, None)
            | (
                Profile::Members | Profile::Explore | Profile::Network | Profile::Strict,
                Some(_) | None,
            ) => {}
        }
        context
    }
}

/// The profiles that may answer a question, best first; none where the one that it names does not fit it.
pub(crate) fn profiles(asks: &Asks, named: Option<Profile>) -> Vec<Profile> {
    let about_an_indicator = match asks {
        Asks::Indicator(_) => true,
        Asks::Sql(_) => false,
    };
    answering(fitting(about_an_indicator), named)
}

/// The profiles for a kind of question, best first.
fn fitting(about_an_indicator: bool) -> &'static [Profile] {
    if about_an_indicator { &[Profile::Indicator] } else { &[Profile::Members, Profile::Explore] }
}

/// Those that this version answers under, and that are named where one is.
fn answering(fitting: &[Profile], named: Option<Profile>) -> Vec<Profile> {
    let wanted = |one: &Profile| named.is_none_or(|named| named == *one);
    fitting.iter().copied().filter(|one| capability::answers(*one)).filter(wanted).collect()
}

/// What rules about indicators may speak of.
fn of_indicator(named: &IndicatorRef) -> Vec<(&'static str, Field)> {
    let IndicatorRef { id, by, window, .. } = named;
    let mut fields = vec![("indicator", Field::Word(id.to_string()))];
    for (key, variant) in [("by", by), ("window", window)] {
        fields.extend(variant.as_ref().map(|name| (key, Field::Word(name.to_string()))));
    }
    fields
}

fn count(number: usize) -> Field {
    Field::Count(u64::try_from(number).unwrap_or(u64::MAX))
}
