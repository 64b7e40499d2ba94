-- id: n3_neu_mort30
-- version: 1
-- dataset: oncology
-- title_nl: 30-dagenmortaliteit na eerste glioblastoomoperatie (QRNS), case-mixcellen leeftijd x Karnofsky
-- title_en: Neuro: mortality within 30 days of the first glioblastoma operation, in case-mix cells of age and Karnofsky
-- source: QRNS; the project's domain research, N3_neu_mort30 of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  t.hospital, -- by hospital
  t.network, -- by network
  d.age_at_inc/10 AS age10, CASE WHEN d.karnofsky>=70 THEN 1 ELSE 0 END AS kps70, COUNT(*) AS den, SUM(CASE WHEN d.vital_status=1 AND d.vital_days-t.start_day<=30 THEN 1 ELSE 0 END) AS num
FROM treatment t
  JOIN diagnosis d ON d.diagnosis_key=t.diagnosis_key
WHERE d.tumour_group='neuro'
  AND d.morphology='9440'
  AND t.modality='surgery'
  AND t.start_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND t.start_year = 2024 -- window 2024
GROUP BY
  t.hospital, -- by hospital
  t.network, -- by network
  d.age_at_inc/10, CASE WHEN d.karnofsky>=70 THEN 1 ELSE 0 END
