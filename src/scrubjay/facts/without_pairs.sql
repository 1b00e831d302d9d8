-- In place of 55_claim_pairs where no facility's claim was given, and scrubjay.toml names no feed: the same rows, and of
-- none is anything known of a facility's claim.

CREATE OR REPLACE TABLE claim_pair_facts AS
SELECT
    f.row_id,  -- one row of a line, numbered as it: the same in every run
    f.row_id AS line_row_id,
    f.claim_key, f.file_id, f.claim_id, f.claim_byte_offset, f.claim_row_number, f.transaction_control_number,
    f.billing_provider_npi, f.payer_name, f.payer_program, f.payer_program_because, f.receipt_date,
    f.receipt_date_because, f.receipt_date_earliest, f.paid_date, f.paid_date_because, f.paid_date_earliest,
    f.is_paper_claim, f.is_paper_claim_because, f.line_number, f.byte_offset, f.row_number, f.service_date,
    f.service_date_because, f.has_place_of_service, f.is_place_of_service_from_line, f.place_of_service_code,
    f.procedure_code, f.modifiers, f.is_professional_component, f.is_facility_rate, f.facility_rate_because, f.is_marked_as_telehealth,
    f.site_id, f.is_site_known, f.site_name, f.site_because, f.site_type, f.is_provider_based,
    f.service_facility_address, f.allowed_amount, f.allowed_because, f.facility_amount, f.facility_because,
    coalesce(f.is_inpatient_on_day, FALSE) AS has_stay_on_day,
    CAST(NULL AS BOOLEAN) AS has_facility_claim, 'no claims of hospitals were given' AS facility_claim_because, FALSE AS has_facility_feed,
    '' AS facility_claim_id, '' AS facility_file, '' AS facility_sender, '' AS facility_type_of_bill_code, '' AS facility_type_code,
    CAST(NULL AS VARCHAR) AS facility_site_id, CAST(NULL AS VARCHAR) AS facility_site_name, '' AS facility_modifiers,
    '' AS facility_procedure_codes, '' AS facility_revenue_codes, CAST(NULL AS VARCHAR) AS facility_hospital_type, FALSE AS has_clinic_visit,
    FALSE AS has_same_service_as_professional_revenue,
    CAST(NULL AS BOOLEAN) AS is_same_place, 'no claims of hospitals were given' AS place_because,
    CAST(NULL AS BOOLEAN) AS is_same_service, 'no claims of hospitals were given' AS same_service_because,
    CAST(NULL AS VARCHAR) AS paired_place_of_service_code, 'no code is on file for such a claim' AS pair_because,
    '19 or 22' AS paired_place_of_service_codes, '' AS match_method, TRUE AS is_strict_match,
    run.run_date - f.service_date AS days_since_service,
    is_waiting_over(f.service_date, run.run_date) AS is_waiting_time_over
FROM service_line_facts AS f
CROSS JOIN run
WHERE f.place_of_service_code IN ('19', '22', '24')
    OR NOT coalesce(f.is_facility_rate, FALSE) AND f.is_provider_based IS DISTINCT FROM FALSE;

CREATE OR REPLACE TABLE claimed_days AS
SELECT kind, hospital_id, first_day, last_day FROM declared_feeds WHERE FALSE;
