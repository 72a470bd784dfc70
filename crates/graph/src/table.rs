//! Types that are read as a table says: one line for each member, with its name, whether it must be there, and its
//! [rule](crate::rules).

/// A struct, and how it is read from an object. A line is `name: Type = required rule`, `optional rule` (an `Option`) or
/// `or_default rule`; `as "type"` gives the member another name than the field; `where "name" = "send_location"` are members
/// that can say one thing only. After all of them was read, `check` may refuse the whole. `Debug` shows no content.
macro_rules! object {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident $(where $($fixed:literal = $word:literal),+)? {
            $(
                $(#[$field_meta:meta])*
                $field:ident $(as $key:literal)? : $type:ty = $presence:ident $rule:expr
            ),* $(,)?
        }
        $(check $check:expr)?
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq)]
        $vis struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl $crate::rules::Readable for $name {
            fn read(param: $crate::reading::Param<'_>) -> Result<Self, $crate::GraphError> {
                let members =
                    param.object(&[$($($fixed,)+)? $($crate::table::key!($field $($key)?),)*])?;
                $($(members.required($fixed)?.one_of(&[$word])?;)+)?
                let read = Self {
                    $($field: $crate::table::member!(
                        members, $presence, $crate::table::key!($field $($key)?), $rule
                    ),)*
                };
                $(
                    let check: fn(&Self, $crate::reading::Param<'_>) -> Result<(), $crate::GraphError> = $check;
                    check(&read, param)?;
                )?
                Ok(read)
            }

            #[cfg(test)]
            fn shape() -> $crate::shape::Shape {
                $crate::shape::Shape::Object(vec![
                    $($(($fixed, $crate::shape::Shape::Is($word)),)+)?
                    $(($crate::table::key!($field $($key)?), {
                        fn shape_of<R: $crate::rules::Rule>(rule: R, _: fn(R::Read) -> Option<$type>) -> $crate::shape::Shape {
                            rule.shape()
                        }
                        shape_of($rule, $crate::table::as_read!($presence))
                    }),)*
                ])
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

/// What a member is called.
macro_rules! key {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $key:literal) => {
        $key
    };
}

/// Reads a member.
macro_rules! member {
    ($members:ident, required, $key:expr, $rule:expr) => {
        $members.read_required($key, &$rule)?
    };
    ($members:ident, optional, $key:expr, $rule:expr) => {
        $members.read_optional($key, &$rule)?
    };
    ($members:ident, or_default, $key:expr, $rule:expr) => {
        $members.read_or_default($key, &$rule)?
    };
}

/// How what a rule reads becomes what the field holds: only types are inferred from it.
#[cfg(test)]
macro_rules! as_read {
    (optional) => {
        |read| Some(Some(read))
    };
    ($presence:ident) => {
        |read| Some(read)
    };
}

/// An enum of which each variant is a word, or several: `Shipped = "shipped"`.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $($word:literal)|+),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $vis enum $name {
            $($(#[$variant_meta])* $variant,)*
        }

        impl $crate::rules::Word for $name {
            const ALL: &'static [(&'static str, Self)] = &[$($(($word, Self::$variant),)+)*];
        }
    };
}

#[cfg(test)]
pub(crate) use as_read;
pub(crate) use {key, member, object, words};
