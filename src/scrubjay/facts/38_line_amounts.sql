-- What Medicare's fee schedule allows for each professional line: in a facility, outside one, and as it was billed.
--
-- All units of the line, less what several procedures of one claim and day reduce each other by; the practitioner's share
-- (85 percent of a physician's for some); at most the charge. The national amounts have indices of 1, whatever the charge, as
-- for somebody who participates and is no qualifying APM participant, and a physician where nobody says who it is: they are
-- known where the local ones are not.
--
-- nonfacility_, facility_amount   by the PC/TC indicator: in a facility the technical part is the hospital's. NULL where
--                                 CMS prints NA, whatever number stands beside it.
-- allowed_amount                  as billed: by place of service, and the facility's amount with PD.
-- printed_amount                  as billed, as the column prints it: what is paid if nobody looks at the PC/TC indicator.

-- Most lines have one unit, and most practitioners are paid in full: then nothing is multiplied.
CREATE OR REPLACE MACRO part_of(amount, fraction) AS CASE WHEN fraction = 1 THEN amount
    ELSE CAST(round(CAST(amount AS DECIMAL(12, 2)) * CAST(fraction AS DECIMAL(6, 4)), 2) AS DECIMAL(18, 2)) END;

CREATE OR REPLACE MACRO line_amount(full_units, price, reduced_units, reduced, fraction) AS CASE
    WHEN full_units = 1 AND reduced_units = 0 THEN part_of(price, fraction)
    ELSE CAST(round(full_units * part_of(price, fraction)
                    + CASE WHEN reduced_units = 0 THEN 0 ELSE reduced_units * part_of(reduced, fraction) END, 2)
              AS DECIMAL(18, 2)) END;

-- Never more than the charge; least() alone would pass over a charge that is not known.
CREATE OR REPLACE MACRO at_most(amount, charge) AS CASE WHEN charge IS NOT NULL AND amount IS NOT NULL
    THEN least(amount, charge) END;

-- What a code costs in each setting, as the PC/TC indicator has it.
CREATE OR REPLACE TABLE setting_prices AS
SELECT
    u.release_id,
    u.locality_id,
    u.procedure_code,
    u.modifier,
    u.row_number AS value_row,
    u.status_code,
    u.is_nonfacility_na,
    u.is_facility_na,
    u.component_indicator,
    u.multiple_procedure_indicator,
    u.imaging_family_indicator,
    u.endoscopic_base_code,
    CAST(b.row['percent'] AS DECIMAL(9, 2)) AS bilateral_percent,
    c.row['price'] AS facility_rule,
    u.nonfacility_price AS printed_nonfacility_price,
    u.facility_price AS printed_facility_price,
    CASE WHEN NOT u.is_nonfacility_na THEN u.nonfacility_price END AS nonfacility_price,
    CASE WHEN NOT u.is_nonfacility_na THEN u.reduced_nonfacility_price END AS reduced_nonfacility_price,
    CASE facility_rule
        WHEN 'nothing' THEN CASE WHEN u.facility_price IS NOT NULL THEN CAST(0 AS DECIMAL(18, 2)) END
        WHEN 'inpatient_only' THEN CASE WHEN u.facility_price IS NOT NULL THEN CAST(0 AS DECIMAL(18, 2)) END
        WHEN 'professional_component' THEN p.facility_price
        WHEN 'professional_code' THEN g.facility_price
        WHEN 'own' THEN CASE WHEN NOT u.is_facility_na THEN u.facility_price END
    END AS facility_price,
    CASE facility_rule
        WHEN 'nothing' THEN 0
        WHEN 'inpatient_only' THEN 0
        WHEN 'professional_component' THEN p.reduced_facility_price
        WHEN 'own' THEN CASE WHEN NOT u.is_facility_na THEN u.reduced_facility_price END
    END AS reduced_facility_price,
    CASE WHEN facility_rule = 'inpatient_only' AND NOT u.is_facility_na THEN u.facility_price END AS inpatient_price
FROM unit_prices AS u
JOIN fee_releases AS r USING (release_id)
LEFT JOIN law_rows AS c
    ON c.path = 'us.cms.mpfs.facility_price_by_component' AND in_force(c.effective, c.until, r.effective_from)
    AND c.row['indicator'] = coalesce(nullif(u.component_indicator, ''), '0')
    AND c.row['modifier'] = CASE WHEN u.modifier IN ('', '53') THEN 'none' ELSE u.modifier END
LEFT JOIN law_rows AS b
    ON b.path = 'us.cms.mpfs.bilateral_percent' AND in_force(b.effective, b.until, r.effective_from)
    AND b.row['indicator'] = u.bilateral_indicator
LEFT JOIN unit_prices AS p
    ON p.release_id = u.release_id AND p.locality_id = u.locality_id AND p.procedure_code = u.procedure_code
    AND p.modifier = '26'
LEFT JOIN law_rows AS k
    ON k.path = 'us.cms.mpfs.global_test_codes' AND in_force(k.effective, k.until, r.effective_from)
    AND k.row['global'] = u.procedure_code
LEFT JOIN unit_prices AS g
    ON g.release_id = u.release_id AND g.locality_id = u.locality_id AND g.procedure_code = k.row['professional']
    AND g.modifier = '';

-- Each line with the prices of its locality and of the nation.
CREATE OR REPLACE TABLE line_prices AS
SELECT
    l.*,
    k.locality_id,
    k.gpci_row,
    s.value_row,
    coalesce(s.status_code, n.status_code) AS status_code,
    n.is_nonfacility_na,
    n.is_facility_na,
    n.facility_rule,
    n.procedure_code IS NOT NULL AS has_row,
    n.multiple_procedure_indicator,
    n.endoscopic_base_code,
    CASE WHEN NOT l.is_bilateral THEN 1 ELSE n.bilateral_percent * CAST(0.01 AS DECIMAL(4, 2)) END AS sides,
    CASE WHEN n.multiple_procedure_indicator IN ('2', '3') THEN 'surgery'
         WHEN n.multiple_procedure_indicator = '4' AND n.imaging_family_indicator = '88' THEN 'imaging'
         WHEN n.multiple_procedure_indicator IN ('5', '6', '7') THEN n.multiple_procedure_indicator
    END AS reduced_family,
    l.place_of_service_code = '21' AND n.inpatient_price IS NOT NULL AS is_inpatient_price,
    part_of(s.printed_nonfacility_price, sides) AS printed_nonfacility_price,
    part_of(s.printed_facility_price, sides) AS printed_facility_price,
    part_of(s.nonfacility_price, sides) AS nonfacility_price,
    part_of(s.reduced_nonfacility_price, sides) AS reduced_nonfacility_price,
    part_of(CASE WHEN is_inpatient_price THEN s.inpatient_price ELSE s.facility_price END, sides) AS facility_price,
    part_of(s.reduced_facility_price, sides) AS reduced_facility_price,
    part_of(n.printed_nonfacility_price, sides) AS national_printed_nonfacility_price,
    part_of(n.printed_facility_price, sides) AS national_printed_facility_price,
    part_of(n.nonfacility_price, sides) AS national_nonfacility_price,
    part_of(n.reduced_nonfacility_price, sides) AS national_reduced_nonfacility_price,
    part_of(CASE WHEN is_inpatient_price THEN n.inpatient_price ELSE n.facility_price END, sides)
        AS national_facility_price,
    part_of(n.reduced_facility_price, sides) AS national_reduced_facility_price
FROM priced_lines AS l
LEFT JOIN price_localities AS k
    ON k.contractor = l.contractor AND k.locality = l.locality
    AND k.gpci_release IS NOT DISTINCT FROM l.gpci_release AND k.cap_release IS NOT DISTINCT FROM l.cap_release
    AND k.published_release IS NOT DISTINCT FROM l.published_release
    AND k.revised_release IS NOT DISTINCT FROM l.revised_release
LEFT JOIN setting_prices AS s
    ON s.release_id = l.value_release AND s.locality_id = k.locality_id AND s.procedure_code = l.procedure_code
    AND s.modifier = l.price_modifier
LEFT JOIN setting_prices AS n
    ON n.release_id = l.national_release AND n.locality_id = 0 AND n.procedure_code = l.procedure_code
    AND n.modifier = l.price_modifier;

CREATE OR REPLACE TABLE practitioner_shares AS
SELECT
    row['provider_type'] AS provider_type,
    CAST(CAST(row['percent'] AS DECIMAL(9, 2)) * CAST(0.01 AS DECIMAL(4, 2)) AS DECIMAL(6, 4)) AS fraction,
    effective,
    until
FROM law_rows
WHERE path = 'us.cms.mpfs.nonphysician_percent';

-- How many units are paid in full and how many reduced, where several procedures of one claim and day reduce each other.
-- The highest price comes first; of therapy the highest practice expense. Endoscopies of one family reduce each other by
-- their base; beside anything else the whole family would rank as one procedure, which is not worked out: unknown.
CREATE OR REPLACE TABLE reduced_lines AS
WITH days AS (
    SELECT
        row_id,
        claim_key,
        service_date,
        reduced_family,
        units,
        multiple_procedure_indicator = '3' AS is_endoscopy,
        coalesce(nonfacility_price, national_nonfacility_price) AS outside,
        coalesce(facility_price, national_facility_price) AS inside,
        outside - coalesce(reduced_nonfacility_price, national_reduced_nonfacility_price) AS outside_reduction,
        coalesce(nonfacility_price - reduced_nonfacility_price,
                 national_nonfacility_price - national_reduced_nonfacility_price) AS reduction,
        endoscopic_base_code,
        is_separate
    FROM line_prices
    WHERE reduced_family IS NOT NULL
),
counted AS (
    SELECT
        *,
        count(*) OVER day AS line_count,
        count(*) FILTER (is_endoscopy) OVER day AS endoscopy_count,
        count(DISTINCT endoscopic_base_code) FILTER (is_endoscopy) OVER day AS base_count,
        bool_or(is_separate) OVER day AS has_separate
    FROM days
    WINDOW day AS (PARTITION BY claim_key, service_date, reduced_family)
),
ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY claim_key, service_date, reduced_family
            ORDER BY CASE WHEN reduced_family = '5' THEN reduction ELSE outside END DESC NULLS LAST, row_id
        ) AS outside_place,
        row_number() OVER (
            PARTITION BY claim_key, service_date, reduced_family ORDER BY inside DESC NULLS LAST, row_id
        ) AS inside_place
    FROM counted
    WHERE line_count > 1 OR units > 1
)
SELECT
    row_id,
    CASE WHEN outside_place = 1 THEN least(units, 1) ELSE 0 END AS nonfacility_full_units,
    CASE WHEN inside_place = 1 THEN least(units, 1) ELSE 0 END AS facility_full_units,
    is_endoscopy AND endoscopy_count = 1 AS is_lone_endoscopy,
    CASE
        WHEN line_count > 1 AND has_separate
            THEN 'a modifier says that procedures of this day were separate, and whether they reduce each other is not known'
        WHEN endoscopy_count > 1 AND (base_count > 1 OR endoscopy_count < line_count OR units > 1)
            THEN 'how several families of endoscopies and other procedures of one day reduce each other is not worked out'
        WHEN greatest(outside_place, inside_place) > 5
            THEN 'what comes after the fifth procedure of a day is priced by report'
    END AS reduced_because
