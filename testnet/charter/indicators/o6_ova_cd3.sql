-- id: o6_ova_cd3
-- version: 1
-- dataset: oncology
-- title_nl: Complicatie Clavien-Dindo >=3a na debulking, met case-mixcellen
-- title_en: Ovary: complication of Clavien-Dindo 3a or more after debulking, in case-mix cells
-- source: DGOA; the project's domain research, O6_ova_cd3 of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  t.hospital, -- by hospital
  t.network, -- by network
  d.age_at_inc/10 AS age10, t.asa, d.figo, COUNT(*) AS den, SUM(CASE WHEN EXISTS(SELECT 1 FROM complication c WHERE c.treatment_key=t.treatment_key AND c.clavien>=3) THEN 1 ELSE 0 END) AS num
FROM treatment t
  JOIN diagnosis d ON d.diagnosis_key=t.diagnosis_key
WHERE t.procedure IN('primary_debulking','interval_debulking')
  AND t.start_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND t.start_year = 2024 -- window 2024
GROUP BY
  t.hospital, -- by hospital
  t.network, -- by network
  d.age_at_inc/10, t.asa, d.figo
