-- id: l4_pal_goals
-- version: 1
-- dataset: oncology
-- title_nl: Samen beslissen: doelen en voorkeuren vastgelegd bij MDO; casemanager toegewezen
-- title_en: Palliative: goals and preferences recorded at the meeting; case manager assigned
-- source: the project's domain research, L4_pal_goals of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  m.hospital, -- by hospital
  m.network, -- by network
  d.tumour_group, COUNT(*) AS den, SUM(m.goals_recorded) AS goals, SUM(m.case_manager) AS cm
FROM mdo_meeting m
  JOIN diagnosis d ON d.diagnosis_key=m.diagnosis_key
WHERE d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
WHERE d.inc_year = 2024 -- window 2024
GROUP BY
  m.hospital, -- by hospital
  m.network, -- by network
  d.tumour_group
