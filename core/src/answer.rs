//! What every object of an answer has in common: its fields are read one by
//! one, none costs another, and unknown ones are kept.

/// Declares an object of an answer with its [`Field`](crate::Field)s, how it is
/// read and how it is written back.
macro_rules! answer {
    (
        $(#[$about:meta])*
        $vis:vis struct $Name:ident {
            $( $(#[$field_about:meta])* $field:ident: $Type:ty, )*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        $vis struct $Name {
            $( $(#[$field_about])* pub $field: $crate::Field<$Type>, )*
            /// The fields that this version does not know.
            pub extra: $crate::Extra,
        }

        #[allow(dead_code, reason = "for the objects that are public")]
        impl $Name {
            /// The names of the fields whose value is not of the documented
            /// type.
            $vis fn odd_fields(&self) -> impl Iterator<Item = &'static str> {
                [$( (stringify!($field), self.$field.is_odd()) ),*]
                    .into_iter()
                    .filter_map(|(name, is_odd)| is_odd.then_some(name))
            }
        }

        const _: () = {
            use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
            use serde::ser::{Serialize, SerializeMap, Serializer};

            #[derive(serde::Deserialize)]
            #[serde(field_identifier)]
            #[expect(non_camel_case_types, reason = "named like the fields")]
            enum Name {
                $( $field, )*
                Unknown(String),
            }

            struct AnswerVisitor;

            impl<'de> Visitor<'de> for AnswerVisitor {
                type Value = $Name;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }

                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$Name, A::Error> {
                    let mut answer = $Name::default();
                    while let Some(this_name) = map.next_key()? {
                        match this_name {
                            $( Name::$field => answer.$field = map.next_value()?, )*
                            Name::Unknown(unknown) => answer.extra.push(unknown, map.next_value()?),
                        }
                    }
                    Ok(answer)
                }
            }

            impl<'de> Deserialize<'de> for $Name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    deserializer.deserialize_map(AnswerVisitor)
                }
            }

            impl Serialize for $Name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    let mut map = serializer.serialize_map(None)?;
                    $( if !self.$field.is_absent() {
                        map.serialize_entry(stringify!($field), &self.$field)?;
                    } )*
                    for (name, json) in self.extra.iter() {
                        map.serialize_entry(name, json)?;
                    }
                    map.end()
                }
            }

            impl $crate::field::FieldValue for $Name {
                fn from_map<'de, A: MapAccess<'de>>(map: A) -> Result<$crate::Field<Self>, A::Error> {
                    AnswerVisitor.visit_map(map).map($crate::Field::Value)
                }

                fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    self.serialize(serializer)
                }
            }
        };
    };
}

/// Declares an enumeration of texts that keeps the values it does not know.
macro_rules! open_enum {
    (
        $(#[$about:meta])*
        pub enum $Name:ident {
            $( $(#[$variant_about:meta])* $Variant:ident = $text:literal, )*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $Name {
            $( $(#[$variant_about])* $Variant, )*
            /// A value that this version does not know, as it came.
            Other(Box<str>),
        }

        impl $Name {
            /// The text that stands for it in the API.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$Variant => $text, )*
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $Name {
            fn from(text: &str) -> Self {
                match text {
                    $( $text => Self::$Variant, )*
                    other => Self::Other(other.into()),
                }
            }
        }

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $Name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl $crate::field::FieldValue for $Name {
            fn from_text(came: &str) -> Option<Self> {
                Some(Self::from(came))
            }

            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

pub(crate) use {answer, open_enum};
