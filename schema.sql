-- The whole schema of Stopover, loaded as it is by SQLite and by PostgreSQL.
--
-- Types are PostgreSQL's names. SQLite stores UUID as a 16-byte blob, DATE as text YYYY-MM-DD, TIMESTAMPTZ as integer
-- microseconds since 1970 UTC, JSONB as text whose root is an object or an array, BOOLEAN as 0 or 1.
-- Ids are UUIDv7 made by the application; money is integer minor units; nights are dates; times are UTC.

-- What belongs to this instance as a whole: schema version, secrets that must survive a move to another engine.
CREATE TABLE IF NOT EXISTS instance (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- People. A host that came with an import has no e-mail and no password and cannot log in.
CREATE TABLE IF NOT EXISTS users (
    id                UUID PRIMARY KEY,
    source            TEXT,                    -- the import it came from, with external_id
    external_id       TEXT,
    name              TEXT NOT NULL,
    about             TEXT NOT NULL,
    location          TEXT NOT NULL,
    photo_url         TEXT,
    languages         JSONB NOT NULL,          -- array of BCP 47 tags
    identity_verified BOOLEAN NOT NULL,
    top_host          BOOLEAN NOT NULL,
    response_rate     BIGINT CHECK (response_rate BETWEEN 0 AND 100),
    member_since      DATE,
    source_hash       TEXT,                    -- of the imported row: unchanged rows are not written again
    version           BIGINT NOT NULL,
    created_at        TIMESTAMPTZ NOT NULL,
    updated_at        TIMESTAMPTZ NOT NULL,
    CHECK ((source IS NULL) = (external_id IS NULL))
);
CREATE UNIQUE INDEX IF NOT EXISTS users_external ON users (source, external_id) WHERE source IS NOT NULL;

-- Homes. Long texts are apart (listing_texts), so that a scan of all listings stays short.
CREATE TABLE IF NOT EXISTS listings (
    id                  UUID PRIMARY KEY,
    host_id             UUID NOT NULL REFERENCES users (id),
    source              TEXT,
    external_id         TEXT,
    state               TEXT NOT NULL CHECK (state IN ('draft', 'importing', 'published', 'paused', 'archived')),
    title               TEXT NOT NULL,
    room_type           TEXT NOT NULL CHECK (room_type IN ('entire_home', 'private_room', 'shared_room', 'hotel_room')),
    property_type       TEXT NOT NULL,         -- slug such as entire_rental_unit
    city                TEXT NOT NULL,
    country             TEXT NOT NULL,         -- ISO 3166-1 alpha-2
    neighbourhood       TEXT NOT NULL,         -- empty when unknown
    lat                 DOUBLE PRECISION NOT NULL CHECK (lat BETWEEN -90 AND 90),       -- exact, private (V8)
    lng                 DOUBLE PRECISION NOT NULL CHECK (lng BETWEEN -180 AND 180),
    public_lat          DOUBLE PRECISION NOT NULL CHECK (public_lat BETWEEN -90 AND 90),
    public_lng          DOUBLE PRECISION NOT NULL CHECK (public_lng BETWEEN -180 AND 180),
    zone                TEXT NOT NULL,         -- IANA name
    currency            TEXT NOT NULL CHECK (length(currency) = 3),
    price_minor         BIGINT NOT NULL CHECK (price_minor >= 0),   -- base price of a night; 0 only while unknown and not published
    capacity            BIGINT NOT NULL CHECK (capacity BETWEEN 1 AND 100),
    bedrooms            BIGINT CHECK (bedrooms BETWEEN 0 AND 100),
    beds                BIGINT CHECK (beds BETWEEN 0 AND 200),
    bathrooms_halves    BIGINT CHECK (bathrooms_halves BETWEEN 0 AND 200),              -- 3 = one and a half
    bathroom_shared     BOOLEAN NOT NULL,
    amenities           JSONB NOT NULL,        -- array of catalogue keys
    amenities_other     JSONB NOT NULL,        -- array of the host's own words
    instant_book        BOOLEAN NOT NULL,
    registration_number TEXT,
    photo_url           TEXT,
    max_infants         BIGINT NOT NULL CHECK (max_infants BETWEEN 0 AND 20),
    max_pets            BIGINT NOT NULL CHECK (max_pets BETWEEN 0 AND 20),
    min_nights          BIGINT NOT NULL CHECK (min_nights BETWEEN 1 AND 1095),
    max_nights          BIGINT NOT NULL CHECK (max_nights BETWEEN 1 AND 365),
    notice_days         BIGINT NOT NULL CHECK (notice_days BETWEEN 0 AND 30),
    cutoff_minute       BIGINT CHECK (cutoff_minute BETWEEN 0 AND 1440),                -- same-day bookings end at this local minute; NULL: no end
    window_days         BIGINT NOT NULL CHECK (window_days BETWEEN 1 AND 1095),
    window_strict       BOOLEAN NOT NULL,      -- the check-out must lie within the window too
    preparation_nights  BIGINT NOT NULL CHECK (preparation_nights BETWEEN 0 AND 7),
    arrival_days        BIGINT NOT NULL CHECK (arrival_days BETWEEN 0 AND 127),         -- bit 0 Monday … bit 6 Sunday: check-in allowed
    departure_days      BIGINT NOT NULL CHECK (departure_days BETWEEN 0 AND 127),
    gap_nights          BIGINT NOT NULL CHECK (gap_nights BETWEEN 0 AND 30),            -- A13: no free run of 1..this left over; 0: off
    fill_gaps           BOOLEAN NOT NULL,
    unit_count          BIGINT NOT NULL CHECK (unit_count BETWEEN 1 AND 500),
    rating_count        BIGINT NOT NULL CHECK (rating_count >= 0),
    rating_sum_centi    BIGINT NOT NULL CHECK (rating_sum_centi >= 0),                  -- sum of ratings × 100; the mean is sum / count / 100
    review_scores       JSONB NOT NULL,        -- object: cleanliness, accuracy … → mean × 100
    review_count        BIGINT NOT NULL CHECK (review_count >= 0),
    calendar_version    BIGINT NOT NULL,       -- the listing lock: every claim or change of the calendar begins by raising it
    source_hash         TEXT,
    edited_fields       JSONB NOT NULL,        -- array of field names a host has changed; an import leaves them alone
    version             BIGINT NOT NULL,
    created_at          TIMESTAMPTZ NOT NULL,
    updated_at          TIMESTAMPTZ NOT NULL,
    CHECK ((source IS NULL) = (external_id IS NULL)),
    CHECK (state <> 'published' OR price_minor > 0)
);
CREATE UNIQUE INDEX IF NOT EXISTS listings_external ON listings (source, external_id) WHERE source IS NOT NULL;
CREATE INDEX IF NOT EXISTS listings_of_host ON listings (host_id, id);
CREATE INDEX IF NOT EXISTS listings_of_type ON listings (property_type) WHERE state = 'published';
CREATE INDEX IF NOT EXISTS listings_importing ON listings (id) WHERE state = 'importing';

-- Long texts, one row a language; '' is the language the host wrote in.
CREATE TABLE IF NOT EXISTS listing_texts (
    listing_id         UUID NOT NULL REFERENCES listings (id) ON DELETE CASCADE,
    language           TEXT NOT NULL,
    description        TEXT NOT NULL,
    neighbourhood_text TEXT NOT NULL,
    PRIMARY KEY (listing_id, language)
);

-- Nights taken by stays, one row each. This key is the last judge against a second booker, on both engines.
CREATE TABLE IF NOT EXISTS booked_nights (
    listing_id UUID NOT NULL REFERENCES listings (id),
    slot       BIGINT NOT NULL CHECK (slot >= 0),
    night      DATE NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('booking', 'hold')),
    booking_id UUID NOT NULL,
    expires_at TIMESTAMPTZ,
    PRIMARY KEY (listing_id, slot, night),
    CHECK ((kind = 'hold') = (expires_at IS NOT NULL))
);
CREATE INDEX IF NOT EXISTS booked_nights_of_booking ON booked_nights (booking_id);
CREATE INDEX IF NOT EXISTS booked_nights_expiring ON booked_nights (expires_at) WHERE expires_at IS NOT NULL;

