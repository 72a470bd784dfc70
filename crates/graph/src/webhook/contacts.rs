//! Cards of people that a consumer sends.

use serde::Serialize;

/// An element of the member `contacts` of a message. What is empty is not in it, here and in all that it is made of.
#[derive(Clone, Default, Serialize)]
pub struct ContactCard<'a> {
    /// Who it is.
    pub name: ContactName<'a>,
    /// Telephone numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<ContactPhone<'a>>,
    /// Addresses for mail.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<ContactEmail<'a>>,
    /// Pages in the web.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<ContactUrl<'a>>,
    /// Where they live and work.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<ContactAddress<'a>>,
    /// For whom they work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org: Option<ContactOrg<'a>>,
    /// As `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub birthday: &'a str,
}

macro_rules! of_texts {
    ($($(#[$about:meta])* $name:ident { $($field:ident),* })*) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Default, Serialize)]
        #[expect(missing_docs, reason = "the texts are called as the Cloud API's documentation calls them")]
        pub struct $name<'a> {
            $(#[serde(skip_serializing_if = "str::is_empty")]
            pub $field: &'a str,)*
        }
    )*};
}

of_texts! {
    /// What somebody is called.
    ContactName { formatted_name, first_name, last_name, middle_name, suffix, prefix }
    /// A telephone number; `type` is `HOME`, `WORK`, `MOBILE` and the like. So in all that follow.
    ContactPhone { phone, r#type, wa_id }
    /// An address for mail.
    ContactEmail { email, r#type }
    /// A page in the web.
    ContactUrl { url, r#type }
    /// Where somebody lives or works.
    ContactAddress { street, city, state, zip, country, country_code, r#type }
    /// For whom somebody works.
    ContactOrg { company, department, title }
}
