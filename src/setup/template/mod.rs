//! The desired state as a CloudFormation template, for people who keep infrastructure as code.
//!
//! Every value is the one that bootstrap itself would set. What bootstrap finds by looking (the hosted zones, whether
//! there is a provider for GitHub's tokens) are parameters, whose defaults are what was found.

mod edge;
mod storage;
mod yaml;

use std::collections::BTreeMap;

use self::yaml::{Members, Node};
use super::{
    Observed, Site,
    desired::registrable,
    observed::Tags,
    plan,
    policy::{self, AUDIENCE, GITHUB_ISSUER},
    records,
    request::Dns,
    site::{Account, CERTIFICATE_REGION, ROLE_POLICY},
};
use crate::error::Result;

/// The logical ids of the template.
const BUCKET: &str = "Bucket";
const CERTIFICATE: &str = "Certificate";
const DISTRIBUTION: &str = "Distribution";
const ACCESS_CONTROL: &str = "AccessControl";
const FUNCTION: &str = "Function";
const PROVIDER: &str = "GithubProvider";
const ROLE: &str = "DeployRole";
/// The parameters.
const CERTIFICATE_ARN: &str = "CertificateArn";
const MAKE_PROVIDER: &str = "MakeGithubProvider";
/// The condition that the provider is made.
const MAKES_PROVIDER: &str = "MakesGithubProvider";

/// The site as a CloudFormation template in YAML.
///
/// # Errors
/// None today; the result leaves room for sites that no template can hold.
pub fn cloudformation(site: &Site, observed: &Observed) -> Result<String> {
    let draft = Draft { site, portable: portable(site), zones: zones(site, observed) };
    let document = Members::default()
        .with("AWSTemplateFormatVersion", "2010-09-09")
        .with("Description", draft.description())
        .with_some("Parameters", draft.parameters(observed))
        .with("Rules", draft.rules())
        .with_some("Conditions", site.deployer.is_some().then(conditions))
        .with("Resources", draft.resources())
        .with("Outputs", draft.outputs());
    Ok(format!("{}{}", draft.head(observed), Node::from(document)))
}

/// What a template is made of.
struct Draft<'a> {
    site: &'a Site,
    /// The site with CloudFormation's words for account and partition, for documents that name ARNs.
    portable: Site,
    /// The parameter of the hosted zone of each name, with the zone's name and, where it is known, its id.
    zones: BTreeMap<String, ZoneParameter>,
}

#[derive(Debug, Clone)]
struct ZoneParameter {
    parameter: String,
    zone: String,
    id: Option<String>,
}

fn portable(site: &Site) -> Site {
    // Elsewhere more than the ARNs differs.
    let partition = if site.account.partition == "aws" { "${AWS::Partition}" } else { &site.account.partition };
    let account = Account { id: "${AWS::AccountId}".to_owned(), partition: partition.to_owned() };
    Site { account, ..site.clone() }
}

/// One parameter for each zone that the names are in; none where the DNS is kept elsewhere.
fn zones(site: &Site, observed: &Observed) -> BTreeMap<String, ZoneParameter> {
    if site.dns == Dns::Manual {
        return BTreeMap::new();
    }
    let mut known: BTreeMap<String, ZoneParameter> = BTreeMap::new();
    let mut zones = BTreeMap::new();
    for name in site.certificate_names() {
        let host = name.strip_prefix("*.").unwrap_or(&name);
        let (zone, id) = match records::zone_of(host, site, observed) {
            Ok(choice) => (choice.name().to_owned(), choice.id().map(str::to_owned)),
            // The template is no worse for that: its reader knows the zone.
            Err(_) => (registrable(host).unwrap_or(host).to_owned(), None),
        };
        let parameter =
            if known.is_empty() { "HostedZoneId".to_owned() } else { format!("HostedZoneId{}", camel(&zone)) };
        let known = known.entry(zone.clone()).or_insert(ZoneParameter { parameter, zone, id });
        zones.insert(name, known.clone());
    }
    zones
}

/// A name in the letters that logical ids may have: `WwwCruddurCom`.
fn camel(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}

fn tags(tags: &Tags) -> Node {
    let tag = |(key, value): (&String, &String)| {
        Members::default().with("Key", key.as_str()).with("Value", value.as_str()).into()
    };
    tags.iter().map(tag).collect::<Vec<Node>>().into()
}

fn conditions() -> Node {
    let is_asked = Node::Call("Equals", Box::new(Node::Row(vec![Node::reference(MAKE_PROVIDER), "yes".into()])));
    Members::default().with(MAKES_PROVIDER, is_asked).into()
}

