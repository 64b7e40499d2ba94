-- id: g2_all_km_stage
-- version: 1
-- dataset: oncology
-- title_nl: Overlevingstabel per jaar naar stadium
-- title_en: Life table by year and stage
-- source: the project's domain research, G2_all_km_stage of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  d.hospital, -- by hospital
  d.network, -- by network
  d.tumour_group, d.c_stage, d.vital_days/365 AS bin, COUNT(*) AS m, SUM(d.vital_status) AS d
FROM diagnosis d
WHERE d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
WHERE d.inc_year = 2024 -- window 2024
GROUP BY
  d.hospital, -- by hospital
  d.network, -- by network
  d.tumour_group, d.c_stage, d.vital_days/365
