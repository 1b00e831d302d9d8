-- In place of 37 to 39 where no fee file is loaded: the same tables, without a row. To plan those steps takes a fifth of a
-- second, whatever the number of lines.

CREATE OR REPLACE TABLE line_amounts (
    row_id BIGINT,
    has_row BOOLEAN,
    is_priced_by_fee_schedule BOOLEAN,
    is_nonfacility_price_na BOOLEAN,
    is_facility_price_na BOOLEAN,
    row_because VARCHAR,
    nonfacility_amount DECIMAL(18,2),
    facility_amount DECIMAL(18,2),
    fee_amount DECIMAL(18,2),
    allowed_amount DECIMAL(18,2),
    printed_amount DECIMAL(18,2),
    physician_amount DECIMAL(18,2),
    performer_amount DECIMAL(18,2),
    shared_practitioner_amount DECIMAL(18,2),
    nonfacility_because VARCHAR,
    facility_because VARCHAR,
    allowed_because VARCHAR,
    performer_amount_because VARCHAR,
    shared_amount_because VARCHAR
);

CREATE OR REPLACE TABLE outpatient_amounts (
    row_id BIGINT,
    outpatient_percent DECIMAL(18,4),
    outpatient_rate_amount DECIMAL(18,2),
    outpatient_po_amount DECIMAL(18,2),
    outpatient_pn_amount DECIMAL(18,2),
    outpatient_amount DECIMAL(18,2),
    outpatient_copayment_amount DECIMAL(18,2),
    rate_because VARCHAR,
    po_because VARCHAR,
    outpatient_because VARCHAR
);

CREATE OR REPLACE TABLE national_amounts (
    row_id BIGINT,
    nonfacility_amount DECIMAL(18,2),
    facility_amount DECIMAL(18,2),
    fee_amount DECIMAL(18,2),
    allowed_amount DECIMAL(18,2),
    printed_amount DECIMAL(18,2),
    physician_amount DECIMAL(18,2),
    performer_amount DECIMAL(18,2),
    shared_practitioner_amount DECIMAL(18,2)
);
