//! Origins.

use aws_sdk_cloudfront::{
    error::BuildError,
    types::{DistributionConfig, Origin, OriginProtocolPolicy},
};

use super::{fresh, set, text};
use crate::{aws::cloudfront::S3Origin, setup::observed};

/// The origin that a behavior targets; of an origin group, its first member, which is asked first.
pub(super) fn of_target(config: &DistributionConfig, target: &str) -> observed::Origin {
    let origins = config.origins().map(|origins| origins.items()).unwrap_or_default();
    let by_id = |id: &str| origins.iter().find(|origin| origin.id() == id);
    let of_group = || {
        let groups = config.origin_groups().map(|groups| groups.items()).unwrap_or_default();
        let group = groups.iter().find(|group| group.id() == target)?;
        by_id(group.members()?.items().first()?.origin_id())
    };
    by_id(target).or_else(of_group).map_or_else(|| nothing(target), read)
}

/// Reads an origin.
fn read(origin: &Origin) -> observed::Origin {
    let custom = origin.custom_origin_config();
    let s3 = origin.s3_origin_config();
    // CloudFront always says which kind it is. What speaks like it and does not leaves the name to tell.
    let is_s3 = s3.is_some()
        || custom.is_none()
            && origin.vpc_origin_config().is_none()
            && S3Origin::parse(origin.domain_name(), "").is_some_and(|origin| !origin.website);
    observed::Origin {
        id: origin.id().to_owned(),
        domain: origin.domain_name().to_owned(),
        path: text(origin.origin_path()),
        is_s3,
        access_control: text(origin.origin_access_control_id()),
        access_identity: text(s3.map(|s3| s3.origin_access_identity())),
        protocol_policy: text(custom.map(|custom| custom.origin_protocol_policy().as_str())),
    }
}

fn nothing(id: &str) -> observed::Origin {
    observed::Origin {
        id: id.to_owned(),
        domain: String::new(),
        path: String::new(),
        is_s3: false,
        access_control: String::new(),
        access_identity: String::new(),
        protocol_policy: String::new(),
    }
}

/// Writes what is wanted into the origin of that id. One that turns from a custom one (a bucket's website endpoint) into
/// S3, or the other way, loses the settings of its former kind; its headers, timeouts and shield stay.
pub(super) fn write(wanted: &observed::Origin, origin: &mut Origin) -> Result<(), BuildError> {
    origin.domain_name.clone_from(&wanted.domain);
    set(&mut origin.origin_path, &wanted.path);
    set(&mut origin.origin_access_control_id, &wanted.access_control);
    if wanted.is_s3 {
        origin.custom_origin_config = None;
        origin.vpc_origin_config = None;
        match &mut origin.s3_origin_config {
            Some(s3) => s3.origin_access_identity.clone_from(&wanted.access_identity),
            None => origin.s3_origin_config = Some(fresh::s3(&wanted.access_identity)),
        }
        return Ok(());
    }
    origin.s3_origin_config = None;
    // An origin in a VPC has no protocol policy of this kind.
    if origin.vpc_origin_config.is_some() && wanted.protocol_policy.is_empty() {
        return Ok(());
    }
    origin.vpc_origin_config = None;
    match &mut origin.custom_origin_config {
        Some(custom) => custom.origin_protocol_policy = OriginProtocolPolicy::from(wanted.protocol_policy.as_str()),
        None => origin.custom_origin_config = Some(fresh::custom(&wanted.protocol_policy)?),
    }
    Ok(())
}
