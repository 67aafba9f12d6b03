//! Asking a bucket: over its REST endpoint as the distribution may, over its website endpoint as the world may.

use http::{HeaderValue, StatusCode, header};

use super::{
    Edge,
    behavior::Target,
    bucket::{BucketAccess, Reader},
    compress::Encoding,
    fetch::Representation,
    page,
};
use crate::{Result, local::model::StoredObject, setup::S3Origin};

/// What an origin answers.
#[derive(Debug)]
pub(super) enum Answer {
    Object(StoredObject),
    /// An error, or a redirect of a website.
    Other(Representation),
}

impl Edge {
    /// Asks the target's bucket for the object `key`.
    ///
    /// # Errors
    /// The account cannot be read.
    pub(super) fn ask(&self, target: Target<'_>, key: &str) -> Result<Answer> {
        let domain = &target.origin.domain;
        let refused = |status, code: &str, message: &str| Ok(Answer::Other(page::s3_error(status, code, message, key)));
        let Some(endpoint) = S3Origin::of(target.origin) else {
            return refused(StatusCode::BAD_GATEWAY, "BadGateway", &format!("the origin {domain} is no bucket"));
        };
        let Some(access) = self.origin.bucket(&endpoint.bucket)? else {
            let message = format!("The specified bucket does not exist: {}", endpoint.bucket);
            return refused(StatusCode::NOT_FOUND, "NoSuchBucket", &message);
        };
        if let Some(region) = endpoint.region.as_ref().filter(|region| **region != access.region) {
            // S3 gives no Location with it (S3 User Guide, "Making requests using the REST API", "Redirects").
            let message = format!("The bucket is in {} and the origin names {region}.", access.region);
            return refused(StatusCode::MOVED_PERMANENTLY, "PermanentRedirect", &message);
        }
        if endpoint.website {
            self.ask_website(&endpoint.bucket, &access, key)
        } else {
            self.ask_rest(target, &endpoint.bucket, &access, key)
        }
    }

    fn ask_rest(&self, target: Target<'_>, bucket: &str, access: &BucketAccess, key: &str) -> Result<Answer> {
        let reader = self.reader(target)?;
        let denied = |why: String| {
            let message = format!("Access Denied: {why}");
            Ok(Answer::Other(page::s3_error(StatusCode::FORBIDDEN, "AccessDenied", &message, key)))
        };
        let who = match &reader {
            Reader::Distribution(_) => format!("distribution {}", target.distribution.id),
            Reader::Identity(id) => format!("the origin access identity {id}"),
            Reader::Anonymous => "the public, as which an origin without access control reads,".to_owned(),
        };
        if key.is_empty() {
            // S3 would list the bucket here, were it allowed: a default root object keeps that from happening.
            if !access.lets_list(&reader, bucket, key, true) {
                return denied("without a default root object this asks for a listing of the bucket".to_owned());
            }
        } else if !access.lets_read(&reader, bucket, key, true) {
            return denied(format!("the policy of bucket {bucket} does not let {who} read {key}"));
        } else if let Some(object) = self.origin.object(bucket, key)? {
            return Ok(Answer::Object(object));
        } else if !access.lets_list(&reader, bucket, key, true) {
            return denied(format!(
                "there is no {key}, and without s3:ListBucket in the policy of bucket {bucket} {who} may not know it"
            ));
        }
        let message = "The specified key does not exist.";
        Ok(Answer::Other(page::s3_error(StatusCode::NOT_FOUND, "NoSuchKey", message, key)))
    }

    /// As whom the target's origin is asked (CloudFront Developer Guide, "Restrict access to an Amazon S3 origin").
    fn reader(&self, target: Target<'_>) -> Result<Reader> {
        let origin = target.origin;
        if !origin.is_s3 {
            return Ok(Reader::Anonymous);
        }
        if !origin.access_control.is_empty() {
            let control = self.origin.access_control(&origin.access_control)?;
            let signs = control.is_some_and(|control| {
                control.origin_type == "s3"
                    && control.signing_protocol == "sigv4"
                    && control.signing_behavior != "never"
            });
            return Ok(if signs { Reader::Distribution(target.distribution.arn.clone()) } else { Reader::Anonymous });
        }
        let identity = origin.access_identity.rsplit('/').next().filter(|id| !id.is_empty());
        Ok(identity.map_or(Reader::Anonymous, |id| Reader::Identity(id.to_owned())))
    }

    /// As S3 hosts websites (S3 User Guide, "Website endpoints", "Configuring an index document", "Setting permissions for
    /// website access"): unlike the REST endpoint it tells what is missing to everybody who may read what is there.
    fn ask_website(&self, bucket: &str, access: &BucketAccess, asked: &str) -> Result<Answer> {
        let not_found = StatusCode::NOT_FOUND;
        let Some(website) = &access.website else {
            let message = "The specified bucket does not have a website configuration";
            return Ok(Answer::Other(page::website_error(not_found, "NoSuchWebsiteConfiguration", message, asked)));
        };
        let index = website.index_document.as_deref().unwrap_or_default();
        let is_folder = asked.is_empty() || asked.ends_with('/');
        let key = if is_folder { format!("{asked}{index}") } else { asked.to_owned() };
        let may_read = |key: &str| access.lets_read(&Reader::Anonymous, bucket, key, false);
        let error = if may_read(&key) {
            if let Some(object) = self.origin.object(bucket, &key)? {
                return Ok(Answer::Object(object));
            }
            let folder = format!("{asked}/{index}");
            if !is_folder && self.origin.object(bucket, &folder)?.is_some() {
                return Ok(Answer::Other(found(&format!("/{asked}/"))));
            }
            page::website_error(not_found, "NoSuchKey", "The specified key does not exist.", &key)
        } else {
            let why = format!("Access Denied: a website is read by the public, and bucket {bucket} does not let it in");
            page::website_error(StatusCode::FORBIDDEN, "AccessDenied", &why, &key)
        };
        let Some(document) = website.error_document.as_deref().filter(|document| may_read(document)) else {
            return Ok(Answer::Other(error));
        };
        let document = self.origin.object(bucket, document)?;
        let page = document.and_then(|object| Representation::of_object(&object, Encoding::Identity, false).ok());
        let page = page.map(|page| Representation { status: error.status, origin_etag: None, ..page });
        Ok(Answer::Other(page.unwrap_or(error)))
    }
}

/// The redirect of a website to a folder.
fn found(location: &str) -> Representation {
    let mut representation = Representation::of_text(StatusCode::FOUND, String::new());
    let location = percent_encoding::utf8_percent_encode(location, super::respond::PATH).to_string();
    representation.headers.extend(HeaderValue::try_from(location).ok().map(|value| (header::LOCATION, value)));
    representation.headers.insert(header::SERVER, HeaderValue::from_static("AmazonS3"));
    representation
}
