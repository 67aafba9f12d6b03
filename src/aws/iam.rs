//! IAM: the identity provider for GitHub's tokens, and the roles that trust it.

use std::collections::BTreeMap;

use aws_sdk_iam::{Client, types::Tag};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::Action;
use crate::{
    error::Result,
    setup::{
        observed::{OidcProvider, Role, Tags},
        policy::{AUDIENCE, GITHUB_ISSUER},
        site::Account,
    },
};

/// The code for what is not there.
const MISSING: &str = "NoSuchEntity";

/// The code for what is there already.
const EXISTS: &str = "EntityAlreadyExists";

/// The roles and identity providers of one account.
#[derive(Debug, Clone)]
pub struct Identities {
    client: Client,
}

impl Identities {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The account's identity provider for GitHub's tokens, where there is one.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn provider(&self, account: &Account) -> Result<Option<OidcProvider>> {
        let arn = format!("arn:{}:iam::{}:oidc-provider/{GITHUB_ISSUER}", account.partition, account.id);
        let what = "read the identity provider for GitHub's tokens";
        let action = Action { iam: "iam:GetOpenIDConnectProvider", on: &arn, what };
        match self.client.get_open_id_connect_provider().open_id_connect_provider_arn(&arn).send().await {
            Ok(found) => Ok(Some(OidcProvider { audiences: found.client_id_list().to_vec(), arn })),
            Err(error) if error.code() == Some(MISSING) => Ok(None),
            Err(error) => Err(action.failed(error)),
        }
    }

