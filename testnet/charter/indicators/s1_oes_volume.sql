-- id: s1_oes_volume
-- version: 1
-- dataset: oncology
-- title_nl: Slokdarmresecties per locatie per jaar (SONCOS >=20, 3-jaarsgemiddelde)
-- title_en: Oesophageal resections by location and year
-- norm: at least 20 a year, mean of three years (SONCOS)
-- source: SONCOS; the project's domain research, S1_oes_volume of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  t.hospital, -- by hospital
  t.network, -- by network
  t.treat_agb, t.start_year, COUNT(DISTINCT t.treatment_key) AS n
FROM treatment t
  JOIN diagnosis d ON d.diagnosis_key=t.diagnosis_key
WHERE d.tumour_group='slokdarm'
  AND t.modality='surgery'
  AND t.procedure='oesophagectomy'
  AND t.start_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND t.start_year = 2024 -- window 2024
GROUP BY
  t.hospital, -- by hospital
  t.network, -- by network
  t.treat_agb, t.start_year
