//! The sentences of a change, in English and in Dutch.

use super::{Change, Moved, Part, Subject, What};

impl Part {
    /// The heading in English.
    #[must_use]
    pub fn english(self) -> &'static str {
        match self {
            Self::Charter => "Charter",
            Self::Signers => "Signers and freshness keys",
            Self::Networks => "Sub-networks",
            Self::Members => "Hospitals",
            Self::People => "People",
            Self::Datasets => "Data dictionary",
            Self::Indicators => "Indicators",
            Self::Rules => "Rules",
            Self::Cases => "The board's own cases",
        }
    }

    /// The heading in Dutch.
    #[must_use]
    pub fn dutch(self) -> &'static str {
        match self {
            Self::Charter => "Charter",
            Self::Signers => "Ondertekenaars en versheidssleutels",
            Self::Networks => "Subnetwerken",
            Self::Members => "Ziekenhuizen",
            Self::People => "Mensen",
            Self::Datasets => "Gegevenswoordenboek",
            Self::Indicators => "Indicatoren",
            Self::Rules => "Regels",
            Self::Cases => "Eigen voorbeelden van het bestuur",
        }
    }
}

impl Subject {
    /// Its name, as in the files.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Charter => String::new(),
            Self::Signer(name) | Self::Rule(name) | Self::Case(name) => name.clone(),
            Self::Network(id) | Self::Child(id) => id.to_string(),
            Self::Member(code) | Self::Freshness(code) => code.to_string(),
            Self::Person(id) => id.to_string(),
            Self::Dataset(id) => id.to_string(),
            Self::Table(dataset, table) => format!("{dataset}: {table}"),
            Self::Column(dataset, table, column) => format!("{dataset}: {table}.{column}"),
            Self::Indicator(id) => id.to_string(),
        }
    }

    fn nouns(&self) -> (&'static str, &'static str) {
        match self {
            Self::Charter => ("the charter", "het charter"),
            Self::Signer(_) => ("signer", "ondertekenaar"),
            Self::Freshness(_) => ("freshness key of", "versheidssleutel van"),
            Self::Network(_) => ("sub-network", "subnetwerk"),
            Self::Child(_) => ("network below", "onderliggend netwerk"),
            Self::Member(_) => ("hospital", "ziekenhuis"),
            Self::Person(_) => ("person", "persoon"),
            Self::Dataset(_) => ("dataset", "dataset"),
            Self::Table(_, _) => ("table", "tabel"),
            Self::Column(_, _, _) => ("column", "kolom"),
            Self::Indicator(_) => ("indicator", "indicator"),
            Self::Rule(_) => ("rule", "regel"),
            Self::Case(_) => ("case", "voorbeeld"),
        }
    }
}

impl What {
    /// In English and in Dutch.
    fn nouns(&self) -> (String, String) {
        let (english, dutch) = self.plain();
        match self.name() {
            Some(name) => (english.replace("{}", &name), dutch.replace("{}", &name)),
            None => (english.to_owned(), dutch.to_owned()),
        }
    }

    /// Which of several it is, where there are several.
    fn name(&self) -> Option<String> {
        if let Self::Membership(id) = self {
            return Some(id.to_string());
        }
        if let Self::Key(name)
        | Self::Title(name)
        | Self::Explanation(name)
        | Self::Protection(name)
        | Self::NotGiven(name)
        | Self::CodeGroup(name) = self
        {
            return Some(name.clone());
        }
        None
    }

    /// A value as it stands in a sentence: in quotes where it is a text itself.
    fn quoted(&self, value: &str) -> String {
        let prose = matches!(
            self,
            Self::Title(_) | Self::Explanation(_) | Self::Name | Self::Norm | Self::Source
        );
        let code = matches!(self, Self::Scope | Self::Conditions);
        match (prose, code) {
            (true, _) => format!("\"{value}\""),
            (false, true) => format!("`{value}`"),
            (false, false) => value.to_owned(),
        }
    }

