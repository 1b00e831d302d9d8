-- What Medicare's outpatient system pays for each line of a hospital's claim: the national rate of Addendum B.
--
-- No wage index, no add-on for rural sole community hospitals, no discount for several procedures, no packaging into
-- another line: the rate of this line alone, times its units. PO and PN take their share of it (section 603 and the
-- items that are paid below the rate at excepted departments).
--
-- A code whose row prints no rate but an APC takes the rate of the APC (Addendum A), where that is loaded.
--
-- outpatient_rate_amount     in full: without PO and PN, or with ER.
-- outpatient_po_amount       with PO. NULL for an item that is cut, where nobody says whether the hospital is a rural sole
--                            community hospital, which is not cut.
-- outpatient_pn_amount       with PN.
-- outpatient_amount          as billed. NULL where the line carries both.

CREATE OR REPLACE TABLE relativities AS
SELECT CAST(value * 100 AS DECIMAL(9, 2)) AS percent, effective, lead(effective) OVER (ORDER BY effective) AS until
FROM law_values
WHERE path = 'us.cms.opps.non_excepted_relativity';

CREATE OR REPLACE TABLE outpatient_amounts AS
WITH rated AS (
    SELECT
        l.row_id,
        t.service_date,
        coalesce(l.procedure_code, '') AS procedure_code,
        t.department_modifier,
        l.units,
        d.outpatient_release,
        r.row_number AS rate_row,
        r.status_indicator,
        coalesce(r.payment_amount, a.payment_amount) AS payment_amount,
        coalesce(r.national_copayment_amount, r.minimum_copayment_amount) AS copayment_amount,
        h.hospital_type,
        h.hospital_type IN (SELECT code FROM law_code_sets WHERE path = 'us.cms.opps.hospital_types') AS is_paid_here,
        w.site_because,
        coalesce(c.payer_responsibility_code, 'P') <> 'P' AS is_second_payer,
        CASE WHEN n.procedure_code IS NULL THEN 100
             WHEN w.is_rural_sole_community_hospital THEN n.rural_percent
             WHEN NOT w.is_rural_sole_community_hospital THEN n.percent
             WHEN n.percent = n.rural_percent THEN n.percent END AS po_percent,
        CASE WHEN r.status_indicator IN (
                 SELECT code FROM law_code_sets WHERE path = 'us.cms.opps.relativity_status_indicators'
             ) THEN v.percent
             WHEN r.status_indicator IS NOT NULL THEN 100 END AS pn_percent
    FROM institutional_lines AS l
    CROSS JOIN run
    JOIN claims AS c USING (claim_key)
    JOIN judged_claims AS j USING (claim_key)
    JOIN lines AS t USING (row_id)
    JOIN line_sites AS w USING (row_id)
    CROSS JOIN LATERAL (
        SELECT CASE WHEN left(c.type_of_bill_code, 2) = '85' THEN 'cah' ELSE w.hospital_type END AS hospital_type
    ) AS h
    LEFT JOIN fee_days AS d ON d.service_date = t.service_date
    LEFT JOIN fee_outpatient_rates AS r
        ON r.release_id = d.outpatient_release AND r.procedure_code = l.procedure_code
    LEFT JOIN fee_outpatient_rates AS a
        ON a.release_id = d.apc_release AND a.procedure_code IS NULL AND a.apc_code = r.apc_code
    LEFT JOIN neutral_items AS n
        ON n.procedure_code = l.procedure_code AND in_force(n.effective, n.until, t.service_date)
    LEFT JOIN relativities AS v ON in_force(v.effective, v.until, t.service_date)
    WHERE j.payer_program IN ('medicare_part_a', 'medicare_part_b') AND run.has_outpatient_rates
),
shared AS (
    SELECT
        *,
        CASE department_modifier WHEN '' THEN 100 WHEN 'ER' THEN 100 WHEN 'PO' THEN po_percent WHEN 'PN' THEN pn_percent
        END AS paid_percent,
        CASE WHEN is_paid_here AND NOT is_second_payer THEN units END AS paid_units
    FROM rated
)
SELECT
    row_id,
    CAST(paid_percent AS DECIMAL(18, 4)) AS outpatient_percent,
    CAST(round(payment_amount * paid_units, 2) AS DECIMAL(18, 2)) AS outpatient_rate_amount,
    CAST(round(share(payment_amount, po_percent) * paid_units, 2) AS DECIMAL(18, 2))
        AS outpatient_po_amount,
    CAST(round(share(payment_amount, pn_percent) * paid_units, 2) AS DECIMAL(18, 2))
        AS outpatient_pn_amount,
    CAST(round(share(payment_amount, paid_percent) * paid_units, 2) AS DECIMAL(18, 2))
        AS outpatient_amount,
    CAST(round(copayment_amount * units, 2) AS DECIMAL(18, 2)) AS outpatient_copayment_amount,
    CASE
        WHEN service_date IS NULL THEN 'neither the line nor the claim has a readable date'
        WHEN outpatient_release IS NULL THEN 'no outpatient rates of ' || year(service_date) || ' are loaded'
        WHEN procedure_code = '' THEN 'the line names no procedure'
        WHEN rate_row IS NULL THEN 'the outpatient rates of ' || year(service_date) || ' have no row for ' || procedure_code
        WHEN payment_amount IS NULL
            THEN 'there is no rate for ' || procedure_code || ' alone' || coalesce(' (status ' || status_indicator || ')', '')
        WHEN units IS NULL THEN 'the line has no number of units'
        WHEN hospital_type IS NULL THEN coalesce(site_because, 'hospital_type is blank in the sites registry')
        WHEN NOT is_paid_here THEN 'a hospital of that type is not paid by the outpatient rate'
        WHEN is_second_payer THEN 'Medicare is not the first payer of the claim'
    END AS rate_because,
    coalesce(rate_because, CASE
        WHEN po_percent IS NULL THEN 'is_rural_sole_community_hospital is blank in the sites registry' END) AS po_because,
    CASE WHEN department_modifier = 'PO' THEN po_because
         WHEN paid_percent IS NULL THEN coalesce(rate_because, 'the line carries several of PO, PN and ER')
         ELSE rate_because END AS outpatient_because
FROM shared;