impl Draft<'_> {
    /// Whether the stack can make the certificate: CloudFront takes only those of us-east-1, and a stack makes things in
    /// its own region alone.
    fn makes_certificate(&self) -> bool {
        self.site.region.as_str() == CERTIFICATE_REGION
    }

    fn description(&self) -> String {
        let Site { domain, bucket, region, .. } = self.site;
        let certificate = if self.makes_certificate() { "" } else { "; its certificate is made apart, in us-east-1" };
        format!("{domain}: bucket {bucket} in {region} behind CloudFront{certificate}")
    }

    /// What a person has to know before deploying it.
    fn head(&self, observed: &Observed) -> String {
        let Site { domain, region, .. } = self.site;
        let mut lines = vec![
            format!("The site {domain}, as `cruddur-site bootstrap` would make it. Deploy it with"),
            String::new(),
            format!("  aws cloudformation deploy --region {region} --stack-name {} \\", self.site.slug()),
        ];
        let mut last = "    --template-file FILE".to_owned();
        if self.site.deployer.is_some() {
            last.push_str(" --capabilities CAPABILITY_NAMED_IAM");
        }
        let wanting = self.wanting(observed);
        if !wanting.is_empty() {
            last.push_str(" --parameter-overrides");
            for parameter in wanting {
                last.push_str(&format!(" {parameter}=..."));
            }
        }
        lines.extend([last, String::new()]);
        lines.push("then publish to it with `cruddur-site publish`.".to_owned());
        let there = [
            (observed.bucket.is_some(), "the bucket"),
            (observed.distribution.is_some(), "the distribution"),
            (observed.function.is_some(), "the function"),
            (self.site.deployer.is_some() && observed.role.is_some(), "the role"),
        ];
        let there: Vec<_> = there.into_iter().filter(|(is_there, _)| *is_there).map(|(_, what)| what).collect();
        if !there.is_empty() {
            lines.push(String::new());
            lines.push(format!("In the account there are already: {}. Import them into the stack", there.join(", ")));
            lines.push(
                "(`aws cloudformation create-change-set --change-set-type IMPORT`), or it cannot be made.".to_owned(),
            );
        }
        if self.site.dns == Dns::Manual {
            lines.push(String::new());
            let rest =
                "The records are kept elsewhere: lead every name to the output DistributionDomainName (CNAME, or";
            lines.push(rest.to_owned());
            lines.push(
                "ALIAS at the domain itself), and let the certificate's validation records, which the stack waits"
                    .to_owned(),
            );
            lines.push("for, stay for ever: they renew it.".to_owned());
        }
        let lines = lines.into_iter().map(|line| format!("# {line}").trim_end().to_owned() + "\n");
        lines.collect::<String>() + "\n"
    }

    /// The parameters that have no default.
    fn wanting(&self, observed: &Observed) -> Vec<String> {
        let certificate = (!self.makes_certificate() && self.known_certificate(observed).is_none())
            .then(|| CERTIFICATE_ARN.to_owned());
        let zones = self.zone_parameters().into_values().filter(|zone| zone.id.is_none()).map(|zone| zone.parameter);
        certificate.into_iter().chain(zones).collect()
    }

    fn known_certificate<'o>(&self, observed: &'o Observed) -> Option<&'o str> {
        let chosen = plan::certificate(self.site, observed)?;
        (chosen.status == "ISSUED").then_some(chosen.arn.as_str())
    }

    fn zone_parameters(&self) -> BTreeMap<String, ZoneParameter> {
        // Without the certificate only the names that have records need their zones.
        let own: Vec<String> = self.site.names().map(ToString::to_string).collect();
        let needed = self.zones.iter().filter(|(name, _)| self.makes_certificate() || own.contains(name));
        needed.map(|(_, zone)| (zone.parameter.clone(), zone.clone())).collect()
    }

    fn parameters(&self, observed: &Observed) -> Option<Node> {
        let mut parameters = Members::default();
        for (name, ZoneParameter { zone, id, .. }) in self.zone_parameters() {
            let parameter = Members::default()
                .with("Type", "AWS::Route53::HostedZone::Id")
                .with("Description", format!("The public hosted zone {zone}, to which its registrar delegates"));
            parameters = parameters.with(name, parameter.with_some("Default", id));
        }
        if !self.makes_certificate() {
            let names = self.site.certificate_names().join(", ");
            let parameter = Members::default()
                .with("Type", "String")
                .with("Description", format!("An issued certificate of ACM in us-east-1 that covers {names}"))
                .with("AllowedPattern", "arn:[a-z-]+:acm:us-east-1:[0-9]{12}:certificate/[A-Za-z0-9-]+");
            parameters = parameters.explained(
                "CloudFront takes certificates of us-east-1 only, which a stack of another region cannot make.",
                CERTIFICATE_ARN,
                parameter.with_some("Default", self.known_certificate(observed)),
            );
        }
        if self.site.deployer.is_some() {
            let is_there = observed.provider.is_some();
            let parameter = Members::default()
                .with("Type", "String")
                .with("Description", "Whether to make the identity provider for GitHub, of which an account has one")
                .with("AllowedValues", Node::Row(vec!["yes".into(), "no".into()]))
                .with("Default", if is_there { "no" } else { "yes" });
            parameters = parameters.with(MAKE_PROVIDER, parameter);
        }
        (!parameters.is_empty()).then(|| parameters.into())
    }

    /// A stack of another region would make another site.
    fn rules(&self) -> Node {
        let region = self.site.region.as_str();
        let here = Node::Call("Equals", Box::new(Node::Row(vec![Node::reference("AWS::Region"), region.into()])));
        let assertion = Members::default()
            .with("Assert", here)
            .with("AssertDescription", format!("The site's bucket is in {region}: make the stack there"));
        let rule = Members::default().with("Assertions", vec![assertion.into()]);
        Members::default().with("Region", rule).into()
    }

    fn resources(&self) -> Node {
        let resources = self.distribution(self.certificate(self.storage(Members::default())));
        self.role(self.record_sets(resources)).into()
    }

    fn role(&self, resources: Members) -> Members {
        let Some(deployer) = &self.site.deployer else { return resources };
        let provider = Members::default()
            .with("Type", "AWS::IAM::OIDCProvider")
            .with("Condition", MAKES_PROVIDER)
            .with("DeletionPolicy", "Retain")
            .with("UpdateReplacePolicy", "Retain")
            .with(
                "Properties",
                Members::default()
                    .with("Url", format!("https://{GITHUB_ISSUER}"))
                    .with("ClientIdList", vec![AUDIENCE.into()]),
            );
        let permissions = policy::deploy_policy(&self.portable, "${Distribution}");
        let inline = Members::default().with("PolicyName", ROLE_POLICY).with("PolicyDocument", &permissions);
        // Referred to, so that it is made before the role; else it is there.
        let federated = policy::github_provider_arn(&self.portable);
        let provider_arn = vec![MAKES_PROVIDER.into(), Node::reference(PROVIDER), Node::filled(&*federated)];
        let provider_arn = Node::Call("If", Box::new(provider_arn.into()));
        let trust = Node::from(&policy::trust(&self.portable, deployer));
        let trust = trust.replaced(&Node::filled(federated), &provider_arn);
        let description = format!("Publishes {} from GitHub Actions (cruddur-site)", self.site.domain);
        let role = Members::default().with("Type", "AWS::IAM::Role").with(
            "Properties",
            Members::default()
                .with("RoleName", self.site.role_name())
                .with("Description", description)
                .with("AssumeRolePolicyDocument", trust)
                .with("Policies", vec![inline.into()])
                .with("Tags", tags(&self.site.tags(false))),
        );
        resources
            .explained(
                "Shared by every role of the account that trusts GitHub: it outlives the site.",
                PROVIDER,
                provider,
            )
            .explained("What a workflow of the repository takes on to publish, and no more than that.", ROLE, role)
    }

    fn outputs(&self) -> Node {
        let output =
            |description: &str, value: Node| Members::default().with("Description", description).with("Value", value);
        let mut outputs = Members::default()
            .with("BucketName", output("The bucket", Node::reference(BUCKET)))
            .with("DistributionId", output("The distribution", Node::reference(DISTRIBUTION)))
            .with("DistributionDomainName", output("Where it answers", Node::attribute("Distribution.DomainName")));
        if self.site.kms_key.is_some() {
            let statement = policy::kms_statement(&self.portable.distribution_arn("${Distribution}"));
            let value = Node::filled(statement.to_string());
            let explained = "Add this statement to the policy of the bucket's KMS key, or every page answers 403";
            outputs = outputs.with("KeyPolicyStatement", output(explained, value));
        }
        if self.site.deployer.is_some() {
            let value = Node::attribute("DeployRole.Arn");
            outputs = outputs.with("DeployRoleArn", output("What GitHub Actions takes on to publish", value));
        }
        outputs.into()
    }
}

#[cfg(test)]
mod tests;
