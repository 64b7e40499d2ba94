use super::*;

fn parse(section: &str) -> Result<Option<Syslog>, String> {
    let text = format!("to = \"x\"\n{section}");
    let mut problems = Problems::new("config.toml", &text);
    let file: SyslogFile = toml::from_str(section).map_err(|error| error.message().to_owned())?;
    let checked = check(file, Path::new("/somewhere"), &mut problems);
    match problems.into_vec().first() {
        Some(problem) => Err(problem.to_string()),
        None => Ok(checked),
    }
}

#[track_caller]
fn good(section: &str, shown: &str) -> Syslog {
    let syslog = parse(section).unwrap().unwrap();
    assert_eq!(syslog.to.to_string(), shown);
    syslog
}

#[track_caller]
fn bad(section: &str, expected: &str) {
    let said = parse(section).unwrap_err();
    assert!(said.contains(expected), "{said}\nexpected: {expected}");
}

#[test]
fn a_receiver_is_named_by_its_transport_and_address() {
    let tls =
        good("to = \"tls://siem.example:6514\"\nca = \"tls/siem.pem\"", "tls://siem.example:6514");
    let authority = PathBuf::from("/somewhere/tls/siem.pem");
    let address = HostPort { host: "siem.example".to_owned(), port: 6514 };
    assert_eq!(tls, Syslog { to: Destination::Tls { address, authority }, enterprise: 32_473 });
    let tcp = good("to = \"tcp://[2001:db8::1]:601\"\nenterprise = 7", "tcp://[2001:db8::1]:601");
    let address = HostPort { host: "2001:db8::1".to_owned(), port: 601 };
    assert_eq!(tcp, Syslog { to: Destination::Tcp(address), enterprise: 7 });
    good("to = \"udp://127.0.0.1:514\"", "udp://127.0.0.1:514");
    let unix = good("to = \"unix:///dev/log\"", "unix:///dev/log");
    assert_eq!(unix.to, Destination::Unix("/dev/log".into()));
    assert!(!unix.to.is_stream() && tcp.to.is_stream());
}

#[test]
fn what_is_no_receiver_is_said_with_what_would_be() {
    bad("to = \"siem.example:6514\"", "is not a syslog receiver; write `tls://HOST:PORT`");
    bad("to = \"http://siem.example:6514\"", "is not a syslog receiver");
    bad("to = \"unix://dev/log\"", "begins with `/`");
    bad("to = \"tls://siem.example:6514\"", "`tls` needs `ca`");
    bad("to = \"tcp://siem.example:601\"\nca = \"x\"", "goes with `tls://` only");
    for address in
        ["siem.example", "siem.example:", ":601", "siem example:601", "a:0", "a:70000", "::1:601"]
    {
        bad(&format!("to = \"tcp://{address}\""), "name host and port");
    }
    for address in ["[127.0.0.1]:601", "[siem.example]:601", "[::1:601", "a@b:601", "a/b:601"] {
        bad(&format!("to = \"tcp://{address}\""), "name host and port");
    }
    bad("to = \"tcp://a:1\"\nport = 1", "unknown field `port`");
    bad("to = \"tcp://a:1\"\nenterprise = -1", "invalid value");
    bad("ca = \"x\"", "missing field `to`");
}
