//! The bare SDK: what nobody who uses it goes below.

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation},
    primitives::ByteStream,
};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    Asked, child,
    machine::Circumstances,
    results::{Floor, Run},
    s3::{ACCESS_KEY_ID, SECRET_ACCESS_KEY},
    server::Server,
};

const OBJECTS: usize = 10_000;
const SIZE: usize = 8 << 10;
const AT_ONCE: usize = 256;
const BUCKET: &str = "floor";

/// Measures it, in a process of its own.
pub fn measure(asked: &Asked) -> Result<Floor, String> {
    let objects = OBJECTS / asked.divide as usize;
    let mut server = Server::start(asked.round_trip)?;
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut runs = Vec::new();
    for _ in 0..asked.runs {
        server.clear(BUCKET)?;
        server.take()?;
        let mut command = child::measured(&program, &scratch.path().join("said"));
        command.args(["put", server.url(), &objects.to_string(), &AT_ONCE.to_string()]);
        let run = Run { used: child::run(&mut command)?, seen: server.take()? };
        eprintln!("bare SDK     {run}");
        runs.push(run);
    }
    let circumstances = Circumstances::now(&[], Vec::new());
    Ok(Floor { objects, size: SIZE, at_once: AT_ONCE, round_trip: asked.round_trip, circumstances, runs })
}

/// Puts so many objects.
pub fn put(url: &str, objects: usize, at_once: usize) -> Result<(), String> {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url(url)
        .force_path_style(true)
        .credentials_provider(Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "benchmark"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
    let client = Client::from_conf(config.build());
    let body = Bytes::from(vec![b'x'; SIZE]);
    let puts = (0..objects).map(|number| {
        let put = client.put_object().bucket(BUCKET).key(format!("objects/{number:05}.html"));
        put.content_type("text/html").body(ByteStream::from(body.clone())).send()
    });
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())?;
    let sent = runtime.block_on(stream::iter(puts).buffer_unordered(at_once).try_for_each(async |_| Ok(())));
    sent.map_err(|error| format!("{error:?}"))
}
