//! What can be wrong with a list of surfaces, and the one mistake that every section can make: a class that is none.

use crate::{DataClass, PolicyError};

/// Why a list of surfaces was refused. Names the section, so that it can be found.
#[derive(Debug, thiserror::Error)]
pub enum SurfacesError {
    /// Not TOML, or not of the shape of a list; says where.
    #[error("the list of surfaces can't be read: {0}")]
    Syntax(#[from] toml::de::Error),
    /// The policy that it goes with can't be read.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The messages that it speaks of can't be read.
    #[error("the descriptors of proto/ can't be read: {0}")]
    Descriptors(#[from] prost_reflect::DescriptorError),
    /// The messages that it speaks of have no labels.
    #[error("the descriptors of proto/ have no data classes")]
    NoLabels,
    /// A class that is none.
    #[error("[{place}] says `{class}`, which is no data class; the classes are in proto/options.proto")]
    Class {
        /// Where.
        place: String,
        /// What it says.
        class: String,
    },
    /// A principal who is none.
    #[error("[{place}] names `{principal}`, who is no principal; the principals are in docs/privacy.md")]
    Principal {
        /// Where.
        place: String,
        /// Whom it names.
        principal: String,
    },
    /// A value that is said to identify nobody, without a form that shows it.
    #[error("[{0}] is said to be a statistic: give it a form with `is`, so that it can't be more")]
    Formless(String),
    /// A value that is said to identify nobody, with a form that a number or a name fits.
    #[error(
        "[{place}] is said to be a statistic, and `{fits}` fits its part `{part}`: a statistic is an enumeration, a count \
         or a duration"
    )]
    Free {
        /// Where.
        place: String,
        /// The part.
        part: String,
        /// What fits it and must not.
        fits: &'static str,
    },
    /// A number without a name.
    #[error(
        "[{place}] is said to be a statistic, and its part `{part}` is a number: say what is counted with `of`"
    )]
    Uncounted {
        /// Where.
        place: String,
        /// The part.
        part: String,
    },
    /// A form with a part that is not in `[forms]`.
    #[error("[{place}] has a form with the part `{part}`, which is not in [forms]")]
    Part {
        /// Where.
        place: String,
        /// The part.
        part: String,
    },
    /// A table whose value is neither a message nor opaque, or both.
    #[error("[tables.{0}] must have either `value`, a message of proto/, or `opaque`, a class")]
    NoValue(String),
    /// A message that proto/ doesn't have.
    #[error("[{place}] names `{message}`, which is not in proto/")]
    Message {
        /// Where.
        place: String,
        /// The name.
        message: String,
    },
}

/// The class that `[place]` of the list names.
pub(super) fn class(place: &str, name: &str) -> Result<DataClass, SurfacesError> {
    DataClass::parse(name)
        .ok_or_else(|| SurfacesError::Class { place: place.to_owned(), class: name.to_owned() })
}
