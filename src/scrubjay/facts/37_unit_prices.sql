-- What one unit of a code costs under the physician fee schedule, in a locality and a release.
--
-- One row: release, locality, code and modifier. Locality 0 is the nation: indices of 1.
--   price = (work × index + practice expense × index + malpractice × index) × conversion factor, rounded to cents.
-- Published amounts of a locality (PFALL, PFREV) go before computed ones; the cap at the outpatient rate comes last.
--
-- printed_…       the column as it stands. Where CMS prints NA, it is a copy of the other column.
-- …_amount        NULL where the column is NA or nothing gives it.
-- reduced_…       of the second and following procedures of a day, by the multiple procedure indicator.

CREATE OR REPLACE MACRO fee(work, expense, malpractice, work_index, expense_index, malpractice_index, factor) AS round(
    (CAST(work AS DECIMAL(38, 4)) * work_index + CAST(expense AS DECIMAL(38, 4)) * expense_index
     + CAST(malpractice AS DECIMAL(38, 4)) * malpractice_index) * factor, 2);

-- Percentages of money keep the cent: half a cent is rounded up.
CREATE OR REPLACE MACRO share(amount, percent) AS
    CAST(round(CAST(amount AS DECIMAL(38, 4)) * percent * CAST(0.01 AS DECIMAL(4, 2)), 2) AS DECIMAL(18, 2));

-- The locality of each place on each day: by the ZIP code of the service facility, else of the billing provider where the
-- claim means it; five digits, nine where the ZIP code lies in several localities.
CREATE OR REPLACE TABLE place_localities AS
WITH zipped AS (
    SELECT
        p.place_id,
        p.service_date,
        coalesce(nullif(p.priced_zip, ''), regexp_replace(p.zip, '[^0-9]', '', 'g')) AS digits,
        left(digits, 5) AS zip_5,
        substr(digits, 6, 4) AS plus_four,
        d.*  EXCLUDE service_date
    FROM place_facts AS p
    JOIN fee_days AS d USING (service_date)
),
found AS (
    SELECT
        z.*,
        f.zip AS found_zip,
        f.is_plus_four_needed,
        CASE WHEN f.is_plus_four_needed THEN n.contractor ELSE f.contractor END AS zip_contractor,
        CASE WHEN f.is_plus_four_needed THEN n.locality ELSE f.locality END AS zip_locality
    FROM zipped AS z
    LEFT JOIN fee_zip_codes AS f ON f.release_id = z.zip5_release AND f.zip = z.zip_5 AND f.plus_four = ''
    LEFT JOIN fee_zip_codes AS n
        ON n.release_id = z.zip9_release AND n.zip = z.zip_5 AND n.plus_four = z.plus_four AND z.plus_four <> ''
)
SELECT
    f.place_id,
    coalesce(f.zip_contractor, run.usual_contractor) AS contractor,
    coalesce(f.zip_locality, run.usual_locality) AS locality,
    f.zip_5,
    CASE
        WHEN coalesce(f.zip_contractor, run.usual_contractor) IS NOT NULL THEN NULL
        WHEN f.zip5_release IS NULL THEN 'no ZIP code file of ' || year(f.service_date) || ' is loaded'
        WHEN coalesce(f.digits, '') = '' THEN 'the claim names no place whose ZIP code gives the locality'
        WHEN f.found_zip IS NULL THEN 'the ZIP code file of ' || year(f.service_date) || ' does not name ' || f.zip_5
        WHEN f.plus_four = '' THEN 'the ZIP code ' || f.zip_5 || ' lies in several localities; nine digits would tell'
        WHEN f.zip9_release IS NULL THEN 'the ZIP code ' || f.zip_5 || ' lies in several localities, and no ZIP9 file of '
            || year(f.service_date) || ' is loaded'
        ELSE 'the ZIP9 file of ' || year(f.service_date) || ' does not name ' || f.zip_5 || '-' || f.plus_four
    END AS locality_because
FROM found AS f
CROSS JOIN run;

