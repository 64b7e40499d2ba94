//! The indicators of the oncology dataset, as a board would write them: `charter/indicators/*.sql`.

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../charter/indicators/", $name, ".sql")))),+]
    };
}

/// Each indicator's id, and its file.
pub const INDICATORS: [(&str, &str); 42] = files![
    "b1_bla_volume",
    "b2_bla_12wk",
    "b3_bla_nac",
    "b4_bla_plnd",
    "b5_bla_mort90",
    "b6_bla_curative_mibc",
    "g1_all_referral_matrix",
    "g2_all_km_stage",
    "g3_all_prom",
    "g4_all_completeness",
    "g5_all_trial",
    "l1_pal_sact30",
    "l2_pal_ed30",
    "l3_pal_team30",
    "l4_pal_goals",
    "n1_neu_mdo_volume",
    "n2_neu_biopsy",
    "n3_neu_mort30",
    "n4_neu_km",
    "n5_neu_kps_decline",
    "o1_ova_volume",
    "o2_ova_complete",
    "o3_ova_28d",
    "o4_ova_staging",
    "o5_ova_mdo",
    "o6_ova_cd3",
    "p1_pan_volume",
    "p2_pan_textbook",
    "p3_pan_ftr",
    "p4_pan_adj",
    "p5_pan_resection_rate",
    "p6_pan_expert",
    "s10_oes_curative",
    "s1_oes_volume",
    "s2_oes_r0",
    "s3_oes_ln15",
    "s4_oes_mort30",
    "s5_oes_cd3",
    "s6_oes_leak",
    "s7_oes_textbook",
    "s8_oes_ttt",
    "s9_oes_mdo_pre",
];