    fn plain(&self) -> (&'static str, &'static str) {
        match self {
            Self::Network => ("network", "netwerk"),
            Self::Version => ("version", "versie"),
            Self::Previous => ("version before", "vorige versie"),
            Self::Notice => ("days of notice", "dagen aankondiging"),
            Self::ValidFrom => ("first moment", "begin"),
            Self::ValidUntil => ("last moment", "einde"),
            Self::Parent => ("network above", "bovenliggend netwerk"),
            Self::Threshold => ("signatures needed", "benodigde handtekeningen"),
            Self::Name => ("name", "naam"),
            Self::Kind => ("kind", "soort"),
            Self::Address => ("address", "adres"),
            Self::Hospital => ("hospital", "ziekenhuis"),
            Self::Group => ("tumour group", "tumorgroep"),
            Self::Role => ("role", "rol"),
            Self::Status => ("status", "status"),
            Self::Patient => ("table of patients", "patiententabel"),
            Self::Attribution => ("attribution", "toerekening"),
            Self::TableKey => ("key column", "sleutelkolom"),
            Self::ForeignKey => ("foreign key", "verwijzing"),
            Self::Type => ("type", "type"),
            Self::Class => ("class", "klasse"),
            Self::Nullable => ("may be empty", "mag leeg zijn"),
            Self::Sensitive => ("sensitive", "gevoelig"),
            Self::Bounds => ("bounds", "grenzen"),
            Self::Code => ("code", "code"),
            Self::Step => ("step", "stap"),
            Self::Edges => ("edges of quantiles", "grenzen van kwantielen"),
            Self::Unit => ("unit", "eenheid"),
            Self::Dataset => ("dataset", "dataset"),
            Self::Norm => ("norm", "norm"),
            Self::Source => ("source", "bron"),
            Self::By => ("variant `by`", "variant `by`"),
            Self::Window => ("window", "periode"),
            Self::Band => ("rate of its band", "midden van de band"),
            Self::Year => ("year", "jaar"),
            Self::Text => ("text", "tekst"),
            Self::Notes => ("notes or layout", "notities of opmaak"),
            Self::Effect => ("effect", "werking"),
            Self::Scope => ("whom and what it is about", "over wie en wat het gaat"),
            Self::Conditions => ("condition", "voorwaarde"),
            Self::Key(job) if job.is_empty() => ("key", "sleutel"),
            Self::Key(_) => ("{} key", "sleutel `{}`"),
            Self::Title(_) => ("title ({})", "titel ({})"),
            Self::Explanation(_) => ("explanation ({})", "uitleg ({})"),
            Self::Protection(_) => ("@{}", "@{}"),
            Self::NotGiven(_) => ("care not given in {}", "zorg die niet wordt gegeven in {}"),
            Self::CodeGroup(_) => ("code group `{}`", "codegroep `{}`"),
            Self::Membership(_) => ("time in sub-network `{}`", "tijd in subnetwerk `{}`"),
            Self::Whole => ("content", "inhoud"),
        }
    }
}

impl Change {
    /// The change as a sentence in English, without a full stop.
    #[must_use]
    pub fn english(&self) -> String {
        self.sentence(&ENGLISH, self.subject.nouns().0, &self.what.nouns().0)
    }

    /// The same in Dutch.
    #[must_use]
    pub fn dutch(&self) -> String {
        self.sentence(&DUTCH, self.subject.nouns().1, &self.what.nouns().1)
    }

