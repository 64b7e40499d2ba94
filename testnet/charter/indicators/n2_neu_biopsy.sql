-- id: n2_neu_biopsy
-- version: 1
-- dataset: oncology
-- title_nl: Biopsiepercentage bij glioblastoom (eerste operatie)
-- title_en: Neuro: share of biopsies at glioblastoma (first operation)
-- source: QRNS; the project's domain research, N2_neu_biopsy of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  t.hospital, -- by hospital
  t.network, -- by network
  COUNT(*) AS den, SUM(CASE WHEN t.procedure='biopsy' THEN 1 ELSE 0 END) AS num
FROM treatment t
  JOIN diagnosis d ON d.diagnosis_key=t.diagnosis_key
WHERE d.tumour_group='neuro'
  AND d.morphology='9440'
  AND t.modality='surgery'
  AND t.start_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND t.start_year = 2024 -- window 2024
GROUP BY t.hospital -- by hospital
GROUP BY t.network -- by network
