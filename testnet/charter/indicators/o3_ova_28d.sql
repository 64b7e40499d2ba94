-- id: o3_ova_28d
-- version: 1
-- dataset: oncology
-- title_nl: Start behandeling <=28 dagen na eerste bezoek (DGOA)
-- title_en: Ovary: treatment starts within 28 days of the first visit
-- norm: at most 28 days (DGOA)
-- source: DGOA; the project's domain research, O3_ova_28d of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  d.hospital, -- by hospital
  d.network, -- by network
  d.inc_year, COUNT(*) AS den, SUM(CASE WHEN x.f-r.first_visit_day<=28 THEN 1 ELSE 0 END) AS num
FROM diagnosis d
  JOIN referral r ON r.diagnosis_key=d.diagnosis_key AND r.from_kind='huisarts'
  JOIN (SELECT diagnosis_key, MIN(start_day) AS f FROM treatment GROUP BY diagnosis_key) x ON x.diagnosis_key=d.diagnosis_key
WHERE d.tumour_group='ovarium'
  AND d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND d.inc_year = 2024 -- window 2024
GROUP BY
  d.hospital, -- by hospital
  d.network, -- by network
  d.inc_year
