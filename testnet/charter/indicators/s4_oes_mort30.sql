-- id: s4_oes_mort30
-- version: 1
-- dataset: oncology
-- title_nl: 30-dagen- of ziekenhuismortaliteit
-- title_en: Oesophagus: mortality within 30 days or in hospital
-- source: DUCA; the project's domain research, S4_oes_mort30 of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  t.hospital, -- by hospital
  t.network, -- by network
  t.start_year, COUNT(*) AS den, SUM(CASE WHEN d.vital_status=1 AND (d.vital_days-t.start_day<=30 OR (t.discharge_day IS NOT NULL AND d.vital_days<=t.discharge_day)) THEN 1 ELSE 0 END) AS num
FROM treatment t
  JOIN diagnosis d ON d.diagnosis_key=t.diagnosis_key
WHERE d.tumour_group='slokdarm'
  AND t.procedure='oesophagectomy'
  AND (d.vital_status=1 OR d.vital_days-t.start_day>=30)
  AND t.start_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND t.start_year = 2024 -- window 2024
GROUP BY
  t.hospital, -- by hospital
  t.network, -- by network
  t.start_year
