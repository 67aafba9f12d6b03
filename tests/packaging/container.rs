//! The container image, as a registry would get it: a program for each architecture, and next to nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::release::{Release, VERSION, output, package, script};
use crate::support::{node::runs, skip};

/// An image as the folder of <https://github.com/opencontainers/image-spec/blob/main/image-layout.md>.
struct Layout(TempDir);

impl Layout {
    /// Builds the image of a release in a storage of its own.
    fn build(release: &Release) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let storage =
            format!("[storage]\ndriver = \"vfs\"\ngraphroot = \"{}\"\nrunroot = \"{}\"\n", at("storage"), at("run"));
        fs::write(at("storage.conf"), storage).unwrap();
        let in_storage = |command: &mut Command| {
            output(command.env("CONTAINERS_STORAGE_CONF", at("storage.conf")).env("BUILDAH_ISOLATION", "chroot"))
        };
        in_storage(script("packaging/container/build.sh").arg(release.assets()).arg("cruddur-site"));
        let to = format!("oci:{}", at("layout"));
        in_storage(Command::new("buildah").args(["manifest", "push", "--quiet", "--all", "cruddur-site", &to]));
        Self(folder)
    }

    fn file(&self, digest: &Value) -> PathBuf {
        let (algorithm, hex) = digest.as_str().and_then(|digest| digest.split_once(':')).expect("a digest");
        self.0.path().join("layout/blobs").join(algorithm).join(hex)
    }

    fn read(&self, path: &Path) -> Value {
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    /// The digest of the list of images, which is what people can pin.
    fn digest(&self) -> Value {
        let index = self.read(&self.0.path().join("layout/index.json"));
        index["manifests"][0]["digest"].clone()
    }

    /// Configuration and layer of the image for each architecture.
    fn images(&self) -> BTreeMap<String, (Value, PathBuf)> {
        let list = self.read(&self.file(&self.digest()));
        let images = list["manifests"].as_array().unwrap().iter().map(|entry| {
            assert_eq!(entry["platform"]["os"], "linux");
            let manifest = self.read(&self.file(&entry["digest"]));
            let [layer] = manifest["layers"].as_array().unwrap().as_slice() else { panic!("{manifest}") };
            let config = self.read(&self.file(&manifest["config"]["digest"]));
            let architecture = entry["platform"]["architecture"].as_str().unwrap().to_owned();
            (architecture, (config, self.file(&layer["digest"])))
        });
        images.collect()
    }
}

fn release() -> Option<std::sync::Arc<Release>> {
    if !runs("buildah") || !Path::new("/etc/ssl/certs/ca-certificates.crt").exists() {
        skip("the container image is built by buildah, with the certificate authorities of Debian's ca-certificates");
        return None;
    }
    Release::make()
}

#[test]
fn each_architecture_has_its_program_and_the_authorities_it_trusts() {
    let Some(release) = release() else { return };
    let layout = Layout::build(&release);
    let images = layout.images();
    assert_eq!(images.keys().collect::<Vec<_>>(), ["amd64", "arm64"]);
    for (architecture, target) in [("amd64", "x86_64-unknown-linux-musl"), ("arm64", "aarch64-unknown-linux-musl")] {
        let (config, layer) = &images[architecture];
        assert_eq!(config["architecture"], architecture);
        let settings = &config["config"];
        assert_eq!(settings["Entrypoint"], json!(["/usr/bin/cruddur-site"]));
        assert_eq!(settings["User"], "65532:65532");
        assert_eq!(settings["WorkingDir"], "/site");
        assert_eq!(settings["Labels"]["org.opencontainers.image.version"], VERSION);
        assert_eq!(settings["Labels"]["org.opencontainers.image.source"], package()["repository"].as_str().unwrap());

        let listing = output(Command::new("tar").args(["--list", "--verbose", "--numeric-owner", "--file"]).arg(layer));
        let files: BTreeMap<_, _> = listing
            .lines()
            .filter(|line| !line.starts_with('d'))
            .map(|line| (line.rsplit(' ').next().unwrap(), line.split_whitespace().take(2).collect::<Vec<_>>()))
            .collect();
        let expected = BTreeMap::from([
            ("etc/ssl/certs/ca-certificates.crt", vec!["-rw-r--r--", "0/0"]),
            ("usr/bin/cruddur-site", vec!["-rwxr-xr-x", "0/0"]),
            ("usr/share/doc/cruddur-site/LICENSE-APACHE", vec!["-rw-r--r--", "0/0"]),
            ("usr/share/doc/cruddur-site/LICENSE-MIT", vec!["-rw-r--r--", "0/0"]),
        ]);
        assert_eq!(files, expected, "{architecture}");
        let program = output(Command::new("tar").arg("-xOf").arg(layer).arg("usr/bin/cruddur-site"));
        assert!(program.contains(target), "{architecture} has the program of another target: {program}");
    }
}

#[test]
fn the_same_archives_make_the_same_image() {
    let Some(release) = release() else { return };
    assert_eq!(Layout::build(&release).digest(), Layout::build(&release).digest());
}