    /// Makes the identity provider for GitHub's tokens, for the audience of AWS, and returns its ARN. It has no
    /// thumbprint: IAM trusts the well-known authorities for it (IAM User Guide, "Obtain the thumbprint for an OpenID
    /// Connect identity provider"). Where there is one already (as when the answer to a first attempt was lost), that one
    /// takes such tokens from now on.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn create_provider(&self, account: &Account) -> Result<String> {
        let what = "make the identity provider for GitHub's tokens";
        let on = format!("arn:aws:iam::*:oidc-provider/{GITHUB_ISSUER}");
        let action = Action { iam: "iam:CreateOpenIDConnectProvider", on: &on, what };
        let create = self.client.create_open_id_connect_provider().url(format!("https://{GITHUB_ISSUER}"));
        let made = match create.client_id_list(AUDIENCE).send().await {
            Ok(made) => made,
            Err(error) if error.code() == Some(EXISTS) => {
                let Some(there) = self.provider(account).await? else { return Err(action.failed(error)) };
                if !there.audiences.iter().any(|audience| audience == AUDIENCE) {
                    self.add_audience(&there.arn).await?;
                }
                return Ok(there.arn);
            }
            Err(error) => return Err(action.failed(error)),
        };
        made.open_id_connect_provider_arn.ok_or_else(|| super::incomplete(what, "no ARN"))
    }

    /// Lets the provider `arn` take tokens that are for AWS; that it takes them already is fine.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn add_audience(&self, arn: &str) -> Result<()> {
        let what = format!("add the audience {AUDIENCE} to the identity provider");
        let action = Action { iam: "iam:AddClientIDToOpenIDConnectProvider", on: arn, what: &what };
        let add = self.client.add_client_id_to_open_id_connect_provider().open_id_connect_provider_arn(arn);
        add.client_id(AUDIENCE).send().await.map_err(|error| action.failed(error))?;
        Ok(())
    }

    /// The role `name` with its policies, where there is one.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn role(&self, name: &str) -> Result<Option<Role>> {
        let (on, what) = (role_arn(name), format!("read role {name}"));
        let action = Action { iam: "iam:GetRole", on: &on, what: &what };
        let found = match self.client.get_role().role_name(name).send().await {
            Ok(answer) => answer.role,
            Err(error) if error.code() == Some(MISSING) => None,
            Err(error) => return Err(action.failed(error)),
        };
        let Some(role) = found else { return Ok(None) };
        Ok(Some(Role {
            name: role.role_name().to_owned(),
            arn: role.arn().to_owned(),
            trust: document(&what, role.assume_role_policy_document().unwrap_or_default())?,
            inline: self.inline_policies(name).await?,
            attached: self.attached_policies(name).await?,
            tags: role.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect(),
        }))
    }

    /// Every role of the account whose trust names the identity provider for GitHub's tokens, with its policies.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn roles_for_github(&self) -> Result<Vec<Role>> {
        let what = "list the roles that GitHub Actions may take on";
        let action = Action { iam: "iam:ListRoles", on: "*", what };
        let mut names = Vec::new();
        let mut marker = None;
        loop {
            let sent = self.client.list_roles().set_marker(marker).send().await;
            let page = sent.map_err(|error| action.failed(error))?;
            for role in page.roles() {
                // A trust that cannot be read cannot be judged here; reading that very role says why.
                let trust = role.assume_role_policy_document().and_then(|text| document(what, text).ok());
                if trust.is_some_and(|trust| trusts_github(&trust)) {
                    names.push(role.role_name().to_owned());
                }
            }
            marker = page.marker().filter(|_| page.is_truncated()).map(str::to_owned);
            if marker.is_none() {
                break;
            }
        }
        let mut roles = Vec::new();
        for name in names {
            // One that was deleted meanwhile is none.
            roles.extend(self.role(&name).await?);
        }
        Ok(roles)
    }

    /// Makes a role without permissions, and returns its ARN. Where there is one of that name and these tags already (as
    /// when the answer to a first attempt was lost), that one gets the trust.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn create_role(&self, name: &str, trust: &Value, description: &str, tags: &Tags) -> Result<String> {
        let (on, what) = (role_arn(name), format!("make role {name}"));
        let action = Action { iam: "iam:CreateRole", on: &on, what: &what };
        let create = self.client.create_role().role_name(name).assume_role_policy_document(trust.to_string());
        let create = create.description(description).set_tags(Some(sdk_tags(&what, tags)?));
        let made = match create.send().await {
            Ok(made) => made,
            Err(error) if error.code() == Some(EXISTS) => {
                let is_same = |role: &Role| role.tags == *tags;
                let Some(there) = self.role(name).await?.filter(is_same) else { return Err(action.failed(error)) };
                self.set_trust(name, trust).await?;
                return Ok(there.arn);
            }
            Err(error) => return Err(action.failed(error)),
        };
        made.role.map(|role| role.arn).ok_or_else(|| super::incomplete(&what, "no role"))
    }

    /// Replaces who may take the role on.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn set_trust(&self, name: &str, trust: &Value) -> Result<()> {
        let (on, what) = (role_arn(name), format!("set who may take on role {name}"));
        let action = Action { iam: "iam:UpdateAssumeRolePolicy", on: &on, what: &what };
        let update = self.client.update_assume_role_policy().role_name(name).policy_document(trust.to_string());
        update.send().await.map_err(|error| action.failed(error))?;
        Ok(())
    }

    /// Writes an inline policy of the role, replacing the one of this name.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn put_policy(&self, role: &str, policy: &str, content: &Value) -> Result<()> {
        let (on, what) = (role_arn(role), format!("write the policy {policy} of role {role}"));
        let action = Action { iam: "iam:PutRolePolicy", on: &on, what: &what };
        let put = self.client.put_role_policy().role_name(role).policy_name(policy);
        put.policy_document(content.to_string()).send().await.map_err(|error| action.failed(error))?;
        Ok(())
    }

    /// Tags the role, keeping its other tags.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn tag_role(&self, name: &str, tags: &Tags) -> Result<()> {
        let (on, what) = (role_arn(name), format!("tag role {name}"));
        let action = Action { iam: "iam:TagRole", on: &on, what: &what };
        let sent = self.client.tag_role().role_name(name).set_tags(Some(sdk_tags(&what, tags)?)).send().await;
        sent.map_err(|error| action.failed(error))?;
        Ok(())
    }

    /// Deletes the role: its inline policies and its ties to managed ones first, as IAM demands it (IAM User Guide,
    /// "Delete roles or instance profiles"). The managed policies themselves stay. A role that is not there is fine.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn delete_role(&self, name: &str) -> Result<()> {
        let (on, what) = (role_arn(name), format!("delete role {name}"));
        let action = |iam| Action { iam, on: &on, what: &what };
        for policy in self.inline_policy_names(name).await? {
            match self.client.delete_role_policy().role_name(name).policy_name(&policy).send().await {
                Err(error) if error.code() != Some(MISSING) => {
                    return Err(action("iam:DeleteRolePolicy").failed(error));
                }
                _ => {}
            }
        }
        for policy in self.attached_policy_arns(name).await? {
            match self.client.detach_role_policy().role_name(name).policy_arn(&policy).send().await {
                Err(error) if error.code() != Some(MISSING) => {
                    return Err(action("iam:DetachRolePolicy").failed(error));
                }
                _ => {}
            }
        }
        match self.client.delete_role().role_name(name).send().await {
            Err(error) if error.code() != Some(MISSING) => Err(action("iam:DeleteRole").failed(error)),
            _ => Ok(()),
        }
    }

    async fn inline_policies(&self, role: &str) -> Result<BTreeMap<String, Value>> {
        let mut policies = BTreeMap::new();
        for name in self.inline_policy_names(role).await? {
            let (on, what) = (role_arn(role), format!("read the policy {name} of role {role}"));
            let action = Action { iam: "iam:GetRolePolicy", on: &on, what: &what };
            match self.client.get_role_policy().role_name(role).policy_name(&name).send().await {
                Ok(found) => {
                    policies.insert(name, document(&what, found.policy_document())?);
                }
                Err(error) if error.code() == Some(MISSING) => {}
                Err(error) => return Err(action.failed(error)),
            }
        }
        Ok(policies)
    }

    /// The names of the role's inline policies; none where there is no such role.
    async fn inline_policy_names(&self, role: &str) -> Result<Vec<String>> {
        let (on, what) = (role_arn(role), format!("list the policies of role {role}"));
        let action = Action { iam: "iam:ListRolePolicies", on: &on, what: &what };
        let (mut names, mut marker) = (Vec::new(), None);
        loop {
            let page = match self.client.list_role_policies().role_name(role).set_marker(marker).send().await {
                Ok(page) => page,
                Err(error) if error.code() == Some(MISSING) => return Ok(Vec::new()),
                Err(error) => return Err(action.failed(error)),
            };
            names.extend(page.policy_names().iter().cloned());
            marker = page.marker().filter(|_| page.is_truncated()).map(str::to_owned);
            if marker.is_none() {
                return Ok(names);
            }
        }
    }

    async fn attached_policies(&self, role: &str) -> Result<Vec<(String, Value)>> {
        let mut policies = Vec::new();
        for arn in self.attached_policy_arns(role).await? {
            if let Some(content) = self.managed_policy(&arn).await? {
                policies.push((arn, content));
            }
        }
        Ok(policies)
    }

    /// The ARNs of the managed policies attached to the role; none where there is no such role.
    async fn attached_policy_arns(&self, role: &str) -> Result<Vec<String>> {
        let (on, what) = (role_arn(role), format!("list the policies attached to role {role}"));
        let action = Action { iam: "iam:ListAttachedRolePolicies", on: &on, what: &what };
        let (mut arns, mut marker) = (Vec::new(), None);
        loop {
            let page = match self.client.list_attached_role_policies().role_name(role).set_marker(marker).send().await {
                Ok(page) => page,
                Err(error) if error.code() == Some(MISSING) => return Ok(Vec::new()),
                Err(error) => return Err(action.failed(error)),
            };
            arns.extend(page.attached_policies().iter().filter_map(|policy| policy.policy_arn()).map(str::to_owned));
            marker = page.marker().filter(|_| page.is_truncated()).map(str::to_owned);
            if marker.is_none() {
                return Ok(arns);
            }
        }
    }

    /// The document of a managed policy's version that is in force.
    async fn managed_policy(&self, arn: &str) -> Result<Option<Value>> {
        let what = format!("read the policy {arn}");
        let action = Action { iam: "iam:GetPolicy", on: arn, what: &what };
        let version = match self.client.get_policy().policy_arn(arn).send().await {
            Ok(found) => found.policy.and_then(|policy| policy.default_version_id),
            Err(error) if error.code() == Some(MISSING) => None,
            Err(error) => return Err(action.failed(error)),
        };
        let Some(version) = version else { return Ok(None) };
        let action = Action { iam: "iam:GetPolicyVersion", ..action };
        match self.client.get_policy_version().policy_arn(arn).version_id(version).send().await {
            Ok(found) => {
                let text = found.policy_version.and_then(|version| version.document);
                text.map(|text| document(&what, &text)).transpose()
            }
            Err(error) if error.code() == Some(MISSING) => Ok(None),
            Err(error) => Err(action.failed(error)),
        }
    }
}

