-- duplicate_lines: professional lines that stand twice with two places of service.
--
-- The same patient, payer, provider, service date, procedure and modifiers, on original claims
-- (CLM05-3 is 1 or blank), and no modifier that marks a repeated or distinct service. Sums of text
-- are compared first, the texts themselves only where those agree.
--
-- is_sent_again   the other line stands in the same claim (CLM01) of another transmission: the payer may have
--                 refused the first, and then the second is no duplicate. A line beside which a true duplicate
--                 stands as well has that one.

CREATE OR REPLACE TABLE duplicate_claims AS
SELECT
    claim_key,
    claim_id,
    place_of_service_code,
    coalesce(claim_frequency_code, '1') IN ('1', '') AS is_original,
    member_id IS NOT NULL OR (patient_last_name IS NOT NULL AND patient_birth_date IS NOT NULL) AS is_patient_known,
    coalesce(rendering_provider_npi, billing_provider_npi) AS provider,
    billing_provider_npi,
    file_id || ' ' || coalesce(transaction_control_number, '') AS transmission,
    concat_ws('|', coalesce(member_id, ''), upper(coalesce(patient_last_name, '')), upper(coalesce(patient_first_name, '')),
              coalesce(CAST(patient_birth_date AS VARCHAR), ''), coalesce(payer_id, payer_name, ''),
              coalesce(payer_responsibility_code, '')) AS patient_and_payer
FROM claims
WHERE claim_type = 'professional';

CREATE OR REPLACE VIEW duplicate_keys AS
SELECT
    l.row_id,
    c.claim_id,
    coalesce(l.place_of_service_code, c.place_of_service_code, '') AS place_of_service_code,
    l.service_date IS NOT NULL AND l.procedure_code IS NOT NULL AND c.is_patient_known AS is_comparable,
    c.is_original,
    c.patient_and_payer,
    c.billing_provider_npi,
    c.transmission,
    coalesce(l.rendering_provider_npi, c.provider, '') AS provider,
    l.service_date,
    l.procedure_code,
    t.modifiers
FROM professional_lines AS l
JOIN duplicate_claims AS c USING (claim_key)
JOIN lines AS t USING (row_id);

CREATE OR REPLACE TABLE duplicate_lines AS
WITH marked AS (
    SELECT DISTINCT row_id
    FROM (SELECT row_id, unnest(string_split(modifiers, ' ')) AS modifier FROM lines WHERE modifiers <> '')
    SEMI JOIN (SELECT code AS modifier FROM law_code_sets WHERE path = 'us.cpt.distinct_service_modifiers') USING (modifier)
),
candidates AS (
    SELECT
        row_id,
        place_of_service_code,
        hash(patient_and_payer, provider, service_date, procedure_code, modifiers) AS sum
    FROM duplicate_keys
    ANTI JOIN marked USING (row_id)
    WHERE is_comparable AND is_original AND place_of_service_code <> ''
),
suspects AS (
    SELECT row_id
    FROM candidates
    SEMI JOIN (
        SELECT sum FROM candidates GROUP BY sum HAVING min(place_of_service_code) <> max(place_of_service_code)
    ) USING (sum)
),
keys AS (
    SELECT * FROM duplicate_keys SEMI JOIN suspects USING (row_id)
)
SELECT
    row_id,
    bool_and(is_again) AS is_sent_again,
    -- the first by code and claim id, so that the order of the files does not matter
    arg_min(code, place_in_row) AS other_place_of_service_code,
    arg_min_null(claim_id, place_in_row) AS other_claim_id
FROM (
    SELECT
        a.row_id,
        b.place_of_service_code AS code,
        b.claim_id,
        coalesce(a.claim_id = b.claim_id AND a.billing_provider_npi = b.billing_provider_npi AND a.transmission <> b.transmission, FALSE)
            AS is_again,
        concat_ws(chr(31), CAST(is_again AS INTEGER), b.place_of_service_code, coalesce(b.claim_id, chr(127))) AS place_in_row
    FROM keys AS a
    JOIN keys AS b USING (patient_and_payer, provider, service_date, procedure_code, modifiers)
    WHERE a.place_of_service_code <> b.place_of_service_code
)
GROUP BY row_id;
