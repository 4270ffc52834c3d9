-- Every table, constraint and index of a fieldapp replica: the one truth about stored shape.
--
-- Three sorts of tables:
--   reference  written by headquarters, scope '*', read by all
--   field      written by a post, carries post_id, scope = that post
--   local      of this replica alone: never captured, never exported
--
-- Reference and field tables are *synced*: triggers derived from them (fieldapp/store/capture.py) write the change
-- log. They are STRICT, never delete a row, and their CHECKs say only what one column of one row can say alone: a rule
-- over several columns can be broken by the merge of two laptops that each kept it.
--
-- Dates are ISO text, instants are UTC ISO text ending in Z, money is whole đồng, quantities are integers in units of
-- 10^-decimals of their measure. Ids are UUID text (fieldapp/store/ids.py).

-- reference ------------------------------------------------------------------------------------------------------

CREATE TABLE unit (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    level TEXT NOT NULL CHECK (level IN ('province', 'district', 'commune', 'hamlet')),
    code TEXT,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    parent_id TEXT REFERENCES unit (id),
    valid_from TEXT CHECK (valid_from IS NULL OR date(valid_from) IS valid_from AND valid_from >= '1900'),
    valid_to TEXT CHECK (valid_to IS NULL OR date(valid_to) IS valid_to AND valid_to >= '1900'),
    border TEXT CHECK (border IS NULL OR border IN ('land_border')), -- a commune on the border
    also_called TEXT CHECK (also_called IS NULL OR length(also_called) BETWEEN 1 AND 200)
) STRICT;
CREATE INDEX unit_code ON unit (code);
CREATE INDEX unit_parent ON unit (parent_id);

CREATE TABLE unit_succession (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    old_unit_id TEXT NOT NULL REFERENCES unit (id),
    new_unit_id TEXT NOT NULL REFERENCES unit (id),
    effective_on TEXT NOT NULL CHECK (date(effective_on) IS effective_on AND effective_on >= '1900'),
    share TEXT CHECK (share IS NULL OR share IN ('whole', 'part', 'all_people', 'land_only'))
) STRICT;
CREATE INDEX unit_succession_old ON unit_succession (old_unit_id);

CREATE TABLE post (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    code TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 20 AND code NOT GLOB '*[^A-Za-z0-9]*'),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    unit_id TEXT REFERENCES unit (id)
) STRICT;

CREATE TABLE ethnic_group (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    code TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 60),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    also_called TEXT CHECK (also_called IS NULL OR length(also_called) BETWEEN 1 AND 200)
) STRICT;

CREATE TABLE activity_kind (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    code TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 60),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    section TEXT NOT NULL CHECK (section IN ('works', 'labour', 'health', 'relief', 'gifts', 'education',
        'political_base', 'propaganda', 'border', 'security', 'support_received')),
    position INTEGER NOT NULL,
    also_called TEXT CHECK (also_called IS NULL OR length(also_called) BETWEEN 1 AND 200),
    sentence TEXT CHECK (sentence IS NULL OR length(sentence) BETWEEN 1 AND 1000),
    photographs_wanted INTEGER CHECK (photographs_wanted IS NULL OR photographs_wanted BETWEEN 0 AND 9),
    minutes_wanted INTEGER CHECK (minutes_wanted IS NULL OR minutes_wanted BETWEEN 0 AND 9)
) STRICT;

CREATE TABLE measure (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    code TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 60),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    unit_name TEXT NOT NULL CHECK (length(unit_name) BETWEEN 1 AND 60),
    decimals INTEGER NOT NULL CHECK (decimals BETWEEN 0 AND 3),
    nature TEXT NOT NULL CHECK (nature IN ('works', 'persons', 'turns', 'households', 'labour', 'quantity', 'cash',
        'in_kind', 'service', 'text')),
    sentence TEXT CHECK (sentence IS NULL OR length(sentence) BETWEEN 1 AND 1000)
) STRICT;

CREATE TABLE kind_measure (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    activity_kind_id TEXT NOT NULL REFERENCES activity_kind (id),
    measure_id TEXT NOT NULL REFERENCES measure (id),
    position INTEGER NOT NULL,
    hint TEXT CHECK (hint IS NULL OR length(hint) BETWEEN 1 AND 200),
    minimum INTEGER CHECK (minimum IS NULL OR minimum BETWEEN 0 AND 1000000000000000),
    maximum INTEGER CHECK (maximum IS NULL OR maximum BETWEEN 0 AND 1000000000000000),
    usual_minimum INTEGER CHECK (usual_minimum IS NULL OR usual_minimum BETWEEN 0 AND 1000000000000000),
    usual_maximum INTEGER CHECK (usual_maximum IS NULL OR usual_maximum BETWEEN 0 AND 1000000000000000)
) STRICT;
CREATE INDEX kind_measure_kind ON kind_measure (activity_kind_id);

CREATE TABLE kind_field (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    activity_kind_id TEXT NOT NULL REFERENCES activity_kind (id),
    code TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 60),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    field_type TEXT NOT NULL CHECK (field_type IN ('text', 'number', 'date', 'choice')),
    choices TEXT CHECK (choices IS NULL OR length(choices) BETWEEN 1 AND 1000),
    decimals INTEGER NOT NULL CHECK (decimals BETWEEN 0 AND 3),
    unit_name TEXT CHECK (unit_name IS NULL OR length(unit_name) BETWEEN 1 AND 60),
    needed INTEGER NOT NULL CHECK (needed IN (0, 1)),
    hint TEXT CHECK (hint IS NULL OR length(hint) BETWEEN 1 AND 200),
    minimum INTEGER CHECK (minimum IS NULL OR minimum BETWEEN 0 AND 1000000000000000),
    maximum INTEGER CHECK (maximum IS NULL OR maximum BETWEEN 0 AND 1000000000000000),
    usual_minimum INTEGER CHECK (usual_minimum IS NULL OR usual_minimum BETWEEN 0 AND 1000000000000000),
    usual_maximum INTEGER CHECK (usual_maximum IS NULL OR usual_maximum BETWEEN 0 AND 1000000000000000),
    position INTEGER NOT NULL
) STRICT;
CREATE INDEX kind_field_kind ON kind_field (activity_kind_id);