-- Ranges a host closed: [from_night, to_night).
CREATE TABLE IF NOT EXISTS calendar_blocks (
    id         UUID PRIMARY KEY,
    listing_id UUID NOT NULL REFERENCES listings (id),
    from_night DATE NOT NULL,
    to_night   DATE NOT NULL,
    reason     TEXT NOT NULL CHECK (reason IN ('owner', 'maintenance', 'other')),
    note       TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    CHECK (from_night < to_night)
);
CREATE INDEX IF NOT EXISTS calendar_blocks_of_listing ON calendar_blocks (listing_id, from_night);

-- Ranges that another calendar (a feed, an import) says are taken; feed names which.
CREATE TABLE IF NOT EXISTS external_nights (
    listing_id UUID NOT NULL REFERENCES listings (id),
    feed       TEXT NOT NULL,
    from_night DATE NOT NULL,
    to_night   DATE NOT NULL,
    CHECK (from_night < to_night)
);
CREATE INDEX IF NOT EXISTS external_nights_of_listing ON external_nights (listing_id, from_night);

-- Days that differ from the listing's own terms; NULL: as the listing says. Ranges of one source do not overlap.
CREATE TABLE IF NOT EXISTS day_overrides (
    listing_id          UUID NOT NULL REFERENCES listings (id),
    source              TEXT NOT NULL,         -- 'host' or the import it came from; 'host' wins
    from_night          DATE NOT NULL,
    to_night            DATE NOT NULL,
    price_minor         BIGINT CHECK (price_minor > 0),
    min_nights          BIGINT CHECK (min_nights BETWEEN 1 AND 1095),
    max_nights          BIGINT CHECK (max_nights BETWEEN 1 AND 1095),
    closed_to_arrival   BOOLEAN,
    closed_to_departure BOOLEAN,
    CHECK (from_night < to_night)
);
CREATE INDEX IF NOT EXISTS day_overrides_of_listing ON day_overrides (listing_id, from_night);

