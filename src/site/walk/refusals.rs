//! What stops a publish before it starts, gathered so that all of a kind is told at once.

use std::{collections::BTreeMap, io, path::Path};

use crate::{Error, ErrorKind};

/// How many files an error names before it counts the rest.
const NAMED: usize = 10;

/// Why a file or folder cannot be published. The first kind is told first: a repository explains most others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Refusal {
    Vcs,
    Environment,
    PrivateKey,
    LinkOut,
    LinkLoop,
    LinkBroken,
    SpecialFile,
    NotUtf8,
    ControlCharacter,
    TooLong,
    Twins,
}

/// The troubles of one walk.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    refused: BTreeMap<Refusal, Vec<String>>,
    unreadable: Vec<(String, io::ErrorKind, String)>,
}

impl Refusals {
    pub(super) fn add(&mut self, refusal: Refusal, subject: String) {
        self.refused.entry(refusal).or_default().push(subject);
    }

    pub(super) fn add_io(&mut self, name: &str, error: &io::Error) {
        self.unreadable.push((name.to_owned(), error.kind(), error.to_string()));
    }

    /// The first kind of trouble, with all that it befell.
    pub(super) fn into_error(self, folder: &Path) -> Option<Error> {
        if let Some((refusal, subjects)) = self.refused.into_iter().next() {
            return Some(refusal.error(folder, &subjects));
        }
        let (_, kind, cause) = self.unreadable.first()?;
        let alike = self.unreadable.iter().filter(|(_, other, _)| other == kind);
        let names: Vec<String> = alike.map(|(name, ..)| name.clone()).collect();
        Some(unreadable(&names, *kind).because(cause))
    }
}

/// The error for files the operating system would not give us.
pub(super) fn unreadable(names: &[String], kind: io::ErrorKind) -> Error {
    let list = enumerate(names);
    match kind {
        io::ErrorKind::NotFound => Error::new(
            ErrorKind::Io,
            format!("{list} vanished while the build was read"),
            "let the build finish before publishing, then publish again",
        ),
        io::ErrorKind::PermissionDenied => Error::new(
            ErrorKind::Io,
            format!("no permission to read {list}"),
            "give yourself read permission (chmod -R u+rX on the build folder), or build again as the user who publishes",
        ),
        _ => Error::new(
            ErrorKind::Io,
            format!("cannot read {list}"),
            "check the disk and the file, build again if it is damaged, then publish again",
        ),
    }
}

/// `a, b, c and 7 more`, at most [`NAMED`] of them.
pub(crate) fn enumerate(names: &[String]) -> String {
    let mut list = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > NAMED {
        list.push_str(&format!(" and {} more", names.len() - NAMED));
    }
    list
}

impl Refusal {
    fn error(self, folder: &Path, subjects: &[String]) -> Error {
        let (kind, trouble, next) = self.words(folder);
        let count = subjects.len();
        let trouble = if count == 1 { trouble.one.to_owned() } else { format!("{count} {}", trouble.many) };
        Error::new(kind, format!("{} holds {trouble}: {}", folder.display(), enumerate(subjects)), next)
    }

    fn words(self, folder: &Path) -> (ErrorKind, Trouble, String) {
        use ErrorKind::{Input, Refused};
        let (kind, one, many, next) = match self {
            Self::Vcs => {
                let next = match super::folder::build_inside(folder) {
                    Some(build) => format!("publish the build instead: {}", build.display()),
                    None => {
                        "publish the folder the build writes, not the project, or remove the repository from it".into()
                    }
                };
                return (Refused, Trouble { one: "a repository", many: "repositories" }, next);
            }
            Self::Environment => (
                Refused,
                "an environment file, where secrets are kept",
                "environment files, where secrets are kept",
                "delete it from the build, exclude it, or name what is meant to be public with --allow PATTERN",
            ),
            Self::PrivateKey => (
                Refused,
                "a private key",
                "private keys",
                "delete it from the build, exclude it, or name what is meant to be public with --allow PATTERN",
            ),
            Self::LinkOut => (
                Refused,
                "a symbolic link that leaves it",
                "symbolic links that leave it",
                "copy the files into the build, exclude the link, or name it with --allow PATTERN",
            ),
            Self::LinkLoop => (
                Input,
                "a symbolic link that leads in a circle",
                "symbolic links that lead in a circle",
                "remove or exclude the link",
            ),
            Self::LinkBroken => (
                Input,
                "a symbolic link to nothing",
                "symbolic links to nothing",
                "restore what it leads to, or remove or exclude the link",
            ),
            Self::SpecialFile => (
                Input,
                "something that is neither file nor folder",
                "things that are neither file nor folder",
                "remove or exclude it: a pipe, socket or device cannot be published",
            ),
            Self::NotUtf8 => (
                Input,
                "a name that is not UTF-8",
                "names that are not UTF-8",
                "rename the file: object keys are UTF-8",
            ),
            Self::ControlCharacter => (
                Input,
                "a name with a control character",
                "names with control characters",
                "rename the file: S3's listings cannot hold such a key",
            ),
            Self::TooLong => (
                Input,
                "a path too long for S3, whose keys have at most 1024 bytes",
                "paths too long for S3, whose keys have at most 1024 bytes",
                "shorten the names, or publish under a shorter prefix",
            ),
            Self::Twins => (
                Input,
                "two names that differ only in Unicode normalisation",
                "groups of names that differ only in Unicode normalisation",
                "keep one of each, and write links to it in that same form (NFC is what browsers and keyboards make)",
            ),
        };
        (kind, Trouble { one, many }, next.to_owned())
    }
}

/// What is wrong, for one file and for many.
struct Trouble {
    one: &'static str,
    many: &'static str,
}