CREATE TABLE party_cell (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    unit_id TEXT NOT NULL REFERENCES unit (id),
    hamlet TEXT CHECK (hamlet IS NULL OR length(hamlet) BETWEEN 1 AND 200)
) STRICT;

-- Word files of headquarters' own, in base64 (fieldapp/reports/papers).
CREATE TABLE paper_template (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    code TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 60),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    record_kind TEXT NOT NULL CHECK (length(record_kind) BETWEEN 1 AND 60),
    content TEXT NOT NULL CHECK (length(content) BETWEEN 1 AND 400000)
) STRICT;

CREATE TABLE plan (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    for_post_id TEXT REFERENCES post (id),
    date_from TEXT NOT NULL CHECK (date(date_from) IS date_from AND date_from >= '1900'),
    date_to TEXT NOT NULL CHECK (date(date_to) IS date_to AND date_to >= '1900'),
    measure_id TEXT REFERENCES measure (id),
    activity_kind_id TEXT REFERENCES activity_kind (id),
    indicator TEXT CHECK (indicator IS NULL OR indicator IN ('meetings_attended', 'members_introduced',
        'cells_strengthened', 'communes_strengthened', 'households_in_charge', 'commendations')),
    target INTEGER NOT NULL CHECK (target BETWEEN 1 AND 1000000000000000)
) STRICT;
CREATE INDEX plan_date ON plan (date_from, id);

-- field: agreements, which activities and matters refer to ------------------------------------------------------------

CREATE TABLE agreement (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    agreement_type TEXT NOT NULL CHECK (agreement_type IN ('regulation', 'joint_plan', 'programme')),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    number TEXT CHECK (number IS NULL OR length(number) BETWEEN 1 AND 60),
    parties TEXT CHECK (parties IS NULL OR length(parties) BETWEEN 1 AND 1000),
    signed_on TEXT CHECK (signed_on IS NULL OR date(signed_on) IS signed_on AND signed_on >= '1900'),
    date_from TEXT NOT NULL CHECK (date(date_from) IS date_from AND date_from >= '1900'),
    date_to TEXT CHECK (date_to IS NULL OR date(date_to) IS date_to AND date_to >= '1900'),
    note TEXT CHECK (note IS NULL OR length(note) BETWEEN 1 AND 4000)
) STRICT;
CREATE INDEX agreement_date ON agreement (date_from, id);

CREATE TABLE agreement_task (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    agreement_id TEXT NOT NULL REFERENCES agreement (id),
    number INTEGER NOT NULL CHECK (number BETWEEN 1 AND 999),
    title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 1000)
) STRICT;
CREATE INDEX agreement_task_agreement ON agreement_task (agreement_id);

CREATE TABLE agreement_amendment (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    agreement_id TEXT NOT NULL REFERENCES agreement (id),
    amended_on TEXT NOT NULL CHECK (date(amended_on) IS amended_on AND amended_on >= '1900'),
    content TEXT NOT NULL CHECK (length(content) BETWEEN 1 AND 1000)
) STRICT;
CREATE INDEX agreement_amendment_agreement ON agreement_amendment (agreement_id);

-- field: assistance ----------------------------------------------------------------------------------------------

CREATE TABLE event (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    date_from TEXT NOT NULL CHECK (date(date_from) IS date_from AND date_from >= '1900'),
    date_to TEXT CHECK (date_to IS NULL OR date(date_to) IS date_to AND date_to >= '1900'),
    description TEXT CHECK (description IS NULL OR length(description) BETWEEN 1 AND 4000)
) STRICT;
CREATE INDEX event_date ON event (date_from, id);

CREATE TABLE activity (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    activity_kind_id TEXT NOT NULL REFERENCES activity_kind (id),
    date_from TEXT NOT NULL CHECK (date(date_from) IS date_from AND date_from >= '1900'),
    date_to TEXT CHECK (date_to IS NULL OR date(date_to) IS date_to AND date_to >= '1900'),
    unit_id TEXT NOT NULL REFERENCES unit (id),
    hamlet TEXT CHECK (hamlet IS NULL OR length(hamlet) BETWEEN 1 AND 200),
    event_id TEXT REFERENCES event (id),
    description TEXT CHECK (description IS NULL OR length(description) BETWEEN 1 AND 4000),
    partners TEXT CHECK (partners IS NULL OR length(partners) BETWEEN 1 AND 1000),
    people TEXT CHECK (people IS NULL OR length(people) BETWEEN 1 AND 1000),
    joint_reference TEXT CHECK (joint_reference IS NULL OR length(joint_reference) BETWEEN 1 AND 60),
    agreement_task_id TEXT REFERENCES agreement_task (id),
    ethnic_group_id TEXT REFERENCES ethnic_group (id),
    unit_now_id TEXT REFERENCES unit (id),
    no_files_because TEXT CHECK (no_files_because IS NULL OR length(no_files_because) BETWEEN 1 AND 1000)
) STRICT;
CREATE INDEX activity_date ON activity (date_from, id, voided_at);
-- An activity counts where it ended.
CREATE INDEX activity_end ON activity (coalesce(date_to, date_from), id, voided_at);
CREATE INDEX activity_joint ON activity (joint_reference) WHERE joint_reference IS NOT NULL;
CREATE INDEX activity_unit ON activity (unit_id);
CREATE INDEX activity_unit_now ON activity (unit_now_id) WHERE unit_now_id IS NOT NULL;
CREATE INDEX activity_task ON activity (agreement_task_id) WHERE agreement_task_id IS NOT NULL;

