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
-- 10^-decimals of their measure. Ids are UUIDv7 text.

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
    valid_to TEXT CHECK (valid_to IS NULL OR date(valid_to) IS valid_to AND valid_to >= '1900')
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
    effective_on TEXT NOT NULL CHECK (date(effective_on) IS effective_on AND effective_on >= '1900')
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
    position INTEGER NOT NULL
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
        'in_kind', 'service', 'text'))
) STRICT;

CREATE TABLE kind_measure (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    activity_kind_id TEXT NOT NULL REFERENCES activity_kind (id),
    measure_id TEXT NOT NULL REFERENCES measure (id),
    position INTEGER NOT NULL
) STRICT;
CREATE INDEX kind_measure_kind ON kind_measure (activity_kind_id);

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

-- field: assistance ----------------------------------------------------------------------------------------------

CREATE TABLE event (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
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
    activity_kind_id TEXT NOT NULL REFERENCES activity_kind (id),
    date_from TEXT NOT NULL CHECK (date(date_from) IS date_from AND date_from >= '1900'),
    date_to TEXT CHECK (date_to IS NULL OR date(date_to) IS date_to AND date_to >= '1900'),
    unit_id TEXT NOT NULL REFERENCES unit (id),
    hamlet TEXT CHECK (hamlet IS NULL OR length(hamlet) BETWEEN 1 AND 200),
    event_id TEXT REFERENCES event (id),
    description TEXT CHECK (description IS NULL OR length(description) BETWEEN 1 AND 4000),
    partners TEXT CHECK (partners IS NULL OR length(partners) BETWEEN 1 AND 1000),
    people TEXT CHECK (people IS NULL OR length(people) BETWEEN 1 AND 1000),
    joint_reference TEXT CHECK (joint_reference IS NULL OR length(joint_reference) BETWEEN 1 AND 60)
) STRICT;
CREATE INDEX activity_date ON activity (date_from, id);

CREATE TABLE activity_measure (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    activity_id TEXT NOT NULL REFERENCES activity (id),
    measure_id TEXT NOT NULL REFERENCES measure (id),
    amount INTEGER CHECK (amount IS NULL OR amount BETWEEN 0 AND 1000000000000000),
    approximate INTEGER NOT NULL CHECK (approximate IN (0, 1)),
    note TEXT CHECK (note IS NULL OR length(note) BETWEEN 1 AND 1000)
) STRICT;
CREATE INDEX activity_measure_activity ON activity_measure (activity_id);

CREATE TABLE activity_target (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
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
    full_name TEXT NOT NULL CHECK (length(full_name) BETWEEN 1 AND 200),
    position TEXT CHECK (position IS NULL OR length(position) BETWEEN 1 AND 200),
    party_cell_id TEXT REFERENCES party_cell (id),
    joined_on TEXT CHECK (joined_on IS NULL OR date(joined_on) IS joined_on AND joined_on >= '1900'),
    note TEXT CHECK (note IS NULL OR length(note) BETWEEN 1 AND 1000)
) STRICT;

CREATE TABLE introduction (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
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

CREATE TABLE meeting (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    party_cell_id TEXT NOT NULL REFERENCES party_cell (id),
    meeting_type TEXT NOT NULL CHECK (meeting_type IN ('regular', 'thematic', 'extraordinary')),
    held_on TEXT NOT NULL CHECK (date(held_on) IS held_on AND held_on >= '1900'),
    place TEXT CHECK (place IS NULL OR length(place) BETWEEN 1 AND 200),
    content TEXT CHECK (content IS NULL OR length(content) BETWEEN 1 AND 4000),
    resolution TEXT CHECK (resolution IS NULL OR length(resolution) BETWEEN 1 AND 4000)
) STRICT;
CREATE INDEX meeting_date ON meeting (held_on, id);

CREATE TABLE attendance (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    post_id TEXT NOT NULL REFERENCES post (id),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    meeting_id TEXT NOT NULL REFERENCES meeting (id),
    member_id TEXT NOT NULL REFERENCES member (id),
    status TEXT NOT NULL CHECK (status IN ('present', 'excused', 'absent')),
    reason TEXT CHECK (reason IS NULL OR length(reason) BETWEEN 1 AND 1000)
) STRICT;
CREATE INDEX attendance_meeting ON attendance (meeting_id);

-- local ----------------------------------------------------------------------------------------------------------

-- One row: what the capture triggers need to know of the moment.
CREATE TABLE local_session (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    hlc INTEGER NOT NULL,            -- greatest hybrid logical clock reading seen or given
    actor TEXT,                      -- who writes; NULL: not this program
    applying INTEGER NOT NULL CHECK (applying IN (0, 1))  -- 1 while imported changes are folded in
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
    certificate_signature BLOB,
    have TEXT,                       -- JSON: log -> {last, hash}, the newest version vector that it told us
    have_hlc INTEGER,                -- its clock when it told so
    have_at TEXT
) STRICT;

CREATE TABLE local_log (
    id TEXT NOT NULL PRIMARY KEY,
    scope TEXT NOT NULL,             -- '*' or a post's id
    replica_id TEXT NOT NULL,        -- '' for the baseline
    own INTEGER NOT NULL CHECK (own IN (0, 1)),
    seq INTEGER NOT NULL             -- last change that is in local_change
) STRICT;
CREATE UNIQUE INDEX local_log_own ON local_log (scope) WHERE own = 1;

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
CREATE INDEX local_change_row ON local_change (row_id);

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
    received_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX local_segment_place ON local_segment (log_id, first) WHERE state = 'applied';

-- Both lists are functions of the applied segments; doctor --rebuild makes them anew.
CREATE TABLE local_set_aside (
    log_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (log_id, seq)
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

CREATE TABLE local_setting (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- Search keys without case, tone and diacritics (fieldapp/domain/text.py); the trigram-free prefix index is enough:
-- Vietnamese words are one syllable each.
CREATE VIRTUAL TABLE local_search USING fts5 (kind UNINDEXED, row_id UNINDEXED, words, prefix = '1 2 3');
CREATE TABLE local_search_row (
    row_id TEXT NOT NULL PRIMARY KEY,
    search_rowid INTEGER NOT NULL
) STRICT;
