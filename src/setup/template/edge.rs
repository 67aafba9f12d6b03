//! The certificate, the distribution with what it needs, and the records that lead to it.

use super::{
    ACCESS_CONTROL, CERTIFICATE, CERTIFICATE_ARN, DISTRIBUTION, Draft, FUNCTION, camel, tags,
    yaml::{Members, Node},
};
use crate::{
    routing::javascript::RUNTIME,
    setup::{
        Ids,
        distribution::wanted,
        observed::{Behavior, ErrorResponse, Origin, Record, RecordData},
        plan::function_code,
        records,
        site::DISTRIBUTION_ZONE,
    },
};

impl Draft<'_> {
    pub(super) fn certificate(&self, resources: Members) -> Members {
        if !self.makes_certificate() {
            return resources;
        }
        let names = self.site.certificate_names();
        let Some((domain, others)) = names.split_first() else { return resources };
        let proof = |name: &String| {
            let zone = self.zones.get(name)?;
            let zone = Node::reference(&zone.parameter);
            Some(Members::default().with("DomainName", name.as_str()).with("HostedZoneId", zone).into())
        };
        let proofs: Vec<Node> = names.iter().filter_map(proof).collect();
        let others: Vec<Node> = others.iter().map(|name| name.as_str().into()).collect();
        let properties = Members::default()
            .with("DomainName", domain.as_str())
            .with_some("SubjectAlternativeNames", (!others.is_empty()).then_some(others))
            .with("ValidationMethod", "DNS")
            .with_some("DomainValidationOptions", (!proofs.is_empty()).then_some(proofs))
            .with("KeyAlgorithm", "RSA_2048")
            .with("Tags", tags(&self.site.tags(false)));
        let certificate =
            Members::default().with("Type", "AWS::CertificateManager::Certificate").with("Properties", properties);
        resources.explained("CloudFront takes certificates of us-east-1 only.", CERTIFICATE, certificate)
    }

    pub(super) fn distribution(&self, resources: Members) -> Members {
        let control = Members::default()
            .with("Name", self.site.access_control_name())
            .with("OriginAccessControlOriginType", "s3")
            .with("SigningBehavior", "always")
            .with("SigningProtocol", "sigv4");
        let control = Members::default()
            .with("Type", "AWS::CloudFront::OriginAccessControl")
            .with("Properties", Members::default().with("OriginAccessControlConfig", control));
        let mut resources = resources.with(ACCESS_CONTROL, control);
        if let (Some(name), Some(code)) = (self.site.function_name(), function_code(self.site)) {
            let config = Members::default()
                .with("Comment", format!("Routes {} (cruddur-site)", self.site.domain))
                .with("Runtime", RUNTIME);
            let properties = Members::default()
                .with("Name", name)
                .with("AutoPublish", true)
                .with("FunctionConfig", config)
                .with("FunctionCode", Node::Lines(code));
            let function = Members::default().with("Type", "AWS::CloudFront::Function").with("Properties", properties);
            resources = resources.explained("How URLs become objects.", FUNCTION, function);
        }
        let properties =
            Members::default().with("DistributionConfig", self.config()).with("Tags", tags(&self.site.tags(false)));
        let distribution =
            Members::default().with("Type", "AWS::CloudFront::Distribution").with("Properties", properties);
        resources.with(DISTRIBUTION, distribution)
    }

    fn config(&self) -> Node {
        let mut wanted = wanted(self.site, &Ids::default(), None);
        let missing: Vec<_> =
            self.site.kept_aliases.iter().filter(|name| !wanted.aliases.contains(name)).cloned().collect();
        wanted.aliases.extend(missing);
        let aliases: Vec<Node> = wanted.aliases.iter().map(|name| name.as_str().into()).collect();
        let mut origins = vec![&wanted.origin];
        for (_, _, origin) in &wanted.behaviors {
            if !origins.iter().any(|known| known.id == origin.id) {
                origins.push(origin);
            }
        }
        let origins: Vec<Node> = origins.into_iter().map(origin).collect();
        let of_path = |(path, behavior, _): &(String, Behavior, Origin)| {
            described(Members::default().with("PathPattern", path.as_str()), behavior).into()
        };
        let behaviors: Vec<Node> = wanted.behaviors.iter().map(of_path).collect();
        let errors: Vec<Node> = wanted.error_responses.iter().map(error_response).collect();
        let certificate = Node::reference(if self.makes_certificate() { CERTIFICATE } else { CERTIFICATE_ARN });
        let viewer_certificate = Members::default()
            .with("AcmCertificateArn", certificate)
            .with("MinimumProtocolVersion", wanted.minimum_tls.as_str())
            .with("SslSupportMethod", wanted.tls_support.as_str());
        Members::default()
            .with("Enabled", wanted.enabled)
            .with("Comment", wanted.comment.as_str())
            .with("Aliases", aliases)
            .with("DefaultRootObject", wanted.default_root_object.as_str())
            .with("HttpVersion", wanted.http_version.as_str())
            .with("IPV6Enabled", wanted.ipv6)
            .with_some("PriceClass", wanted.price_class.map(|class| class.name()))
            .with("ViewerCertificate", viewer_certificate)
            .with("Origins", origins)
            .with("DefaultCacheBehavior", described(Members::default(), &wanted.behavior))
            .with_some("CacheBehaviors", (!behaviors.is_empty()).then_some(behaviors))
            .with_some("CustomErrorResponses", (!errors.is_empty()).then_some(errors))
            .into()
    }

    /// The records of the names that have a zone.
    pub(super) fn record_sets(&self, mut resources: Members) -> Members {
        for name in self.site.names() {
            let Some(zone) = self.zones.get(name.as_str()) else { continue };
            for Record { name, kind, data } in records::aliases(name.as_str(), "") {
                let RecordData::Alias { evaluate_health, .. } = data else { continue };
                let target = Members::default()
                    .with("DNSName", Node::attribute("Distribution.DomainName"))
                    .with("HostedZoneId", DISTRIBUTION_ZONE)
                    .with("EvaluateTargetHealth", evaluate_health);
                let properties = Members::default()
                    .with("HostedZoneId", Node::reference(&zone.parameter))
                    .with("Name", name.as_str())
                    .with("Type", kind.as_str())
                    .with("AliasTarget", target);
                let record = Members::default().with("Type", "AWS::Route53::RecordSet").with("Properties", properties);
                resources = resources.with(format!("Record{}{kind}", camel(&name)), record);
            }
        }
        resources
    }
}