CREATE TABLE activity_measure (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    activity_id TEXT NOT NULL REFERENCES activity (id),
    measure_id TEXT NOT NULL REFERENCES measure (id),
    amount INTEGER CHECK (amount IS NULL OR amount BETWEEN 0 AND 1000000000000000),
    approximate INTEGER NOT NULL CHECK (approximate IN (0, 1)),
    note TEXT CHECK (note IS NULL OR length(note) BETWEEN 1 AND 1000),
    measured_on TEXT CHECK (measured_on IS NULL OR date(measured_on) IS measured_on AND measured_on >= '1900')
) STRICT;
CREATE INDEX activity_measure_activity ON activity_measure (activity_id, measure_id, measured_on);
CREATE INDEX activity_measure_day ON activity_measure (measured_on, activity_id) WHERE measured_on IS NOT NULL;

CREATE TABLE activity_extra (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    activity_id TEXT NOT NULL REFERENCES activity (id),
    kind_field_id TEXT NOT NULL REFERENCES kind_field (id),
    value TEXT NOT NULL CHECK (length(value) BETWEEN 1 AND 1000)
) STRICT;
CREATE INDEX activity_extra_activity ON activity_extra (activity_id);

CREATE TABLE activity_target (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    activity_id TEXT NOT NULL REFERENCES activity (id),
    target_type TEXT NOT NULL CHECK (target_type IN ('commune', 'party_cell', 'police', 'militia', 'women_union',
        'farmers_union', 'hamlet', 'household_group', 'other')),
    unit_id TEXT REFERENCES unit (id),
    party_cell_id TEXT REFERENCES party_cell (id),
    name TEXT CHECK (name IS NULL OR length(name) BETWEEN 1 AND 200)
) STRICT;
CREATE INDEX activity_target_activity ON activity_target (activity_id);

-- field: party cells ---------------------------------------------------------------------------------------------

CREATE TABLE member (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    full_name TEXT NOT NULL CHECK (length(full_name) BETWEEN 1 AND 200),
    position TEXT CHECK (position IS NULL OR length(position) BETWEEN 1 AND 200),
    birth_year INTEGER CHECK (birth_year IS NULL OR birth_year BETWEEN 1900 AND 2100),
    party_cell_id TEXT REFERENCES party_cell (id),
    joined_on TEXT CHECK (joined_on IS NULL OR date(joined_on) IS joined_on AND joined_on >= '1900'),
    note TEXT CHECK (note IS NULL OR length(note) BETWEEN 1 AND 1000),
    same_as_id TEXT REFERENCES member (id)
) STRICT;
-- The few members whose record gave way to another one of the same person.
CREATE INDEX member_same_as ON member (same_as_id) WHERE same_as_id IS NOT NULL;

CREATE TABLE introduction (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    member_id TEXT NOT NULL REFERENCES member (id),
    party_cell_id TEXT NOT NULL REFERENCES party_cell (id),
    letter_number TEXT CHECK (letter_number IS NULL OR length(letter_number) BETWEEN 1 AND 60),
    letter_date TEXT CHECK (letter_date IS NULL OR date(letter_date) IS letter_date AND letter_date >= '1900'),
    date_from TEXT NOT NULL CHECK (date(date_from) IS date_from AND date_from >= '1900'),
    date_to TEXT CHECK (date_to IS NULL OR date(date_to) IS date_to AND date_to >= '1900'),
    role TEXT CHECK (role IS NULL OR length(role) BETWEEN 1 AND 200),
    end_reason TEXT CHECK (end_reason IS NULL OR length(end_reason) BETWEEN 1 AND 1000)
) STRICT;
CREATE INDEX introduction_member ON introduction (member_id);
CREATE INDEX introduction_cell ON introduction (party_cell_id);
CREATE INDEX introduction_date ON introduction (date_from, id);
CREATE INDEX introduction_end ON introduction (date_to);

CREATE TABLE meeting (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    party_cell_id TEXT NOT NULL REFERENCES party_cell (id),
    meeting_type TEXT NOT NULL CHECK (meeting_type IN ('regular', 'thematic', 'extraordinary')),
    held_on TEXT NOT NULL CHECK (date(held_on) IS held_on AND held_on >= '1900'),
    place TEXT CHECK (place IS NULL OR length(place) BETWEEN 1 AND 200),
    content TEXT CHECK (content IS NULL OR length(content) BETWEEN 1 AND 4000),
    resolution TEXT CHECK (resolution IS NULL OR length(resolution) BETWEEN 1 AND 4000)
) STRICT;
CREATE INDEX meeting_date ON meeting (held_on, id);
CREATE INDEX meeting_cell ON meeting (party_cell_id, held_on, id);

CREATE TABLE attendance (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    meeting_id TEXT NOT NULL REFERENCES meeting (id),
    member_id TEXT NOT NULL REFERENCES member (id),
    status TEXT NOT NULL CHECK (status IN ('present', 'excused', 'absent')),
    reason TEXT CHECK (reason IS NULL OR length(reason) BETWEEN 1 AND 1000)
) STRICT;
CREATE INDEX attendance_meeting ON attendance (meeting_id);

CREATE TABLE household_charge (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    member_id TEXT NOT NULL REFERENCES member (id),
    household TEXT NOT NULL CHECK (length(household) BETWEEN 1 AND 200),
    unit_id TEXT NOT NULL REFERENCES unit (id),
    hamlet TEXT CHECK (hamlet IS NULL OR length(hamlet) BETWEEN 1 AND 200),
    date_from TEXT NOT NULL CHECK (date(date_from) IS date_from AND date_from >= '1900'),
    date_to TEXT CHECK (date_to IS NULL OR date(date_to) IS date_to AND date_to >= '1900'),
    result TEXT CHECK (result IS NULL OR length(result) BETWEEN 1 AND 1000)
) STRICT;
CREATE INDEX household_charge_date ON household_charge (date_from, id);
CREATE INDEX household_charge_member ON household_charge (member_id);

