//! What is told of a question that would show more of single hospitals than a rule lets it.

use crate::charter::rules::Rule;
use crate::charter::{Charter, own};
use crate::protections::Reveal;
use crate::reveal::FEWEST;

use super::{Denial, rule_name};

/// Why it is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The text uses the column `hospital`.
    Hospital,
    /// The text does more with `hospital` than to group by it.
    Compared,
    /// The text groups by hospital, and looks at networks.
    Both,
    /// Not every hospital of the network is asked.
    NotAll,
    /// There are too few hospitals, in a network or at all.
    TooFew {
        /// Whether networks tell them apart.
        network: bool,
    },
}

/// Who says what may be revealed.
#[derive(Debug)]
pub(crate) enum Said<'b> {
    /// A rule of a charter.
    Rule {
        /// The charter.
        charter: &'b Charter,
        /// The rule.
        rule: &'b Rule,
    },
    /// A rule of the hospital's own.
    Own {
        /// The rule.
        rule: &'b Rule,
    },
    /// The head of the indicator.
    Indicator {
        /// The charter that it stands in.
        charter: &'b Charter,
    },
}

impl Said<'_> {
    /// The rule's name outside its file.
    fn name(&self) -> Option<String> {
        match self {
            Self::Rule { charter, rule } => Some(rule_name(charter, &rule.id)),
            Self::Own { rule } => Some(own::rule_name(&rule.id)),
            Self::Indicator { .. } => None,
        }
    }

    /// The sentence's subject and verb.
    fn by(&self, (rule, says, indicator): (&str, &str, &str), reveal: Reveal) -> String {
        let word = reveal.as_str();
        match self.name() {
            Some(name) => format!("{rule} `{name}` {says} `@reveal(\"{word}\")`"),
            None => format!("{indicator} `reveal: {word}`"),
        }
    }
}

/// The denial.
pub(crate) fn refused(said: &Said<'_>, reveal: Reveal, why: &Why) -> Denial {
    let by = said.by(("rule", "says", "the indicator says"), reveal);
    let english = format!("{by}: {}", english(*why));
    let by = said.by(("regel", "zegt", "de indicator zegt"), reveal);
    let dutch = format!("{by}: {}", dutch(*why));
    let code = match why {
        Why::Hospital | Why::Compared | Why::Both => "hospitals_not_revealed",
        Why::NotAll => "reveal_needs_all",
        Why::TooFew { .. } => "reveal_too_few",
    };
    match said {
        Said::Rule { charter, rule } => {
            Denial::new(charter, code, english, dutch).by(charter, &rule.id)
        }
        Said::Indicator { charter } => Denial::new(charter, code, english, dutch),
        Said::Own { .. } => {
            Denial { code, rule: said.name(), layer: None, message: english, message_nl: dutch }
        }
    }
}

fn english(why: Why) -> String {
    match why {
        Why::Hospital => "no figure may be of a single hospital, and the text uses the column `hospital`; ask the same without it, as a total or by `network`".to_owned(),
        Why::Compared => "hospitals are shown under letters, and the text looks at the column `hospital`; name it in GROUP BY and in what is shown, and nowhere below".to_owned(),
        Why::Both => "hospitals are shown under letters, and `network` beside them would say whose they are; ask one question by `hospital` and another one by `network`".to_owned(),
        Why::NotAll => "figures that name no hospital are of every hospital of the network, so that no two of them differ by one; ask all of them (leave `--to` out)".to_owned(),
        Why::TooFew { network: true } => format!("figures that name no hospital are of {FEWEST} hospitals or more, and by `network` fewer could be told apart (a network of so few, or what networks that overlap leave of each other); ask the same without `network`"),
        Why::TooFew { network: false } => format!("figures that name no hospital are of {FEWEST} hospitals or more, and this network has fewer; ask in a wider one (`--scope`), or your own hospital alone (`--to`)"),
    }
}

fn dutch(why: Why) -> String {
    match why {
        Why::Hospital => "geen cijfer mag van één ziekenhuis zijn, en de tekst gebruikt de kolom `hospital`; vraag hetzelfde zonder die kolom, als totaal of per `network`".to_owned(),
        Why::Compared => "ziekenhuizen staan er onder letters, en de tekst kijkt naar de kolom `hospital`; noem die in GROUP BY en in wat getoond wordt, en nergens daaronder".to_owned(),
        Why::Both => "ziekenhuizen staan er onder letters, en `network` ernaast zou zeggen wie wie is; stel één vraag per `hospital` en een andere per `network`".to_owned(),
        Why::NotAll => "cijfers die geen ziekenhuis noemen zijn van elk ziekenhuis van het netwerk, zodat er geen twee één ziekenhuis schelen; vraag ze allemaal (laat `--to` weg)".to_owned(),
        Why::TooFew { network: true } => format!("cijfers die geen ziekenhuis noemen zijn van {FEWEST} ziekenhuizen of meer, en per `network` zijn er minder te onderscheiden (een netwerk van zo weinig, of wat netwerken die overlappen van elkaar overlaten); vraag hetzelfde zonder `network`"),
        Why::TooFew { network: false } => format!("cijfers die geen ziekenhuis noemen zijn van {FEWEST} ziekenhuizen of meer, en dit netwerk heeft er minder; vraag in een groter netwerk (`--scope`), of alleen uw eigen ziekenhuis (`--to`)"),
    }
}
