-- id: g4_all_completeness
-- version: 1
-- dataset: oncology
-- title_nl: Vullingspercentage per item (datakwaliteit)
-- title_en: Share of filled in values by item (quality of data)
-- source: the project's domain research, G4_all_completeness of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  d.hospital, -- by hospital
  d.network, -- by network
  d.tumour_group, COUNT(*) AS n, COUNT(d.ct) AS ct, COUNT(d.cn) AS cn, COUNT(d.cm) AS cm, COUNT(d.ecog) AS ecog, COUNT(d.charlson) AS charlson
FROM diagnosis d
WHERE d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
WHERE d.inc_year = 2024 -- window 2024
GROUP BY
  d.hospital, -- by hospital
  d.network, -- by network
  d.tumour_group