CREATE TABLE cell_rating (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    party_cell_id TEXT NOT NULL REFERENCES party_cell (id),
    year INTEGER NOT NULL CHECK (year BETWEEN 1945 AND 2100),
    rating TEXT NOT NULL CHECK (rating IN ('excellent', 'good', 'completed', 'not_completed')),
    note TEXT CHECK (note IS NULL OR length(note) BETWEEN 1 AND 1000)
) STRICT;
CREATE INDEX cell_rating_cell ON cell_rating (party_cell_id, year);

CREATE TABLE member_rating (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    member_id TEXT NOT NULL REFERENCES member (id),
    year INTEGER NOT NULL CHECK (year BETWEEN 1945 AND 2100),
    rating TEXT NOT NULL CHECK (rating IN ('excellent', 'good', 'completed', 'not_completed')),
    note TEXT CHECK (note IS NULL OR length(note) BETWEEN 1 AND 1000)
) STRICT;
CREATE INDEX member_rating_member ON member_rating (member_id, year);

CREATE TABLE candidacy (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    member_id TEXT NOT NULL REFERENCES member (id),
    body TEXT NOT NULL CHECK (body IN ('party_committee', 'peoples_council')),
    level TEXT NOT NULL CHECK (level IN ('hamlet', 'commune', 'district', 'province')),
    unit_id TEXT REFERENCES unit (id),
    term TEXT CHECK (term IS NULL OR length(term) BETWEEN 1 AND 60),
    nominated_on TEXT NOT NULL CHECK (date(nominated_on) IS nominated_on AND nominated_on >= '1900'),
    outcome TEXT NOT NULL CHECK (outcome IN ('pending', 'elected', 'not_elected', 'withdrawn')),
    decided_on TEXT CHECK (decided_on IS NULL OR date(decided_on) IS decided_on AND decided_on >= '1900'),
    note TEXT CHECK (note IS NULL OR length(note) BETWEEN 1 AND 1000)
) STRICT;
CREATE INDEX candidacy_date ON candidacy (nominated_on, id);

-- field: coordination -------------------------------------------------------------------------------------------------

CREATE TABLE matter (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    matter_type TEXT NOT NULL CHECK (matter_type IN ('information_exchange', 'advice_to_committee',
        'problem_on_the_spot', 'support_request')),
    direction TEXT NOT NULL CHECK (direction IN ('sent', 'received')),
    counterpart TEXT NOT NULL CHECK (length(counterpart) BETWEEN 1 AND 200),
    subject TEXT NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
    unit_id TEXT REFERENCES unit (id),
    opened_on TEXT NOT NULL CHECK (date(opened_on) IS opened_on AND opened_on >= '1900'),
    due_on TEXT CHECK (due_on IS NULL OR date(due_on) IS due_on AND due_on >= '1900'),
    closed_on TEXT CHECK (closed_on IS NULL OR date(closed_on) IS closed_on AND closed_on >= '1900'),
    result TEXT CHECK (result IS NULL OR length(result) BETWEEN 1 AND 4000),
    agreement_task_id TEXT REFERENCES agreement_task (id)
) STRICT;
CREATE INDEX matter_date ON matter (opened_on, id);
CREATE INDEX matter_open ON matter (due_on) WHERE closed_on IS NULL AND voided_at IS NULL;
CREATE INDEX matter_unit ON matter (unit_id);
CREATE INDEX matter_task ON matter (agreement_task_id);

CREATE TABLE self_management_group (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    unit_id TEXT NOT NULL REFERENCES unit (id),
    hamlet TEXT CHECK (hamlet IS NULL OR length(hamlet) BETWEEN 1 AND 200),
    leader TEXT CHECK (leader IS NULL OR length(leader) BETWEEN 1 AND 200),
    marker_from TEXT CHECK (marker_from IS NULL OR length(marker_from) BETWEEN 1 AND 60),
    marker_to TEXT CHECK (marker_to IS NULL OR length(marker_to) BETWEEN 1 AND 60),
    length_m INTEGER CHECK (length_m IS NULL OR length_m BETWEEN 0 AND 1000000000),
    markers INTEGER CHECK (markers IS NULL OR markers BETWEEN 0 AND 1000000000),
    households INTEGER CHECK (households IS NULL OR households BETWEEN 0 AND 1000000000),
    people INTEGER CHECK (people IS NULL OR people BETWEEN 0 AND 1000000000),
    patrols_monthly INTEGER CHECK (patrols_monthly IS NULL OR patrols_monthly BETWEEN 0 AND 1000000000),
    date_from TEXT NOT NULL CHECK (date(date_from) IS date_from AND date_from >= '1900'),
    date_to TEXT CHECK (date_to IS NULL OR date(date_to) IS date_to AND date_to >= '1900'),
    note TEXT CHECK (note IS NULL OR length(note) BETWEEN 1 AND 1000)
) STRICT;

CREATE TABLE review_meeting (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    review_type TEXT NOT NULL CHECK (review_type IN ('periodic_review', 'final_review')),
    held_on TEXT NOT NULL CHECK (date(held_on) IS held_on AND held_on >= '1900'),
    period_from TEXT CHECK (period_from IS NULL OR date(period_from) IS period_from AND period_from >= '1900'),
    period_to TEXT CHECK (period_to IS NULL OR date(period_to) IS period_to AND period_to >= '1900'),
    agreement_id TEXT REFERENCES agreement (id),
    place TEXT CHECK (place IS NULL OR length(place) BETWEEN 1 AND 200),
    content TEXT CHECK (content IS NULL OR length(content) BETWEEN 1 AND 4000),
    conclusion TEXT CHECK (conclusion IS NULL OR length(conclusion) BETWEEN 1 AND 4000)
) STRICT;
CREATE INDEX review_meeting_date ON review_meeting (held_on, id);

