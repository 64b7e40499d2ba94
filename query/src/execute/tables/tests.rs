use arrow::array::UInt32Array;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::parquet::arrow::ArrowWriter;

use super::*;

/// A file of patients' numbers, two batches of them.
fn file(folder: &Path, batches: [&[u32]; 2]) -> (std::path::PathBuf, SchemaRef) {
    let schema = Arc::new(Schema::new(vec![Field::new(PATIENT, DataType::UInt32, false)]));
    let path = folder.join("patients.parquet");
    let out = File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(out, Arc::clone(&schema), None).unwrap();
    for numbers in batches {
        let column: ArrayRef = Arc::new(UInt32Array::from(numbers.to_vec()));
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), vec![column]).unwrap()).unwrap();
    }
    writer.close().unwrap();
    (path, schema)
}

#[test]
fn rows_that_do_not_come_patient_by_patient_are_not_used() {
    let temp = tempfile::tempdir().unwrap();
    let cases: [([&[u32]; 2], bool); 4] = [
        ([&[0, 0, 1, 5], &[5, 6]], true),
        ([&[], &[]], true),
        ([&[0, 2, 1], &[3]], false),
        ([&[0, 1], &[0, 2]], false),
    ];
    for (batches, good) in cases {
        let (path, schema) = file(temp.path(), batches);
        assert_eq!(patient_by_patient(&path).is_ok(), good, "{batches:?} scanned");
        assert_eq!(read(&path, &schema).is_ok(), good, "{batches:?} kept");
    }
}