FROM ranked;

-- Each line with its prices, units and shares: what every amount of it is made of.
CREATE OR REPLACE VIEW rated_lines AS
SELECT
    l.* EXCLUDE (reduced_nonfacility_price, reduced_facility_price, national_reduced_nonfacility_price,
                 national_reduced_facility_price),
    coalesce(m.nonfacility_full_units, l.units) AS nonfacility_full,
    l.units - nonfacility_full AS nonfacility_rest,
    coalesce(m.facility_full_units, l.units) AS facility_full,
    l.units - facility_full AS facility_rest,
    CASE WHEN m.is_lone_endoscopy THEN part_of(l.nonfacility_price, 0.5) ELSE l.reduced_nonfacility_price END
        AS reduced_nonfacility_price,
    CASE WHEN m.is_lone_endoscopy THEN part_of(l.facility_price, 0.5) ELSE l.reduced_facility_price END
        AS reduced_facility_price,
    CASE WHEN m.is_lone_endoscopy THEN part_of(l.national_nonfacility_price, 0.5)
         ELSE l.national_reduced_nonfacility_price END AS national_reduced_nonfacility_price,
    CASE WHEN m.is_lone_endoscopy THEN part_of(l.national_facility_price, 0.5)
         ELSE l.national_reduced_facility_price END AS national_reduced_facility_price,
    CASE WHEN l.changing_modifier IS NOT NULL
         THEN 'what modifier ' || l.changing_modifier || ' makes of the price is not worked out'
         ELSE m.reduced_because END AS blocked_because,
    is_facility_rate(l.place_of_service_code, l.service_date, j.paid_date, j.paid_date_earliest)
        OR l.is_within_payment_window AS is_paid_as_facility,
    coalesce(r.fraction, CASE WHEN l.rendering_provider_kind IN
        ('physician', 'psychologist', 'therapist', 'laboratory') THEN 1 END) AS rendering_share,
    coalesce(p.fraction, CASE WHEN l.performer_kind IN
        ('physician', 'psychologist', 'therapist', 'laboratory') THEN 1 END) AS performer_share,
    s.fraction AS shared_share,
    CAST(CASE WHEN l.is_participating THEN 1 ELSE n.fraction END AS DECIMAL(6, 4)) AS participation
