-- id: b6_bla_curative_mibc
-- version: 1
-- dataset: oncology
-- title_nl: Curatieve behandeling (cystectomie of (chemo)radiatie) bij cT2-4N0M0
-- title_en: Bladder: curative treatment (cystectomy or (chemo)radiation) at cT2-4N0M0
-- source: the project's domain research, B6_bla_curative_mibc of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  d.hospital, -- by hospital
  d.network, -- by network
  d.inc_year, COUNT(*) AS den, SUM(CASE WHEN EXISTS(SELECT 1 FROM treatment t WHERE t.diagnosis_key=d.diagnosis_key AND t.intent='curative' AND (t.procedure='cystectomy' OR t.modality IN('radiotherapy','chemoradiation'))) THEN 1 ELSE 0 END) AS num
FROM diagnosis d
WHERE d.tumour_group='blaas'
  AND d.ct IN('2','3','4')
  AND d.cn='0'
  AND d.cm='0'
  AND d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND d.inc_year = 2024 -- window 2024
GROUP BY
  d.hospital, -- by hospital
  d.network, -- by network
  d.inc_year
