//! STS: whose credentials these are.

use aws_sdk_sts::Client;

use super::Action;
use crate::{error::Result, setup::site::Account};

/// The account of the credentials. It needs no permission (STS API reference, GetCallerIdentity).
pub(super) async fn account(client: &Client) -> Result<Account> {
    let what = "find out the AWS account of these credentials";
    let action = Action { iam: "sts:GetCallerIdentity", on: "*", what };
    let caller = client.get_caller_identity().send().await.map_err(|error| action.failed(error))?;
    let found = caller.arn().zip(caller.account()).and_then(|(arn, id)| read(arn, id));
    found.ok_or_else(|| super::incomplete(what, "no account"))
}

/// The partition is told by the caller's ARN alone: `arn:PARTITION:sts::ACCOUNT:...`.
fn read(arn: &str, id: &str) -> Option<Account> {
    let partition = arn.strip_prefix("arn:")?.split(':').next().filter(|partition| !partition.is_empty())?;
    let is_account = id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
    is_account.then(|| Account { id: id.to_owned(), partition: partition.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partition_is_that_of_the_caller() {
        let account = |partition: &str| Some(Account { id: "123456789012".into(), partition: partition.into() });
        let table = [
            ("arn:aws:iam::123456789012:user/a", account("aws")),
            ("arn:aws:sts::123456789012:assumed-role/r/s", account("aws")),
            ("arn:aws-cn:iam::123456789012:root", account("aws-cn")),
            ("arn:aws-us-gov:iam::123456789012:root", account("aws-us-gov")),
            ("arn::iam", None),
            ("", None),
        ];
        for (arn, expected) in table {
            assert_eq!(read(arn, "123456789012"), expected, "{arn}");
        }
        assert_eq!(read("arn:aws:iam::1:root", "1"), None);
    }
}
