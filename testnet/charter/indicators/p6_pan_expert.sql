-- id: p6_pan_expert
-- version: 1
-- dataset: oncology
-- title_nl: Expertpanel geraadpleegd bij niet-gemetastaseerd
-- title_en: Pancreas: expert panel consulted where not metastasised
-- source: the project's domain research, P6_pan_expert of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  d.hospital, -- by hospital
  d.network, -- by network
  COUNT(*) AS den, SUM(CASE WHEN EXISTS(SELECT 1 FROM mdo_meeting m WHERE m.diagnosis_key=d.diagnosis_key AND (m.level='expert' OR m.expert_opinion=1)) THEN 1 ELSE 0 END) AS num
FROM diagnosis d
WHERE d.tumour_group='pancreas'
  AND d.cm='0'
  AND d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND d.inc_year = 2024 -- window 2024
GROUP BY d.hospital -- by hospital
GROUP BY d.network -- by network
