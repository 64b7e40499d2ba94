-- id: g1_all_referral_matrix
-- version: 1
-- dataset: oncology
-- title_nl: Verwijsstromen (concentratie en spreiding)
-- title_en: Flows of referral (concentration and spread)
-- source: the project's domain research, G1_all_referral_matrix of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  r.hospital, -- by hospital
  r.network, -- by network
  r.from_agb, r.to_agb, d.tumour_group, COUNT(*) AS n
FROM referral r
  JOIN diagnosis d ON d.diagnosis_key=r.diagnosis_key
WHERE r.from_kind='hospital'
  AND d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND d.inc_year = 2024 -- window 2024
GROUP BY
  r.hospital, -- by hospital
  r.network, -- by network
  r.from_agb, r.to_agb, d.tumour_group