/// For the error that names what a permission is for. Neither partition nor account matter to the reader's eye.
fn role_arn(name: &str) -> String {
    format!("arn:aws:iam::*:role/{name}")
}

fn sdk_tags(what: &str, tags: &Tags) -> Result<Vec<Tag>> {
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    tags.collect::<std::result::Result<_, _>>().map_err(|error| super::incomplete(what, error))
}

/// Reads a policy document as IAM gives it: JSON, URL-encoded (IAM API reference, GetRole).
fn document(what: &str, text: &str) -> Result<Value> {
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|error| super::incomplete(what, error))?;
    serde_json::from_str(&decoded).map_err(|error| super::incomplete(what, error))
}

/// Whether a statement of the trust lets in whom GitHub's tokens name.
fn trusts_github(trust: &Value) -> bool {
    let is_github = |provider: &Value| {
        let issuer = provider.as_str().and_then(|arn| arn.split_once(":oidc-provider/")).map(|(_, issuer)| issuer);
        // An enterprise may have an issuer of its own below GitHub's.
        issuer.is_some_and(|issuer| issuer.split('/').next() == Some(GITHUB_ISSUER))
    };
    one_or_many(&trust["Statement"]).any(|statement| {
        statement["Effect"] == "Allow" && one_or_many(&statement["Principal"]["Federated"]).any(is_github)
    })
}

