use proptest::prelude::*;

use super::*;

/// Put together here so that this source holds no secret itself.
fn key_id() -> String {
    ["AKIA", "QYLPMN5HFIQR7XYA"].concat()
}
fn secret_key() -> String {
    ["kWcrlUX5JEDGM/LtmEENI/", "aVmYvHNif5zB+d9+ct"].concat()
}
fn pem(kind: &str) -> String {
    let line = "MIIEpAIBAAKCAQEAx3v9Qd2mX8sLw0pT7uYbNfR5kJhGcVzE1aWqSiOoPlKjHgFd";
    format!("-----BEGIN {kind}PRIVATE KEY-----\n{line}\n{line}\n-----END {kind}PRIVATE KEY-----\n")
}

fn scan(text: &[u8], piece: usize) -> Vec<Secret> {
    let mut scanner = Scanner::default();
    let mut pieces = text.chunks(piece).peekable();
    while let Some(piece) = pieces.next() {
        scanner.feed(piece, pieces.peek().is_none());
    }
    scanner.finish()
}

fn kinds(text: &str) -> Vec<SecretKind> {
    scan(text.as_bytes(), usize::MAX).into_iter().map(|secret| secret.kind).collect()
}

#[test]
fn secrets_are_found() {
    use SecretKind::{AwsAccessKeyId, AwsSecretAccessKey, PrivateKey};
    let (id, secret) = (key_id(), secret_key());
    assert_eq!(secret.len(), 40);
    let table = [
        (pem("RSA "), vec![PrivateKey]),
        (pem("EC "), vec![PrivateKey]),
        (pem("OPENSSH "), vec![PrivateKey]),
        (pem("ENCRYPTED "), vec![PrivateKey]),
        (pem(""), vec![PrivateKey]),
        (pem("").replace('\n', "\\n"), vec![PrivateKey]),
        (pem("").replace('\n', "\r\n"), vec![PrivateKey]),
        (pem("PGP ").replace("KEY-", "KEY BLOCK-").replacen('\n', "\nVersion: 2\n\n", 1), vec![PrivateKey]),
        (
            pem("RSA ").replacen('\n', "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0011223344\n\n", 1),
            vec![PrivateKey],
        ),
        (format!("id={id};"), vec![AwsAccessKeyId]),
        (id.clone(), vec![AwsAccessKeyId]),
        (id.replace("AKIA", "ASIA"), vec![AwsAccessKeyId]),
        (format!("{{accessKeyId:\"{id}\",secretAccessKey:\"{secret}\"}}"), vec![AwsAccessKeyId, AwsSecretAccessKey]),
        (format!("aws_secret_access_key = {secret}\n"), vec![AwsSecretAccessKey]),
        (format!("REACT_APP_AWS_SECRET_ACCESS_KEY: '{secret}'"), vec![AwsSecretAccessKey]),
        (format!("{{\"SecretAccessKey\": \"{secret}\"}}"), vec![AwsSecretAccessKey]),
    ];
    for (text, expected) in table {
        assert_eq!(kinds(&text), expected, "{text}");
    }
}

#[test]
fn what_only_looks_like_a_secret_is_left_alone() {
    let (id, secret) = (key_id(), secret_key());
    let table = [
        "AKIAIOSFODNN7EXAMPLE".to_owned(),
        "secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'".to_owned(),
        "AKIAXXXXXXXXXXXXXXXX".to_owned(),
        format!("x{id}"),
        format!("{id}Q"),
        format!("{id}q"),
        secret.clone(),
        format!("secretAccessKey:\"{secret}x\""),
        "secretAccessKey:this.credentials.secretAccessKey,sessionToken:t".to_owned(),
        "-----BEGIN PUBLIC KEY-----\nMIIEpAIBAAKCAQEAx3v9Qd2mX8sLw0pT7uYbNfR5kJhGcVzE1aWqSiOoPlKjHgFd".to_owned(),
        "e=\"-----BEGIN PRIVATE KEY-----\\n\"+t.match(/.{1,64}/g).join(\"\\n\")+\"\\n-----END PRIVATE KEY-----\""
            .to_owned(),
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA...\n-----END RSA PRIVATE KEY-----".to_owned(),
        format!("\0{id}"),
    ];
    for text in table {
        assert_eq!(kinds(&text), [], "{text}");
    }
}

#[test]
fn what_turns_out_to_be_no_text_has_no_secrets() {
    let text = format!("{}{}\0", key_id(), " ".repeat(3000));
    assert_eq!(scan(text.as_bytes(), 1200), scan(text.as_bytes(), usize::MAX));
}

#[test]
fn lines_are_counted_and_secrets_are_not_shown() {
    let text = format!("\n\n{}\n{}\nsecret_access_key={}", pem("EC "), key_id(), secret_key());
    let found = scan(text.as_bytes(), 100);
    assert_eq!(found.iter().map(|secret| secret.line).collect::<Vec<_>>(), [3, 8, 9]);
    let file = ObjectKey::new("config.js").unwrap();
    let error = refuse([(&file, found.as_slice())], &Patterns::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    let text = error.to_string();
    assert!(text.contains("3 secrets: a private key in config.js line 3, an AWS access key id (AKIA…)"), "{text}");
    assert!(!text.contains(&key_id()[..5]) && !text.contains(&secret_key()[..5]), "{text}");
    assert!(refuse([(&file, found.as_slice())], &Patterns::new(&["*.js"]).unwrap()).is_ok());
    assert!(refuse([(&file, [].as_slice())], &Patterns::default()).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn pieces_make_no_difference(
        before in "[a-zA-Z0-9 \n]{0,3000}",
        between in "[a-z \n]{0,2000}",
        piece in 1_usize..2500,
    ) {
        let text = format!("{before}\n{}\n{between}\n{} {}", pem("RSA "), key_id(), "x\n".repeat(700));
        let whole = scan(text.as_bytes(), usize::MAX);
        prop_assert_eq!(whole.len(), 2);
        let lines = before.matches('\n').count() as u64 + 2;
        prop_assert_eq!(whole[0].line, lines);
        prop_assert_eq!(whole[1].line, lines + 6 + between.matches('\n').count() as u64);
        prop_assert_eq!(scan(text.as_bytes(), piece), whole);
    }

    #[test]
    fn anything_can_be_scanned(text in prop::collection::vec(any::<u8>(), 0..4000), piece in 1_usize..3000) {
        scan(&text, piece);
    }
}
