use super::*;
use crate::config::Config;

#[test]
fn the_section_for_syslog_is_read_when_it_is_no_comment_any_more() {
    let root = format!("root = \"{}\"", "11".repeat(32));
    let text = CONFIG.replace("{hospital}", "NOORD").replace("root = \"\"", &root);
    let parsed = Config::parse(Path::new("/somewhere/config.toml"), &text).unwrap();
    assert_eq!(parsed.syslog, None);
    let (before, section) = text.split_once("# [log.syslog]").unwrap();
    let (section, after) = section.split_once("\n\n").unwrap();
    let text = format!("{before}[log.syslog]{}\n\n{after}", section.replace("\n# ", "\n"));
    let parsed = Config::parse(Path::new("/somewhere/config.toml"), &text).unwrap();
    let syslog = parsed.syslog.unwrap();
    assert_eq!(syslog.to.to_string(), "tls://siem.hospital.example:6514");
    assert_eq!(syslog.enterprise, 32_473);
}
