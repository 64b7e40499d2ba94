-- id: s10_oes_curative
-- version: 1
-- dataset: oncology
-- title_nl: Aandeel curatieve behandeling bij cM0
-- title_en: Oesophagus: share of curative treatment at cM0
-- source: DUCA; the project's domain research, S10_oes_curative of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  d.hospital, -- by hospital
  d.network, -- by network
  d.inc_year, COUNT(*) AS den, SUM(CASE WHEN EXISTS(SELECT 1 FROM treatment t WHERE t.diagnosis_key=d.diagnosis_key AND t.intent='curative') THEN 1 ELSE 0 END) AS num
FROM diagnosis d
WHERE d.tumour_group='slokdarm'
  AND d.cm='0'
  AND d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND d.inc_year = 2024 -- window 2024
GROUP BY
  d.hospital, -- by hospital
  d.network, -- by network
  d.inc_year