    fn sentence(&self, words: &Words, noun: &str, what: &str) -> String {
        let name = self.subject.name();
        let who = if name.is_empty() { noun.to_owned() } else { format!("{noun} `{name}`") };
        let short = |text: &str| if text.is_empty() { String::new() } else { format!(" ({text})") };
        if let What::Membership(id) = &self.what {
            match &self.moved {
                Moved::Added(_) => return format!("{who} {} `{id}`", words.enters),
                Moved::Removed(_) => return format!("{who} {} `{id}`", words.quits),
                Moved::Changed { .. }
                | Moved::Gains(_)
                | Moved::Loses(_)
                | Moved::Unnumbered(_) => {}
            }
        }
        let member = matches!(self.subject, Subject::Member(_));
        match &self.moved {
            Moved::Added(text) if member => format!("{who}{} {}", short(text), words.joins),
            Moved::Removed(text) if member => format!("{who}{} {}", short(text), words.leaves),
            Moved::Added(text) => format!("{who} {}{}", words.added, short(text)),
            Moved::Removed(text) => format!("{who} {}{}", words.removed, short(text)),
            Moved::Changed { from: Some(from), to: Some(to) } => {
                let (from, to) = (self.what.quoted(from), self.what.quoted(to));
                format!("{who}: {what} {} {from} {} {to}", words.from, words.to)
            }
            Moved::Changed { from: None, to: Some(to) } => {
                format!("{who}: {what} {} ({})", self.what.quoted(to), words.unsaid)
            }
            Moved::Changed { from: Some(from), to: None } => {
                let from = self.what.quoted(from);
                format!("{who}: {what} {} ({} {from})", words.silent, words.was)
            }
            Moved::Changed { from: None, to: None } => format!("{who}: {what} {}", words.changes),
            Moved::Gains(item) if self.what == What::Text => {
                format!("{who}: {} ({item})", words.text)
            }
            Moved::Gains(item) => format!("{who} {} {what} {item}", words.gains),
            Moved::Loses(item) => format!("{who} {} {what} {item}", words.loses),
            Moved::Unnumbered(item) if self.what == What::Notes => {
                format!("{who}: {} ({} {item})", words.notes, words.version)
            }
            Moved::Unnumbered(item) if self.what == What::Text => {
                format!("{who}: {} ({item}), {}", words.text, words.unnumbered)
            }
            Moved::Unnumbered(item) => {
                format!("{who}: {} ({} {item})", words.unnumbered, words.version)
            }
        }
    }
}

/// The verbs of a language.
struct Words {
    added: &'static str,
    removed: &'static str,
    joins: &'static str,
    leaves: &'static str,
    enters: &'static str,
    quits: &'static str,
    from: &'static str,
    to: &'static str,
    was: &'static str,
    unsaid: &'static str,
    silent: &'static str,
    changes: &'static str,
    gains: &'static str,
    loses: &'static str,
    text: &'static str,
    notes: &'static str,
    unnumbered: &'static str,
    version: &'static str,
}

const ENGLISH: Words = Words {
    added: "is added",
    removed: "is removed",
    joins: "joins the network",
    leaves: "leaves the network",
    enters: "enters sub-network",
    quits: "leaves sub-network",
    from: "from",
    to: "to",
    was: "it was",
    unsaid: "not said before",
    silent: "no longer said",
    changes: "changes",
    gains: "gains",
    loses: "loses",
    text: "the text that is asked changes",
    notes: "only notes or layout of its file change",
    unnumbered: "the version stays the same: give it a higher one",
    version: "version",
};

const DUTCH: Words = Words {
    added: "komt erbij",
    removed: "vervalt",
    joins: "wordt lid van het netwerk",
    leaves: "verlaat het netwerk",
    enters: "komt in subnetwerk",
    quits: "gaat uit subnetwerk",
    from: "van",
    to: "naar",
    was: "was",
    unsaid: "was niet gezegd",
    silent: "niet meer gezegd",
    changes: "verandert",
    gains: "krijgt",
    loses: "verliest",
    text: "de tekst die gevraagd wordt verandert",
    notes: "alleen notities of opmaak van het bestand veranderen",
    unnumbered: "de versie blijft gelijk: geef een hogere",
    version: "versie",
};
