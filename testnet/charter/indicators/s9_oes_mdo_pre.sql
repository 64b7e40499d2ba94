-- id: s9_oes_mdo_pre
-- version: 1
-- dataset: oncology
-- title_nl: Preoperatief regionaal MDO vastgelegd
-- title_en: Oesophagus: regional meeting before surgery recorded
-- source: SONCOS; the project's domain research, S9_oes_mdo_pre of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  d.hospital, -- by hospital
  d.network, -- by network
  d.inc_year, COUNT(*) AS den, SUM(CASE WHEN EXISTS(SELECT 1 FROM mdo_meeting m WHERE m.diagnosis_key=d.diagnosis_key AND m.phase='pre' AND m.level IN('regional','expert')) THEN 1 ELSE 0 END) AS num
FROM diagnosis d
WHERE d.tumour_group='slokdarm'
  AND d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND d.inc_year = 2024 -- window 2024
GROUP BY
  d.hospital, -- by hospital
  d.network, -- by network
  d.inc_year