CREATE TABLE commendation (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    awarded_on TEXT NOT NULL CHECK (date(awarded_on) IS awarded_on AND awarded_on >= '1900'),
    recipient_type TEXT NOT NULL CHECK (recipient_type IN ('collective', 'individual')),
    recipient TEXT NOT NULL CHECK (length(recipient) BETWEEN 1 AND 200),
    form TEXT CHECK (form IS NULL OR length(form) BETWEEN 1 AND 200),
    awarded_by TEXT CHECK (awarded_by IS NULL OR length(awarded_by) BETWEEN 1 AND 200),
    reason TEXT CHECK (reason IS NULL OR length(reason) BETWEEN 1 AND 4000)
) STRICT;
CREATE INDEX commendation_date ON commendation (awarded_on, id);

-- headquarters about one post's records -------------------------------------------------------------------------------

-- Headquarters' reviews of records. replaces: the earlier review that this one replaces, because its author knew it. So
-- the newest review does not depend on clocks. seen: fingerprint of the record as the author saw it. comments: a JSON
-- list of objects (field, about, comment) where field and comment do not say all: several of them, or one on a measure.
CREATE TABLE review (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    record_kind TEXT NOT NULL CHECK (length(record_kind) BETWEEN 1 AND 60),
    record_id TEXT NOT NULL CHECK (length(record_id) BETWEEN 1 AND 60),
    outcome TEXT NOT NULL CHECK (outcome IN ('accepted', 'returned')),
    field TEXT CHECK (field IS NULL OR length(field) BETWEEN 1 AND 60),
    comment TEXT CHECK (comment IS NULL OR length(comment) BETWEEN 1 AND 1000),
    seen TEXT NOT NULL CHECK (length(seen) BETWEEN 1 AND 60),
    replaces TEXT CHECK (replaces IS NULL OR length(replaces) BETWEEN 1 AND 60),
    comments TEXT CHECK (comments IS NULL OR length(comments) BETWEEN 1 AND 4000)
) STRICT;
CREATE INDEX review_record ON review (record_id);
CREATE INDEX review_replaces ON review (replaces);

-- files of records -------------------------------------------------------------------------------------------------

-- Photographs and papers at records, of whatever kind. The bytes lie in sealed files beside the database, found by their
-- hash (fieldapp/store/blobs.py); bundles carry them apart from the log.
CREATE TABLE attachment (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    confirmed TEXT CHECK (confirmed IS NULL OR length(confirmed) BETWEEN 1 AND 4000),
    record_kind TEXT NOT NULL CHECK (length(record_kind) BETWEEN 1 AND 60),
    record_id TEXT NOT NULL CHECK (length(record_id) BETWEEN 1 AND 60),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    media_type TEXT NOT NULL CHECK (length(media_type) BETWEEN 1 AND 200),
    size INTEGER NOT NULL CHECK (size BETWEEN 0 AND 1000000000000),
    sha256 TEXT NOT NULL CHECK (length(sha256) BETWEEN 1 AND 64),
    caption TEXT CHECK (caption IS NULL OR length(caption) BETWEEN 1 AND 1000),
    taken_on TEXT CHECK (taken_on IS NULL OR date(taken_on) IS taken_on),
    place TEXT CHECK (place IS NULL OR length(place) BETWEEN 1 AND 60),
    sort TEXT CHECK (sort IS NULL OR sort IN ('photograph', 'minute', 'paper'))
) STRICT;
CREATE INDEX attachment_record ON attachment (record_id, post_id, sha256);
CREATE INDEX attachment_hash ON attachment (sha256);
CREATE INDEX attachment_post ON attachment (post_id, sha256);

-- views ----------------------------------------------------------------------------------------------------------

-- The members whose record gave way (same_as_id), and the one who stays, through all steps. Where two laptops each let
-- the other's record give way, the steps go in a circle: its oldest record stays.
CREATE VIEW member_merged AS
WITH RECURSIVE
    step (member_id, other_id) AS (
        SELECT id, same_as_id FROM member WHERE same_as_id IS NOT NULL
        UNION SELECT step.member_id, m.same_as_id FROM step JOIN member m ON m.id = step.other_id
        WHERE m.same_as_id IS NOT NULL
    ),
    last (member_id, person_id) AS (
        SELECT step.member_id, min(step.other_id) FROM step JOIN member m ON m.id = step.other_id
            LEFT JOIN step r ON r.member_id = step.other_id AND r.other_id = step.other_id
        WHERE m.same_as_id IS NULL OR r.member_id IS NOT NULL GROUP BY step.member_id
    )
SELECT member_id, person_id FROM last WHERE person_id <> member_id;

-- The pairs of different records of one person, each in both orders.
CREATE VIEW same_person AS
WITH known (member_id, person_id) AS MATERIALIZED (
    SELECT member_id, person_id FROM member_merged UNION SELECT person_id, person_id FROM member_merged
)
SELECT k.member_id AS one_id, n.member_id AS other_id
FROM known k JOIN known n ON n.person_id = k.person_id AND n.member_id <> k.member_id;

-- For each member's record, the person it is about: the record of the one who stays. Whatever is about a member is read
-- through this view, and nothing is written anew when two are merged. Voided: either of the two records.
CREATE VIEW person AS
SELECT m.id AS member_id, p.id, p.full_name, p.position, p.party_cell_id,
    coalesce(p.voided_at, m.voided_at) AS voided_at
FROM member m LEFT JOIN member_merged g ON g.member_id = m.id JOIN member p ON p.id = coalesce(g.person_id, m.id);

