//! The sites that are published, made of seeds: the same bytes on every machine.

use std::{
    fs, io,
    path::Path,
    time::{Duration, SystemTime},
};

use fastrand::Rng;
use filetime::{FileTime, set_file_mtime};
use serde::{Deserialize, Serialize};

use super::text::{self, Surroundings};

/// When the files were made that have not been touched since, after 1970: on 2026-01-01.
const LONG_AGO: Duration = Duration::from_secs(1_767_225_600);

/// A site, by what it is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Workload {
    /// A single-page app: 300 files, 5 MB, nearly all with content hashes in their names
    App,
    /// A documentation site: 10,000 files, 80 MB, nearly all of them pages
    Docs,
    /// 20 films of 50 MB, and a page that shows them
    Media,
    /// A large site: 100,000 files, 500 MB, half of them pages and half of them pictures
    Large,
}

impl Workload {
    /// What tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::App => "single-page app",
            Self::Docs => "documentation site",
            Self::Media => "media",
            Self::Large => "large site",
        }
    }

    /// The site after 1 % of it was changed so many times; of a `divide`th of the files.
    pub fn site(self, changes: u32, divide: u32) -> Site {
        let (count, pictures_of_a_page) = match self {
            Self::App => (300, 0),
            Self::Docs => (10_000, 1),
            Self::Media => (21, 20),
            Self::Large => (100_000, 2),
        };
        let files: Vec<SiteFile> = (0..(count / divide).max(4))
            .map(|number| {
                // The page of an app names its scripts, whose names change with them.
                let is_changed = number % 100 == 1 || (number == 0 && self == Self::App);
                self.file(number, if is_changed { changes } else { 0 })
            })
            .collect();
        let urls = |kind| {
            let urls = files.iter().filter(|file| file.kind == kind).map(|file| format!("/{}", file.path));
            urls.collect::<Vec<_>>()
        };
        let mut assets = urls(Kind::Code);
        assets.truncate(6);
        Site { pictures: urls(Kind::Noise), pages: urls(Kind::Page), assets, pictures_of_a_page, files }
    }

    fn file(self, number: u32, changes: u32) -> SiteFile {
        let mut rng = Rng::with_seed(u64::from(number) << 16 | u64::from(changes));
        let hash = format!("{:08x}", rng.u32(..));
        let (path, kind, sizes) = match (self, number) {
            (_, 0) => ("index.html".to_owned(), Kind::Page, 3_000..5_000),
            (Self::App, ..=80) => (format!("static/js/{number}.{hash}.chunk.js"), Kind::Code, 1_000..78_000),
            (Self::App, ..=120) => (format!("static/css/{number}.{hash}.chunk.css"), Kind::Code, 500..10_000),
            (Self::App, _) => (format!("static/media/{number}.{hash}.webp"), Kind::Noise, 1_000..18_000),
            (Self::Docs, 2 | 3) => (format!("assets/theme-{number}.css"), Kind::Code, 30_000..60_000),
            (Self::Docs, 4..=9) => (format!("assets/search-{number}.js"), Kind::Code, 40_000..200_000),
            (Self::Docs, 10..=39) => (format!("assets/figure-{number}.png"), Kind::Noise, 20_000..200_000),
            (Self::Docs, _) => (format!("guide/{}/topic-{number}.html", number % 97), Kind::Page, 3_000..12_200),
            (Self::Media, _) => (format!("films/{number}.mp4"), Kind::Noise, 50_000_000..50_000_001),
            (Self::Large, 2..=9) => (format!("assets/part-{number}.js"), Kind::Code, 5_000..50_000),
            (Self::Large, _) if number % 2 == 1 => {
                (format!("items/{}/{number}.html", number % 997), Kind::Page, 2_000..8_000)
            }
            (Self::Large, _) => (format!("pictures/{}/{number}.webp", number % 997), Kind::Noise, 2_000..8_000),
        };
        SiteFile { path, size: rng.usize(sizes), kind, seed: rng.u64(..), changes }
    }
}

/// What a file has in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Page,
    Code,
    Noise,
}

struct SiteFile {
    path: String,
    /// In bytes; a page has about as many.
    size: usize,
    kind: Kind,
    seed: u64,
    /// How often it was changed.
    changes: u32,
}

/// The files of a site, and what its pages name.
pub struct Site {
    files: Vec<SiteFile>,
    assets: Vec<String>,
    pictures: Vec<String>,
    pages: Vec<String>,
    pictures_of_a_page: usize,
}

impl Site {
    /// The paths of its files.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| &*file.path)
    }

    /// Writes the site into an empty folder; how many bytes it has.
    pub fn write(&self, folder: &Path) -> io::Result<u64> {
        let mut bytes = 0;
        for file in &self.files {
            let path = folder.join(&file.path);
            fs::create_dir_all(path.parent().expect("a file in a folder"))?;
            let content = self.content(file);
            bytes += content.len() as u64;
            fs::write(&path, content)?;
        }
        Ok(bytes)
    }

    /// Gives every file a time long ago.
    pub fn make_old(&self, folder: &Path) -> io::Result<()> {
        self.date(folder, FileTime::from(SystemTime::UNIX_EPOCH + LONG_AGO))
    }

    /// Makes the folder, which has an earlier state of the site, this one: only what changed is touched.
    pub fn rewrite(&self, before: &Site, folder: &Path) -> io::Result<()> {
        for (file, old) in self.files.iter().zip(&before.files).filter(|(file, old)| file.changes != old.changes) {
            fs::remove_file(folder.join(&old.path))?;
            fs::write(folder.join(&file.path), self.content(file))?;
        }
        Ok(())
    }

    /// Gives every file the present time, as a fresh checkout does.
    pub fn touch(&self, folder: &Path) -> io::Result<()> {
        self.date(folder, FileTime::now())
    }

    fn date(&self, folder: &Path, time: FileTime) -> io::Result<()> {
        self.files.iter().try_for_each(|file| set_file_mtime(folder.join(&file.path), time))
    }

    fn content(&self, file: &SiteFile) -> Vec<u8> {
        let mut rng = Rng::with_seed(file.seed);
        match file.kind {
            Kind::Code => text::code(&mut rng, file.size),
            Kind::Noise => text::noise(&mut rng, file.size),
            Kind::Page => {
                let links: Vec<&str> = (0..12).map(|_| &*self.pages[rng.usize(..self.pages.len())]).collect();
                let first = rng.usize(..self.pictures.len().max(1));
                let shown = self.pictures.iter().cycle().skip(first).take(self.pictures_of_a_page);
                let pictures: Vec<&str> = shown.map(String::as_str).collect();
                text::page(
                    &mut rng,
                    file.size,
                    &Surroundings { assets: &self.assets, pictures: &pictures, links: &links },
                )
            }
        }
    }
}
