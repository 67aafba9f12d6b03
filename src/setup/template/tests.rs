use super::*;

#[test]
fn names_become_logical_ids() {
    assert_eq!(camel("www.cruddur.com"), "WwwCruddurCom");
    assert_eq!(camel("*.my-site.co.uk"), "MySiteCoUk");
}
