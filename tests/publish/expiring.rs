//! Credentials that expire, and time that is over.

use std::time::Duration;

use cruddur_site::{local, release::Lock};
use jiff::{SignedDuration, Timestamp};

use crate::support::{Folder, faults::Fault};
use crate::world::{LOCK, MANIFEST, Publish, World};

/// `publish --profile short`, whose credentials come from a program that notes each time it is asked.
fn publish(world: &World, build: &Folder, lasting: SignedDuration) -> Publish {
    let desk = world.desk.path();
    std::fs::create_dir_all(desk.join(".aws")).unwrap();
    let asked = desk.join("asked");
    let script = format!(
        "echo >> {}\nprintf '%s' '{{\"Version\": 1, \"AccessKeyId\": \"{}\", \"SecretAccessKey\": \"{}\", \
         \"SessionToken\": \"\", \"Expiration\": \"'$(date -u -d '+{} seconds' +%Y-%m-%dT%H:%M:%SZ)'\"}}'",
        asked.display(),
        local::ACCESS_KEY_ID,
        local::SECRET_ACCESS_KEY,
        lasting.as_secs(),
    );
    std::fs::write(desk.join("keys.sh"), script.replace(" \"SessionToken\": \"\",", "")).unwrap();
    let profile = format!("[profile short]\nregion = us-east-1\ncredential_process = sh {}/keys.sh\n", desk.display());
    std::fs::write(desk.join(".aws/config"), profile).unwrap();
    world.publish(build).flags(["--profile", "short"])
}

fn asked(world: &World) -> usize {
    std::fs::read_to_string(world.desk.path().join("asked")).unwrap().lines().count()
}

/// Given credentials that expire soon, when a publish takes longer than that, then it takes new ones and goes on.
#[tokio::test]
async fn credentials_that_expire_are_taken_anew() {
    let world = World::local("credentials_that_expire").await;
    let build = Folder::site();
    let (fault, held) = Fault::hold("PutObject");
    world.proxy.inject(fault.at("live/favicon.svg"));
    // They are taken for expired ten seconds earlier.
    let publishing = tokio::spawn(publish(&world, &build, SignedDuration::from_secs(13)).succeeds());
    world.proxy.wait_for("PutObject", "live/favicon.svg", 1, false).await;
    let before = asked(&world);
    tokio::time::sleep(Duration::from_secs(4)).await;
    held.release();
    publishing.await.unwrap();
    assert!(asked(&world) > before, "asked {before} times");
    assert_eq!(world.object("index.html").await.body, std::fs::read(build.join("index.html")).unwrap());
}

/// Given credentials that are good for an hour by their own word, when AWS says in the middle that they have expired, then the
/// publish takes new ones and goes on; where there are no others it stops, and says so.
#[tokio::test]
async fn an_expired_token_in_the_middle_is_mended_by_new_credentials() {
    let world = World::local("an_expired_token").await;
    let build = Folder::site();
    let expired = || Fault::s3("PutObject", 400, "ExpiredToken", "The provided token has expired.");
    world.proxy.inject(expired().at("live/index.html").times(1));
    publish(&world, &build, SignedDuration::from_hours(1)).succeeds().await;
    assert_eq!(asked(&world), 2);
    assert_eq!(world.proxy.seen("PutObject", "live/index.html").len(), 2);

    world.proxy.clear();
    build.write("index.html", "<title>New</title>");
    world.proxy.inject(expired().at("live/index.html"));
    let error = world.publish(&build).fails().await;
    assert_eq!(error["kind"], "credentials", "{error}");
    assert_eq!(world.proxy.seen("PutObject", "live/index.html").len(), 1);
}

/// Given objects that have to be looked at, when AWS answers 400 to a look, which has no body to say why, because the token has
/// expired, then the publish asks for the reason, takes new credentials and goes on; where there are no others it stops, and says so.
#[tokio::test]
async fn an_expired_token_is_known_where_the_answer_has_no_body() {
    let world = World::local("an_expired_token_without_a_body").await;
    let build = Folder::site().file("empty.txt", "");
    for key in ["favicon.svg", "empty.txt"] {
        // Somebody else has put it there.
        world.put(key, &build.read(key), &Default::default()).await;
        let full = format!("live/{key}");
        world.proxy.inject(Fault::answer("HeadObject", 400, "").at(&full).times(1));
        let expired = || Fault::s3("GetObject", 400, "ExpiredToken", "The provided token has expired.");
        world.proxy.inject(expired().at(&full).times(1));
        let _ = std::fs::remove_file(world.desk.path().join("asked"));
        publish(&world, &build, SignedDuration::from_hours(1)).flags(["--dry-run"]).succeeds().await;
        assert_eq!(asked(&world), 2, "{key}");
        assert_eq!(world.proxy.seen("HeadObject", key).len(), 2, "{key}");
        let asked_why = world.proxy.seen("GetObject", key);
        assert_eq!(asked_why.len(), 2, "{key}");
        assert!(asked_why.iter().all(|call| call.headers["range"] == "bytes=0-0"), "{asked_why:?}");

        world.proxy.clear();
        world.proxy.inject(Fault::answer("HeadObject", 400, "").at(&full));
        world.proxy.inject(expired().at(&full));
        let error = world.publish(&build).fails().await;
        assert_eq!(error["kind"], "credentials", "{error}");
        assert!(error["because"].as_str().unwrap().contains("ExpiredToken"), "{error}");
        world.proxy.clear();
    }
}

