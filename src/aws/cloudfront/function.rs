//! CloudFront Functions: code at the edge, with a development stage that is written and a live one that runs.

use aws_sdk_cloudfront::{
    error::ProvideErrorMetadata as _,
    primitives::Blob,
    types::{FunctionConfig, FunctionRuntime, FunctionStage},
};

use super::{ATTEMPTS, CloudFront, bug, incomplete, is_stale};
use crate::{aws::Action, error::Result, setup::observed::Function};

impl CloudFront {
    /// Reads both stages of a function, if there is one of that name.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn function(&self, name: &str) -> Result<Option<Function>> {
        let (on, what) = (arn(name), format!("read the function {name}"));
        let action = Action { iam: "cloudfront:DescribeFunction", on: &on, what: &what };
        let describe = self.client.describe_function().name(name).stage(FunctionStage::Development);
        let answer = match describe.send().await {
            Ok(answer) => answer,
            Err(error) if is_missing(error.code()) => return Ok(None),
            Err(error) => return Err(action.failed(error)),
        };
        let summary = answer.function_summary().ok_or_else(|| incomplete(&what))?;
        let (code, live_code) =
            tokio::try_join!(self.code(name, FunctionStage::Development), self.code(name, FunctionStage::Live))?;
        let Some(code) = code else { return Ok(None) };
        Ok(Some(Function {
            name: name.to_owned(),
            arn: summary.function_metadata().map(|data| data.function_arn().to_owned()).unwrap_or_default(),
            etag: answer.e_tag().unwrap_or_default().to_owned(),
            code,
            live_code,
            runtime: summary.function_config().map(|config| config.runtime().as_str().to_owned()).unwrap_or_default(),
        }))
    }

    /// The code of a stage; `None` where nothing was published yet.
    async fn code(&self, name: &str, stage: FunctionStage) -> Result<Option<String>> {
        let (on, what) = (arn(name), format!("read the code of the function {name}"));
        let action = Action { iam: "cloudfront:GetFunction", on: &on, what: &what };
        match self.client.get_function().name(name).stage(stage).send().await {
            Ok(answer) => {
                let code = answer.function_code().map(|code| String::from_utf8_lossy(code.as_ref()).into_owned());
                Ok(Some(code.unwrap_or_default()))
            }
            Err(error) if is_missing(error.code()) => Ok(None),
            Err(error) => Err(action.failed(error)),
        }
    }

    /// Makes a function, in its development stage. Where there is one of that name already (as when the answer to a
    /// first attempt was lost), it gets the code.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn create_function(&self, name: &str, comment: &str, code: &str) -> Result<Function> {
        let (on, what) = (arn(name), format!("make the function {name}"));
        let action = Action { iam: "cloudfront:CreateFunction", on: &on, what: &what };
        let config = FunctionConfig::builder().comment(comment).runtime(FunctionRuntime::CloudfrontJs20).build();
        let config = config.map_err(|error| bug(&what, error))?;
        let create = self.client.create_function().name(name).function_config(config).function_code(Blob::new(code));
        match create.send().await {
            Ok(answer) => {
                let data = answer.function_summary().and_then(|summary| summary.function_metadata());
                Ok(Function {
                    name: name.to_owned(),
                    arn: data.ok_or_else(|| incomplete(&what))?.function_arn().to_owned(),
                    etag: answer.e_tag().unwrap_or_default().to_owned(),
                    code: code.to_owned(),
                    live_code: None,
                    runtime: FunctionRuntime::CloudfrontJs20.as_str().to_owned(),
                })
            }
            Err(error) if error.code() == Some("FunctionAlreadyExists") => match self.function(name).await? {
                Some(function) => self.update_function(&function, code).await,
                None => Err(action.failed(error)),
            },
            Err(error) => Err(action.failed(error)),
        }
    }

    /// Replaces the code of the development stage, and its runtime by the newest. The function's comment stays, and so
    /// do its key value stores.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn update_function(&self, function: &Function, code: &str) -> Result<Function> {
        let name = function.name.as_str();
        let (on, what) = (arn(name), format!("replace the code of the function {name}"));
        let reading = Action { iam: "cloudfront:DescribeFunction", on: &on, what: &what };
        let writing = Action { iam: "cloudfront:UpdateFunction", on: &on, what: &what };
        let mut attempts = ATTEMPTS;
        loop {
            attempts -= 1;
            let describe = self.client.describe_function().name(name).stage(FunctionStage::Development);
            let there = describe.send().await.map_err(|error| reading.failed(error))?;
            let config = there.function_summary().and_then(|summary| summary.function_config());
            let mut config = config.cloned().ok_or_else(|| incomplete(&what))?;
            config.runtime = FunctionRuntime::CloudfrontJs20;
            let update = self.client.update_function().name(name).set_if_match(there.e_tag).function_config(config);
            match update.function_code(Blob::new(code)).send().await {
                Ok(answer) => {
                    return Ok(Function {
                        etag: answer.e_tag().unwrap_or_default().to_owned(),
                        code: code.to_owned(),
                        runtime: FunctionRuntime::CloudfrontJs20.as_str().to_owned(),
                        ..function.clone()
                    });
                }
                Err(error) if attempts > 0 && is_stale(error.code()) => {}
                Err(error) => return Err(writing.failed(error)),
            }
        }
    }

    /// Makes the development stage, which must have the ETag, the live one.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn publish_function(&self, name: &str, etag: &str) -> Result<()> {
        let (on, what) = (arn(name), format!("make the function {name} live"));
        let action = Action { iam: "cloudfront:PublishFunction", on: &on, what: &what };
        let sent = self.client.publish_function().name(name).if_match(etag).send().await;
        sent.map(drop).map_err(|error| action.failed(error))
    }

    /// Deletes both stages of a function; that there is none is no error.
    ///
    /// # Errors
    /// As AWS answers: `FunctionInUse` while a distribution still has it.
    pub async fn delete_function(&self, name: &str) -> Result<()> {
        let (on, what) = (arn(name), format!("delete the function {name}"));
        let reading = Action { iam: "cloudfront:DescribeFunction", on: &on, what: &what };
        let action = Action { iam: "cloudfront:DeleteFunction", on: &on, what: &what };
        let describe = self.client.describe_function().name(name).stage(FunctionStage::Development);
        let there = match describe.send().await {
            Ok(there) => there,
            Err(error) if is_missing(error.code()) => return Ok(()),
            Err(error) => return Err(reading.failed(error)),
        };
        match self.client.delete_function().name(name).set_if_match(there.e_tag).send().await {
            Ok(_) => Ok(()),
            Err(error) if is_missing(error.code()) => Ok(()),
            Err(error) => Err(action.failed(error)),
        }
    }
}

fn arn(name: &str) -> String {
    format!("arn:aws:cloudfront::*:function/{name}")
}

fn is_missing(code: Option<&str>) -> bool {
    code == Some("NoSuchFunctionExists")
}
