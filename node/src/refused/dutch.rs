//! What stands in the way of an answer, in Dutch: the same as the errors' English texts.

use policies::DecodeError;

use crate::pool::PoolError;
use crate::witness::own::Unwitnessed;

/// Bytes that are no request. No person makes them: what exactly is wrong is in English.
pub(super) fn undecoded(error: &DecodeError) -> String {
    format!("dit is geen verzoek ({}); de Engelse tekst zegt wat eraan mankeert", error.code())
}

/// No reply from a worker.
pub(super) fn no_worker(error: &PoolError) -> String {
    match error {
        PoolError::Busy => "alle workers zijn bezig; vraag het zo opnieuw".to_owned(),
        PoolError::TooManyLost { minutes } => format!(
            "de laatste vragen van deze persoon moesten te vaak worden afgebroken; vraag over {minutes} min opnieuw, en minder tegelijk"
        ),
        PoolError::Deadline { seconds } => {
            format!("de vraag liep langer dan {seconds} s en is afgebroken; vraag minder tegelijk")
        }
        PoolError::Died => {
            "de worker die de vraag uitvoerde, is gestopt; vraag het opnieuw".to_owned()
        }
        PoolError::Protocol(_) => "de worker hield zich niet aan het protocol".to_owned(),
        PoolError::Start(_) => "er kan geen worker worden gestart".to_owned(),
    }
}

/// No witness vouches for the log.
pub(super) fn unwitnessed(error: &Unwitnessed) -> String {
    match error {
        Unwitnessed::NoWitness => {
            "geen ander ziekenhuis heeft het logboek van deze node bevestigd sinds zij startte; zij antwoordt zodra zij er een bereikt en dat meetekent".to_owned()
        }
        Unwitnessed::RolledBack { witness, seen, held } => format!(
            "{witness} tekende het logboek van deze node mee bij {} regels, het logboek hier had er {held} en een andere geschiedenis: het is \
             teruggezet uit een oudere kopie, of er loopt een tweede node op; zet de laatste kopie terug en start die eenmaal, of doe, als die \
             weg is, `kring recover --accept-gap`; tot dan wordt niets beantwoord",
            seen.size
        ),
    }
}
