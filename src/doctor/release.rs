//! What was published, against what is in the bucket, and how the root page is stored.

use super::{Area, Evidence, PageSeen, ReleaseSeen, finding::Findings};
use crate::site::walk::enumerate;

const AREA: Area = Area::Release;

pub(super) fn examine(evidence: &Evidence, findings: &mut Findings) {
    let Some(release) = &evidence.release else { return };
    let publish = format!("run {}", evidence.command("publish", ""));
    if release.objects == 0 {
        findings.problem(
            AREA,
            "nothing-published",
            "nothing is published yet",
            "every address of the site is a 404",
            publish,
        );
        return;
    }
    against_manifest(release, &publish, findings);
    if let Some(who) = &release.left_behind {
        findings.advice(
            AREA,
            "publish-cut-off",
            format!("a publish was cut off: {who}"),
            "the bucket may be between two releases, and edges may hold old copies",
            format!("{publish} again: it goes on from there"),
        );
    }
    if let Some(page) = &release.root {
        root_page(page, &publish, findings);
    }
    if !release.source_maps.is_empty() {
        findings.advice(
            AREA,
            "source-maps-served",
            format!("source maps are served: {}", enumerate(&release.source_maps)),
            "anybody can read the source code they were made from",
            format!("{publish}, which leaves them out and deletes those it put there itself; others by hand"),
        );
    }
}

fn against_manifest(release: &ReleaseSeen, publish: &str, findings: &mut Findings) {
    if !release.published {
        findings.advice(
            AREA,
            "not-ours",
            format!("the bucket has {} objects that cruddur-site did not publish", release.objects),
            "without its manifest a publish has to look at each of them, and deletes none",
            publish.to_owned(),
        );
        return;
    }
    for (id, keys, what, hurts) in [
        ("objects-missing", &release.missing, "are missing from the bucket", "pages that need them are broken"),
        (
            "objects-changed",
            &release.changed,
            "are not what was published",
            "somebody or something else wrote to the bucket, and visitors get that",
        ),
    ] {
        if !keys.is_empty() {
            findings.problem(AREA, id, format!("{} {what}", enumerate(keys)), hurts, publish.to_owned());
        }
    }
    if release.foreign > 0 {
        findings.advice(
            AREA,
            "foreign-objects",
            format!("{} objects beside the site were not published by cruddur-site", release.foreign),
            "they are served, and no publish changes or deletes them",
            format!("keep them; or {publish} with --delete-foreign"),
        );
    }
    if release.missing.is_empty() && release.changed.is_empty() {
        findings.sound(AREA, "the bucket holds exactly what was published");
    }
}

/// The root page must be asked for anew: it alone says which files belong to the release.
fn root_page(page: &PageSeen, publish: &str, findings: &mut Findings) {
    let control = page.cache_control.as_deref().unwrap_or_default();
    if !is_revalidated(control) {
        let seen = if control.is_empty() {
            "index.html has no Cache-Control: CloudFront keeps it for a day, browsers as long as they like".to_owned()
        } else {
            format!("index.html may be kept without asking: Cache-Control: {control}")
        };
        findings.problem(
            AREA,
            "root-page-cached",
            seen,
            "a new release does not show until the copies have run out or somebody invalidates by hand",
            publish.to_owned(),
        );
    } else {
        findings.sound(AREA, "index.html is asked for anew each time");
    }
    if let Some(kind) = &page.content_type
        && !kind.starts_with("text/html")
    {
        findings.problem(
            AREA,
            "root-page-type",
            format!("index.html is stored as {kind}"),
            "browsers download it instead of showing it",
            publish.to_owned(),
        );
    }
}

/// Whether browser and edge ask again before they show a copy (RFC 9111, section 5.2.2).
fn is_revalidated(cache_control: &str) -> bool {
    let directives: Vec<String> =
        cache_control.split(',').map(|directive| directive.trim().to_ascii_lowercase()).collect();
    let says = |name: &str| directives.iter().any(|directive| directive == name);
    let seconds = |name: &str| {
        directives.iter().find_map(|directive| directive.strip_prefix(name)?.strip_prefix('=')?.parse::<u64>().ok())
    };
    // The edge obeys s-maxage before max-age, and publish invalidates what the edge keeps.
    says("no-cache") || says("no-store") || seconds("max-age") == Some(0) && seconds("s-maxage").unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::is_revalidated;

    #[test]
    fn a_page_is_asked_for_anew() {
        let table = [
            ("no-cache", true),
            ("No-Store", true),
            ("public, max-age=0, must-revalidate", true),
            ("max-age=0, s-maxage=86400", false),
            ("max-age=86400", false),
            ("public", false),
            ("", false),
        ];
        for (value, expected) in table {
            assert_eq!(is_revalidated(value), expected, "{value}");
        }
    }
}