-- What the modifiers of a line say about its price.
CREATE OR REPLACE TABLE price_modifiers AS
SELECT
    l.modifiers,
    CASE WHEN has_modifier(l.modifiers, '26') THEN '26' WHEN has_modifier(l.modifiers, 'TC') THEN 'TC'
         WHEN has_modifier(l.modifiers, '53') THEN '53' ELSE '' END AS price_modifier,
    has_modifier(l.modifiers, '50') AS is_bilateral,
    has_modifier(l.modifiers, 'PD') AS is_within_payment_window,
    l.modifiers SIMILAR TO '(.* )?(59|XE|XS|XP|XU|76|77|79)( .*)?' AS is_separate,
    arg_min(m.code, m.effective) AS changing_modifier,
    min(m.effective) AS changing_since
FROM (SELECT DISTINCT modifiers FROM lines) AS l
LEFT JOIN law_code_sets AS m
    ON m.path = 'us.cms.mpfs.price_changing_modifiers' AND has_modifier(l.modifiers, m.code)
GROUP BY l.modifiers;

-- The lines that the physician fee schedule may price, each with what picks its price.
CREATE OR REPLACE TABLE priced_lines AS
WITH coded AS (
    SELECT
        l.row_id,
        l.claim_key,
        t.service_date,
        w.place_id,
        coalesce(l.procedure_code, '') AS procedure_code,
        m.price_modifier,
        m.is_bilateral,
        m.is_within_payment_window,
        m.is_separate,
        CASE WHEN m.changing_since <= t.service_date THEN m.changing_modifier END AS changing_modifier,
        l.units,
        -- what a second payer pays depends on the first
        coalesce(c.payer_responsibility_code, 'P') <> 'P' AS is_second_payer,
        CASE WHEN NOT is_second_payer THEN l.charge_amount END AS charge_amount,
        coalesce(l.place_of_service_code, c.place_of_service_code, '') AS place_of_service_code,
        h.rendering_provider_type,
        h.rendering_because,
        h.rendering_provider_kind,
        h.performer_type,
        h.performer_kind,
        coalesce(g.is_qualifying_participant, run.usual_is_qualifying) AS is_qualifying,
        coalesce(g.is_participating, TRUE) AS is_participating
    FROM professional_lines AS l
    CROSS JOIN run
    JOIN claims AS c USING (claim_key)
    JOIN judged_claims AS j USING (claim_key)
    JOIN lines AS t USING (row_id)
    JOIN price_modifiers AS m USING (modifiers)
    JOIN line_places AS w USING (row_id)
    JOIN line_practitioners AS h USING (row_id)
    LEFT JOIN person_days AS g
        ON g.npi = h.rendering_provider_npi AND g.service_date IS NOT DISTINCT FROM t.service_date
    WHERE j.payer_program = 'medicare_part_b' AND run.has_fee_schedule
)
SELECT
    l.*,
    d.any_value_release,
    CASE WHEN NOT d.has_two_factors THEN d.plain_release
         WHEN l.is_qualifying THEN d.qualifying_release
         WHEN NOT l.is_qualifying THEN d.nonqualifying_release END AS value_release,
    coalesce(d.plain_release, d.nonqualifying_release) AS national_release,
    d.has_two_factors,
    d.gpci_release,
    d.cap_release,
    CASE WHEN d.has_two_factors AND l.is_qualifying THEN d.qualifying_published_release ELSE d.published_release
    END AS published_release,
    CASE WHEN d.has_two_factors AND l.is_qualifying THEN d.qualifying_revised_release ELSE d.revised_release
    END AS revised_release,
    p.contractor,
    p.locality,
    p.locality_because
FROM coded AS l
LEFT JOIN fee_days AS d USING (service_date)
LEFT JOIN place_localities AS p USING (place_id);

CREATE OR REPLACE TABLE price_localities AS
SELECT
    row_number() OVER (ORDER BY n.contractor, n.locality, n.gpci_release, n.cap_release, n.published_release)
        AS locality_id,
    n.*,
    g.row_number AS gpci_row,
    g.work_gpci,
    g.pe_gpci,
    g.malpractice_gpci
FROM (
    SELECT DISTINCT contractor, locality, gpci_release, cap_release, published_release, revised_release
    FROM priced_lines
    WHERE contractor IS NOT NULL
) AS n
LEFT JOIN fee_localities AS g
    ON g.release_id = n.gpci_release AND g.contractor = n.contractor AND g.locality = n.locality
UNION ALL
SELECT 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, 1, 1;

