-- id: n5_neu_kps_decline
-- version: 1
-- dataset: oncology
-- title_nl: Karnofsky-daling >10 punten op 6 weken
-- title_en: Neuro: Karnofsky declines by more than 10 points within 6 weeks
-- source: QRNS; the project's domain research, N5_neu_kps_decline of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  d.hospital, -- by hospital
  d.network, -- by network
  COUNT(*) AS den, SUM(CASE WHEN d.karnofsky-f.karnofsky>10 THEN 1 ELSE 0 END) AS num
FROM diagnosis d
  JOIN followup f ON f.diagnosis_key=d.diagnosis_key AND f.fu_day BETWEEN 28 AND 70
WHERE d.tumour_group='neuro'
  AND d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND d.inc_year = 2024 -- window 2024
GROUP BY d.hospital -- by hospital
GROUP BY d.network -- by network
