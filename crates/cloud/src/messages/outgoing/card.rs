//! Contact cards.

use content::kinds;
use graph::messages::{
    ContactAddress, ContactCard, ContactEmail, ContactName, ContactOrganization, ContactPhone, ContactUrl,
};

/// A card as it travels.
pub(super) fn of(card: ContactCard) -> kinds::ContactCard {
    let ContactCard { name, phones, emails, urls, addresses, org, birthday } = card;
    kinds::ContactCard {
        name: Some(of_name(name)),
        phones: phones.into_iter().map(phone).collect(),
        emails: emails.into_iter().map(email).collect(),
        urls: urls.into_iter().map(url).collect(),
        addresses: addresses.into_iter().map(address).collect(),
        organisation: org.map(organisation),
        birthday: birthday.unwrap_or_default(),
    }
}

fn of_name(name: ContactName) -> kinds::ContactName {
    let ContactName { formatted_name, first_name, last_name, middle_name, suffix, prefix } = name;
    kinds::ContactName {
        formatted_name,
        first_name: first_name.unwrap_or_default(),
        last_name: last_name.unwrap_or_default(),
        middle_name: middle_name.unwrap_or_default(),
        prefix: prefix.unwrap_or_default(),
        suffix: suffix.unwrap_or_default(),
    }
}

fn phone(phone: ContactPhone) -> kinds::ContactPhone {
    let ContactPhone { phone, kind, wa_id } = phone;
    kinds::ContactPhone {
        phone: phone.unwrap_or_default(),
        label: kind.unwrap_or_default(),
        wa_id: wa_id.unwrap_or_default(),
    }
}

fn email(email: ContactEmail) -> kinds::ContactEmail {
    let ContactEmail { email, kind } = email;
    kinds::ContactEmail { email: email.unwrap_or_default(), label: kind.unwrap_or_default() }
}

fn url(url: ContactUrl) -> kinds::ContactUrl {
    let ContactUrl { url, kind } = url;
    kinds::ContactUrl { url: url.unwrap_or_default(), label: kind.unwrap_or_default() }
}

fn address(address: ContactAddress) -> kinds::ContactAddress {
    let ContactAddress { street, city, state, zip, country, country_code, kind } = address;
    kinds::ContactAddress {
        street: street.unwrap_or_default(),
        city: city.unwrap_or_default(),
        state: state.unwrap_or_default(),
        zip: zip.unwrap_or_default(),
        country: country.unwrap_or_default(),
        country_code: country_code.unwrap_or_default(),
        label: kind.unwrap_or_default(),
    }
}

fn organisation(organisation: ContactOrganization) -> kinds::ContactOrganisation {
    let ContactOrganization { company, department, title } = organisation;
    kinds::ContactOrganisation {
        company: company.unwrap_or_default(),
        department: department.unwrap_or_default(),
        title: title.unwrap_or_default(),
    }
}
