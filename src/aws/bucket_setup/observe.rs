//! Everything that is set of a bucket.

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use serde_json::Value;

use super::{BucketSetup, lifecycle};
use crate::{
    aws::Action,
    error::{Error, ErrorKind, Result},
    setup::{
        desired::can_be_made,
        observed::{Bucket, Encryption, LifecycleRule, Tags},
    },
};

/// The folder of our own state, which is no part of a site.
const STATE: &str = ".cruddur-site/";

/// What S3 answers to a HEAD of the bucket.
enum Found {
    /// The bucket is here.
    Here,
    /// It is in this region.
    In(String),
    Nowhere,
}

/// The answer of a request, or `None` where S3 says with this code that nothing is set.
macro_rules! unless {
    ($code:literal, $action:expr, $request:expr) => {
        match $request.send().await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.code() == Some($code) => Ok(None),
            Err(error) => Err($action.failed(error)),
        }
    };
}

impl BucketSetup {
    /// Looks at the bucket, wherever it is; `None` where there is no bucket of that name. `prefix` is the served folder.
    ///
    /// # Errors
    /// [`ErrorKind::AccessDenied`] where there is one that these credentials may not see, which can mean that it is
    /// somebody else's; or as AWS answers.
    pub async fn observe(&self, prefix: &str) -> Result<Option<Bucket>> {
        if !self.find().await? {
            return Ok(None);
        }
        let (public_access_block, ownership, versioning, lifecycle, encryption, policy, tags, website, content) = tokio::try_join!(
            self.public_access_block(),
            self.ownership(),
            self.versioning(),
            self.lifecycle(),
            self.encryption(),
            self.policy(),
            self.tags(),
            self.website(),
            self.content(prefix),
        )?;
        let (has_site, is_empty) = content;
        let (name, region) = (self.name.clone(), self.region());
        Ok(Some(Bucket {
            name,
            region,
            public_access_block,
            ownership,
            versioning,
            lifecycle,
            encryption,
            policy,
            tags,
            website,
            has_site,
            is_empty,
        }))
    }

    /// Finds the bucket's region; `false` where there is no such bucket.
    async fn find(&self) -> Result<bool> {
        match self.head().await? {
            Found::Here => Ok(true),
            Found::Nowhere => Ok(false),
            Found::In(region) => {
                self.is_in(&region);
                Ok(!matches!(self.head().await?, Found::Nowhere))
            }
        }
    }

    /// S3 tells the bucket's region in a header whatever the status (API reference, HeadBucket): 301 and 400 where the
    /// request went to another region, 403 where the bucket may not be seen.
    async fn head(&self) -> Result<Found> {
        let asked = self.region();
        let what = format!("look for bucket {}", self.name);
        let error = match self.client().head_bucket().bucket(&self.name).send().await {
            Ok(_) => return Ok(Found::Here),
            Err(error) => error,
        };
        let response = error.raw_response();
        let status = response.map_or(0, |response| response.status().as_u16());
        let region = response.and_then(|response| response.headers().get("x-amz-bucket-region"));
        match region {
            Some(region) if region != asked && !region.is_empty() => return Ok(Found::In(region.to_owned())),
            _ => {}
        }
        match status {
            404 => Ok(Found::Nowhere),
            // Of a name that no new bucket can have there is at most an old one, and S3 would have told its region.
            400 if !can_be_made(&self.name) => Ok(Found::Nowhere),
            403 => Err(self.not_to_be_seen()),
            _ => Err(Action { iam: "s3:ListBucket", on: &self.arn(), what: &what }.failed(error)),
        }
    }

    fn not_to_be_seen(&self) -> Error {
        let Self { name, .. } = self;
        Error::new(
            ErrorKind::AccessDenied,
            format!("there is a bucket {name} that these credentials may not see: it is somebody else's, or yours and a permission is missing"),
            format!(
                "choose another name with --bucket NAME; or, where it is yours, check --profile and allow s3:ListBucket on \
                 {} in the policy of the user or role of these credentials (`aws s3 ls` shows the account's buckets)",
                self.arn()
            ),
        )
        .because("AWS: HTTP status 403")
    }

    async fn public_access_block(&self) -> Result<[bool; 4]> {
        let (on, what) = (self.arn(), format!("read the public access block of bucket {}", self.name));
        let action = Action { iam: "s3:GetBucketPublicAccessBlock", on: &on, what: &what };
        let get = self.client().get_public_access_block().bucket(&self.name);
        let answer = unless!("NoSuchPublicAccessBlockConfiguration", action, get)?;
        let set = answer.and_then(|answer| answer.public_access_block_configuration);
        Ok(set.map_or([false; 4], |set| {
            [
                set.block_public_acls(),
                set.ignore_public_acls(),
                set.block_public_policy(),
                set.restrict_public_buckets(),
            ]
            .map(|flag| flag.unwrap_or(false))
        }))
    }

