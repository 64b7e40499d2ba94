-- id: s7_oes_textbook
-- version: 1
-- dataset: oncology
-- title_nl: Textbook outcome DUCA (10 parameters)
-- title_en: Oesophagus: textbook outcome (10 parameters)
-- source: DUCA; the project's domain research, S7_oes_textbook of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  t.hospital, -- by hospital
  t.network, -- by network
  t.start_year, COUNT(*) AS den, SUM(CASE WHEN p.margin='R0' AND p.nodes_examined>=15 AND t.intraop_complication=0 AND t.icu_readmission=0 AND t.discharge_day-t.start_day<=21 AND NOT (d.vital_status=1 AND (d.vital_days-t.start_day<=30 OR d.vital_days<=t.discharge_day)) AND NOT EXISTS(SELECT 1 FROM complication c WHERE c.treatment_key=t.treatment_key AND (c.clavien>=2 OR c.reintervention=1)) AND NOT EXISTS(SELECT 1 FROM care_event e WHERE e.diagnosis_key=t.diagnosis_key AND e.kind='admission' AND e.unplanned=1 AND e.start_day>t.discharge_day AND e.start_day-t.discharge_day<=30) THEN 1 ELSE 0 END) AS num
FROM treatment t
  JOIN diagnosis d ON d.diagnosis_key=t.diagnosis_key
  LEFT JOIN pathology p ON p.treatment_key=t.treatment_key
WHERE d.tumour_group='slokdarm'
  AND t.procedure='oesophagectomy'
  AND t.intent='curative'
  AND t.start_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND t.start_year = 2024 -- window 2024
GROUP BY
  t.hospital, -- by hospital
  t.network, -- by network
  t.start_year