-- Each unit with the unit of today that it became, through all successions in force; NULL where it became several, or
-- nobody knows what became of it. Who only got land where nobody lived is no heir.
CREATE VIEW unit_today AS
WITH RECURSIVE
    passed AS (
        SELECT * FROM unit_succession
        WHERE voided_at IS NULL AND effective_on <= date('now') AND share IS DISTINCT FROM 'land_only'
    ),
    heir (unit_id, heir_id) AS (
        SELECT id, id FROM unit
        UNION SELECT h.unit_id, p.new_unit_id FROM heir h JOIN passed p ON p.old_unit_id = h.heir_id
    ),
    last (unit_id, heir_id) AS (
        SELECT h.unit_id, h.heir_id FROM heir h JOIN unit u ON u.id = h.heir_id
        WHERE NOT EXISTS (SELECT 1 FROM passed p WHERE p.old_unit_id = h.heir_id)
            AND (u.valid_to IS NULL OR u.valid_to >= date('now'))
    )
SELECT u.id AS unit_id, CASE WHEN count(l.heir_id) = 1 THEN min(l.heir_id) END AS today_id, count(l.heir_id) AS heirs
FROM unit u LEFT JOIN last l ON l.unit_id = u.id GROUP BY u.id;

-- How many photographs and minutes the kind of a standing activity wants, and how many it has: standing files of its own
-- post, each content once. Of a file without a sort, from versions before, a picture is a photograph, and a paper a minute.
CREATE VIEW activity_files AS
SELECT a.id AS activity_id, a.post_id, a.date_from,
    coalesce(k.photographs_wanted, 0) AS photographs_wanted, coalesce(k.minutes_wanted, 0) AS minutes_wanted,
    (SELECT count(DISTINCT f.sha256) FROM attachment f
        WHERE f.record_id = a.id AND f.post_id = a.post_id AND f.record_kind = 'activity' AND f.voided_at IS NULL
            AND coalesce(f.sort, CASE WHEN f.media_type LIKE 'image/%' THEN 'photograph' ELSE 'minute' END)
                = 'photograph') AS photographs,
    (SELECT count(DISTINCT f.sha256) FROM attachment f
        WHERE f.record_id = a.id AND f.post_id = a.post_id AND f.record_kind = 'activity' AND f.voided_at IS NULL
            AND coalesce(f.sort, CASE WHEN f.media_type LIKE 'image/%' THEN 'photograph' ELSE 'minute' END)
                = 'minute') AS minutes
FROM activity a JOIN activity_kind k ON k.id = a.activity_kind_id
WHERE a.voided_at IS NULL;

-- The newest review of each record. Of two reviews whose authors did not know each other's, all replicas take the same.
CREATE VIEW review_latest AS
SELECT r.* FROM review r
WHERE NOT EXISTS (SELECT 1 FROM review n WHERE n.replaces = r.id AND n.record_id = r.record_id)
    AND NOT EXISTS (SELECT 1 FROM review o WHERE o.record_id = r.record_id AND o.id > r.id
        AND NOT EXISTS (SELECT 1 FROM review n WHERE n.replaces = o.id AND n.record_id = o.record_id));

-- local ----------------------------------------------------------------------------------------------------------

-- One row: what the capture triggers need to know of the moment.
CREATE TABLE local_session (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    hlc INTEGER NOT NULL,            -- greatest hybrid logical clock reading seen or given
    actor TEXT,                      -- who writes; NULL: not this program
    applying INTEGER NOT NULL CHECK (applying IN (0, 1)), -- 1 while imported changes are folded in
    wall_offset INTEGER,             -- ms: added to what the machine's clock shows, as a person said
    wall_until INTEGER,              -- ms since 1970: a wall clock beyond it is not believed; NULL: not looked at yet
    wall_lead INTEGER                -- ms: how far hlc is known to be ahead of the time
) STRICT;

-- What this replica is and knows of others. secret columns are filled for this replica's own row only.
CREATE TABLE local_replica (
    id TEXT NOT NULL PRIMARY KEY,
    own INTEGER NOT NULL CHECK (own IN (0, 1)),
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('hq', 'post')),
    post_id TEXT,
    post_code TEXT,
    post_name TEXT,
    sign_key TEXT NOT NULL,          -- minisign public key, base64
    age_key TEXT NOT NULL,           -- age recipient
    sign_secret BLOB,
    age_secret TEXT,
    trust TEXT NOT NULL CHECK (trust IN ('pending', 'certified', 'revoked')),
    certificate BLOB,                -- JSON as signed
    certificate_signature BLOB
) STRICT;

-- What each database of another replica says that it has. A disk that was copied, or set back to an older state, makes
-- one replica several databases: each soon writes a log of its own, and each is sent what it lacks itself.
CREATE TABLE local_receipt (
    replica_id TEXT NOT NULL,
    log_id TEXT NOT NULL,            -- the log that this database writes; '' where it did not say
    have TEXT,                       -- JSON: log -> {last, hash}; NULL: another database goes on in its place
    hlc INTEGER NOT NULL,            -- its clock when it told so
    at TEXT NOT NULL,                -- its wall clock then
    heard_at TEXT,                   -- our wall clock when it was read here
    program TEXT,                    -- version of its program
    PRIMARY KEY (replica_id, log_id)
) STRICT, WITHOUT ROWID;

-- The heads that those receipts name, found by log: a receipt may name very many that are not here.
CREATE TABLE local_head (
    log_id TEXT NOT NULL,
    replica_id TEXT NOT NULL,
    database TEXT NOT NULL,          -- log_id of the receipt
    last INTEGER NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (log_id, replica_id, database)
) STRICT, WITHOUT ROWID;

-- Revoked laptops: headquarters' signed revocations, which bundles carry on to other replicas.
CREATE TABLE local_revocation (
    replica_id TEXT NOT NULL PRIMARY KEY,
    hlc INTEGER NOT NULL,            -- of it and a certificate of that laptop, the later counts
    logs TEXT NOT NULL,              -- JSON: log -> last change that stands
    paper BLOB NOT NULL,             -- JSON as signed
    signature BLOB NOT NULL
) STRICT;