    async fn ownership(&self) -> Result<Option<String>> {
        let (on, what) = (self.arn(), format!("read the object ownership of bucket {}", self.name));
        let action = Action { iam: "s3:GetBucketOwnershipControls", on: &on, what: &what };
        let get = self.client().get_bucket_ownership_controls().bucket(&self.name);
        let answer = unless!("OwnershipControlsNotFoundError", action, get)?;
        let controls = answer.and_then(|answer| answer.ownership_controls);
        let rule = controls.as_ref().and_then(|controls| controls.rules().first());
        Ok(rule.map(|rule| rule.object_ownership().as_str().to_owned()))
    }

    async fn versioning(&self) -> Result<bool> {
        let (on, what) = (self.arn(), format!("read the versioning of bucket {}", self.name));
        let action = Action { iam: "s3:GetBucketVersioning", on: &on, what: &what };
        let sent = self.client().get_bucket_versioning().bucket(&self.name).send().await;
        let answer = sent.map_err(|error| action.failed(error))?;
        Ok(answer.status().is_some_and(|status| status.as_str() == "Enabled"))
    }

    async fn lifecycle(&self) -> Result<Vec<LifecycleRule>> {
        let there = self.lifecycle_rules().await?;
        Ok(there.rules.iter().map(lifecycle::read).collect())
    }

    async fn encryption(&self) -> Result<Option<Encryption>> {
        let rules = self.encryption_rules().await?;
        let Some(rule) = rules.first() else { return Ok(None) };
        Ok(rule.apply_server_side_encryption_by_default().map(|by_default| Encryption {
            algorithm: by_default.sse_algorithm().as_str().to_owned(),
            kms_key: by_default.kms_master_key_id().filter(|key| !key.is_empty()).map(str::to_owned),
            bucket_key: rule.bucket_key_enabled().unwrap_or(false),
        }))
    }

    /// The rules of the default encryption; S3 keeps one.
    pub(super) async fn encryption_rules(&self) -> Result<Vec<aws_sdk_s3::types::ServerSideEncryptionRule>> {
        let (on, what) = (self.arn(), format!("read the encryption of bucket {}", self.name));
        let action = Action { iam: "s3:GetEncryptionConfiguration", on: &on, what: &what };
        let get = self.client().get_bucket_encryption().bucket(&self.name);
        let answer = unless!("ServerSideEncryptionConfigurationNotFoundError", action, get)?;
        let set = answer.and_then(|answer| answer.server_side_encryption_configuration);
        Ok(set.map(|set| set.rules).unwrap_or_default())
    }

    async fn policy(&self) -> Result<Option<Value>> {
        let (on, what) = (self.arn(), format!("read the policy of bucket {}", self.name));
        let action = Action { iam: "s3:GetBucketPolicy", on: &on, what: &what };
        let get = self.client().get_bucket_policy().bucket(&self.name);
        let answer = unless!("NoSuchBucketPolicy", action, get)?;
        let Some(policy) = answer.and_then(|answer| answer.policy) else { return Ok(None) };
        let policy = serde_json::from_str(&policy).map_err(|error| {
            Error::new(ErrorKind::Service, format!("cannot {what}: it is no JSON"), "run the command again")
                .because(error)
        })?;
        Ok(Some(policy))
    }

    /// The bucket's tags, those of AWS itself (`aws:...`) included.
    pub(super) async fn tags(&self) -> Result<Tags> {
        let (on, what) = (self.arn(), format!("read the tags of bucket {}", self.name));
        let action = Action { iam: "s3:GetBucketTagging", on: &on, what: &what };
        let get = self.client().get_bucket_tagging().bucket(&self.name);
        let answer = unless!("NoSuchTagSet", action, get)?;
        let tags = answer.map(|answer| answer.tag_set).unwrap_or_default();
        Ok(tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
    }

    async fn website(&self) -> Result<bool> {
        let (on, what) = (self.arn(), format!("read the website hosting of bucket {}", self.name));
        let action = Action { iam: "s3:GetBucketWebsite", on: &on, what: &what };
        let get = self.client().get_bucket_website().bucket(&self.name);
        Ok(unless!("NoSuchWebsiteConfiguration", action, get)?.is_some())
    }

    /// Whether the served folder has anything of a site, and whether the whole bucket has neither object nor version.
    async fn content(&self, prefix: &str) -> Result<(bool, bool)> {
        let (on, what) = (self.arn(), format!("look into bucket {}", self.name));
        let action = Action { iam: "s3:ListBucket", on: &on, what: &what };
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        // Two are enough: at most one of them is our own state.
        let list = self.client().list_objects_v2().bucket(&self.name).prefix(prefix).delimiter("/").max_keys(2);
        let page = list.send().await.map_err(|error| action.failed(error))?;
        let folders = page.common_prefixes().iter().filter_map(|common| common.prefix());
        let has_site = !page.contents().is_empty() || folders.into_iter().any(|folder| folder != STATE);
        if has_site {
            return Ok((true, false));
        }
        let action = Action { iam: "s3:ListBucketVersions", on: &on, what: &what };
        let list = self.client().list_object_versions().bucket(&self.name).max_keys(1);
        let page = list.send().await.map_err(|error| action.failed(error))?;
        Ok((false, page.versions().is_empty() && page.delete_markers().is_empty()))
    }
}
