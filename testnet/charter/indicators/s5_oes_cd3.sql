-- id: s5_oes_cd3
-- version: 1
-- dataset: oncology
-- title_nl: Ernstige complicatie (Clavien-Dindo >=3) binnen 30 dagen
-- title_en: Oesophagus: severe complication (Clavien-Dindo 3 or more) within 30 days
-- source: DUCA; the project's domain research, S5_oes_cd3 of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  t.hospital, -- by hospital
  t.network, -- by network
  t.start_year, COUNT(*) AS den, SUM(CASE WHEN EXISTS(SELECT 1 FROM complication c WHERE c.treatment_key=t.treatment_key AND c.clavien>=3 AND c.onset_day-t.start_day<=30) THEN 1 ELSE 0 END) AS num
FROM treatment t
  JOIN diagnosis d ON d.diagnosis_key=t.diagnosis_key
WHERE d.tumour_group='slokdarm'
  AND t.procedure='oesophagectomy'
  AND t.start_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND t.start_year = 2024 -- window 2024
GROUP BY
  t.hospital, -- by hospital
  t.network, -- by network
  t.start_year
