//! Which of an account's distributions is a site's.

use crate::{
    aws::cloudfront::Summary,
    error::{Error, ErrorKind, Result},
    setup::{S3Origin, desired::Names},
};

/// What a site's distribution may be known by.
pub(super) struct Clues<'c> {
    /// The site's names.
    pub(super) names: &'c Names,
    /// Buckets that are named for the site, the most telling first.
    pub(super) buckets: &'c [String],
    /// The names that DNS says for the domain.
    pub(super) targets: &'c [String],
}

impl Clues<'_> {
    /// The distribution that has the domain; or else the one that DNS leads to; or that reads the site's bucket; or that
    /// has the other name. None of these can be another site's: where a bucket or a lesser name is the clue, only
    /// distributions count that answer for no name of anybody else.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] where several are equally likely, with all of them.
    pub(super) fn find<'s>(&self, summaries: &'s [Summary]) -> Result<Option<&'s Summary>> {
        let domain = self.names.domain.as_str();
        let has = |summary: &Summary, name: &str| summary.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name));
        let by_domain = |summary: &&Summary| has(summary, domain);
        let by_dns =
            |summary: &&Summary| self.targets.iter().any(|target| target.eq_ignore_ascii_case(&summary.domain_name));
        let ways = [self.only(summaries, by_domain, "have the domain")?, self.only(summaries, by_dns, "DNS leads to")?];
        if let Some(found) = ways.into_iter().flatten().next() {
            return Ok(Some(found));
        }
        for bucket in self.buckets {
            let reads = |summary: &&Summary| self.is_free(summary) && reads(summary, bucket);
            if let Some(found) = self.only(summaries, reads, &format!("read the bucket {bucket}"))? {
                return Ok(Some(found));
            }
        }
        for name in self.names.all().skip(1) {
            let by_name = |summary: &&Summary| self.is_free(summary) && has(summary, name.as_str());
            if let Some(found) = self.only(summaries, by_name, &format!("have the name {name}"))? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Whether it answers for no name but the site's, so that nobody else's site would be changed.
    pub(super) fn is_free(&self, summary: &Summary) -> bool {
        let is_ours = |alias: &String| self.names.all().any(|name| name.as_str().eq_ignore_ascii_case(alias));
        summary.aliases.iter().all(is_ours)
    }

    /// The only one of `candidates`, if any.
    ///
    /// # Errors
    /// As [`Clues::find`].
    pub(super) fn only<'s>(
        &self,
        summaries: &'s [Summary],
        is_it: impl Fn(&&'s Summary) -> bool,
        why: &str,
    ) -> Result<Option<&'s Summary>> {
        let found: Vec<&Summary> = summaries.iter().filter(is_it).collect();
        match found.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            several => Err(self.ambiguous(several, why)),
        }
    }

    fn ambiguous(&self, several: &[&Summary], why: &str) -> Error {
        let list: Vec<String> = several.iter().map(|summary| describe(summary)).collect();
        let what = format!("{} distributions could be the one of {}: they {why}", several.len(), self.names.domain);
        let next = format!("name the one to adopt: --distribution {}", several[0].id);
        Error::new(ErrorKind::Input, what, next).because(list.join("; "))
    }
}

fn reads(summary: &Summary, bucket: &str) -> bool {
    let origins = summary.origins.iter().filter_map(|(domain, path)| S3Origin::parse(domain, path));
    origins.into_iter().any(|origin| origin.bucket == bucket)
}

/// Whether any origin of it is a bucket: only such a distribution can be a site of ours.
pub(super) fn reads_any_bucket(summary: &Summary) -> bool {
    summary.origins.iter().any(|(domain, path)| S3Origin::parse(domain, path).is_some())
}

/// A distribution, as people know it.
pub(super) fn describe(summary: &Summary) -> String {
    let names = if summary.aliases.is_empty() { summary.domain_name.clone() } else { summary.aliases.join(", ") };
    let says_more = !summary.comment.is_empty() && !summary.aliases.contains(&summary.comment);
    let comment = if says_more { format!(", {:?}", summary.comment) } else { String::new() };
    format!("{} ({names}{comment})", summary.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(id: &str, aliases: &[&str], origin: &str) -> Summary {
        Summary {
            id: id.into(),
            arn: format!("arn:aws:cloudfront::000000000000:distribution/{id}"),
            domain_name: format!("{}.cloudfront.net", id.to_lowercase()),
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            enabled: true,
            comment: String::new(),
            origins: vec![(origin.to_owned(), String::new())],
        }
    }

    fn found(summaries: &[Summary], targets: &[&str]) -> Result<Option<String>> {
        let names = Names {
            domain: "cruddur.com".parse().unwrap(),
            redirect: Some("www.cruddur.com".parse().unwrap()),
            aliases: vec!["club.example".parse().unwrap()],
        };
        let targets: Vec<String> = targets.iter().map(|target| (*target).to_owned()).collect();
        let buckets = ["cruddur.com".to_owned(), "www.cruddur.com".to_owned()];
        let clues = Clues { names: &names, buckets: &buckets, targets: &targets };
        Ok(clues.find(summaries)?.map(|summary| summary.id.clone()))
    }

    #[test]
    fn the_clearest_clue_decides() {
        const OURS: &str = "cruddur.com.s3.eu-west-1.amazonaws.com";
        const WWW: &str = "www.cruddur.com.s3-website-us-east-1.amazonaws.com";
        const OTHER: &str = "other.s3.amazonaws.com";
        let one = |id: &str| Some(id.to_owned());
        let table: [(&[Summary], &[&str], Option<String>); 8] = [
            (&[], &[], None),
            (&[summary("E1", &[], OURS), summary("E2", &["Cruddur.com"], OTHER)], &["e1.cloudfront.net"], one("E2")),
            (&[summary("E1", &[], OURS), summary("E2", &["x.y"], OTHER)], &["e2.cloudfront.net"], one("E2")),
            (&[summary("E1", &[], WWW), summary("E2", &["www.cruddur.com"], OURS)], &[], one("E2")),
            (&[summary("E1", &["x.y"], OURS)], &[], None),
            (&[summary("E1", &["www.cruddur.com"], OTHER), summary("E2", &["club.example"], OTHER)], &[], one("E1")),
            (&[summary("E1", &["www.cruddur.com", "x.y"], OTHER)], &[], None),
            (&[summary("E1", &[], OTHER)], &[], None),
        ];
        for (summaries, targets, expected) in table {
            assert_eq!(found(summaries, targets).unwrap(), expected, "{summaries:?}");
        }
    }

    #[test]
    fn equally_clear_clues_are_for_the_owner_to_judge() {
        let bucket = "cruddur.com.s3.eu-west-1.amazonaws.com";
        let error = found(&[summary("E1", &[], bucket), summary("E2", &[], bucket)], &[]).unwrap_err();
        assert!(error.next().contains("--distribution E1") && error.to_string().contains("E2 ("), "{error}");
    }
}
