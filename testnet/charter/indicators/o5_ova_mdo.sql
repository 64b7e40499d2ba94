-- id: o5_ova_mdo
-- version: 1
-- dataset: oncology
-- title_nl: Besproken in preoperatief MDO
-- title_en: Ovary: discussed in a meeting before surgery
-- source: DGOA; the project's domain research, O5_ova_mdo of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  d.hospital, -- by hospital
  d.network, -- by network
  d.inc_year, COUNT(*) AS den, SUM(CASE WHEN EXISTS(SELECT 1 FROM mdo_meeting m WHERE m.diagnosis_key=d.diagnosis_key AND m.phase='pre') THEN 1 ELSE 0 END) AS num
FROM diagnosis d
WHERE d.tumour_group='ovarium'
  AND d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND d.inc_year = 2024 -- window 2024
GROUP BY
  d.hospital, -- by hospital
  d.network, -- by network
  d.inc_year