FROM line_prices AS l
JOIN judged_claims AS j USING (claim_key)
LEFT JOIN reduced_lines AS m USING (row_id)
LEFT JOIN (
    SELECT CAST(max(value) * CAST(0.01 AS DECIMAL(4, 2)) AS DECIMAL(6, 4)) AS fraction
    FROM law_values WHERE path = 'us.cms.mpfs.nonparticipating_percent'
) AS n ON TRUE
LEFT JOIN practitioner_shares AS r
    ON r.provider_type = l.rendering_provider_type AND in_force(r.effective, r.until, l.service_date)
LEFT JOIN practitioner_shares AS p
    ON p.provider_type = l.performer_type AND in_force(p.effective, p.until, l.service_date)
LEFT JOIN encounter_facts AS e USING (row_id)
LEFT JOIN practitioner_shares AS s
    ON s.provider_type = e.shared_practitioner_type AND in_force(s.effective, s.until, l.service_date);

CREATE OR REPLACE TABLE line_amounts AS
WITH sided AS (
    SELECT
        *,
        rendering_share * participation AS own_share,
        performer_share * participation AS their_share,
        shared_share * participation AS shared_part,
        -- as billed: the units, prices and printed price of its setting
        CASE WHEN is_paid_as_facility THEN facility_full WHEN NOT is_paid_as_facility THEN nonfacility_full END AS full_units,
        CASE WHEN is_paid_as_facility THEN facility_rest ELSE nonfacility_rest END AS rest,
        CASE WHEN is_paid_as_facility THEN facility_price ELSE nonfacility_price END AS price,
        CASE WHEN is_paid_as_facility THEN reduced_facility_price ELSE reduced_nonfacility_price END AS reduced_price,
        CASE WHEN is_paid_as_facility THEN printed_facility_price
             WHEN NOT is_paid_as_facility THEN printed_nonfacility_price END AS printed_price,
        CASE
            WHEN service_date IS NULL THEN 'the line has no readable service date'
            WHEN rendering_provider_kind = 'surgical_center' THEN 'a surgical center is paid by a fee schedule of its own'
            WHEN any_value_release IS NULL THEN 'no relative values of ' || year(service_date) || ' are loaded'
            WHEN procedure_code = '' THEN 'the line names no procedure'
            WHEN has_two_factors AND NOT is_qualifying AND value_release IS NULL
                THEN 'the relative values of ' || year(service_date)
                    || ' with the conversion factor for all others are not loaded'
            WHEN NOT has_row AND price_modifier <> '' THEN 'the relative values of ' || year(service_date)
                || ' have no row for ' || procedure_code || ' with modifier ' || price_modifier
            WHEN NOT has_row THEN 'the relative values of ' || year(service_date) || ' have no row for ' || procedure_code
            WHEN status_code = 'J' THEN 'anesthesia is priced by base and time units, alike in every place'
            WHEN status_code NOT IN (SELECT code FROM law_code_sets WHERE path = 'us.cms.mpfs.priced_statuses')
                THEN 'the fee schedule has no price for ' || procedure_code || ' (status ' || status_code || ')'
            WHEN units IS NULL THEN 'the line has no number of units'
            WHEN blocked_because IS NOT NULL THEN blocked_because
            WHEN locality_because IS NOT NULL THEN locality_because
            WHEN has_two_factors AND is_qualifying IS NULL
                THEN 'the providers registry does not say whether the practitioner is a qualifying APM participant'
            WHEN value_release IS NULL THEN 'the relative values of ' || year(service_date) || ' with the conversion factor for '
                || CASE WHEN is_qualifying THEN 'qualifying participants' ELSE 'all others' END || ' are not loaded'
            WHEN value_row IS NULL THEN 'the relative values of ' || year(service_date) || ' for '
                || CASE WHEN is_qualifying THEN 'qualifying participants' ELSE 'all others' END || ' have no row for '
                || procedure_code
            WHEN gpci_row IS NULL AND printed_facility_price IS NULL THEN 'no geographic indices of ' || year(service_date)
                || ' are loaded for locality ' || contractor || '-' || locality
            WHEN printed_facility_price IS NULL AND printed_nonfacility_price IS NULL
                THEN 'the row for ' || procedure_code || ' gives no parts to weigh by locality'
            WHEN rendering_share IS NULL
                THEN coalesce(rendering_because, 'which share of the fee a ' || rendering_provider_type || ' is paid is not on file')
            WHEN is_second_payer THEN 'Medicare is not the first payer of the claim'
            WHEN charge_amount IS NULL THEN 'the line has no charge'
        END AS price_because
    FROM rated_lines
),
amounts AS (
    SELECT
        *,
        CASE WHEN blocked_because IS NULL THEN
            line_amount(facility_full, facility_price, facility_rest, reduced_facility_price, own_share) END AS own_facility,
        CASE WHEN blocked_because IS NULL THEN
            line_amount(nonfacility_full, nonfacility_price, nonfacility_rest, reduced_nonfacility_price, own_share)
        END AS own_nonfacility,
        CASE WHEN is_paid_as_facility THEN own_facility WHEN NOT is_paid_as_facility THEN own_nonfacility END AS fee_amount
    FROM sided
)
SELECT
    row_id,
    has_row,
    CASE WHEN rendering_provider_kind = 'surgical_center' THEN FALSE
         WHEN has_row THEN status_code IN (SELECT code FROM law_code_sets WHERE path = 'us.cms.mpfs.priced_statuses')
    END AS is_priced_by_fee_schedule,
    CASE WHEN has_row THEN is_nonfacility_na END AS is_nonfacility_price_na,
    CASE WHEN has_row THEN is_facility_na END AS is_facility_price_na,
    CASE WHEN NOT has_row OR service_date IS NULL OR any_value_release IS NULL THEN price_because END AS row_because,
    at_most(own_nonfacility, charge_amount) AS nonfacility_amount,
    at_most(own_facility, charge_amount) AS facility_amount,
    fee_amount,
    at_most(fee_amount, charge_amount) AS allowed_amount,
    CASE WHEN blocked_because IS NULL THEN
        at_most(line_amount(units, printed_price, 0, NULL, own_share), charge_amount) END AS printed_amount,
    CASE WHEN blocked_because IS NULL THEN
        at_most(line_amount(full_units, price, rest, reduced_price, participation), charge_amount) END AS physician_amount,
    CASE WHEN blocked_because IS NULL THEN
        at_most(line_amount(full_units, price, rest, reduced_price, their_share), charge_amount) END AS performer_amount,
    CASE WHEN blocked_because IS NULL THEN
        at_most(line_amount(full_units, price, rest, reduced_price, shared_part), charge_amount)
    END AS shared_practitioner_amount,
    coalesce(price_because, CASE WHEN is_nonfacility_na THEN 'CMS prints NA for ' || procedure_code || ' outside facilities' END)
        AS nonfacility_because,
    coalesce(price_because, CASE WHEN facility_rule = 'own' AND is_facility_na
                                 THEN 'CMS prints NA for ' || procedure_code || ' in facilities'
                                 WHEN own_facility IS NULL THEN 'the fee schedule has no row for the professional part of '
                                      || procedure_code END) AS facility_because,
    CASE WHEN is_paid_as_facility IS NULL THEN 'whether Medicare pays ' || place_of_service_code
             || ' at the facility rate is not known'
         WHEN is_paid_as_facility THEN facility_because ELSE nonfacility_because END AS allowed_because,
    coalesce(allowed_because, CASE WHEN performer_share IS NULL THEN
        'which share of the fee is paid to whoever gave the service is not known' END) AS performer_amount_because,
    coalesce(allowed_because, CASE WHEN shared_share IS NULL THEN
        'which share of the fee is paid to the practitioner who shared the visit is not known' END) AS shared_amount_because