CREATE TABLE local_log (
    id TEXT NOT NULL PRIMARY KEY,
    scope TEXT NOT NULL,             -- '*' or a post's id
    replica_id TEXT NOT NULL,        -- '' for the baseline
    own INTEGER NOT NULL CHECK (own IN (0, 1)),
    seq INTEGER NOT NULL             -- last change that is applied
) STRICT;
CREATE UNIQUE INDEX local_log_own ON local_log (scope) WHERE own = 1;

-- The changes that were made here, and the baseline's. Those of others stay in the bytes of their segments.
CREATE TABLE local_change (
    log_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    hlc INTEGER NOT NULL,
    table_name TEXT NOT NULL,
    row_id TEXT NOT NULL,
    cols TEXT NOT NULL,              -- JSON: the columns that changed, new values
    actor TEXT,
    at TEXT NOT NULL,                -- wall clock, for people
    PRIMARY KEY (log_id, seq)
) STRICT, WITHOUT ROWID;

-- Where a row's changes are among those: an index that saving does not wait for (fieldapp/store/log.py).
CREATE TABLE local_touch_change (
    key INTEGER NOT NULL,            -- first 63 bits of the row's id
    log_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (key, log_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE local_segment (
    hash TEXT NOT NULL PRIMARY KEY,  -- SHA-256 of bytes, hex
    log_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    replica_id TEXT NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    prev TEXT,
    knows TEXT NOT NULL,             -- JSON: log -> last
    bytes BLOB NOT NULL,             -- as sealed: never changes
    signature BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('applied', 'held', 'quarantined')),
    reason TEXT,                     -- code of why it is held or quarantined
    received_at TEXT NOT NULL,
    number INTEGER,                  -- in order of applying; NULL: not applied, or its changes are in local_change
    last_hlc INTEGER,                -- of its last change, once it is applied
    last_at TEXT
) STRICT;
CREATE UNIQUE INDEX local_segment_place ON local_segment (log_id, first) WHERE state = 'applied';
CREATE UNIQUE INDEX local_segment_number ON local_segment (number) WHERE number IS NOT NULL;
-- How far the segments of a log reach, without reading their bytes.
CREATE INDEX local_segment_reach ON local_segment (log_id, last, last_hlc, number) WHERE state = 'applied';
-- The state of a segment, without reading its bytes: asked for all laptops' heads after every bundle. Unique, so that
-- SQLite takes it rather than the key.
CREATE UNIQUE INDEX local_segment_stands ON local_segment (hash, state);
-- Held and quarantined segments, which are asked for after every bundle: few among very many.
CREATE INDEX local_segment_held ON local_segment (log_id, first, hash) WHERE state = 'held';
CREATE INDEX local_segment_held_of ON local_segment (replica_id, log_id, first, hash) WHERE state = 'held';
CREATE INDEX local_segment_refused ON local_segment (reason) WHERE state = 'quarantined';

-- Which rows the numbered segments touch (fieldapp/store/log.py).
CREATE TABLE local_touch (
    key INTEGER NOT NULL,            -- first 63 bits of the row's id
    segment INTEGER NOT NULL,        -- its number
    PRIMARY KEY (key, segment)
) STRICT, WITHOUT ROWID;

-- Parts of bundles that are not segments: stored as they came, for a person to look at.
CREATE TABLE local_broken (
    hash TEXT NOT NULL PRIMARY KEY,
    sender TEXT NOT NULL,
    why TEXT NOT NULL,               -- in English
    bytes BLOB NOT NULL,
    signature BLOB NOT NULL,
    received_at TEXT NOT NULL
) STRICT;

-- Bundles that were written: they may be cleared from a stick when their recipient has what they hold.
CREATE TABLE local_written (
    name TEXT NOT NULL PRIMARY KEY,
    recipient TEXT NOT NULL,
    number INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    logs TEXT NOT NULL               -- JSON: log -> its last change in the bundle
) STRICT;

-- Headquarters: bundles that were refused. What is open is computed (fieldapp/sync/exchange/refused_bundles.py).
CREATE TABLE local_refused (
    sha256 TEXT NOT NULL PRIMARY KEY, -- of the file as it was read
    replica_id TEXT,                 -- who wrote it, by its signature or its name; NULL: nobody knows
    signed INTEGER NOT NULL CHECK (signed IN (0, 1)),
    written_at TEXT,
    number INTEGER,                  -- the laptop's number of the bundle
    hlc INTEGER,                     -- only if it is signed
    file TEXT NOT NULL,
    stick TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,                -- when it was refused first
    dismissed_at TEXT                -- a person has settled it
) STRICT;

-- Headquarters: the newest bundle of each laptop that was read from beginning to end.
CREATE TABLE local_read (
    replica_id TEXT NOT NULL PRIMARY KEY,
    hlc INTEGER NOT NULL,
    number INTEGER NOT NULL,
    made_at TEXT NOT NULL,
    read_at TEXT NOT NULL,
    answered INTEGER NOT NULL CHECK (answered IN (0, 1)) -- 0: it brought something, and no reply was written since
) STRICT, WITHOUT ROWID;

-- Headquarters: the clock of each laptop's newest bundle that another headquarters has read.
CREATE TABLE local_heard (
    replica_id TEXT NOT NULL PRIMARY KEY,
    hlc INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Rejected changes, and conflicts. Both are computed from the applied segments; doctor --rebuild builds them again.
CREATE TABLE local_set_aside (
    log_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (log_id, seq)
) STRICT, WITHOUT ROWID;

-- The rows that rejected changes name, and that are not there or another post's: when one of them comes, the rows with
-- those changes are folded again.
CREATE TABLE local_awaited (
    awaited_id TEXT NOT NULL,
    table_name TEXT NOT NULL,
    row_id TEXT NOT NULL,            -- the row with the rejected change
    PRIMARY KEY (awaited_id, table_name, row_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE local_conflict (
    table_name TEXT NOT NULL,
    row_id TEXT NOT NULL,
    col TEXT NOT NULL,
    winner_log TEXT NOT NULL,
    winner_seq INTEGER NOT NULL,
    loser_log TEXT NOT NULL,
    loser_seq INTEGER NOT NULL,
    PRIMARY KEY (row_id, col, loser_log, loser_seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE local_draft (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    row_id TEXT,                     -- the record being edited; NULL for a new one
    data TEXT NOT NULL,              -- JSON: field -> what was typed
    saved_at TEXT NOT NULL
) STRICT;

-- Sheets that were taken in here, and the records that came with each: so that one can be taken back whole.
CREATE TABLE local_batch (
    id INTEGER NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    file TEXT NOT NULL,
    sheet TEXT NOT NULL,
    given_at TEXT NOT NULL,
    given_by TEXT NOT NULL,
    hlc INTEGER NOT NULL,            -- the clock after its last record: a later change is an edit
    refused INTEGER NOT NULL,        -- rows that did not go in
    taken_back_at TEXT
) STRICT;
CREATE TABLE local_batch_row (
    batch_id INTEGER NOT NULL,
    row_id TEXT NOT NULL,
    line INTEGER NOT NULL,           -- of the sheet, from 1
    said TEXT NOT NULL,              -- SHA-256 of what the row held, hex
    PRIMARY KEY (batch_id, row_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX local_batch_row_record ON local_batch_row (row_id);

-- Records that another person keyed again blind (fieldapp/work/double_entry.py).
CREATE TABLE local_rekeyed (
    row_id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    by TEXT NOT NULL,
    different INTEGER NOT NULL,      -- how much of it differed
    fields TEXT NOT NULL             -- JSON: field -> [values compared, values that differed]
) STRICT;

-- What an officer wrote in a report, and the letter's number and day. Here, and not among the records: a draft about posts
-- goes to no post. The area is '', or the ids of the post and the unit to which the report is narrowed.
CREATE TABLE local_report_text (
    date_from TEXT NOT NULL,
    date_to TEXT NOT NULL,
    area TEXT NOT NULL,
    section TEXT NOT NULL,           -- fieldapp/reports/sections.py
    text TEXT NOT NULL,              -- lines; '' leaves the section out
    saved_at TEXT NOT NULL,
    saved_by TEXT NOT NULL,
    PRIMARY KEY (date_from, date_to, area, section)
) STRICT;
CREATE TABLE local_report_letter (
    date_from TEXT NOT NULL,
    date_to TEXT NOT NULL,
    area TEXT NOT NULL,
    layout TEXT NOT NULL,
    number TEXT NOT NULL,
    dated TEXT,                      -- NULL: the day on which the file is written
    PRIMARY KEY (date_from, date_to, area, layout)
) STRICT;

CREATE TABLE local_setting (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- Who works on this laptop. Here, and not beside the sealed keys, so that nobody changes their own role from outside.
CREATE TABLE local_user (
    name TEXT NOT NULL PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN ('recorder', 'officer', 'administrator')),
    added_at TEXT NOT NULL
) STRICT;

-- At headquarters: the newest recovery code of each laptop, an age file that the recovery key opens.
CREATE TABLE local_recovery_code (
    replica_id TEXT NOT NULL PRIMARY KEY,
    sealed TEXT NOT NULL,            -- base64
    hlc INTEGER NOT NULL             -- the laptop's clock when it told so
) STRICT;

-- Files of records that were taken away here after headquarters had them.
CREATE TABLE local_file_cleared (
    sha256 TEXT NOT NULL PRIMARY KEY,
    at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- Those of them, and lost ones, that somebody here asked for again.
CREATE TABLE local_file_asked (
    sha256 TEXT NOT NULL PRIMARY KEY,
    at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- The parts with files that were written onto sticks.
CREATE TABLE local_file_part (
    name TEXT NOT NULL PRIMARY KEY,
    recipient TEXT NOT NULL,
    size INTEGER NOT NULL,           -- bytes of the part
    heard INTEGER NOT NULL,          -- reading of the recipient's latest receipt then; 0: it had sent none
    hashes BLOB NOT NULL             -- first 8 bytes of the hash of each file in it
) STRICT, WITHOUT ROWID;
-- The files that the databases of other replicas say they have, or do not want; each receipt replaces the one before.
CREATE TABLE local_file_receipt (
    replica_id TEXT NOT NULL,
    log_id TEXT NOT NULL,            -- of local_receipt: which database
    has BLOB NOT NULL,               -- first 8 bytes of each hash, sorted
    declined BLOB NOT NULL,          -- the same, of those that it does not have and does not want
    PRIMARY KEY (replica_id, log_id)
) STRICT, WITHOUT ROWID;

-- What manifests say of the files of each post, kept from one export to the next. Triggers take a row away when a file's
-- row changes (fieldapp/store/capture.py).
CREATE TABLE local_file_stock (
    post_id TEXT NOT NULL PRIMARY KEY,
    folder TEXT NOT NULL,            -- state of the folder of sealed files (fieldapp/store/blobs.py)
    has BLOB NOT NULL,               -- first 8 bytes of the hash of each that is here, sorted
    declined BLOB NOT NULL           -- the same, of those that were taken away here on purpose
) STRICT, WITHOUT ROWID;

-- Search keys without case, tone and diacritics (fieldapp/vietnamese/text.py); the trigram-free prefix index is enough:
-- Vietnamese words are one syllable each.
CREATE VIRTUAL TABLE local_search USING fts5 (kind UNINDEXED, row_id UNINDEXED, words, prefix = '1 2 3 4 5');
CREATE TABLE local_search_row (
    row_id TEXT NOT NULL PRIMARY KEY,
    search_rowid INTEGER NOT NULL
) STRICT;
