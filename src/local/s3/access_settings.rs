//! Who but the owner may be let in at all: public access block, object ownership, access control lists.

use http::StatusCode;
use rusqlite::Transaction;
use s3s::{S3Error, S3Request, S3Result, dto::*, s3_error};
use serde::{Deserialize, Serialize};

use crate::local::{Fault, resources};

use super::{
    LocalS3,
    buckets::owner,
    configuration::{ACL, OWNERSHIP, PUBLIC_ACCESS_BLOCK, malformed, refused},
    versions,
};

/// The groups whose grants make a list public (S3 User Guide, "Access control list (ACL) overview").
const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
const AUTHENTICATED_USERS: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";

/// The four settings of S3 User Guide, "Blocking public access to your Amazon S3 storage".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PublicAccessBlock {
    /// Public access control lists are refused.
    pub(crate) block_public_acls: bool,
    /// Public access control lists have no effect.
    pub(crate) ignore_public_acls: bool,
    /// Public policies are refused.
    pub(crate) block_public_policy: bool,
    /// A public policy lets in nobody but AWS services and this account.
    pub(crate) restrict_public_buckets: bool,
}

impl PublicAccessBlock {
    /// All four on, as new buckets have them.
    pub(crate) const CLOSED: Self = Self {
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
    };

    /// A bucket's settings; all off where it has none.
    pub(crate) fn of(tx: &Transaction<'_>, bucket: &str) -> rusqlite::Result<Self> {
        Ok(resources::get(tx, PUBLIC_ACCESS_BLOCK, bucket)?.unwrap_or_default())
    }
}

/// Whether access control lists are off in a bucket.
fn is_enforced(tx: &Transaction<'_>, bucket: &str) -> rusqlite::Result<bool> {
    let ownership: Option<String> = resources::get(tx, OWNERSHIP, bucket)?;
    Ok(ownership.as_deref() == Some(ObjectOwnership::BUCKET_OWNER_ENFORCED))
}

/// The ownership and the list that a new bucket is asked to have instead of the defaults.
pub(crate) fn set_initial(
    tx: &Transaction<'_>,
    bucket: &str,
    ownership: Option<&ObjectOwnership>,
    acl: Option<&BucketCannedACL>,
) -> Result<(), Fault> {
    let ownership = ownership.map_or(Ok(ObjectOwnership::BUCKET_OWNER_ENFORCED), known_ownership)?;
    resources::put(tx, OWNERSHIP, bucket, &ownership.to_owned())?;
    let grants = acl.map_or_else(|| Ok(Vec::new()), canned)?;
    if grants.is_empty() {
        return Ok(());
    }
    if ownership == ObjectOwnership::BUCKET_OWNER_ENFORCED {
        return Err(acl_with_ownership().into());
    }
    if grants.iter().any(Granted::is_public) {
        return Err(refused(
            StatusCode::BAD_REQUEST,
            "InvalidBucketAclWithBlockPublicAccessError",
            "Bucket cannot have public ACLs set with BlockPublicAccess enabled",
        )
        .into());
    }
    Ok(resources::put(tx, ACL, bucket, &grants)?)
}

fn known_ownership(ownership: &ObjectOwnership) -> S3Result<&'static str> {
    [ObjectOwnership::BUCKET_OWNER_ENFORCED, ObjectOwnership::BUCKET_OWNER_PREFERRED, ObjectOwnership::OBJECT_WRITER]
        .into_iter()
        .find(|known| *known == ownership.as_str())
        .ok_or_else(malformed)
}

fn acl_with_ownership() -> S3Error {
    s3_error!(
        InvalidBucketAclWithObjectOwnership,
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
    )
}

/// What a list grants to somebody who is not the bucket's owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Granted {
    /// `CanonicalUser`, `Group` or `AmazonCustomerByEmail`.
    kind: String,
    /// The user, group or address.
    to: String,
    /// `READ` and the like.
    permission: String,
}

impl Granted {
    /// A grant of a request, with the permission and the one grantee it must have.
    fn read(grant: &Grant) -> Option<Self> {
        let grantee = grant.grantee.as_ref()?;
        let to = match grantee.type_.as_str() {
            Type::CANONICAL_USER => grantee.id.clone()?,
            Type::GROUP => grantee.uri.clone()?,
            Type::AMAZON_CUSTOMER_BY_EMAIL => grantee.email_address.clone()?,
            _ => return None,
        };
        let permission = grant.permission.as_ref()?.as_str().to_owned();
        Some(Self { kind: grantee.type_.as_str().to_owned(), to, permission })
    }