/// Given credentials that are taken from a program which hangs when it is asked again, when the time of the publish is over, then it
/// ends, and visitors have the old pages.
#[tokio::test]
async fn a_source_of_credentials_that_hangs_does_not_hold_a_publish_for_ever() {
    let world = World::local("a_source_that_hangs").await;
    let build = Folder::site();
    world.publish(&build).succeeds().await;
    let old = world.object("index.html").await;
    build.write("index.html", "<title>New</title>");
    // They are taken anew for each request; the script ends with whoever waits for it.
    let publishing = publish(&world, &build, SignedDuration::from_secs(5)).flags(["--timeout", "4"]);
    let script = world.desk.path().join("keys.sh");
    let hangs = "[ $(wc -l < asked) -lt 8 ] || while kill -0 $PPID; do sleep 1; done 2> /dev/null\n";
    let text = std::fs::read_to_string(&script).unwrap();
    std::fs::write(&script, text.replacen("\n", &format!("\ncd {}\n{hangs}", world.desk.path().display()), 1)).unwrap();
    let since = std::time::Instant::now();
    let (status, told, said) = publishing.run().await;
    assert_eq!((status, &told["error"]["kind"]), (Some(130), &"interrupted".into()), "{told:#}\n{said}");
    assert!(since.elapsed() < Duration::from_secs(50), "{:?}", since.elapsed());
    assert!(asked(&world) >= 8);
    assert_eq!(world.object("index.html").await, old);
}

/// Given a store that does not answer, when the time of a publish is over, then it stops as if by Ctrl-C: visitors have the old
/// pages, the lock is given up, and the next publish goes on.
#[tokio::test]
async fn a_publish_whose_time_is_over_stops_as_by_ctrl_c() {
    let world = World::local("a_publish_whose_time_is_over").await;
    let build = Folder::site();
    // Never released.
    let (fault, _held) = Fault::hold("PutObject");
    world.proxy.inject(fault.at("live/index.html"));
    let (status, told, said) = world.publish(&build).flags(["--timeout", "2"]).run().await;
    assert_eq!((status, &told["error"]["kind"]), (Some(130), &"interrupted".into()), "{told:#}\n{said}");
    assert!(
        told["error"]["what"].as_str().unwrap().contains("--timeout is over: what visitors see is whole"),
        "{told}"
    );
    assert!(!Lock::decode(&world.bytes(LOCK).await).unwrap().holds(Timestamp::now()));

    world.proxy.clear();
    world.publish(&build).flags(["--lock-wait", "0", "--timeout", "600"]).succeeds().await;
    assert_eq!(world.proxy.seen("PutObject", "live/favicon.svg"), [], "it had arrived");
    assert!(world.lock_has_ended().await);
}

/// Given a publish whose lock is being renewed when it comes to its end, when the renewal has come through, then the lock says that the
/// publish has ended all the same. Renewals come every 20 s.
#[tokio::test]
async fn a_renewal_that_is_under_way_at_the_end_leaves_no_lock() {
    let world = World::local("a_renewal_at_the_end").await;
    let build = Folder::site();
    let (fault, page) = Fault::hold("PutObject");
    world.proxy.inject(fault.at("live/index.html"));
    let publishing = tokio::spawn(world.publish(&build).succeeds());
    world.proxy.wait_for("PutObject", "live/index.html", 1, false).await;
    let so_far = world.proxy.seen("PutObject", LOCK).len();
    let (fault, renewal) = Fault::hold("PutObject");
    world.proxy.inject(fault.at(LOCK).times(1));
    world.proxy.wait_for("PutObject", LOCK, so_far + 1, false).await;
    page.release();
    world.proxy.wait_for("PutObject", MANIFEST, 1, true).await;
    renewal.release();
    publishing.await.unwrap();
    assert!(world.lock_has_ended().await);
}
