//! The ways to say where a site goes.

use crate::support::Folder;
use crate::world::World;

crate::on_every_account!(
    the_target_is_found_by_any_name,
    flags_beat_the_environment_beats_the_file,
    files_that_nobody_sees_are_told,
);

/// Given a site, it is published to the same place by its domain, its distribution, or its bucket and prefix, by flag, by
/// environment or by file; without CloudFront, CloudFront is not asked.
async fn the_target_is_found_by_any_name(world: World) {
    let build = Folder::site();
    let World { bucket, distribution, domain, .. } = &world;
    let flags: [&[&str]; 3] =
        [&["--domain", domain], &["--distribution", distribution], &["--bucket", bucket, "--prefix", "live"]];
    for flags in flags {
        build.write("index.html", format!("<title>{flags:?}</title>"));
        let published = world.command(&build).flags(flags.iter().copied()).succeeds().await;
        check(&world, &build, &published, flags[0] == "--bucket").await;
    }

    let endpoint = world.proxy.url();
    let variables: [&[(&str, &str)]; 3] =
        [&[("DOMAIN", domain)], &[("DISTRIBUTION", distribution)], &[("BUCKET", bucket), ("PREFIX", "live")]];
    for variables in variables {
        build.write("index.html", format!("<title>{variables:?}</title>"));
        let publish = world.bare_command(build.path()).env("CRUDDUR_SITE_ENDPOINT_URL", endpoint);
        let set = |publish: crate::world::Publish, (name, value): &(&str, &str)| {
            publish.env(&format!("CRUDDUR_SITE_{name}"), value)
        };
        let published = variables.iter().fold(publish, set).succeeds().await;
        check(&world, &build, &published, variables[0].0 == "BUCKET").await;
    }

    let files = [
        format!("domain = '{domain}'"),
        format!("distribution = '{distribution}'"),
        format!("bucket = '{bucket}'\nprefix = 'live'"),
    ];
    for file in files {
        build.write("index.html", format!("<title>{file}</title>"));
        world.configure(&format!("{file}\nendpoint-url = '{endpoint}'"));
        let published = world.bare_command(build.path()).succeeds().await;
        check(&world, &build, &published, file.starts_with("bucket")).await;
    }
}

/// Given a domain and another folder than its distribution reads, the publish says that visitors do not see it; the very
/// folder is nothing to speak of.
async fn files_that_nobody_sees_are_told(world: World) {
    let build = Folder::site();
    let World { bucket, domain, .. } = &world;
    for (prefix, seen) in [("elsewhere", false), ("live", true)] {
        let flags = ["--domain", domain, "--bucket", bucket, "--prefix", prefix];
        let (status, _, told) = world.command(&build).flags(flags).run().await;
        assert_eq!(status, Some(0), "{told}");
        assert_eq!(told.contains("visitors do not see this publish"), !seen, "{told}");
    }
}

/// Checks that the root page arrived, and who was asked.
async fn check(world: &World, build: &Folder, published: &serde_json::Value, without_cloudfront: bool) {
    let target = &published["target"];
    assert_eq!((&target["bucket"], &target["prefix"]), (&world.bucket.as_str().into(), &"live/".into()));
    assert_eq!(world.object("index.html").await.body, std::fs::read(build.join("index.html")).unwrap());
    let asked = world.calls().0.iter().any(|call| call.is_cloudfront());
    assert_eq!(asked, !without_cloudfront, "{published:#}");
    assert_eq!(target["distribution"].is_null(), without_cloudfront);
    // With a distribution the edges forget the old page; without one nobody is told.
    assert_eq!(published["result"]["edgesCurrent"], true);
}

/// Given three places that name a target, flags have the last word, then the environment, then the file; and the place
/// that decides decides alone.
async fn flags_beat_the_environment_beats_the_file(world: World) {
    let build = Folder::site();
    let World { bucket, domain, .. } = &world;
    world.configure("bucket = 'of-the-file'\nprefix = 'file'");
    let with_environment =
        || world.command(&build).env("CRUDDUR_SITE_BUCKET", bucket).env("CRUDDUR_SITE_PREFIX", "env");

    let by_environment = with_environment().succeeds().await;
    assert_eq!(by_environment["target"]["prefix"], "env/");
    assert_eq!(world.keys("env/").await.len(), 3);

    let by_flags = with_environment().flags(["--bucket", bucket, "--prefix", "flags/deep"]).succeeds().await;
    assert_eq!(by_flags["target"]["prefix"], "flags/deep/");
    assert_eq!(world.keys("flags/deep/").await.len(), 3);
    assert!(world.keys(".cruddur-site/flags%2Fdeep/").await.contains(&"manifest.json.gz".to_owned()));

    // The environment's prefix does not leak into the flags' bucket: this is the bucket's root.
    let root = with_environment().flags(["--bucket", bucket]).succeeds().await;
    assert_eq!(root["target"]["prefix"], "");
    assert!(world.keys(".cruddur-site/@root/").await.contains(&"manifest.json.gz".to_owned()));
    assert_eq!(world.keys("index.html").await, [""]);

    let by_domain = with_environment().flags(["--domain", domain]).succeeds().await;
    assert_eq!(by_domain["target"]["prefix"], "live/");

    // Nothing but the file is left to name a target: it is another, which does not exist.
    let by_file = world.command(&build).fails().await;
    assert_eq!(by_file["kind"], "not-found", "{by_file}");
    assert!(by_file.to_string().contains("of-the-file"), "{by_file}");
}