/// What JSON policies allow to be one value or a list of them.
fn one_or_many(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice).iter()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_are_decoded() {
        let expected = json!({"Version": "2012-10-17", "Statement": [{"Resource": "a+b é %"}]});
        let text = expected.to_string();
        let encoded = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string();
        assert_eq!(document("read", &encoded).unwrap(), expected);
        for broken in ["", "%7B", "%FF"] {
            let error = document("read role r", broken).unwrap_err();
            assert!(error.what().starts_with("cannot read role r"), "{error}");
        }
    }

    #[test]
    fn the_trust_tells_who_is_let_in() {
        let arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com";
        let trust = |effect: &str, principal: Value| json!({"Statement": [{"Effect": effect, "Principal": principal}]});
        let table = [
            (trust("Allow", json!({"Federated": arn})), true),
            (trust("Allow", json!({"Federated": ["arn:aws:iam::1:saml-provider/x", arn]})), true),
            (trust("Allow", json!({"Federated": format!("{arn}/octo-enterprise")})), true),
            (json!({"Statement": {"Effect": "Allow", "Principal": {"Federated": arn}}}), true),
            (trust("Deny", json!({"Federated": arn})), false),
            (trust("Allow", json!({"Federated": format!("{arn}.example")})), false),
            (trust("Allow", json!({"Service": "lambda.amazonaws.com"})), false),
            (trust("Allow", json!("*")), false),
            (json!({}), false),
        ];
        for (trust, expected) in table {
            assert_eq!(trusts_github(&trust), expected, "{trust}");
        }
    }
}