fn origin(origin: &Origin) -> Node {
    let described = Members::default().with("Id", origin.id.as_str());
    if !origin.is_s3 {
        let config = Members::default()
            .with("OriginProtocolPolicy", origin.protocol_policy.as_str())
            .with("OriginSSLProtocols", Node::Row(vec!["TLSv1.2".into()]));
        return described.with("DomainName", origin.domain.as_str()).with("CustomOriginConfig", config).into();
    }
    described
        // The REST endpoint in the bucket's region, never the website's.
        .with("DomainName", Node::attribute("Bucket.RegionalDomainName"))
        .with_some("OriginPath", (!origin.path.is_empty()).then_some(origin.path.as_str()))
        .with("OriginAccessControlId", Node::attribute("AccessControl.Id"))
        .explained(
            "Empty beside an origin access control, and it must be there.",
            "S3OriginConfig",
            Members::default().with("OriginAccessIdentity", ""),
        )
        .into()
}

fn described(members: Members, behavior: &Behavior) -> Members {
    let given = |id: &str| (!id.is_empty()).then(|| id.to_owned());
    let methods = behavior.methods.iter().map(|method| method.as_str().into()).collect();
    let function = (!behavior.viewer_request_function.is_empty()).then(|| {
        let association = Members::default()
            .with("EventType", "viewer-request")
            .with("FunctionARN", Node::attribute("Function.FunctionARN"));
        vec![Node::from(association)]
    });
    members
        .with("TargetOriginId", behavior.origin.as_str())
        .with("ViewerProtocolPolicy", behavior.viewer_protocol.as_str())
        .with("AllowedMethods", Node::Row(methods))
        .with("CachePolicyId", behavior.cache_policy.as_str())
        .with_some("OriginRequestPolicyId", given(&behavior.origin_request_policy))
        .with_some("ResponseHeadersPolicyId", given(&behavior.response_headers_policy))
        .with("Compress", behavior.compress)
        .with_some("FunctionAssociations", function)
}

fn error_response(response: &ErrorResponse) -> Node {
    let page = (!response.page.is_empty()).then_some(response.page.as_str());
    Members::default()
        .with("ErrorCode", u32::from(response.error_code))
        .with_some("ResponsePagePath", page)
        .with_some("ResponseCode", response.response_code.map(u32::from))
        .with("ErrorCachingMinTTL", response.minimum_ttl)
        .into()
}
