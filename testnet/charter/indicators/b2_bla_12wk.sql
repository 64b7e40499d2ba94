-- id: b2_bla_12wk
-- version: 1
-- dataset: oncology
-- title_nl: Eerste polikliniekbezoek -> cystectomie <=84 dagen zonder neoadjuvante chemotherapie (SONCOS)
-- title_en: Bladder: first visit to cystectomy within 84 days, without neoadjuvant chemotherapy
-- norm: at most 84 days (SONCOS)
-- source: SONCOS; the project's domain research, B2_bla_12wk of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  t.hospital, -- by hospital
  t.network, -- by network
  t.start_year, COUNT(*) AS den, SUM(CASE WHEN t.start_day-r.first_visit_day<=84 THEN 1 ELSE 0 END) AS num, SUM(t.start_day-r.first_visit_day) AS s1, SUM((t.start_day-r.first_visit_day)*(t.start_day-r.first_visit_day)) AS s2
FROM treatment t
  JOIN diagnosis d ON d.diagnosis_key=t.diagnosis_key
  JOIN referral r ON r.diagnosis_key=d.diagnosis_key AND r.from_kind='huisarts'
WHERE d.tumour_group='blaas'
  AND t.procedure='cystectomy'
  AND d.ct IN('2','3','4')
  AND NOT EXISTS(SELECT 1 FROM treatment n WHERE n.diagnosis_key=d.diagnosis_key AND n.setting='neoadjuvant')
  AND t.start_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND t.start_year = 2024 -- window 2024
GROUP BY
  t.hospital, -- by hospital
  t.network, -- by network
  t.start_year
