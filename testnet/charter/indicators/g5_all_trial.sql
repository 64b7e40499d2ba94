-- id: g5_all_trial
-- version: 1
-- dataset: oncology
-- title_nl: Doorlooptijd verwijzing -> MDO
-- title_en: Days from referral to the meeting
-- norm: at most 21 days
-- source: the project's domain research, G5_all_trial of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  d.hospital, -- by hospital
  d.network, -- by network
  d.tumour_group, COUNT(*) AS den, SUM(x.m-r.first_visit_day) AS s1, SUM((x.m-r.first_visit_day)*(x.m-r.first_visit_day)) AS s2, SUM(CASE WHEN x.m-r.first_visit_day<=21 THEN 1 ELSE 0 END) AS le21
FROM diagnosis d
  JOIN referral r ON r.diagnosis_key=d.diagnosis_key AND r.from_kind='huisarts'
  JOIN (SELECT diagnosis_key, MIN(mdo_day) AS m FROM mdo_meeting GROUP BY diagnosis_key) x ON x.diagnosis_key=d.diagnosis_key
WHERE d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
WHERE d.inc_year = 2024 -- window 2024
GROUP BY
  d.hospital, -- by hospital
  d.network, -- by network
  d.tumour_group
