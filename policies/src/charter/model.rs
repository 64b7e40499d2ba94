//! The charter as Cedar sees it: entities, and the request for one question.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::str::FromStr as _;
use std::sync::OnceLock;

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request,
    RestrictedExpression as Value, Schema,
};

use crate::{DatasetId, HospitalCode, PersonId};

use super::Person;
use super::parts::Parts;
use super::within::Place;

/// The rules' vocabulary, as boards read it.
pub(crate) const SCHEMA: &str = include_str!("schema.cedarschema");

/// The types of the model.
const KINDS: [&str; 7] =
    ["Person", "Action", "Dataset", "Network", "Hospital", "Role", "TumourGroup"];

/// What Cedar did not accept; with a checked charter and a checked question this does not happen, and it denies.
#[derive(Debug)]
pub(crate) struct ModelFault(pub(crate) String);

impl ModelFault {
    fn of(error: &dyn std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// A value of a request's context.
#[derive(Clone, Debug)]
pub(crate) enum Field {
    /// One word.
    Word(String),
    /// A set of words.
    Words(BTreeSet<String>),
    /// A number.
    Count(u64),
    /// Yes or no.
    Flag(bool),
    /// A hospital.
    Hospital(HospitalCode),
}

/// The compiled schema: the same for every charter, so it is compiled once.
pub(super) fn schema() -> Result<&'static Schema, ModelFault> {
    static COMPILED: OnceLock<Result<Schema, String>> = OnceLock::new();
    let compiled = COMPILED.get_or_init(|| {
        let compiled = Schema::from_cedarschema_str(SCHEMA);
        compiled.map(|(schema, _warnings)| schema).map_err(|error| error.to_string())
    });
    compiled.as_ref().map_err(|error| ModelFault(error.clone()))
}

/// The entity of this type (`Person`, ..) and id.
pub(super) fn uid(kind: &str, id: &str) -> Result<EntityUid, ModelFault> {
    Ok(EntityUid::from_type_name_and_id(type_name(kind)?, EntityId::new(id)))
}

/// The name of a type: Cedar reads each once.
fn type_name(kind: &str) -> Result<EntityTypeName, ModelFault> {
    static KNOWN: OnceLock<BTreeMap<&'static str, EntityTypeName>> = OnceLock::new();
    let read = |kind: &str| {
        EntityTypeName::from_str(&format!("Kring::{kind}")).map_err(|error| ModelFault::of(&error))
    };
    let known = KNOWN.get_or_init(|| {
        KINDS.into_iter().filter_map(|kind| Some((kind, read(kind).ok()?))).collect()
    });
    known.get(kind).cloned().map_or_else(|| read(kind), Ok)
}

/// Everybody and everything that rules may name, in the networks of a path from the root.
///
/// A hospital is in the networks that it is a member of, a dataset in all of them.
pub(super) fn entities(
    path: &[Place],
    parts: &Parts,
    schema: &Schema,
) -> Result<Entities, ModelFault> {
    let Parts { members, people, datasets, .. } = parts;
    let plain = |uid| Entity::new_no_attrs(uid, HashSet::new());
    let mut all = Vec::new();
    let mut places: BTreeMap<&HospitalCode, HashSet<EntityUid>> = BTreeMap::new();
    let mut networks = HashSet::new();
    for place in path {
        let network = uid("Network", place.network.as_str())?;
        for code in &place.members {
            places.entry(code).or_default().insert(network.clone());
        }
        all.push(plain(network.clone()));
        networks.insert(network);
    }
    for code in members.keys() {
        places.entry(code).or_default();
    }
    for (code, parents) in places {
        all.push(Entity::new_no_attrs(uid("Hospital", code.as_str())?, parents));
    }
    for role in people.values().flat_map(|person| &person.roles).collect::<BTreeSet<_>>() {
        all.push(plain(uid("Role", role.as_str())?));
    }
    for group in people.values().flat_map(|person| &person.groups).collect::<BTreeSet<_>>() {
        all.push(plain(uid("TumourGroup", group.as_str())?));
    }
    for person in people.values() {
        all.push(person_entity(person)?);
    }
    for dataset in datasets.values() {
        let status = Value::new_string(dataset.status.as_str().to_owned());
        let attributes = HashMap::from([("status".to_owned(), status)]);
        let id = uid("Dataset", dataset.id.as_str())?;
        let parents = networks.clone();
        all.push(Entity::new(id, attributes, parents).map_err(|error| ModelFault::of(&error))?);
    }
    Entities::from_entities(all, Some(schema)).map_err(|error| ModelFault::of(&error))
}

fn person_entity(person: &Person) -> Result<Entity, ModelFault> {
    let hospital = uid("Hospital", person.hospital.as_str())?;
    let mut parents = HashSet::from([hospital.clone()]);
    let mut groups = Vec::new();
    for group in &person.groups {
        let group = uid("TumourGroup", group.as_str())?;
        groups.push(Value::new_entity_uid(group.clone()));
        parents.insert(group);
    }
    for role in &person.roles {
        parents.insert(uid("Role", role.as_str())?);
    }
    let attributes = HashMap::from([
        ("hospital".to_owned(), Value::new_entity_uid(hospital)),
        ("groups".to_owned(), Value::new_set(groups)),
    ]);
    Entity::new(uid("Person", person.id.as_str())?, attributes, parents)
        .map_err(|error| ModelFault::of(&error))
}

/// A question to the rules of any number of layers; what Cedar is asked is made once, where a rule's scope fits.
#[derive(Debug)]
pub(crate) struct Posed {
    uids: Option<(EntityUid, EntityUid, EntityUid)>,
    context: BTreeMap<&'static str, Field>,
    request: OnceCell<Option<Request>>,
}

impl Posed {
    /// This person under this action about this dataset.
    pub(crate) fn new(
        person: &PersonId,
        action: &str,
        dataset: &DatasetId,
        context: BTreeMap<&'static str, Field>,
    ) -> Self {
        let uids = || {
            let person = uid("Person", person.as_str())?;
            Ok::<_, ModelFault>((person, uid("Action", action)?, uid("Dataset", dataset.as_str())?))
        };
        Self { uids: uids().ok(), context, request: OnceCell::new() }
    }

