//! The objects of responses: fields are read one by one, no field loses another, and unknown ones
//! are kept.

/// Declares an object of a response with its [`Field`](crate::values::Field)s, including how it is
/// read and written back.
#[doc(hidden)]
#[macro_export]
macro_rules! object {
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
            $( $(#[$field_about])* pub $field: $crate::values::Field<$Type>, )*
            /// The fields that this version does not know.
            pub extra: $crate::values::Extra,
        }

        #[allow(dead_code, reason = "for the objects that are public")]
        impl $Name {
            /// The names of the fields whose value is not of the documented type.
            $vis fn unexpected_fields(&self) -> impl Iterator<Item = &'static str> {
                [$( (stringify!($field), self.$field.is_unexpected()) ),*]
                    .into_iter()
                    .filter_map(|(name, is_unexpected)| is_unexpected.then_some(name))
            }
        }

        const _: () = {
            impl $crate::json::ObjectVisitor for $Name {
                fn names(&self) -> &'static [&'static str] {
                    &[$( stringify!($field) ),*]
                }

                fn field(
                    &mut self,
                    place: usize,
                    reader: &mut $crate::json::Reader<'_>,
                ) -> Result<(), $crate::json::SyntaxError> {
                    const READ: &[fn(&mut $Name, &mut $crate::json::Reader<'_>) -> Result<(), $crate::json::SyntaxError>] = &[
                        $( |response, reader| {
                            response.$field = $crate::values::FieldValue::read(reader)?;
                            Ok(())
                        }, )*
                    ];
                    READ.get(place).map_or(Ok(()), |read| read(self, reader))
                }

                fn unknown(&mut self, name: String, raw: &str) {
                    self.extra.push(name, $crate::values::Json::received(raw));
                }
            }

            impl<'de> serde::Deserialize<'de> for $Name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    $crate::values::deserialize(deserializer)
                }
            }

            impl $crate::values::Object for $Name {
                fn name(&self) -> &'static str {
                    stringify!($Name)
                }

                fn each_field<'a>(&'a self, show: &mut dyn FnMut(&'static str, $crate::values::ValueRef<'a>)) {
                    $( show(stringify!($field), (&self.$field).into()); )*
                }

                fn unknown_fields(&self) -> &$crate::values::Extra {
                    &self.extra
                }
            }

            impl serde::Serialize for $Name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    $crate::values::write_object(self, serializer)
                }
            }

            impl $crate::values::FieldValue for $Name {
                fn read(
                    reader: &mut $crate::json::Reader<'_>,
                ) -> Result<$crate::values::Field<Self>, $crate::json::SyntaxError> {
                    if !reader.begins(b'{') {
                        return reader.other();
                    }
                    let mut response = Self::default();
                    reader.object(&mut response)?;
                    Ok($crate::values::Field::Value(response))
                }

                fn value_ref(&self) -> $crate::values::ValueRef<'_> {
                    $crate::values::ValueRef::Object(self)
                }
            }
        };
    };
}

/// Declares an enumeration of strings that keeps the values it does not know.
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
            /// A value that this version does not know, as it was sent.
            Other(Box<str>),
        }

        impl $Name {
            /// The API's string for it.
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

        /// On one line, without anything that looks like an API key;
        /// [`as_str`](Self::as_str) is exact.
        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    Self::Other(text) => $crate::redact::write_foreign(f, text),
                    known => f.pad(known.as_str()),
                }
            }
        }

        impl serde::Serialize for $Name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl $crate::values::FieldValue for $Name {
            fn read(
                reader: &mut $crate::json::Reader<'_>,
            ) -> Result<$crate::values::Field<Self>, $crate::json::SyntaxError> {
                reader.text_field(|text| Some(Self::from(&*text)))
            }

            fn value_ref(&self) -> $crate::values::ValueRef<'_> {
                $crate::values::ValueRef::Text(self.as_str())
            }
        }
    };
}

pub(crate) use open_enum;