FROM amounts;

-- The same amounts where all indices are 1, whatever the charge. Asked only of lines with a finding, so nothing is stored.
CREATE OR REPLACE VIEW national_amounts AS
WITH sided AS (
    SELECT
        *,
        coalesce(rendering_share, 1) AS own_share,
        CASE WHEN is_paid_as_facility THEN facility_full WHEN NOT is_paid_as_facility THEN nonfacility_full END AS full_units,
        CASE WHEN is_paid_as_facility THEN facility_rest ELSE nonfacility_rest END AS rest,
        CASE WHEN is_paid_as_facility THEN national_facility_price ELSE national_nonfacility_price END AS price,
        CASE WHEN is_paid_as_facility THEN national_reduced_facility_price
             ELSE national_reduced_nonfacility_price END AS reduced_price,
        CASE WHEN is_paid_as_facility THEN national_printed_facility_price
             WHEN NOT is_paid_as_facility THEN national_printed_nonfacility_price END AS printed_price
    FROM rated_lines
    WHERE blocked_because IS NULL
)
SELECT
    row_id,
    line_amount(nonfacility_full, national_nonfacility_price, nonfacility_rest, national_reduced_nonfacility_price, own_share)
        AS nonfacility_amount,
    line_amount(facility_full, national_facility_price, facility_rest, national_reduced_facility_price, own_share)
        AS facility_amount,
    line_amount(full_units, price, rest, reduced_price, own_share) AS fee_amount,
    fee_amount AS allowed_amount,
    line_amount(units, printed_price, 0, NULL, own_share) AS printed_amount,
    line_amount(full_units, price, rest, reduced_price, 1) AS physician_amount,
    line_amount(full_units, price, rest, reduced_price, performer_share) AS performer_amount,
    line_amount(full_units, price, rest, reduced_price, shared_share) AS shared_practitioner_amount
FROM sided;