-- Every code of the lines, with the codes of their professional components and base endoscopies.
CREATE OR REPLACE TABLE wanted_prices AS
WITH wanted AS (
    SELECT DISTINCT l.value_release AS release_id, k.locality_id, l.procedure_code
    FROM priced_lines AS l
    JOIN price_localities AS k
        ON k.contractor = l.contractor AND k.locality = l.locality
        AND k.gpci_release IS NOT DISTINCT FROM l.gpci_release
        AND k.cap_release IS NOT DISTINCT FROM l.cap_release
        AND k.published_release IS NOT DISTINCT FROM l.published_release
        AND k.revised_release IS NOT DISTINCT FROM l.revised_release
    UNION
    SELECT DISTINCT national_release, 0, procedure_code FROM priced_lines
)
SELECT * FROM wanted
UNION
SELECT w.release_id, w.locality_id, g.row['professional']
FROM wanted AS w JOIN law_rows AS g ON g.path = 'us.cms.mpfs.global_test_codes' AND g.row['global'] = w.procedure_code
UNION
SELECT w.release_id, w.locality_id, v.endoscopic_base_code
FROM wanted AS w
JOIN fee_relative_values AS v USING (release_id, procedure_code)
WHERE v.endoscopic_base_code IS NOT NULL;

CREATE OR REPLACE TABLE reductions AS
SELECT
    r.release_id,
    l.row['indicator'] AS indicator,
    max(CAST(l.row['percent'] AS DECIMAL(9, 2))) FILTER (l.row['part'] = 'all') AS all_percent,
    coalesce(max(CAST(l.row['percent'] AS DECIMAL(9, 2))) FILTER (l.row['part'] = 'professional'), 100) AS professional_percent,
    max(CAST(l.row['percent'] AS DECIMAL(9, 2))) FILTER (l.row['part'] = 'technical') AS technical_percent,
    max(CAST(l.row['percent'] AS DECIMAL(9, 2))) FILTER (l.row['part'] = 'practice_expense') AS expense_percent
FROM fee_releases AS r
JOIN law_rows AS l
    ON l.path = 'us.cms.mpfs.multiple_procedure_reductions' AND in_force(l.effective, l.until, r.effective_from)
WHERE r.kind = 'relative_values'
GROUP BY r.release_id, l.row['indicator'];

CREATE OR REPLACE TABLE code_prices AS
WITH computed AS (
    SELECT
        w.locality_id,
        v.*,
        v.status_code IN (SELECT code FROM law_code_sets WHERE path = 'us.cms.mpfs.priced_statuses') AS is_priced,
        k.work_gpci,
        k.pe_gpci,
        k.malpractice_gpci,
        coalesce(r.release_id, b.release_id) AS published_in,
        coalesce(r.row_number, b.row_number) AS published_row,
        coalesce(
            r.nonfacility_amount, b.nonfacility_amount,
            fee(work_rvu, nonfacility_pe_rvu, malpractice_rvu, work_gpci, pe_gpci, malpractice_gpci, conversion_factor),
            CASE WHEN k.work_gpci = 1 AND k.pe_gpci = 1 AND k.malpractice_gpci = 1
                 THEN round(CAST(nonfacility_total_rvu AS DECIMAL(38, 4)) * conversion_factor, 2) END
        ) AS nonfacility_fee,
        coalesce(
            r.facility_amount, b.facility_amount,
            fee(work_rvu, facility_pe_rvu, malpractice_rvu, work_gpci, pe_gpci, malpractice_gpci, conversion_factor),
            CASE WHEN k.work_gpci = 1 AND k.pe_gpci = 1 AND k.malpractice_gpci = 1
                 THEN round(CAST(facility_total_rvu AS DECIMAL(38, 4)) * conversion_factor, 2) END
        ) AS facility_fee,
        -- the outpatient rate that caps it, by locality as published, else from the row; amounts of PFALL are capped already
        coalesce(nullif(c.nonfacility_amount, 0),
            CASE WHEN v.cap_nonfacility_pe_rvu > 0 THEN fee(work_rvu, cap_nonfacility_pe_rvu,
                cap_malpractice_rvu, work_gpci, pe_gpci, malpractice_gpci, conversion_factor) END) AS nonfacility_cap,
        coalesce(nullif(c.facility_amount, 0),
            CASE WHEN v.cap_facility_pe_rvu > 0 THEN fee(work_rvu, cap_facility_pe_rvu,
                cap_malpractice_rvu, work_gpci, pe_gpci, malpractice_gpci, conversion_factor) END) AS facility_cap
    FROM wanted_prices AS w
    JOIN fee_relative_values AS v USING (release_id, procedure_code)
    JOIN price_localities AS k USING (locality_id)
    LEFT JOIN fee_published AS b
        ON b.release_id = k.published_release AND b.contractor = k.contractor AND b.locality = k.locality
        AND b.procedure_code = v.procedure_code AND b.modifier = v.modifier
    LEFT JOIN fee_published AS r
        ON r.release_id = k.revised_release AND r.contractor = k.contractor AND r.locality = k.locality
        AND r.procedure_code = v.procedure_code AND r.modifier = v.modifier
    LEFT JOIN fee_caps AS c
        ON c.release_id = k.cap_release AND c.contractor = k.contractor AND c.locality = k.locality
        AND c.procedure_code = v.procedure_code AND c.modifier = v.modifier
)
SELECT
    * REPLACE (
        CASE WHEN is_priced THEN nonfacility_fee END AS nonfacility_fee,
        CASE WHEN is_priced THEN facility_fee END AS facility_fee
    )