    fn is_public(&self) -> bool {
        [ALL_USERS, AUTHENTICATED_USERS].contains(&self.to.as_str())
    }

    fn render(self) -> Grant {
        let of = |kind: &str| (self.kind == kind).then(|| self.to.clone());
        let grantee = Grantee {
            display_name: None,
            email_address: of(Type::AMAZON_CUSTOMER_BY_EMAIL),
            id: of(Type::CANONICAL_USER),
            uri: of(Type::GROUP),
            type_: Type::from(self.kind.clone()),
        };
        Grant { grantee: Some(grantee), permission: Some(Permission::from(self.permission)) }
    }
}

/// The owner's own grant, which every list has here.
fn owners_grant() -> Granted {
    Granted {
        kind: Type::CANONICAL_USER.to_owned(),
        to: owner().id.unwrap_or_default(),
        permission: Permission::FULL_CONTROL.to_owned(),
    }
}

/// What a canned list grants to others than the owner (S3 User Guide, "Canned ACL").
fn canned(acl: &BucketCannedACL) -> S3Result<Vec<Granted>> {
    let to = |group: &str, permissions: &[&str]| {
        let to_group = |permission: &&str| Granted {
            kind: Type::GROUP.to_owned(),
            to: group.to_owned(),
            permission: (*permission).to_owned(),
        };
        permissions.iter().map(to_group).collect()
    };
    match acl.as_str() {
        BucketCannedACL::PRIVATE => Ok(Vec::new()),
        BucketCannedACL::PUBLIC_READ => Ok(to(ALL_USERS, &[Permission::READ])),
        BucketCannedACL::PUBLIC_READ_WRITE => Ok(to(ALL_USERS, &[Permission::READ, Permission::WRITE])),
        BucketCannedACL::AUTHENTICATED_READ => Ok(to(AUTHENTICATED_USERS, &[Permission::READ])),
        _ => Err(s3_error!(InvalidArgument, "The canned ACL is not one that S3 knows.")),
    }
}

/// What the request grants to others than the owner.
fn granted(input: &PutBucketAclInput) -> S3Result<Vec<Granted>> {
    let headers = [
        &input.grant_full_control,
        &input.grant_read,
        &input.grant_read_acp,
        &input.grant_write,
        &input.grant_write_acp,
    ];
    if headers.iter().any(|header| header.is_some()) {
        return Err(s3_error!(
            NotImplemented,
            "A local account takes grants as a canned ACL or in the request's body."
        ));
    }
    match (&input.acl, &input.access_control_policy) {
        (Some(acl), None) => canned(acl),
        (None, Some(policy)) => {
            let grants: Option<Vec<_>> = policy.grants.iter().flatten().map(Granted::read).collect();
            let mut grants = grants.ok_or_else(malformed)?;
            grants.retain(|granted| Some(&granted.to) != owner().id.as_ref());
            Ok(grants)
        }
        (None, None) => Err(s3_error!(MissingSecurityHeader, "Your request was missing a required header")),
        (Some(_), Some(_)) => {
            Err(s3_error!(UnexpectedContent, "This request does not support content when a canned ACL is specified"))
        }
    }
}

impl LocalS3 {
    pub(crate) async fn put_public_access_block(
        &self,
        request: S3Request<PutPublicAccessBlockInput>,
    ) -> S3Result<PutPublicAccessBlockOutput> {
        let PutPublicAccessBlockInput { bucket, public_access_block_configuration: wanted, .. } = request.input;
        let block = PublicAccessBlock {
            block_public_acls: wanted.block_public_acls.unwrap_or_default(),
            ignore_public_acls: wanted.ignore_public_acls.unwrap_or_default(),
            block_public_policy: wanted.block_public_policy.unwrap_or_default(),
            restrict_public_buckets: wanted.restrict_public_buckets.unwrap_or_default(),
        };
        self.configure(PUBLIC_ACCESS_BLOCK, bucket, block, |_, _, _| Ok(())).await?;
        Ok(PutPublicAccessBlockOutput {})
    }

    pub(crate) async fn get_public_access_block(
        &self,
        request: S3Request<GetPublicAccessBlockInput>,
    ) -> S3Result<GetPublicAccessBlockOutput> {
        let block: Option<PublicAccessBlock> = self.configuration(PUBLIC_ACCESS_BLOCK, request.input.bucket).await?;
        let block = block.ok_or_else(|| {
            refused(
                StatusCode::NOT_FOUND,
                "NoSuchPublicAccessBlockConfiguration",
                "The public access block configuration was not found",
            )
        })?;
        let configuration = PublicAccessBlockConfiguration {
            block_public_acls: Some(block.block_public_acls),
            ignore_public_acls: Some(block.ignore_public_acls),
            block_public_policy: Some(block.block_public_policy),
            restrict_public_buckets: Some(block.restrict_public_buckets),
        };
        Ok(GetPublicAccessBlockOutput { public_access_block_configuration: Some(configuration) })
    }

