//! The plan: what is made, changed and kept, as a person reads it, and the steps that do it, as the applier takes them.

use super::{
    observed::{LifecycleRule, Record},
    site::Site,
};

/// What one bootstrap does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The site as it will be.
    pub site: Site,
    /// Every part of it, in the order a person thinks of them, with what happens to it.
    pub parts: Vec<Part>,
    /// What is done, in this order. Empty when everything is as it shall be.
    pub steps: Vec<Step>,
    /// What the owner should know before saying yes.
    pub notes: Vec<String>,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// One part of the site, for the tree that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub resource: Resource,
    /// Its name or id, as far as it is known.
    pub name: String,
    /// What happens to it.
    pub verdict: Verdict,
    /// Its fields that are set (of a new part) or changed.
    pub changes: Vec<Change>,
}

/// What happens to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is made.
    Create,
    /// Some of its fields change.
    Update,
    /// It is as it shall be.
    Keep,
}

/// A field of a part: `None -> new` where it is set for the first time, `old -> None` where it is taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The field, in the words of AWS's console: `alternate domain names`, `default root object`.
    pub field: String,
    /// What it says now.
    pub old: Option<String>,
    /// What it will say.
    pub new: Option<String>,
}

/// The kinds of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// The public hosted zone.
    Zone,
    /// The bucket with its configuration.
    Bucket,
    /// The bucket's policy.
    BucketPolicy,
    /// The certificate.
    Certificate,
    /// The origin access control.
    AccessControl,
    /// The viewer-request function.
    Function,
    /// The distribution.
    Distribution,
    /// The alias records.
    Records,
    /// The identity provider for GitHub's tokens.
    OidcProvider,
    /// The role that publishes from GitHub Actions.
    Role,
}

/// One thing to do. Ids that only come to be while the steps run (of the certificate, the distribution...) are not in
/// here: the applier fills them in from what the earlier steps made, or from what was observed.
///
/// Every step is one or two calls that may be repeated, so a run that is cut off between any two calls is finished by
/// the next one, which plans anew from what it finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Makes the public hosted zone of this name.
    CreateZone(String),
    /// Tags the zone of this id, which a run that was cut off has made.
    TagZone(String),
    /// Makes the bucket, private and owner-enforced as S3 makes them.
    CreateBucket,
    /// Sets all four public access blocks.
    BlockPublicAccess,
    /// Sets object ownership to bucket owner enforced.
    EnforceOwnership,
    /// Turns versioning on.
    EnableVersioning,
    /// Writes these lifecycle rules, replacing the bucket's rules of the same ids and keeping the others; the ids of
    /// `remove` go.
    SetLifecycle {
        /// The rules of ours.
        rules: Vec<LifecycleRule>,
        /// The ids of rules that would erase the live site.
        remove: Vec<String>,
    },
    /// Sets the default encryption to KMS with the site's key.
    SetEncryption,
    /// Gives the bucket the tags of [`bucket_tags`](super::plan::bucket_tags), keeping its other tags.
    TagBucket,
    /// Writes the bucket policy for the site's distribution. Statements of others stay, but with `closing` those that
    /// open the bucket to the world go.
    SetBucketPolicy {
        /// Whether public statements go: only once nothing needs them any more.
        closing: bool,
        /// Folders that the site was served from and some edges may still read.
        former: Vec<String>,
    },
    /// Asks for the certificate of [`Site::certificate_names`].
    RequestCertificate,
    /// Writes the validation records of the certificate into their zones, or shows them where the DNS is kept elsewhere.
    ProveCertificate,
    /// Waits until the certificate is issued.
    AwaitCertificate,
    /// Makes the origin access control.
    CreateAccessControl,
    /// Makes the origin access control sign everything for S3.
    UpdateAccessControl,
    /// Makes the function, in its development stage.
    CreateFunction,
    /// Replaces the function's code in its development stage.
    UpdateFunction,
    /// Makes the development stage of the function live.
    PublishFunction,
    /// Makes the distribution.
    CreateDistribution,
    /// Sets the fields of the distribution that this tool owns.
    UpdateDistribution,
    /// Gives the distribution the tags of [`distribution_tags`](super::plan::distribution_tags), keeping its other tags.
    TagDistribution,
    /// Waits until every edge has the distribution's configuration.
    AwaitDeployment,
    /// Deletes and creates record sets, in one change of each zone. Alias records whose target is not known yet point to
    /// `""`, which the applier replaces by the distribution's domain name.
    ChangeRecords(Vec<RecordChange>),
    /// Shows the records that the owner makes elsewhere, and waits until public DNS has them.
    AwaitRecords,
    /// Waits until resolvers have forgotten the records that were replaced: visitors with an old answer still read the
    /// bucket in public, which is about to be closed.
    AwaitExpiry {
        /// How long, in seconds: the longest time to live of those records.
        seconds: u64,
    },
    /// Makes the identity provider for GitHub's tokens.
    CreateProvider,
    /// Adds the audience of AWS to the provider.
    AddAudience,
    /// Makes the role, tagged, with its trust.
    CreateRole,
    /// Replaces the role's trust.
    SetTrust,
    /// Writes the role's policy for publishing.
    SetRolePolicy,
    /// Tags the role.
    TagRole,
}

/// The changes of one zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordChange {
    /// The zone's name.
    pub zone: String,
    /// Its id; `None` where an earlier step makes it. Two zones may have one name, so the name alone is not enough.
    pub zone_id: Option<String>,
    /// Record sets that are in the way.
    pub delete: Vec<Record>,
    /// Record sets that are made or replaced.
    pub upsert: Vec<Record>,
}

impl Step {
    /// The part of the site that it works on.
    pub fn resource(&self) -> Resource {
        match self {
            Self::CreateZone(_) | Self::TagZone(_) => Resource::Zone,
            Self::CreateBucket
            | Self::BlockPublicAccess
            | Self::EnforceOwnership
            | Self::EnableVersioning
            | Self::SetLifecycle { .. }
            | Self::SetEncryption
            | Self::TagBucket => Resource::Bucket,
            Self::SetBucketPolicy { .. } => Resource::BucketPolicy,
            Self::RequestCertificate | Self::ProveCertificate | Self::AwaitCertificate => Resource::Certificate,
            Self::CreateAccessControl | Self::UpdateAccessControl => Resource::AccessControl,
            Self::CreateFunction | Self::UpdateFunction | Self::PublishFunction => Resource::Function,
            Self::CreateDistribution | Self::UpdateDistribution | Self::TagDistribution | Self::AwaitDeployment => {
                Resource::Distribution
            }
            Self::ChangeRecords(_) | Self::AwaitRecords | Self::AwaitExpiry { .. } => Resource::Records,
            Self::CreateProvider | Self::AddAudience => Resource::OidcProvider,
            Self::CreateRole | Self::SetTrust | Self::SetRolePolicy | Self::TagRole => Resource::Role,
        }
    }
}

/// Ids that come to be while steps run, or were observed before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ids {
    /// The certificate's ARN.
    pub certificate: Option<String>,
    /// The origin access control's id.
    pub access_control: Option<String>,
    /// The function's ARN.
    pub function: Option<String>,
    /// The distribution's id.
    pub distribution: Option<String>,
    /// The distribution's own domain name.
    pub distribution_domain: Option<String>,
}
