-- id: b3_bla_nac
-- version: 1
-- dataset: oncology
-- title_nl: Neoadjuvante (of inductie-)chemotherapie bij cT2-4aN0M0 met cystectomie
-- title_en: Bladder: neoadjuvant or induction chemotherapy at cT2-4aN0M0 with cystectomy
-- source: the project's domain research, B3_bla_nac of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  d.hospital, -- by hospital
  d.network, -- by network
  d.inc_year, COUNT(*) AS den, SUM(CASE WHEN EXISTS(SELECT 1 FROM treatment n WHERE n.diagnosis_key=d.diagnosis_key AND n.setting='neoadjuvant' AND n.modality='systemic') THEN 1 ELSE 0 END) AS num
FROM diagnosis d
  JOIN treatment t ON t.diagnosis_key=d.diagnosis_key AND t.procedure='cystectomy'
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