    pub(crate) async fn delete_public_access_block(
        &self,
        request: S3Request<DeletePublicAccessBlockInput>,
    ) -> S3Result<DeletePublicAccessBlockOutput> {
        self.unconfigure(PUBLIC_ACCESS_BLOCK, request.input.bucket).await?;
        Ok(DeletePublicAccessBlockOutput {})
    }

    /// Lists that grant something to others must be taken back before they can be turned off (S3 User Guide,
    /// "Controlling ownership of objects and disabling ACLs for your bucket").
    pub(crate) async fn put_bucket_ownership_controls(
        &self,
        request: S3Request<PutBucketOwnershipControlsInput>,
    ) -> S3Result<PutBucketOwnershipControlsOutput> {
        let PutBucketOwnershipControlsInput { bucket, ownership_controls, .. } = request.input;
        let [rule] = ownership_controls.rules.as_slice() else { return Err(malformed()) };
        let ownership = known_ownership(&rule.object_ownership)?.to_owned();
        self.configure(OWNERSHIP, bucket, ownership, |tx, bucket, ownership| {
            let grants: Option<Vec<Granted>> = resources::get(tx, ACL, bucket)?;
            if ownership == ObjectOwnership::BUCKET_OWNER_ENFORCED && grants.is_some_and(|grants| !grants.is_empty()) {
                return Err(acl_with_ownership().into());
            }
            Ok(())
        })
        .await?;
        Ok(PutBucketOwnershipControlsOutput {})
    }

    pub(crate) async fn get_bucket_ownership_controls(
        &self,
        request: S3Request<GetBucketOwnershipControlsInput>,
    ) -> S3Result<GetBucketOwnershipControlsOutput> {
        let ownership: Option<String> = self.configuration(OWNERSHIP, request.input.bucket).await?;
        let ownership = ownership
            .ok_or_else(|| s3_error!(OwnershipControlsNotFoundError, "The bucket ownership controls were not found"))?;
        let rule = OwnershipControlsRule { object_ownership: ObjectOwnership::from(ownership) };
        Ok(GetBucketOwnershipControlsOutput { ownership_controls: Some(OwnershipControls { rules: vec![rule] }) })
    }

    pub(crate) async fn delete_bucket_ownership_controls(
        &self,
        request: S3Request<DeleteBucketOwnershipControlsInput>,
    ) -> S3Result<DeleteBucketOwnershipControlsOutput> {
        self.unconfigure(OWNERSHIP, request.input.bucket).await?;
        Ok(DeleteBucketOwnershipControlsOutput {})
    }

    pub(crate) async fn put_bucket_acl(&self, request: S3Request<PutBucketAclInput>) -> S3Result<PutBucketAclOutput> {
        let grants = granted(&request.input)?;
        self.configure(ACL, request.input.bucket, grants, |tx, bucket, grants| {
            if is_enforced(tx, bucket)? {
                return Err(s3_error!(AccessControlListNotSupported, "The bucket does not allow ACLs").into());
            }
            if PublicAccessBlock::of(tx, bucket)?.block_public_acls && grants.iter().any(Granted::is_public) {
                return Err(s3_error!(
                    AccessDenied,
                    "Public access control lists are blocked by the BlockPublicAcls setting of the bucket."
                )
                .into());
            }
            Ok(())
        })
        .await?;
        Ok(PutBucketAclOutput {})
    }

    pub(crate) async fn get_bucket_acl(&self, request: S3Request<GetBucketAclInput>) -> S3Result<GetBucketAclOutput> {
        let bucket = request.input.bucket;
        let others = self
            .read(move |tx, _| {
                versions::Bucket::get(tx, &bucket)?;
                // Turned off, a list tells nothing but its owner.
                let kept = if is_enforced(tx, &bucket)? { None } else { resources::get(tx, ACL, &bucket)? };
                Ok(kept.unwrap_or_else(Vec::<Granted>::new))
            })
            .await?;
        let grants = [owners_grant()].into_iter().chain(others).map(Granted::render).collect();
        Ok(GetBucketAclOutput { grants: Some(grants), owner: Some(owner()) })
    }
}
