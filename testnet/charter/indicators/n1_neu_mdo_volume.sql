-- id: n1_neu_mdo_volume
-- version: 1
-- dataset: oncology
-- title_nl: Nieuwe glioompatienten besproken per MDO-centrum (LWNO >=50/jaar)
-- title_en: Neuro: new glioma patients discussed by centre
-- norm: at least 50 a year (LWNO)
-- source: LWNO; the project's domain research, N1_neu_mdo_volume of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  d.hospital, -- by hospital
  d.network, -- by network
  d.diag_agb, d.inc_year, COUNT(DISTINCT d.diagnosis_key) AS n
FROM diagnosis d
  JOIN mdo_meeting m ON m.diagnosis_key=d.diagnosis_key
WHERE d.tumour_group='neuro'
  AND d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND d.inc_year = 2024 -- window 2024
GROUP BY
  d.hospital, -- by hospital
  d.network, -- by network
  d.diag_agb, d.inc_year