FROM computed;

-- Prices with those of the second and following procedures of a day. A reduction comes first, the cap after it.
CREATE OR REPLACE MACRO capped(amount, cap) AS
    CASE WHEN amount IS NOT NULL THEN CAST(least(amount, cap) AS DECIMAL(18, 2)) END;

CREATE OR REPLACE TABLE unit_prices AS
SELECT
    v.* EXCLUDE (nonfacility_fee, facility_fee),
    capped(v.nonfacility_fee, v.nonfacility_cap) AS nonfacility_price,
    capped(v.facility_fee, v.facility_cap) AS facility_price,
    capped(CASE
        WHEN d.indicator = '3' THEN CASE WHEN v.nonfacility_fee >= e.nonfacility_fee
                                         THEN v.nonfacility_fee - e.nonfacility_fee END
        WHEN d.all_percent IS NOT NULL THEN share(v.nonfacility_fee, d.all_percent)
        WHEN d.expense_percent IS NOT NULL
            THEN fee(v.work_rvu, v.nonfacility_pe_rvu * d.expense_percent * CAST(0.01 AS DECIMAL(4, 2)),
                     v.malpractice_rvu, v.work_gpci, v.pe_gpci, v.malpractice_gpci, v.conversion_factor)
        WHEN v.modifier = '26' THEN share(v.nonfacility_fee, d.professional_percent)
        WHEN v.modifier = 'TC' THEN share(v.nonfacility_fee, d.technical_percent)
        WHEN d.technical_percent IS NOT NULL THEN
            share(p.nonfacility_fee, d.professional_percent)
            + capped(share(t.nonfacility_fee, d.technical_percent), t.nonfacility_cap)
    END, v.nonfacility_cap) AS reduced_nonfacility_price,
    capped(CASE
        WHEN d.indicator = '3' THEN CASE WHEN v.facility_fee >= e.facility_fee THEN v.facility_fee - e.facility_fee END
        WHEN d.all_percent IS NOT NULL THEN share(v.facility_fee, d.all_percent)
        WHEN v.modifier = '26' THEN share(v.facility_fee, d.professional_percent)
    END, v.facility_cap) AS reduced_facility_price
FROM code_prices AS v
LEFT JOIN reductions AS d ON d.release_id = v.release_id AND d.indicator = v.multiple_procedure_indicator
LEFT JOIN code_prices AS p
    ON p.release_id = v.release_id AND p.locality_id = v.locality_id AND p.procedure_code = v.procedure_code
    AND p.modifier = '26'
LEFT JOIN code_prices AS t
    ON t.release_id = v.release_id AND t.locality_id = v.locality_id AND t.procedure_code = v.procedure_code
    AND t.modifier = 'TC'
LEFT JOIN code_prices AS e
    ON e.release_id = v.release_id AND e.locality_id = v.locality_id AND e.procedure_code = v.endoscopic_base_code
    AND e.modifier = '' AND d.indicator = '3';
