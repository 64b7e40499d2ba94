//! The verifier in Python, many files to one process.
//!
//! Without Python the tests say so and check the node's verifier alone; with KRING_REQUIRE_PYTHON=1, as CI sets it, they fail.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use node::proof::export::verify::Verdict;
use node::proof::fault::Fault;
use node::proof::policy::Policy;
use node::proof::story::Notes;
use node::proof::{export, receipt};
use serde_json::{Value, json};

/// Reads files from its input and prints a verdict each; signatures that it has seen are remembered.
const DRIVER: &str = r#"
import functools, importlib.util, json, struct, sys
spec = importlib.util.spec_from_file_location("verify", sys.argv[1])
verify = importlib.util.module_from_spec(spec)
spec.loader.exec_module(verify)
verify.ed25519 = functools.lru_cache(None)(verify.ed25519)
take = sys.stdin.buffer.read
while True:
    size = take(8)
    if not size:
        break
    data = take(struct.unpack(">Q", size)[0])
    text = take(struct.unpack(">Q", take(8))[0]).decode()
    try:
        policy = verify.Policy(text) if text else None
        proof = data.startswith(b'{"format":"kring-proof/')
        held = (verify.verify_proof if proof else verify.verify_export)(data, policy)
        notes = held.get("notes", {})
        verdict = notes if any(notes.values()) else None
    except verify.Fault as fault:
        verdict = [fault.code, fault.line, fault.index]
    except verify.Usage:
        verdict = ["usage"]
    print(json.dumps(verdict), flush=True)
"#;

/// A running verifier.
pub(super) struct Python {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Python {
    /// Starts it, if Python is here.
    #[expect(clippy::print_stderr, reason = "says why a test checks less")]
    pub(super) fn start() -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/audit/verify.py");
        let mut command = Command::new("python3");
        command.args(["-I", "-B", "-c", DRIVER, script]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        match command.spawn() {
            Ok(mut child) => {
                let input = child.stdin.take();
                let output = BufReader::new(child.stdout.take().unwrap());
                Some(Self { child, input, output })
            }
            Err(error) => {
                let required =
                    std::env::var_os("KRING_REQUIRE_PYTHON").is_some_and(|value| value == "1");
                assert!(!required, "python3 cannot be started: {error}");
                eprintln!("python3 is not here ({error}): its verifier is not tested");
                None
            }
        }
    }

    /// Its verdict: nothing, notes, or code, line and entry.
    pub(super) fn verdict(&mut self, file: &[u8], policy: &str) -> Value {
        let input = self.input.as_mut().unwrap();
        for part in [file, policy.as_bytes()] {
            input.write_all(&(part.len() as u64).to_be_bytes()).unwrap();
            input.write_all(part).unwrap();
        }
        input.flush().unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // The end of its input ends it.
        drop(self.input.take());
        drop(self.child.wait());
    }
}

/// The verdict of the node's own verifier, in the same form; what holds with notes has them.
pub(super) fn own_verdict(file: &[u8], policy: &str) -> Value {
    let policy = match Policy::parse(policy) {
        Ok(policy) => Some(policy),
        Err(_none) if policy.is_empty() => None,
        Err(_bad) => return json!(["usage"]),
    };
    let held = if file.starts_with(b"{\"format\":\"kring-proof/") {
        receipt::verify(file, policy.as_ref()).map(|_shown| Notes::default())
    } else {
        export::verify::verify(file, policy.as_ref()).map(|verdict| verdict.notes)
    };
    match held {
        Ok(notes) if notes.is_empty() => Value::Null,
        Ok(notes) => json!(notes),
        Err(Fault { line, index, kind }) => json!([kind.code(), line, index]),
    }
}

/// The verdict of both, which must be the same.
#[track_caller]
pub(super) fn both(python: &mut Option<Python>, file: &[u8], policy: &str) -> Value {
    let own = own_verdict(file, policy);
    if let Some(python) = python {
        let other = python.verdict(file, policy);
        let shown = String::from_utf8_lossy(&file[..file.len().min(3_000)]);
        assert_eq!(own, other, "the node and Python differ over {shown}");
    }
    own
}

/// The node's verdict over a whole export.
#[track_caller]
pub(super) fn holds(file: &[u8]) -> Verdict {
    export::verify::verify(file, None).unwrap()
}
