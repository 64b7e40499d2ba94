-- id: p3_pan_ftr
-- version: 1
-- dataset: oncology
-- title_nl: Failure to rescue: ziekenhuissterfte bij CD>=3
-- title_en: Pancreas: failure to rescue, death in hospital at Clavien-Dindo 3 or more
-- source: DPCA; the project's domain research, P3_pan_ftr of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  t.hospital, -- by hospital
  t.network, -- by network
  COUNT(*) AS den, SUM(CASE WHEN d.vital_status=1 AND d.vital_days<=t.discharge_day THEN 1 ELSE 0 END) AS num
FROM treatment t
  JOIN diagnosis d ON d.diagnosis_key=t.diagnosis_key
WHERE t.procedure='pancreatoduodenectomy'
  AND EXISTS(SELECT 1 FROM complication c WHERE c.treatment_key=t.treatment_key AND c.clavien>=3)
  AND t.start_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND t.start_year = 2024 -- window 2024
GROUP BY t.hospital -- by hospital
GROUP BY t.network -- by network
