-- id: b4_bla_plnd
-- version: 1
-- dataset: oncology
-- title_nl: Lymfeklierdissectie bij cystectomie en >=10 klieren
-- title_en: Bladder: lymph node dissection at cystectomy, and 10 nodes or more
-- norm: 10 or more lymph nodes
-- source: the project's domain research, B4_bla_plnd of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  t.hospital, -- by hospital
  t.network, -- by network
  COUNT(*) AS den, SUM(CASE WHEN p.nodes_examined>0 THEN 1 ELSE 0 END) AS plnd, SUM(CASE WHEN p.nodes_examined>=10 THEN 1 ELSE 0 END) AS ln10
FROM treatment t
  JOIN pathology p ON p.treatment_key=t.treatment_key
WHERE t.procedure='cystectomy'
  AND t.start_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND t.start_year = 2024 -- window 2024
GROUP BY t.hospital -- by hospital
GROUP BY t.network -- by network
