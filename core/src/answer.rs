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
            const FIELDS: $crate::node::Fields = &[
                $( (stringify!($field), <$Type as $crate::FieldValue>::KIND), )*
            ];

            impl $Name {
                pub(crate) fn from_object(object: $crate::node::ObjectNode) -> Self {
                    const FILL: &[fn(&mut $Name, $crate::node::Node)] = &[
                        $( |answer, node| answer.$field = $crate::Field::from_node(Some(node)), )*
                    ];
                    let mut answer = Self { extra: object.extra, ..Self::default() };
                    for (place, node) in object.fields {
                        if let Some(fill) = FILL.get(place) {
                            fill(&mut answer, node);
                        }
                    }
                    answer
                }
            }

            impl<'de> serde::Deserialize<'de> for $Name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    $crate::node::read_object(FIELDS, deserializer).map(Self::from_object)
                }
            }

            impl $crate::Answer for $Name {
                fn name(&self) -> &'static str {
                    stringify!($Name)
                }

                fn each_field<'a>(&'a self, show: &mut dyn FnMut(&'static str, $crate::View<'a>)) {
                    $( show(stringify!($field), (&self.$field).into()); )*
                }

                fn unknown_fields(&self) -> &$crate::Extra {
                    &self.extra
                }
            }

            impl serde::Serialize for $Name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    $crate::view::write_object(self, serializer)
                }
            }

            impl $crate::field::FieldValue for $Name {
                const KIND: $crate::node::Kind = $crate::node::Kind::Object(FIELDS);

                fn from_node(node: $crate::node::Node) -> Result<Self, $crate::node::Node> {
                    match node {
                        $crate::node::Node::Object(object) => Ok(Self::from_object(object)),
                        other => Err(other),
                    }
                }

                fn view(&self) -> $crate::View<'_> {
                    $crate::View::Object(self)
                }
            }

            impl $crate::field::Element for $Name {}
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
            const KIND: $crate::node::Kind = $crate::node::Kind::Text;

            fn from_node(node: $crate::node::Node) -> Result<Self, $crate::node::Node> {
                match node {
                    $crate::node::Node::Text(text) => Ok(Self::from(&*text)),
                    other => Err(other),
                }
            }

            fn view(&self) -> $crate::View<'_> {
                $crate::View::Text(self.as_str())
            }
        }

        impl $crate::field::Element for $Name {}
    };
}

pub(crate) use {answer, open_enum};
