-- id: n4_neu_km
-- version: 1
-- dataset: oncology
-- title_nl: Overlevingstabel per 30 dagen (invoer Kaplan-Meier): at-risk, gebeurtenis, censuur per bin
-- title_en: Neuro: life table in steps of 30 days: at risk, events and censored
-- source: the project's domain research, N4_neu_km of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  d.hospital, -- by hospital
  d.network, -- by network
  d.vital_days/30 AS bin, COUNT(*) AS m, SUM(d.vital_status) AS d, COUNT(*)-SUM(d.vital_status) AS c
FROM diagnosis d
WHERE d.tumour_group='neuro'
  AND d.morphology='9440'
  AND d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND d.inc_year = 2024 -- window 2024
GROUP BY
  d.hospital, -- by hospital
  d.network, -- by network
  d.vital_days/30
