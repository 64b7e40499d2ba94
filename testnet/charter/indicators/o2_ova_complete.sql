-- id: o2_ova_complete
-- version: 1
-- dataset: oncology
-- title_nl: Complete cytoreductie (geen macroscopische rest), primair en interval apart
-- title_en: Ovary: complete cytoreduction (no macroscopic rest), primary and interval apart
-- source: DGOA; the project's domain research, O2_ova_complete of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  t.hospital, -- by hospital
  t.network, -- by network
  t.procedure, t.start_year, COUNT(*) AS den, SUM(CASE WHEN t.residual='none' THEN 1 ELSE 0 END) AS num
FROM treatment t
  JOIN diagnosis d ON d.diagnosis_key=t.diagnosis_key
WHERE d.tumour_group='ovarium'
  AND t.procedure IN('primary_debulking','interval_debulking')
  AND d.figo IN('IIB','IIC','III','IV')
  AND t.start_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND t.start_year = 2024 -- window 2024
GROUP BY
  t.hospital, -- by hospital
  t.network, -- by network
  t.procedure, t.start_year
