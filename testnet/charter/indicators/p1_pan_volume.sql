-- id: p1_pan_volume
-- version: 1
-- dataset: oncology
-- title_nl: Pancreatoduodenectomieen per ziekenhuis per jaar (>=20)
-- title_en: Pancreatoduodenectomies by hospital and year
-- norm: at least 20 a year (SONCOS)
-- source: SONCOS; the project's domain research, P1_pan_volume of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  t.hospital, -- by hospital
  t.network, -- by network
  t.treat_agb, t.start_year, COUNT(*) AS n
FROM treatment t
WHERE t.procedure='pancreatoduodenectomy'
  AND t.start_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND t.start_year = 2024 -- window 2024
GROUP BY
  t.hospital, -- by hospital
  t.network, -- by network
  t.treat_agb, t.start_year
