//! Plan and result of a bootstrap as JSON: `docs/JSON.md` is its reference.

use serde_json::{Value, json};

use super::{next, steps::doing};
use crate::{
    bootstrap::Outcome,
    cli::json::VERSION,
    setup::{
        Observed, Part, Plan, Resource, Site, Verdict, cost,
        records::table,
        request::{Dns, SiteRouting},
    },
};

/// The whole document.
pub fn of(plan: &Plan, observed: &Observed, dry_run: bool, result: Option<Value>) -> Value {
    json!({
        "version": VERSION,
        "command": "bootstrap",
        "dryRun": dry_run,
        "site": site(&plan.site, observed),
        "plan": self::plan(plan),
        "result": result,
    })
}

fn site(site: &Site, observed: &Observed) -> Value {
    let routing = match site.routing {
        SiteRouting::Function(routing) => json!(routing),
        SiteRouting::ErrorPages => json!("error-pages"),
    };
    json!({
        "account": site.account.id,
        "domain": site.domain.as_str(),
        "redirect": site.redirect.as_ref().map(|name| name.as_str()),
        "aliases": site.aliases.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        "bucket": site.bucket.as_str(),
        "prefix": site.prefix.as_str(),
        "region": site.region.as_str(),
        "routing": routing,
        "priceClass": site.price_class.name(),
        "dns": if site.dns == Dns::Manual { "manual" } else { "route53" },
        "apis": site.apis.iter().map(|api| json!({ "path": api.path, "origin": api.origin.as_str() })).collect::<Vec<_>>(),
        "subject": site.deployer.as_ref().map(|deployer| deployer.subject()),
        "distribution": observed.distribution.as_ref().map(|distribution| &distribution.id),
    })
}

fn plan(plan: &Plan) -> Value {
    let cost = cost::monthly(plan);
    json!({
        "empty": plan.is_empty(),
        "parts": plan.parts.iter().map(part).collect::<Vec<_>>(),
        "steps": plan.steps.iter().map(doing).collect::<Vec<_>>(),
        "notes": plan.notes,
        "cost": { "fixedDollars": f64::from(cost.fixed_cents) / 100.0, "newDollars": f64::from(cost.new_cents) / 100.0 },
    })
}

fn part(part: &Part) -> Value {
    let verdict = match part.verdict {
        Verdict::Create => "create",
        Verdict::Update => "update",
        Verdict::Keep => "keep",
    };
    let changes = part.changes.iter();
    let changes = changes.map(|change| json!({ "field": change.field, "old": change.old, "new": change.new }));
    json!({
        "kind": kind(part.resource),
        "name": part.name,
        "verdict": verdict,
        "changes": changes.collect::<Vec<_>>(),
    })
}

fn kind(resource: Resource) -> &'static str {
    match resource {
        Resource::Zone => "zone",
        Resource::Bucket => "bucket",
        Resource::BucketPolicy => "bucket-policy",
        Resource::Certificate => "certificate",
        Resource::AccessControl => "access-control",
        Resource::Function => "function",
        Resource::Distribution => "distribution",
        Resource::Records => "records",
        Resource::OidcProvider => "oidc-provider",
        Resource::Role => "role",
    }
}

/// What was done.
pub fn result(plan: &Plan, outcome: &Outcome, project: &super::asked::Project, seconds: f64) -> Value {
    let site = &plan.site;
    let ids = &outcome.ids;
    let workflow = site.deployer.as_ref().zip(outcome.role.as_ref());
    let kms = site.kms_key.as_ref().zip(ids.distribution.as_ref());
    json!({
        "distribution": ids.distribution,
        "distributionDomain": ids.distribution_domain,
        "certificate": ids.certificate,
        "accessControl": ids.access_control,
        "function": ids.function,
        "role": outcome.role,
        "workflow": workflow.map(|(deployer, role)| next::workflow(site, deployer, role, project)),
        "kmsStatement": kms.map(|(_, id)| crate::setup::policy::kms_statement(&site.distribution_arn(id))),
        "nameServers": outcome.delegate.as_ref().map(|(_, servers)| servers),
        "records": table(&outcome.records).iter().map(|[name, kind, value]| json!({
            "name": name, "kind": kind, "value": value,
        })).collect::<Vec<_>>(),
        "unfinished": outcome.unfinished,
        "seconds": seconds,
    })
}
