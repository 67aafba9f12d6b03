//! What follows a bootstrap: the configuration file.

use crate::{
    support::Folder,
    world::{DOMAIN, World},
};

/// Given a project with a build, the file that is written is all that publish needs.
#[test]
fn publish_alone_works_afterwards() {
    let world = World::new();
    let build = Folder::site();
    std::fs::create_dir(world.path().join("dist")).unwrap();
    for key in build.keys() {
        let path = world.path().join("dist").join(&key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, build.read(&key)).unwrap();
    }
    world.bootstrap(&["--yes"]).succeeds();
    let text = std::fs::read_to_string(world.path().join("cruddur-site.toml")).unwrap();
    let schema = cruddur_site::config::SCHEMA;
    assert_eq!(text, format!("#:schema {schema}\ndomain = \"{DOMAIN}\"\ndirectory = \"dist\"\n"));
    let published = world.run(&["publish", "--json"]).succeeds();
    assert_eq!(published["result"]["uploaded"]["files"], 3);
    // And the domain need not be named again.
    assert_eq!(world.run(&["bootstrap", "--json"]).succeeds()["plan"]["empty"], true);
}

/// Given a file of the owner's, it stays as it is.
#[test]
fn a_file_that_is_there_stays() {
    for text in ["domain = \"other.example\"\n", "strict = true\n"] {
        let world = World::new();
        let file = world.path().join("cruddur-site.toml");
        std::fs::write(&file, text).unwrap();
        let told = world.run(&["bootstrap", DOMAIN, "--yes"]).tells();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        assert!(told.contains(&format!("domain = \"{DOMAIN}\"")), "{told}");
    }
}
