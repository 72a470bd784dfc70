//! What a business sells: one product, several, or its catalogue.

use super::list::have_titles;
use crate::error::GraphError;
use crate::reading::Param;
use crate::rules::{Json, kept, list, not_valid, object, text};
use crate::table::object;

/// The most products of all sections together.
const PRODUCTS: usize = 30;

/// The longest name of a catalogue or a product, in characters.
const NAME: usize = 100;

object! {
    /// A product.
    pub struct Product {
        /// The catalogue.
        catalog_id: String = required text(1..=NAME),
        /// What the business calls the product.
        product_retailer_id: String = required text(1..=NAME),
    }
}

object! {
    /// Several products of a catalogue.
    pub struct ProductList {
        /// The catalogue.
        catalog_id: String = required text(1..=NAME),
        /// One to ten, with one to thirty products together; if they are several, all have titles.
        sections: Vec<ProductSection> = required list(1..=10, object()),
    }
    check ProductList::check
}

object! {
    /// A part of a list of products.
    pub struct ProductSection {
        /// What stands above it.
        title: String = or_default text(..=24),
        /// What is in it.
        product_items: Vec<ProductItem> = required list(1..=PRODUCTS, object()),
    }
}

object! {
    /// A product in a list.
    pub struct ProductItem {
        /// What the business calls it.
        product_retailer_id: String = required text(1..=NAME),
    }
}

object! {
    pub(super) struct Action where "name" = "catalog_message" {
        parameters: Option<Json<CatalogMessage>> = optional kept(object()),
    }
}

object! {
    /// The whole catalogue.
    pub struct CatalogMessage {
        /// The product whose picture is shown; the catalogue's first if it is not named.
        thumbnail_product_retailer_id: Option<String> = optional text(1..=NAME),
    }
}

impl ProductList {
    fn check(&self, param: Param<'_>) -> Result<(), GraphError> {
        let products = self.sections.iter().map(|section| section.product_items.len()).sum::<usize>();
        if products > PRODUCTS {
            let details = format!(
                "Invalid product_items count. Min allowed product_items: 1, Max allowed product_items: {PRODUCTS}"
            );
            return Err(not_valid(details));
        }
        have_titles(self.sections.iter().map(|section| &*section.title), param)
    }
}
