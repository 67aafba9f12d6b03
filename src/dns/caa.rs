//! CAA records: who may issue certificates for a name (RFC 8659).

/// The names by which Amazon's certificate authority is allowed (ACM User Guide, "Configure a CAA record").
pub const AMAZON: [&str; 4] = ["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"];

/// Whether Amazon may issue for a name, given the CAA records that hold for it (`0 issue "amazon.com"`), that is those
/// of the closest name at or above it that has any. Without a record that speaks of issuing, anybody may.
pub fn permits_amazon(records: &[String], wildcard: bool) -> bool {
    let properties: Vec<_> = records.iter().filter_map(|record| Property::read(record)).collect();
    // A property that must be understood, and is not, forbids everything (RFC 8659, 4.1).
    if properties.iter().any(|property| property.is_critical && !property.is_known()) {
        return false;
    }
    let of = |tag: &'static str| properties.iter().filter(move |property| property.tag == tag);
    let tag = if wildcard && of("issuewild").next().is_some() { "issuewild" } else { "issue" };
    of(tag).next().is_none() || of(tag).any(|property| AMAZON.contains(&property.issuer().as_str()))
}

struct Property {
    is_critical: bool,
    tag: String,
    value: String,
}

impl Property {
    fn read(record: &str) -> Option<Self> {
        let mut fields = record.splitn(3, ' ');
        let (flags, tag, value) = (fields.next()?.parse::<u8>().ok()?, fields.next()?, fields.next()?);
        let value = value.trim().trim_matches('"').to_owned();
        Some(Self { is_critical: flags & 0x80 != 0, tag: tag.to_ascii_lowercase(), value })
    }

    fn is_known(&self) -> bool {
        matches!(self.tag.as_str(), "issue" | "issuewild" | "iodef" | "issuemail" | "contactemail" | "contactphone")
    }

    /// The value up to its parameters; empty for nobody.
    fn issuer(&self) -> String {
        let name = self.value.split(';').next().unwrap_or_default();
        name.trim().trim_end_matches('.').to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amazon_may_issue_where_nobody_or_amazon_is_named() {
        let table: [(&[&str], bool, bool); 9] = [
            (&[], true, true),
            (&[r#"0 iodef "mailto:a@example.com""#], true, true),
            (&[r#"0 issue "letsencrypt.org""#], false, false),
            (&[r#"0 issue "letsencrypt.org""#, r#"0 issue "amazonaws.com""#], true, true),
            (&[r#"0 issue "Amazon.com; account=1""#], true, true),
            (&[r#"0 issue ";""#], false, false),
            (&[r#"0 issue "amazon.com""#, r#"0 issuewild ";""#], true, false),
            (&[r#"0 issuewild "awstrust.com""#, r#"0 issue ";""#], false, true),
            (&[r#"128 unheard "of""#], false, false),
        ];
        for (records, plain, wildcard) in table {
            let records: Vec<_> = records.iter().map(|record| (*record).to_owned()).collect();
            assert_eq!(
                (permits_amazon(&records, false), permits_amazon(&records, true)),
                (plain, wildcard),
                "{records:?}"
            );
        }
    }
}
