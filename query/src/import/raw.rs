//! A source's column as one of few kinds, so that checking a value looks at one enum.

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float32Array, Float64Array,
    Int64Array, StringArray,
};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Float32Type, Float64Type, Int64Type};

/// One column of one batch.
#[derive(Clone, Debug)]
pub(crate) enum RawColumn {
    Null,
    Text(StringArray),
    Integer(Int64Array),
    Decimal(Decimal128Array),
    Single(Float32Array),
    Double(Float64Array),
    Boolean(BooleanArray),
}

/// One value as the source holds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Raw<'a> {
    Null,
    Text(&'a str),
    Integer(i64),
    /// Units of 10^-scale.
    Decimal {
        units: i128,
        scale: i8,
    },
    Single(f32),
    Double(f64),
    Boolean(bool),
}

impl RawColumn {
    /// The array as one of the kinds, without loss; or why its type has no place in a dataset.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the types that can be read are listed, every other is refused"
    )]
    pub(crate) fn new(array: &ArrayRef) -> Result<Self, String> {
        match array.data_type() {
            DataType::Null => Ok(Self::Null),
            DataType::Utf8 => Ok(Self::Text(array.as_string::<i32>().clone())),
            DataType::Int64 => Ok(Self::Integer(array.as_primitive::<Int64Type>().clone())),
            DataType::Float32 => Ok(Self::Single(array.as_primitive::<Float32Type>().clone())),
            DataType::Float64 => Ok(Self::Double(array.as_primitive::<Float64Type>().clone())),
            DataType::Boolean => Ok(Self::Boolean(array.as_boolean().clone())),
            DataType::Decimal128(_, _) => {
                Ok(Self::Decimal(array.as_primitive::<Decimal128Type>().clone()))
            }
            DataType::LargeUtf8 | DataType::Utf8View => Self::cast(array, &DataType::Utf8),
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32 => Self::cast(array, &DataType::Int64),
            DataType::UInt64 => Self::cast(array, &DataType::Decimal128(20, 0)),
            DataType::Decimal32(_, scale)
            | DataType::Decimal64(_, scale)
            | DataType::Decimal256(_, scale) => {
                Self::cast(array, &DataType::Decimal128(38, *scale))
            }
            DataType::Dictionary(_, values) => Self::cast(array, values),
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, _) => Err(
                "it holds calendar dates, which do not enter a snapshot: give whole days from diagnosis, or a year"
                    .to_owned(),
            ),
            other => Err(format!("it has the type {other}: give text, a number or a boolean")),
        }
    }

    fn cast(array: &ArrayRef, to: &DataType) -> Result<Self, String> {
        let options = CastOptions { safe: false, ..CastOptions::default() };
        let cast = cast_with_options(array, to, &options).map_err(|error| error.to_string())?;
        Self::new(&cast)
    }

    /// The value of a row.
    pub(crate) fn get(&self, row: usize) -> Raw<'_> {
        fn at<T>(array: &dyn Array, row: usize, value: impl FnOnce() -> T) -> Option<T> {
            (row < array.len() && array.is_valid(row)).then(value)
        }
        let value = match self {
            Self::Null => None,
            Self::Text(array) => at(array, row, || Raw::Text(array.value(row))),
            Self::Integer(array) => at(array, row, || Raw::Integer(array.value(row))),
            Self::Decimal(array) => {
                at(array, row, || Raw::Decimal { units: array.value(row), scale: array.scale() })
            }
            Self::Single(array) => at(array, row, || Raw::Single(array.value(row))),
            Self::Double(array) => at(array, row, || Raw::Double(array.value(row))),
            Self::Boolean(array) => at(array, row, || Raw::Boolean(array.value(row))),
        };
        value.unwrap_or(Raw::Null)
    }
}
