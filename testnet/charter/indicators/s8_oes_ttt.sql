-- id: s8_oes_ttt
-- version: 1
-- dataset: oncology
-- title_nl: Doorlooptijd eerste polikliniekbezoek -> start behandeling in weekbins, eigen (<=6 wk) vs verwezen (<=9 wk); mediaan/P90 uit bins
-- title_en: Oesophagus: weeks from first visit to start of treatment, own or referred
-- norm: at most 6 weeks for own patients, 9 weeks for referred ones (SONCOS)
-- source: SONCOS; the project's domain research, S8_oes_ttt of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  x.hospital, -- by hospital
  x.network, -- by network
  x.inc_year, x.referred, x.week_bin, COUNT(*) AS n
FROM (SELECT
    d.hospital, -- by hospital
    d.network, -- by network
    d.diagnosis_key, d.inc_year, MAX(CASE WHEN d.diag_agb<>t.treat_agb THEN 1 ELSE 0 END) AS referred, (MIN(t.start_day)-MIN(r.first_visit_day))/7 AS week_bin
  FROM diagnosis d
    JOIN referral r ON r.diagnosis_key=d.diagnosis_key AND r.from_kind='huisarts'
    JOIN treatment t ON t.diagnosis_key=d.diagnosis_key
  WHERE d.tumour_group='slokdarm'
    AND d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
    AND d.inc_year = 2024 -- window 2024
  GROUP BY
    d.hospital, -- by hospital
    d.network, -- by network
    d.diagnosis_key, d.inc_year) x
GROUP BY
  x.hospital, -- by hospital
  x.network, -- by network
  x.inc_year, x.referred, x.week_bin
