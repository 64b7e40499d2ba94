use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::keys::passphrase::Source;

fn phrase(text: &str) -> Passphrase {
    Passphrase::new(Zeroizing::new(text.to_owned())).unwrap()
}

fn load(path: &Path, text: &str) -> Result<Key, KeyError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passphrase");
    write_private(&file, text.as_bytes()).unwrap();
    Key::load_person(path, Source(Some(&file)))
}

#[test]
fn an_encrypted_key_file_reads_back_with_its_passphrase_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.key");
    let made = Key::create_sealed(&path, "a.jansen", &phrase("four words or more")).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----"), "{text}");
    assert!(!text.contains(&hex::encode(made.secret().as_bytes())));
    let read = load(&path, "four words or more").unwrap();
    assert_eq!((read.id.as_str(), read.public), ("a.jansen", made.public));
    assert_eq!(read.secret().to_bytes(), made.secret().to_bytes());
    let error = load(&path, "four words or less").unwrap_err();
    assert_eq!(error.code(), "wrong_passphrase");
    assert!(error.to_string().contains("a.key"), "{error}");
    // Whose it is needs no passphrase; a node never asks for one.
    assert_eq!(Key::id_of(&path).unwrap(), "a.jansen");
    assert_eq!(Key::load(&path, KeyRole::Person).unwrap_err().code(), "key_file_encrypted");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(load(&path, "four words or more").unwrap_err().code(), "key_file_open_to_others");
}

#[test]
fn a_plain_file_asks_for_no_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.key");
    let made = Key::create(&path, KeyRole::Person, "a.jansen").unwrap();
    let gone = folder.path().join("no passphrase here");
    let read = Key::load_person(&path, Source(Some(&gone))).unwrap();
    assert_eq!(read.public, made.public);
    assert_eq!(Key::id_of(&path).unwrap(), "a.jansen");
    Key::create(&folder.path().join("n.key"), KeyRole::Log, "NOORD").unwrap();
    let error = Key::load_person(&folder.path().join("n.key"), Source(Some(&gone))).unwrap_err();
    assert_eq!(error.code(), "key_file_role");
}

#[test]
fn a_damaged_file_is_refused_before_a_passphrase_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.key");
    Key::create_sealed(&path, "a.jansen", &phrase("four words or more")).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let gone = folder.path().join("no passphrase here");
    for damaged in [
        text.replace("role = \"person\"", "role = \"log\""),
        text.replace("id = ", "name = "),
        text.replace("ENCRYPTED PRIVATE KEY", "PRIVATE KEY"),
        text.replace("-----BEGIN", "----BEGIN"),
        text.replace("MI", "MJ"),
    ] {
        assert_ne!(damaged, text);
        std::fs::write(&path, damaged).unwrap();
        let error = Key::load_person(&path, Source(Some(&gone))).unwrap_err();
        assert_eq!(error.code(), "key_file_malformed", "{error}");
    }
    let other = text.replace("public = \"", "public = \"0");
    std::fs::write(&path, other).unwrap();
    assert_eq!(load(&path, "four words or more").unwrap_err().code(), "key_file_malformed");
}

#[test]
fn a_file_that_asks_for_too_much_memory_is_refused() {
    let secret = SigningKey::from_bytes(&[7; 32]);
    let file = |log_n, r, p, gcm: bool| {
        let params = scrypt::Params::new(4, 8, 1).unwrap();
        let mut params = match gcm {
            true => Parameters::scrypt_aes256gcm(params, &[1; 16], [2; 12]).unwrap(),
            false => Parameters::generate_scrypt_aes256cbc(params, &[1; 16], [2; 16]).unwrap(),
        };
        let encrypted = encrypt(&secret, params.clone(), &phrase("four words or more")).unwrap();
        let (_, document) = SecretDocument::from_pem(&encrypted).unwrap();
        let info = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes()).unwrap();
        if let pkcs8::pkcs5::pbes2::Kdf::Scrypt(scrypt) = &mut params.kdf {
            (scrypt.cost_parameter, scrypt.block_size, scrypt.parallelization) =
                (1_u64 << log_n, r, p);
        }
        let dear = EncryptedPrivateKeyInfoRef {
            encryption_algorithm: params.into(),
            encrypted_data: info.encrypted_data,
        };
        let dear = SecretDocument::try_from(&dear).unwrap();
        let text = SealedFile {
            format: FORMAT.to_owned(),
            role: KeyRole::Person,
            id: "a.jansen".to_owned(),
            public: PublicKey::of(&secret).unwrap().to_string(),
            encrypted: dear.to_pem(LABEL, LineEnding::LF).unwrap().to_string(),
        };
        toml::to_string(&text).unwrap()
    };
    let open = |text: &str| open(Path::new("a.key"), text, || Ok(phrase("four words or more")));
    assert!(open(&file(4, 8, 1, false)).is_ok());
    for text in [
        file(63, 8, 1, false),
        file(21, 8, 1, false),
        file(14, u16::MAX, 1, false),
        file(4, 8, 17, false),
        file(4, 8, 1, true),
    ] {
        let error = open(&text).unwrap_err();
        assert!(error.to_string().contains("scrypt (at most 1 GiB) and AES-256-CBC"), "{error}");
    }
}