-- What guests wrote. Imported reviews have an author's first name and no grade.
CREATE TABLE IF NOT EXISTS reviews (
    id          UUID PRIMARY KEY,
    listing_id  UUID NOT NULL REFERENCES listings (id),
    source      TEXT,
    external_id TEXT,
    author_id   UUID REFERENCES users (id),
    author_name TEXT NOT NULL,
    written_on  DATE NOT NULL,
    overall     BIGINT CHECK (overall BETWEEN 1 AND 5),
    body        TEXT NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    CHECK ((source IS NULL) = (external_id IS NULL))
);
CREATE UNIQUE INDEX IF NOT EXISTS reviews_external ON reviews (source, external_id) WHERE source IS NOT NULL;
CREATE INDEX IF NOT EXISTS reviews_of_listing ON reviews (listing_id, written_on, id);

-- Runs of an import: what was read, how far it came.
CREATE TABLE IF NOT EXISTS imports (
    id          UUID PRIMARY KEY,
    source      TEXT NOT NULL,
    scope       TEXT NOT NULL,                 -- the city, or the folder's name
    source_hash TEXT NOT NULL,                 -- of all files and options: the same again changes nothing
    state       TEXT NOT NULL CHECK (state IN ('running', 'done')),
    report      JSONB NOT NULL,                -- object: counts
    started_at  TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ
);
CREATE INDEX IF NOT EXISTS imports_of_scope ON imports (source, scope, started_at);

-- What changed, in order. On PostgreSQL a row waits without a number until the sequencer has seen it committed.
CREATE TABLE IF NOT EXISTS events (
    id      UUID PRIMARY KEY,
    seq     BIGINT,
    kind    TEXT NOT NULL,
    subject UUID NOT NULL,
    payload JSONB NOT NULL,
    at      TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS events_by_seq ON events (seq);
CREATE INDEX IF NOT EXISTS events_unnumbered ON events (id) WHERE seq IS NULL;

-- Work that must happen once, at least once.
CREATE TABLE IF NOT EXISTS jobs (
    id          UUID PRIMARY KEY,
    kind        TEXT NOT NULL,
    unique_key  TEXT,
    payload     JSONB NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'dead')),
    run_at      TIMESTAMPTZ NOT NULL,
    attempts    BIGINT NOT NULL CHECK (attempts >= 0),
    lease       UUID,                          -- fencing token of whoever runs it
    lease_until TIMESTAMPTZ,
    last_error  TEXT,
    created_at  TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS jobs_unique ON jobs (kind, unique_key) WHERE unique_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS jobs_due ON jobs (run_at) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS jobs_leased ON jobs (lease_until) WHERE state = 'running';

-- Answers of requests that had an Idempotency-Key, for 72 hours. Written in the transaction of the effect.
CREATE TABLE IF NOT EXISTS idempotency_keys (
    user_id      UUID NOT NULL,
    path         TEXT NOT NULL,
    client_key   TEXT NOT NULL,
    fingerprint  BYTEA NOT NULL,               -- of query and body, under a key of the instance
    status       BIGINT NOT NULL CHECK (status BETWEEN 0 AND 599),                     -- 0 only while the transaction runs
    content_type TEXT,
    location     TEXT,
    etag         TEXT,
    body         BYTEA,                        -- NULL: it held a secret
    created_at   TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, path, client_key)
);
CREATE INDEX IF NOT EXISTS idempotency_keys_by_age ON idempotency_keys (created_at);