    /// Person, action and dataset.
    pub(super) fn uids(&self) -> Option<(&EntityUid, &EntityUid, &EntityUid)> {
        self.uids.as_ref().map(|(person, action, dataset)| (person, action, dataset))
    }

    /// What Cedar is asked; `None` where it does not take it.
    pub(super) fn request(&self, schema: &Schema) -> Option<&Request> {
        self.request.get_or_init(|| self.made(schema).ok()).as_ref()
    }

    fn made(&self, schema: &Schema) -> Result<Request, ModelFault> {
        let none = || ModelFault("a name is none of the model's".to_owned());
        let (person, action, dataset) = self.uids.clone().ok_or_else(none)?;
        let mut pairs = Vec::new();
        for (key, field) in &self.context {
            pairs.push(((*key).to_owned(), value(field)?));
        }
        let context = Context::from_pairs(pairs).map_err(|error| ModelFault::of(&error))?;
        let request = Request::new(person, action, dataset, context, Some(schema));
        request.map_err(|error| ModelFault::of(&error))
    }
}

fn value(field: &Field) -> Result<Value, ModelFault> {
    Ok(match field {
        Field::Word(word) => Value::new_string(word.clone()),
        Field::Words(words) => Value::new_set(words.iter().cloned().map(Value::new_string)),
        Field::Count(count) => {
            Value::new_long(i64::try_from(*count).map_err(|error| ModelFault::of(&error))?)
        }
        Field::Flag(flag) => Value::new_bool(*flag),
        Field::Hospital(code) => Value::new_entity_uid(uid("Hospital", code.as_str())?),
    })
}
