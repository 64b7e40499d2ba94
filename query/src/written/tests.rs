use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{cast, col, lit};

use super::*;

#[track_caller]
fn check(expr: &Expr, sql: &str) {
    assert_eq!(written(expr), sql);
}

#[test]
fn constants_and_types_are_written_as_sql_has_them() {
    check(&col("patient.size").eq(lit(">50")), "patient.size = '>50'");
    check(&col("size").eq(lit("it's")), "size = 'it''s'");
    check(&col("age").gt(lit(5_i64)).and(col("x").eq(lit(true))), "age > 5 AND x = true");
    check(&cast(col("age"), DataType::Float64), "CAST(age AS DOUBLE)");
    check(&cast(col("age"), DataType::Decimal128(5, 2)), "CAST(age AS DECIMAL(5, 2))");
    check(&(col("x") / lit(2.5)), "x / 2.5");
    check(&lit(ScalarValue::Utf8(None)), "NULL");
    check(&lit(ScalarValue::Int64(None)), "NULL");
    for (units, sql) in [(25, "2.5"), (-5, "-0.5"), (0, "0.0"), (1234, "123.4")] {
        check(&lit(ScalarValue::Decimal128(Some(units), 10, 1)), sql);
    }
    check(&lit(ScalarValue::Decimal128(Some(7), 10, 0)), "7");
}

#[test]
fn names_that_look_like_constants_stay() {
    check(&col("myInt64(x)"), "myInt64(x)");
    let column = Expr::Column(datafusion::common::Column::new_unqualified("count(Int64(1))"));
    check(&column.clone().gt(lit(20_i64)), "count(*) > 20");
    check(&column.clone().alias("count(*)"), "count(*)");
    check(&column.alias("n"), "count(*) AS n");
    check(&lit("Int64(1) AS Utf8)"), "'Int64(1) AS Utf8)'");
}
