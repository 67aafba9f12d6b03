//! A step's outputs, as the file of `GITHUB_OUTPUT` takes them.

/// The text that sets outputs, in order. `random` makes the delimiters.
///
/// A value lasts until the line that is its delimiter (FileCommandManager.cs, `EnvFileKeyValuePairs`), so a delimiter that is
/// nowhere in the value keeps whatever is in it from setting another output.
pub fn outputs<'n>(values: impl IntoIterator<Item = (&'n str, String)>, mut random: impl FnMut() -> u64) -> String {
    let mut text = String::new();
    for (name, value) in values {
        let delimiter = loop {
            let delimiter = format!("cruddur-site-{:016x}", random());
            if !value.contains(&delimiter) {
                break delimiter;
            }
        };
        text.push_str(&format!("{name}<<{delimiter}\n{value}\n{delimiter}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_end_itself() {
        let mut chance = [7, 7, 7, 8].into_iter();
        let hostile = "a\ncruddur-site-0000000000000007\nurl=https://elsewhere.example".to_owned();
        let text = outputs([("url", String::new()), ("plan", hostile.clone())], || chance.next().unwrap());
        let [first, second] = ["cruddur-site-0000000000000007", "cruddur-site-0000000000000008"];
        assert_eq!(text, format!("url<<{first}\n\n{first}\nplan<<{second}\n{hostile}\n{second}\n"));
    }
}
