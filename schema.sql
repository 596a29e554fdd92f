-- The whole schema of Stopover, loaded as it is by SQLite and by PostgreSQL.
--
-- Types are PostgreSQL's names. SQLite stores UUID as a 16-byte blob, DATE as text YYYY-MM-DD, TIMESTAMPTZ as integer
-- microseconds since 1970 UTC, JSONB as text whose root is an object or an array, BYTEA as a blob, BOOLEAN as 0 or 1.
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
CREATE INDEX IF NOT EXISTS users_by_name ON users (name, id) WHERE source IS NULL;
CREATE UNIQUE INDEX IF NOT EXISTS users_external ON users (source, external_id) WHERE source IS NOT NULL;

-- What somebody needs to log in. Imported hosts have no row here.
CREATE TABLE IF NOT EXISTS accounts (
    user_id         UUID PRIMARY KEY REFERENCES users (id),
    email           TEXT NOT NULL,             -- as its owner writes it
    email_key       TEXT NOT NULL,             -- normalised; an erased account keeps a key that is nobody's address
    password_hash   TEXT,                      -- argon2id as a PHC string; NULL: other ways to log in only
    state           TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'leaving', 'erased')),
    state_reason    TEXT,
    erase_at        TIMESTAMPTZ,               -- when somebody who is leaving will be erased, suspended meanwhile or not
    locale          TEXT,                      -- BCP 47; NULL: as the instance
    currency        TEXT CHECK (length(currency) = 3),
    totp_sealed     TEXT,                      -- the secret of the authenticator app, sealed; NULL: none
    totp_since      TIMESTAMPTZ,               -- NULL while the app has not shown a first code
    totp_last_step  BIGINT,                    -- each code counts once
    code_failures   BIGINT NOT NULL CHECK (code_failures >= 0),
    code_window     TIMESTAMPTZ,               -- when counting these failures began
    version         BIGINT NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL,
    CHECK (state <> 'leaving' OR erase_at IS NOT NULL)
);
CREATE UNIQUE INDEX IF NOT EXISTS accounts_by_email ON accounts (email_key);
CREATE INDEX IF NOT EXISTS accounts_by_state ON accounts (state, user_id);
CREATE INDEX IF NOT EXISTS accounts_leaving ON accounts (erase_at) WHERE erase_at IS NOT NULL;

-- What somebody is besides guest and host.
CREATE TABLE IF NOT EXISTS account_roles (
    user_id    UUID NOT NULL REFERENCES accounts (user_id),
    role       TEXT NOT NULL CHECK (role IN ('moderator', 'finance', 'operator')),
    granted_at TIMESTAMPTZ NOT NULL,
    granted_by UUID REFERENCES users (id),     -- NULL: the command line, or the set-up link
    PRIMARY KEY (user_id, role)
);
CREATE INDEX IF NOT EXISTS account_roles_by_role ON account_roles (role, user_id);

-- A login on one device, and the family of its refresh tokens.
CREATE TABLE IF NOT EXISTS sessions (
    id             UUID PRIMARY KEY,
    user_id        UUID NOT NULL REFERENCES accounts (user_id),
    kind           TEXT NOT NULL CHECK (kind IN ('token', 'browser')),
    secret_digest  TEXT NOT NULL,              -- of the newest refresh token, or of the cookie
    generation     BIGINT NOT NULL,            -- how often the refresh token was exchanged
    rotated_at     TIMESTAMPTZ NOT NULL,
    device         TEXT NOT NULL,
    address_prefix TEXT NOT NULL,
    proven_at      TIMESTAMPTZ NOT NULL,       -- when its owner last proved themselves
    strong         BOOLEAN NOT NULL,           -- with a second factor, or a passkey
    method         TEXT NOT NULL CHECK (method IN ('password', 'passkey', 'oidc', 'recovery')),
    created_at     TIMESTAMPTZ NOT NULL,
    last_used_at   TIMESTAMPTZ NOT NULL,
    idle_until     TIMESTAMPTZ NOT NULL,
    expires_at     TIMESTAMPTZ NOT NULL,
    ended_at       TIMESTAMPTZ,
    end_reason     TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS sessions_by_secret ON sessions (secret_digest);
CREATE INDEX IF NOT EXISTS sessions_of_user ON sessions (user_id, created_at) WHERE ended_at IS NULL;
CREATE INDEX IF NOT EXISTS sessions_of_anybody ON sessions (user_id);
CREATE INDEX IF NOT EXISTS sessions_over ON sessions (expires_at);
CREATE INDEX IF NOT EXISTS sessions_idle ON sessions (idle_until);
CREATE INDEX IF NOT EXISTS sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;

-- Personal access tokens `sto_…`.
CREATE TABLE IF NOT EXISTS personal_tokens (
    id            UUID PRIMARY KEY,
    user_id       UUID NOT NULL REFERENCES accounts (user_id),
    name          TEXT NOT NULL,
    secret_digest TEXT NOT NULL,
    scopes        JSONB NOT NULL,              -- array of scope names
    created_at    TIMESTAMPTZ NOT NULL,
    expires_at    TIMESTAMPTZ NOT NULL,
    last_used_at  TIMESTAMPTZ,
    ended_at      TIMESTAMPTZ
);
CREATE UNIQUE INDEX IF NOT EXISTS personal_tokens_by_secret ON personal_tokens (secret_digest);
CREATE INDEX IF NOT EXISTS personal_tokens_of_user ON personal_tokens (user_id, id);
CREATE INDEX IF NOT EXISTS personal_tokens_over ON personal_tokens (expires_at);

-- Codes for when the authenticator app is lost: each good once.
CREATE TABLE IF NOT EXISTS recovery_codes (
    user_id    UUID NOT NULL REFERENCES accounts (user_id),
    digest     TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, digest)
);

-- Passkeys: public keys that log in without a password.
CREATE TABLE IF NOT EXISTS passkeys (
    id            UUID PRIMARY KEY,
    user_id       UUID NOT NULL REFERENCES accounts (user_id),
    name          TEXT NOT NULL,
    credential_id TEXT NOT NULL,               -- chosen by the authenticator; URL-safe base64
    credential    JSONB NOT NULL,              -- object: public key and what was said at registration
    counter       BIGINT NOT NULL CHECK (counter >= 0),   -- of the last signature; a copied authenticator repeats itself
    created_at    TIMESTAMPTZ NOT NULL,
    last_used_at  TIMESTAMPTZ
);
CREATE UNIQUE INDEX IF NOT EXISTS passkeys_by_credential ON passkeys (credential_id);
CREATE INDEX IF NOT EXISTS passkeys_of_user ON passkeys (user_id, id);

-- Links in letters, tickets between two steps of a login: good once, for a short while. Only digests are kept.
CREATE TABLE IF NOT EXISTS one_time_tokens (
    digest     TEXT PRIMARY KEY,
    purpose    TEXT NOT NULL,
    user_id    UUID REFERENCES users (id),
    payload    JSONB NOT NULL,                 -- object
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX IF NOT EXISTS one_time_tokens_of_user ON one_time_tokens (user_id, purpose) WHERE user_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS one_time_tokens_over ON one_time_tokens (expires_at);

-- Accounts of other providers (OpenID Connect) that open the door to an account here.
CREATE TABLE IF NOT EXISTS oidc_links (
    id           UUID PRIMARY KEY,
    user_id      UUID NOT NULL REFERENCES accounts (user_id),
    provider     TEXT NOT NULL,                -- its id in the settings when it was linked
    issuer       TEXT NOT NULL,
    subject      TEXT NOT NULL,                -- who somebody is there; never used again for another person
    created_at   TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX IF NOT EXISTS oidc_links_by_subject ON oidc_links (issuer, subject);
CREATE INDEX IF NOT EXISTS oidc_links_of_user ON oidc_links (user_id, id);

-- Failed logins, by account, and by account and address; the keys are digests, also of addresses that nobody has.
CREATE TABLE IF NOT EXISTS login_failures (
    key           TEXT PRIMARY KEY,
    failures      BIGINT NOT NULL CHECK (failures >= 0),
    window_from   TIMESTAMPTZ NOT NULL,
    last_at       TIMESTAMPTZ NOT NULL,
    blocked_until TIMESTAMPTZ
);
CREATE INDEX IF NOT EXISTS login_failures_over ON login_failures (last_at);

-- Copies of somebody's data that they asked for. The bytes lie here, in pieces, so that every node can hand them out and an erasure
-- takes them along.
CREATE TABLE IF NOT EXISTS exports (
    id         UUID PRIMARY KEY,
    user_id    UUID NOT NULL REFERENCES accounts (user_id),
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'ready', 'failed')),
    size       BIGINT,                        -- bytes; NULL until it is ready
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,          -- deleted then
    CHECK ((state = 'ready') = (size IS NOT NULL))
);
CREATE INDEX IF NOT EXISTS exports_of_user ON exports (user_id, created_at);
CREATE INDEX IF NOT EXISTS exports_over ON exports (expires_at);

CREATE TABLE IF NOT EXISTS export_pieces (
    export_id UUID NOT NULL REFERENCES exports (id) ON DELETE CASCADE,
    number    BIGINT NOT NULL CHECK (number >= 0),
    bytes     BYTEA NOT NULL,
    PRIMARY KEY (export_id, number)
);

-- Who was erased. The same list lies outside the database, so that an older backup does not bring anybody back.
CREATE TABLE IF NOT EXISTS erasures (
    user_id   UUID PRIMARY KEY,
    erased_at TIMESTAMPTZ NOT NULL
);

-- Which keys sign access tokens; the keys themselves are derived from the master key, which is not here.
CREATE TABLE IF NOT EXISTS signing_keys (
    kid        TEXT PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL
);

-- Homes. Long texts are apart (listing_texts), so that a scan of all listings stays short.
CREATE TABLE IF NOT EXISTS listings (
    id                  UUID PRIMARY KEY,
    host_id             UUID NOT NULL REFERENCES users (id),
    source              TEXT,
    external_id         TEXT,
    state               TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'importing', 'published', 'paused', 'archived')),
    state_note          TEXT,                  -- what staff said when they sent it back or withheld it
    withheld            BOOLEAN NOT NULL DEFAULT FALSE,   -- by staff: its host cannot publish it
    approved_at         TIMESTAMPTZ,           -- by staff, where the instance asks for that (V2)
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
    arrival_min_nights  JSONB NOT NULL DEFAULT '[]',       -- array of fewest nights by weekday of arrival, Monday first, 0: as min_nights; or empty
    notice_as_request   BOOLEAN NOT NULL DEFAULT FALSE,   -- A9: too late for instant booking is a request instead of a no
    check_in_minute     BIGINT NOT NULL DEFAULT 900 CHECK (check_in_minute BETWEEN 0 AND 1439),     -- local wall time (D5)
    check_out_minute    BIGINT NOT NULL DEFAULT 660 CHECK (check_out_minute BETWEEN 0 AND 1439),
    short_policy        TEXT NOT NULL DEFAULT 'flexible',  -- cancellation of stays under 28 nights (C2): a standard policy or cancellation_policies.key
    long_policy         TEXT NOT NULL DEFAULT 'firm_long',
    rooms               JSONB NOT NULL DEFAULT '[]',       -- array of bedrooms with their beds
    accessibility       JSONB NOT NULL DEFAULT '[]',       -- array of catalogue keys
    custom              JSONB NOT NULL DEFAULT '{}',       -- object: the operator's own fields
    pricing             JSONB NOT NULL DEFAULT '{}',       -- object: everything about the price but the base and single days (rules P4 to P15)
    rating_count        BIGINT NOT NULL CHECK (rating_count >= 0),
    rating_sum_centi    BIGINT NOT NULL CHECK (rating_sum_centi >= 0),                  -- sum of ratings × 100; the mean is sum / count / 100
    review_scores       JSONB NOT NULL,        -- object: cleanliness, accuracy … → mean × 100
    review_count        BIGINT NOT NULL CHECK (review_count >= 0),
    calendar_version    BIGINT NOT NULL,       -- the listing lock: every claim or change of the calendar begins by raising it
    language            TEXT,                  -- BCP 47: what the host wrote in; NULL: not said
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
CREATE INDEX IF NOT EXISTS listings_submitted ON listings (id) WHERE state = 'submitted';
CREATE INDEX IF NOT EXISTS listings_withheld ON listings (id) WHERE withheld;

-- What only confirmed guests are told of a home: address, way in, codes. A JSON object, sealed by the master key.
CREATE TABLE IF NOT EXISTS listing_private (
    listing_id UUID PRIMARY KEY REFERENCES listings (id) ON DELETE CASCADE,
    sealed     TEXT NOT NULL
);

-- Fields of listings that the operator of this instance added; their values are in listings.custom.
CREATE TABLE IF NOT EXISTS custom_fields (
    key        TEXT PRIMARY KEY,
    label      TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('text', 'number', 'choice', 'boolean', 'date')),
    choices    JSONB NOT NULL,                 -- array; empty unless kind is choice
    required   BOOLEAN NOT NULL,
    searchable BOOLEAN NOT NULL,
    version    BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

-- Taxes of a place, set by the operator (docs/RULES.md, P14); they hold for the listings there.
CREATE TABLE IF NOT EXISTS tax_rules (
    id         UUID PRIMARY KEY,
    country    TEXT NOT NULL CHECK (length(country) = 2),
    city       TEXT NOT NULL,              -- as the operator wrote it; empty: the whole country
    city_key   TEXT NOT NULL,              -- the city as it is compared
    currency   TEXT NOT NULL,              -- of its amounts; empty: it has none, and holds for listings in any currency
    rule       JSONB NOT NULL,             -- object: see TaxRule
    version    BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX IF NOT EXISTS tax_rules_of_place ON tax_rules (country, city_key);

-- Cancellation policies of the operator's own (docs/RULES.md, "Calling a stay off"). Their terms are never changed: homes and bookings rely on them.
CREATE TABLE IF NOT EXISTS cancellation_policies (
    id         UUID PRIMARY KEY,
    key        TEXT NOT NULL,              -- as listings.short_policy and long_policy name it
    name       TEXT NOT NULL,
    is_long    BOOLEAN NOT NULL,           -- for stays of 28 nights and more
    rules      JSONB NOT NULL,             -- object: see Rules
    retired_at TIMESTAMPTZ,                -- no further home can choose it; NULL: hosts can
    created_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS cancellation_policies_key ON cancellation_policies (key);
CREATE INDEX IF NOT EXISTS cancellation_policies_open ON cancellation_policies (id) WHERE retired_at IS NULL;

-- What takes something off a stay for whoever knows the code (docs/RULES.md, P8).
CREATE TABLE IF NOT EXISTS coupons (
    id         UUID PRIMARY KEY,
    code       TEXT NOT NULL,              -- as it was written
    code_key   TEXT NOT NULL,              -- as it is compared
    funded_by  TEXT NOT NULL CHECK (funded_by IN ('host', 'platform')),
    host_id    UUID REFERENCES users (id),      -- whose homes it holds at, and of a host's coupon whose it is; NULL: at all homes
    listing_id UUID REFERENCES listings (id),   -- the one home it holds at
    off_bp     BIGINT CHECK (off_bp BETWEEN 1 AND 10000),   -- either a share, at most most_minor, or an amount
    most_minor BIGINT CHECK (most_minor > 0),
    off_minor  BIGINT CHECK (off_minor > 0),
    currency   TEXT CHECK (length(currency) = 3),           -- of its amounts; NULL: it has none
    valid_from TIMESTAMPTZ,                -- when it can be used; NULL: no limit
    valid_to   TIMESTAMPTZ,
    min_nights BIGINT NOT NULL CHECK (min_nights BETWEEN 1 AND 365),
    max_uses   BIGINT CHECK (max_uses > 0),
    per_guest  BIGINT CHECK (per_guest > 0),
    uses       BIGINT NOT NULL CHECK (uses >= 0),
    ended_at   TIMESTAMPTZ,
    version    BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    CHECK ((off_bp IS NULL) <> (off_minor IS NULL)),
    CHECK (currency IS NOT NULL OR (off_minor IS NULL AND most_minor IS NULL)),
    CHECK (funded_by = 'platform' OR host_id IS NOT NULL)
);
CREATE UNIQUE INDEX IF NOT EXISTS coupons_of_host_by_code ON coupons (host_id, code_key) WHERE funded_by = 'host' AND ended_at IS NULL;
CREATE UNIQUE INDEX IF NOT EXISTS coupons_of_platform_by_code ON coupons (code_key) WHERE funded_by = 'platform' AND ended_at IS NULL;
CREATE INDEX IF NOT EXISTS coupons_by_code ON coupons (code_key);
CREATE INDEX IF NOT EXISTS coupons_of_host ON coupons (host_id, id) WHERE host_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS coupons_of_platform ON coupons (id) WHERE funded_by = 'platform';

-- Bookings for which a coupon was used.
CREATE TABLE IF NOT EXISTS coupon_uses (
    booking_id UUID PRIMARY KEY,
    coupon_id  UUID NOT NULL REFERENCES coupons (id),
    user_id    UUID NOT NULL REFERENCES users (id),
    used_at    TIMESTAMPTZ NOT NULL
);
CREATE INDEX IF NOT EXISTS coupon_uses_of_coupon ON coupon_uses (coupon_id, user_id);
CREATE INDEX IF NOT EXISTS coupon_uses_of_user ON coupon_uses (user_id);

-- Prices that were promised for a few minutes; never changed, deleted an hour after they ran out (P19).
CREATE TABLE IF NOT EXISTS quotes (
    id                UUID PRIMARY KEY,    -- random: whoever knows the id of a stranger's quote may read it
    listing_id        UUID NOT NULL REFERENCES listings (id),
    user_id           UUID REFERENCES users (id),           -- NULL: a stranger asked
    check_in          DATE NOT NULL,
    check_out         DATE NOT NULL,
    asked             JSONB NOT NULL,      -- object: what was asked for
    asked_hash        TEXT NOT NULL,       -- SHA-256 of it, hexadecimal
    promise           JSONB NOT NULL,      -- object: lines, nights, instalments, cancellation
    currency          TEXT NOT NULL CHECK (length(currency) = 3),
    total_due_minor   BIGINT NOT NULL,     -- paid to the platform
    total_price_minor BIGINT NOT NULL,     -- and with what is paid at the property
    payout_minor      BIGINT NOT NULL,
    policy            TEXT NOT NULL,
    coupon_id         UUID,
    listing_version   BIGINT NOT NULL,     -- what it was worked out from
    calendar_version  BIGINT NOT NULL,
    check_in_at       TIMESTAMPTZ NOT NULL,
    check_out_at      TIMESTAMPTZ NOT NULL,
    created_at        TIMESTAMPTZ NOT NULL,
    expires_at        TIMESTAMPTZ NOT NULL,
    CHECK (check_in < check_out)
);
CREATE INDEX IF NOT EXISTS quotes_of_user ON quotes (user_id, created_at) WHERE user_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS quotes_over ON quotes (expires_at);

-- Who helps a host with a listing, and how much they may (docs/RULES.md, "Roles").
CREATE TABLE IF NOT EXISTS co_hosts (
    listing_id UUID NOT NULL REFERENCES listings (id) ON DELETE CASCADE,
    user_id    UUID NOT NULL REFERENCES users (id),
    level      TEXT NOT NULL CHECK (level IN ('calendar', 'messages', 'full')),
    version    BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (listing_id, user_id)
);
CREATE INDEX IF NOT EXISTS co_hosts_of_user ON co_hosts (user_id, listing_id);

-- Who was asked by letter to help, and has not answered yet. The token stands in the letter only.
CREATE TABLE IF NOT EXISTS co_host_invitations (
    id            UUID PRIMARY KEY,
    listing_id    UUID NOT NULL REFERENCES listings (id) ON DELETE CASCADE,
    email         TEXT NOT NULL,               -- as whoever invited wrote it
    email_key     TEXT NOT NULL,               -- normalised
    level         TEXT NOT NULL CHECK (level IN ('calendar', 'messages', 'full')),
    invited_by    UUID NOT NULL REFERENCES users (id),
    secret_digest TEXT NOT NULL,
    created_at    TIMESTAMPTZ NOT NULL,
    expires_at    TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS co_host_invitations_by_secret ON co_host_invitations (secret_digest);
CREATE UNIQUE INDEX IF NOT EXISTS co_host_invitations_of_listing ON co_host_invitations (listing_id, email_key);
CREATE INDEX IF NOT EXISTS co_host_invitations_to ON co_host_invitations (email_key);
CREATE INDEX IF NOT EXISTS co_host_invitations_by ON co_host_invitations (invited_by);
CREATE INDEX IF NOT EXISTS co_host_invitations_over ON co_host_invitations (expires_at);

-- How often the page of a listing was read, by local day; who read it is not known to anybody.
CREATE TABLE IF NOT EXISTS listing_views (
    listing_id UUID NOT NULL REFERENCES listings (id) ON DELETE CASCADE,
    day        DATE NOT NULL,
    views      BIGINT NOT NULL CHECK (views > 0),
    PRIMARY KEY (listing_id, day)
);
CREATE INDEX IF NOT EXISTS listing_views_by_day ON listing_views (day);

-- Long texts, one row a language; '' is the language the host wrote in.
CREATE TABLE IF NOT EXISTS listing_texts (
    listing_id         UUID NOT NULL REFERENCES listings (id) ON DELETE CASCADE,
    language           TEXT NOT NULL,
    title              TEXT NOT NULL DEFAULT '',   -- empty: as the listing's; that of '' is the listing's own
    summary            TEXT NOT NULL DEFAULT '',
    description        TEXT NOT NULL,
    neighbourhood_text TEXT NOT NULL,
    house_rules        TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (listing_id, language)
);

-- Pictures that lie in storage, by the hash of what is served. A row is written before the files are, and goes after them.
CREATE TABLE IF NOT EXISTS media_files (
    hash         TEXT PRIMARY KEY CHECK (length(hash) = 64),
    width        BIGINT NOT NULL CHECK (width BETWEEN 1 AND 2048),                      -- of the largest file
    bytes        BIGINT NOT NULL CHECK (bytes >= 0),
    unused_since TIMESTAMPTZ,                  -- NULL: some photo shows it
    doomed       BOOLEAN NOT NULL,             -- its files are being removed
    created_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX IF NOT EXISTS media_files_unused ON media_files (unused_since) WHERE unused_since IS NOT NULL;

-- The photos of a listing, in their order.
CREATE TABLE IF NOT EXISTS listing_photos (
    id         UUID PRIMARY KEY,
    listing_id UUID NOT NULL REFERENCES listings (id),
    hash       TEXT NOT NULL REFERENCES media_files (hash),
    place      BIGINT NOT NULL CHECK (place >= 0),
    alt        TEXT NOT NULL,
    file_name  TEXT NOT NULL,                  -- as its host called it: shown to nobody else
    width      BIGINT NOT NULL CHECK (width BETWEEN 1 AND 2048),
    height     BIGINT NOT NULL CHECK (height >= 1),
    blurhash   TEXT NOT NULL,
    version    BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX IF NOT EXISTS listing_photos_in_order ON listing_photos (listing_id, place, id);
CREATE INDEX IF NOT EXISTS listing_photos_by_hash ON listing_photos (hash);

-- Nights taken by stays, one row each. This key is the last judge against a second booker, on both engines.
CREATE TABLE IF NOT EXISTS booked_nights (
    listing_id UUID NOT NULL REFERENCES listings (id),
    slot       BIGINT NOT NULL CHECK (slot >= 0),
    night      DATE NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('booking', 'hold')),
    booking_id UUID NOT NULL,
    expires_at TIMESTAMPTZ,
    gap        BIGINT NOT NULL DEFAULT 0 CHECK (gap BETWEEN 0 AND 7),   -- nights of preparation it was made with (A5)
    pinned     BOOLEAN NOT NULL DEFAULT FALSE,  -- it keeps its slot (A3)
    PRIMARY KEY (listing_id, slot, night),
    CHECK ((kind = 'hold') = (expires_at IS NOT NULL))
);
CREATE INDEX IF NOT EXISTS booked_nights_of_booking ON booked_nights (booking_id);
CREATE INDEX IF NOT EXISTS booked_nights_expiring ON booked_nights (expires_at) WHERE expires_at IS NOT NULL;

-- Bookings in every state. What was promised is kept as it was; the nights themselves stand in booked_nights.
CREATE TABLE IF NOT EXISTS bookings (
    id           UUID PRIMARY KEY,
    code         TEXT NOT NULL,            -- eight letters for people (S7)
    listing_id   UUID NOT NULL REFERENCES listings (id),
    host_id      UUID NOT NULL REFERENCES users (id),
    guest_id     UUID REFERENCES users (id),      -- NULL: the house entered it for somebody without an account
    guest_name   TEXT NOT NULL,                   -- of such a guest
    made_by      UUID NOT NULL REFERENCES users (id),
    quote_id     UUID,                            -- a quote is booked once; it is deleted later, the promise stays here
    state        TEXT NOT NULL CHECK (state IN
        ('pending_payment', 'requested', 'confirmed', 'in_stay', 'completed', 'declined', 'expired', 'withdrawn', 'cancelled')),
    check_in     DATE NOT NULL,
    check_out    DATE NOT NULL,
    asked        JSONB NOT NULL,           -- object: party, options
    promise      JSONB NOT NULL,           -- object: lines, instalments, cancellation
    currency     TEXT NOT NULL CHECK (length(currency) = 3),
    total_minor  BIGINT NOT NULL CHECK (total_minor >= 0),    -- paid to the platform
    payout_minor BIGINT NOT NULL,
    coupon_id    UUID,
    provider     TEXT NOT NULL,            -- who takes the money
    message      TEXT NOT NULL,
    house_rules  TEXT NOT NULL,            -- as they were
    check_in_at  TIMESTAMPTZ NOT NULL,
    check_out_at TIMESTAMPTZ NOT NULL,
    due_at       TIMESTAMPTZ,              -- when the state ends by itself: the timer
    accepted_at  TIMESTAMPTZ,
    confirmed_at TIMESTAMPTZ,
    ended_at     TIMESTAMPTZ,
    no_show_at   TIMESTAMPTZ,
    outcome      JSONB,                    -- object: what was kept and given back when it was cancelled
    release_at   TIMESTAMPTZ,              -- when payouts look at it next; NULL: nothing of it is to be released
    version      BIGINT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL,
    CHECK (check_in < check_out)
);
CREATE UNIQUE INDEX IF NOT EXISTS bookings_code ON bookings (code);
CREATE UNIQUE INDEX IF NOT EXISTS bookings_quote ON bookings (quote_id) WHERE quote_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS bookings_of_guest ON bookings (guest_id, id);
CREATE INDEX IF NOT EXISTS bookings_of_host ON bookings (host_id, id);
CREATE INDEX IF NOT EXISTS bookings_of_listing ON bookings (listing_id, check_in);
CREATE INDEX IF NOT EXISTS bookings_due ON bookings (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS bookings_to_release ON bookings (release_at, id) WHERE release_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS bookings_held_by ON bookings (guest_id, due_at) WHERE state IN ('pending_payment', 'requested');
CREATE INDEX IF NOT EXISTS bookings_lapsed ON bookings (listing_id, guest_id, ended_at) WHERE state = 'expired';

-- Bookings whose documents are to be written: those that have come to their end, or of which something was given back since.
CREATE TABLE IF NOT EXISTS booking_papers (
    booking_id UUID PRIMARY KEY REFERENCES bookings (id),
    due_at     TIMESTAMPTZ NOT NULL
);
CREATE INDEX IF NOT EXISTS booking_papers_due ON booking_papers (due_at, booking_id);

-- How a booking came to be what it is (S2): its state is where the last one leads.
CREATE TABLE IF NOT EXISTS booking_transitions (
    booking_id UUID NOT NULL REFERENCES bookings (id),
    number     BIGINT NOT NULL CHECK (number > 0),
    act        TEXT NOT NULL,              -- 'book' for the first
    from_state TEXT,
    to_state   TEXT NOT NULL,
    side       TEXT NOT NULL CHECK (side IN ('guest', 'host', 'co_host', 'staff', 'system')),
    actor_id   UUID,
    reason     TEXT NOT NULL,
    request_id TEXT,
    at         TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (booking_id, number),
    CHECK ((from_state IS NULL) = (number = 1))
);

-- What of a booking is paid when: the first part at booking, the others later (P22).
CREATE TABLE IF NOT EXISTS booking_instalments (
    booking_id   UUID NOT NULL REFERENCES bookings (id),
    number       BIGINT NOT NULL CHECK (number > 0),
    due_at       TIMESTAMPTZ NOT NULL,     -- of the first: when it was booked
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    state        TEXT NOT NULL CHECK (state IN ('planned', 'asked', 'failed', 'paid', 'cancelled')),
    tries        BIGINT NOT NULL,
    next_at      TIMESTAMPTZ,              -- when it is asked for, asked for again, or waited for no longer
    PRIMARY KEY (booking_id, number),
    CHECK (next_at IS NULL OR state IN ('planned', 'asked', 'failed'))
);
CREATE INDEX IF NOT EXISTS booking_instalments_due ON booking_instalments (next_at, booking_id) WHERE next_at IS NOT NULL;

-- What the guest leaves against damage, and gets back (M8).
CREATE TABLE IF NOT EXISTS booking_deposits (
    booking_id   UUID PRIMARY KEY REFERENCES bookings (id),
    is_hold      BOOLEAN NOT NULL,         -- promised on a card, not charged
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    state        TEXT NOT NULL CHECK (state IN ('planned', 'asked', 'failed', 'authorized', 'held', 'returned', 'cancelled')),
    tries        BIGINT NOT NULL,          -- how often it was refused
    payment_id   UUID,
    taken_minor  BIGINT NOT NULL CHECK (taken_minor >= 0),   -- for damage
    claimed      BOOLEAN NOT NULL,         -- a damage claim is open
    next_at      TIMESTAMPTZ,              -- when it is asked for, or goes back
    CHECK (next_at IS NULL OR state NOT IN ('returned', 'cancelled'))
);
CREATE INDEX IF NOT EXISTS booking_deposits_due ON booking_deposits (next_at, booking_id) WHERE next_at IS NOT NULL;

-- Requests in a row that a host has not answered (S5).
CREATE TABLE IF NOT EXISTS silent_hosts (
    host_id    UUID PRIMARY KEY REFERENCES users (id),
    unanswered BIGINT NOT NULL CHECK (unanswered > 0)
);

-- Changes of a booking that one side proposes and the other answers (T13).
CREATE TABLE IF NOT EXISTS booking_alterations (
    id          UUID PRIMARY KEY,
    booking_id  UUID NOT NULL REFERENCES bookings (id),
    state       TEXT NOT NULL CHECK (state IN ('proposed', 'paying', 'applied', 'declined', 'withdrawn', 'expired')),
    side        TEXT NOT NULL CHECK (side IN ('guest', 'host', 'co_host', 'staff')),
    made_by     UUID NOT NULL REFERENCES users (id),
    asked       JSONB NOT NULL,            -- object: the stay as it would be
    promise     JSONB NOT NULL,            -- object: what it would cost
    delta_minor BIGINT NOT NULL,           -- what the guest pays more, or gets back
    message     TEXT NOT NULL,
    expires_at  TIMESTAMPTZ NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    ended_at    TIMESTAMPTZ
);
CREATE INDEX IF NOT EXISTS booking_alterations_of_booking ON booking_alterations (booking_id, id);
CREATE UNIQUE INDEX IF NOT EXISTS booking_alterations_open ON booking_alterations (booking_id) WHERE state IN ('proposed', 'paying');
CREATE INDEX IF NOT EXISTS booking_alterations_expiring ON booking_alterations (expires_at) WHERE state IN ('proposed', 'paying');

-- Damage that a host claims from a guest (M9); what is settled is charged, and goes to the host.
CREATE TABLE IF NOT EXISTS claims (
    id            UUID PRIMARY KEY,
    booking_id    UUID NOT NULL REFERENCES bookings (id),
    host_id       UUID NOT NULL REFERENCES users (id),
    guest_id      UUID NOT NULL REFERENCES users (id),
    state         TEXT NOT NULL CHECK (state IN ('open', 'contested', 'escalated', 'due', 'paid', 'rejected', 'withdrawn', 'lapsed')),
    items         JSONB NOT NULL,          -- object: what was damaged, and what it costs
    amount_minor  BIGINT NOT NULL CHECK (amount_minor > 0),
    currency      TEXT NOT NULL CHECK (length(currency) = 3),
    description   TEXT NOT NULL,
    offered_minor BIGINT CHECK (offered_minor BETWEEN 0 AND amount_minor),    -- by the guest; NULL: no answer
    answer        TEXT NOT NULL,
    settled_minor BIGINT CHECK (settled_minor BETWEEN 0 AND amount_minor),    -- agreed on, or decided
    decision      TEXT NOT NULL,           -- staff's words
    due_at        TIMESTAMPTZ,             -- when the state ends by itself
    version       BIGINT NOT NULL,
    created_at    TIMESTAMPTZ NOT NULL,
    updated_at    TIMESTAMPTZ NOT NULL,
    ended_at      TIMESTAMPTZ
);
CREATE INDEX IF NOT EXISTS claims_of_booking ON claims (booking_id, id);
CREATE UNIQUE INDEX IF NOT EXISTS claims_open ON claims (booking_id) WHERE ended_at IS NULL;
CREATE INDEX IF NOT EXISTS claims_due ON claims (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS claims_in_state ON claims (state, id);
CREATE INDEX IF NOT EXISTS claims_of_guest ON claims (guest_id, id);
CREATE INDEX IF NOT EXISTS claims_of_host ON claims (host_id, id);

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
    feed       TEXT NOT NULL,                  -- the id of a feed, or the name of an import
    slot       BIGINT NOT NULL DEFAULT 0 CHECK (slot >= 0), -- the unit that is taken
    from_night DATE NOT NULL,
    to_night   DATE NOT NULL,
    CHECK (from_night < to_night)
);
CREATE INDEX IF NOT EXISTS external_nights_of_listing ON external_nights (listing_id, from_night);

-- Calendars of other sites that are read again and again. What they say is in external_nights, under the feed's id.
CREATE TABLE IF NOT EXISTS calendar_feeds (
    id                   UUID PRIMARY KEY,
    listing_id           UUID NOT NULL REFERENCES listings (id),
    slot                 BIGINT NOT NULL CHECK (slot >= 0), -- the unit it is about
    name                 TEXT NOT NULL,
    address_sealed       TEXT NOT NULL,        -- whoever knows the address reads the calendar
    host                 TEXT NOT NULL,        -- of the address; all that is shown of it
    every_minutes        BIGINT NOT NULL CHECK (every_minutes BETWEEN 5 AND 1440),
    block_same_day       BOOLEAN NOT NULL,
    ignore_window_blocks BOOLEAN NOT NULL,
    paused               BOOLEAN NOT NULL,
    site                 TEXT,                 -- who writes it, as far as it tells
    etag                 TEXT,                 -- what to ask with whether it has changed
    last_modified        TEXT,
    read_on              DATE,                 -- the local day on which it was last read whole
    trouble              TEXT,                 -- why the last fetch failed; NULL: it did not
    failures             BIGINT NOT NULL,      -- in a row
    empty_seen           BIGINT NOT NULL,      -- how often in a row it was empty although it had not been
    events               BIGINT NOT NULL,      -- of the last good fetch
    last_try_at          TIMESTAMPTZ,
    last_good_at         TIMESTAMPTZ,
    changed_at           TIMESTAMPTZ,          -- when its nights last changed
    stale_since          TIMESTAMPTZ,          -- NULL: not stale
    asked_at             TIMESTAMPTZ,          -- when somebody last asked for a fetch
    next_at              TIMESTAMPTZ NOT NULL, -- not before
    version              BIGINT NOT NULL,
    created_at           TIMESTAMPTZ NOT NULL,
    updated_at           TIMESTAMPTZ NOT NULL
);
CREATE INDEX IF NOT EXISTS calendar_feeds_of_listing ON calendar_feeds (listing_id, id);
CREATE INDEX IF NOT EXISTS calendar_feeds_due ON calendar_feeds (next_at) WHERE NOT paused;

-- How fetches went; the same again and again is one row. The newest hundred of a feed are kept.
CREATE TABLE IF NOT EXISTS calendar_feed_log (
    id       UUID PRIMARY KEY,
    feed_id  UUID NOT NULL REFERENCES calendar_feeds (id),
    outcome  TEXT NOT NULL,
    times    BIGINT NOT NULL CHECK (times > 0),
    events   BIGINT NOT NULL,
    added    BIGINT NOT NULL,                  -- nights
    removed  BIGINT NOT NULL,
    warnings BIGINT NOT NULL,
    first_at TIMESTAMPTZ NOT NULL,
    last_at  TIMESTAMPTZ NOT NULL
);
CREATE INDEX IF NOT EXISTS calendar_feed_log_of_feed ON calendar_feed_log (feed_id, id);

-- Addresses at which other sites fetch a calendar.
CREATE TABLE IF NOT EXISTS calendar_exports (
    id              UUID PRIMARY KEY,
    listing_id      UUID NOT NULL REFERENCES listings (id),
    slot            BIGINT CHECK (slot >= 0),  -- NULL: the whole listing
    name            TEXT NOT NULL,
    token_digest    TEXT NOT NULL,             -- the token itself is told once
    source_feed     UUID REFERENCES calendar_feeds (id), -- what this feed says is not told back
    helper_id       UUID REFERENCES users (id), -- the co-host who was told the address; NULL: the host, or staff
    last_fetched_at TIMESTAMPTZ,
    version         BIGINT NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS calendar_exports_by_token ON calendar_exports (token_digest);
CREATE INDEX IF NOT EXISTS calendar_exports_of_listing ON calendar_exports (listing_id, id);
CREATE INDEX IF NOT EXISTS calendar_exports_of_helper ON calendar_exports (helper_id) WHERE helper_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS calendar_exports_of_feed ON calendar_exports (source_feed) WHERE source_feed IS NOT NULL;

-- Nights of a booking here that a feed says are taken there, until the host has seen to it.
CREATE TABLE IF NOT EXISTS calendar_conflicts (
    id          UUID PRIMARY KEY,
    listing_id  UUID NOT NULL REFERENCES listings (id),
    feed_id     UUID NOT NULL REFERENCES calendar_feeds (id),
    slot        BIGINT NOT NULL,
    booking_id  UUID NOT NULL,
    from_night  DATE NOT NULL,
    to_night    DATE NOT NULL,
    found_at    TIMESTAMPTZ NOT NULL,
    resolved_at TIMESTAMPTZ,
    how         TEXT CHECK (how IN ('by_host', 'gone')),
    CHECK (from_night < to_night),
    CHECK ((resolved_at IS NULL) = (how IS NULL))
);
CREATE INDEX IF NOT EXISTS calendar_conflicts_of_listing ON calendar_conflicts (listing_id, id);
CREATE INDEX IF NOT EXISTS calendar_conflicts_of_feed ON calendar_conflicts (feed_id, booking_id);

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

-- What the units of a listing are called, where there are several.
CREATE TABLE IF NOT EXISTS listing_units (
    listing_id UUID NOT NULL REFERENCES listings (id),
    slot       BIGINT NOT NULL CHECK (slot >= 0),
    name       TEXT NOT NULL,
    PRIMARY KEY (listing_id, slot)
);

-- Who changed what in a calendar, and how it was before.
CREATE TABLE IF NOT EXISTS calendar_log (
    id         UUID PRIMARY KEY,
    listing_id UUID NOT NULL REFERENCES listings (id),
    at         TIMESTAMPTZ NOT NULL,
    actor_id   UUID,                          -- NULL: the house itself
    kind       TEXT NOT NULL CHECK (kind IN ('edit', 'rules', 'units', 'hold', 'booking', 'release', 'external')),
    ranges     JSONB NOT NULL,                -- array of {from, to}: nights [from, to) that are meant
    was        JSONB NOT NULL,                -- object
    became     JSONB NOT NULL                 -- object
);
CREATE INDEX IF NOT EXISTS calendar_log_of_listing ON calendar_log (listing_id, at, id);
CREATE INDEX IF NOT EXISTS calendar_log_of_actor ON calendar_log (actor_id, at, id) WHERE actor_id IS NOT NULL;

-- What guests pay or are to pay: a row for each try. What was asked of the provider stands in provider_calls.
CREATE TABLE IF NOT EXISTS payments (
    id             UUID PRIMARY KEY,
    booking_id     UUID NOT NULL,
    guest_id       UUID NOT NULL REFERENCES users (id),
    purpose        TEXT NOT NULL,              -- booking, instalment:N, alteration:ID, deposit, claim:ID, balance
    provider       TEXT NOT NULL,
    amount_minor   BIGINT NOT NULL CHECK (amount_minor > 0),
    currency       TEXT NOT NULL CHECK (length(currency) = 3),
    capture        TEXT NOT NULL CHECK (capture IN ('now', 'later')),
    off_session    BOOLEAN NOT NULL,           -- the guest is not there to prove anything
    keep           BOOLEAN NOT NULL,           -- the means of payment is kept for later instalments
    living         BOOLEAN NOT NULL,           -- it has neither failed nor been voided since it was made
    state          TEXT NOT NULL CHECK (state IN ('created', 'requires_action', 'authorized', 'captured', 'failed', 'voided')),
    captured_minor BIGINT NOT NULL CHECK (captured_minor BETWEEN 0 AND amount_minor),
    refunded_minor BIGINT NOT NULL CHECK (refunded_minor BETWEEN 0 AND captured_minor),
    fee_minor      BIGINT,                     -- what the provider took for it; NULL: not known
    provider_ref   TEXT,                       -- what the provider calls it
    action_sealed  TEXT,                       -- what the guest has to do
    method_sealed  TEXT,                       -- the provider's token of the means of payment
    failure        TEXT,                       -- a word for why it failed
    held           TEXT,                       -- what the provider says does not fit; nothing is confirmed until staff have looked
    void_asked     BOOLEAN NOT NULL,
    version        BIGINT NOT NULL,
    created_at     TIMESTAMPTZ NOT NULL,
    updated_at     TIMESTAMPTZ NOT NULL,
    authorized_at  TIMESTAMPTZ,
    captured_at    TIMESTAMPTZ
);
CREATE UNIQUE INDEX IF NOT EXISTS payments_living ON payments (booking_id, purpose) WHERE living;
CREATE INDEX IF NOT EXISTS payments_of_booking ON payments (booking_id, id);
CREATE UNIQUE INDEX IF NOT EXISTS payments_by_reference ON payments (provider, provider_ref) WHERE provider_ref IS NOT NULL;
CREATE INDEX IF NOT EXISTS payments_of_guest ON payments (guest_id, id);
CREATE INDEX IF NOT EXISTS payments_by_state ON payments (state, id);
CREATE INDEX IF NOT EXISTS payments_by_provider ON payments (provider, id);
CREATE INDEX IF NOT EXISTS payments_held ON payments (id) WHERE held IS NOT NULL;

-- Money that goes back, of one payment each.
CREATE TABLE IF NOT EXISTS refunds (
    id           UUID PRIMARY KEY,
    payment_id   UUID NOT NULL REFERENCES payments (id),
    booking_id   UUID NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency     TEXT NOT NULL CHECK (length(currency) = 3),
    source_key   TEXT NOT NULL,                -- what it follows from; the same again has no effect
    asked        BOOLEAN NOT NULL,             -- FALSE: somebody made it at the provider itself
    state        TEXT NOT NULL CHECK (state IN ('created', 'succeeded', 'failed')),
    provider_ref TEXT,
    failure      TEXT,
    version      BIGINT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS refunds_by_key ON refunds (booking_id, source_key, payment_id);
CREATE INDEX IF NOT EXISTS refunds_of_payment ON refunds (payment_id, id);

-- What a provider says of a payment that a guest's bank disputes.
CREATE TABLE IF NOT EXISTS disputes (
    id           UUID PRIMARY KEY,
    payment_id   UUID NOT NULL REFERENCES payments (id),
    booking_id   UUID NOT NULL,
    provider     TEXT NOT NULL,
    provider_ref TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    fee_minor    BIGINT NOT NULL CHECK (fee_minor >= 0),
    currency     TEXT NOT NULL CHECK (length(currency) = 3),
    reason       TEXT,
    state        TEXT NOT NULL CHECK (state IN ('opened', 'won', 'lost')),
    version      BIGINT NOT NULL,
    opened_at    TIMESTAMPTZ NOT NULL,
    closed_at    TIMESTAMPTZ
);
CREATE UNIQUE INDEX IF NOT EXISTS disputes_by_reference ON disputes (provider, provider_ref);
CREATE INDEX IF NOT EXISTS disputes_of_payment ON disputes (payment_id, id);
CREATE INDEX IF NOT EXISTS disputes_by_state ON disputes (state, id);

-- Calls to providers, committed before they are made; made at least once, with a key by which the provider knows a copy.
CREATE TABLE IF NOT EXISTS provider_calls (
    id          UUID PRIMARY KEY,
    call_key    TEXT NOT NULL,
    booking_id  UUID NOT NULL,
    payment_id  UUID NOT NULL REFERENCES payments (id),
    refund_id   UUID REFERENCES refunds (id),
    kind        TEXT NOT NULL CHECK (kind IN ('authorize', 'capture', 'void', 'refund', 'look_up')),
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'done')),
    attempts    BIGINT NOT NULL CHECK (attempts >= 0),
    lease       UUID,                          -- whoever makes it now
    lease_until TIMESTAMPTZ,
    answer      TEXT,                          -- a few words about how it ended
    created_at  TIMESTAMPTZ NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL,
    CHECK ((lease IS NULL) = (lease_until IS NULL))
);
CREATE UNIQUE INDEX IF NOT EXISTS provider_calls_by_key ON provider_calls (call_key);
CREATE INDEX IF NOT EXISTS provider_calls_of_booking ON provider_calls (booking_id, id) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS provider_calls_of_payment ON provider_calls (payment_id, id);
CREATE INDEX IF NOT EXISTS provider_calls_waiting ON provider_calls (created_at, id) WHERE state = 'waiting';

-- Messages of providers, each once.
CREATE TABLE IF NOT EXISTS provider_events (
    provider    TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    kind        TEXT NOT NULL,
    reference   TEXT,                          -- the payment, as the provider calls it
    payment_id  UUID,
    facts       JSONB NOT NULL,                -- object: what it says, as far as we understand it
    waits       BOOLEAN NOT NULL,              -- until what must come before is known
    received_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (provider, event_id)
);
CREATE INDEX IF NOT EXISTS provider_events_waiting ON provider_events (provider, reference) WHERE waits;
CREATE INDEX IF NOT EXISTS provider_events_of_payment ON provider_events (payment_id) WHERE waits AND payment_id IS NOT NULL;

-- Guests as providers know them, with the means of payment they left for later instalments.
CREATE TABLE IF NOT EXISTS payment_customers (
    guest_id      UUID NOT NULL REFERENCES users (id),
    provider      TEXT NOT NULL,
    customer_ref  TEXT NOT NULL,
    method_sealed TEXT,
    created_at    TIMESTAMPTZ NOT NULL,
    updated_at    TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (guest_id, provider)
);

-- The books of the built-in sandbox, kept as if they were another company's: nothing else reads or writes them.
CREATE TABLE IF NOT EXISTS sandbox_charges (
    reference      TEXT PRIMARY KEY,
    call_key       TEXT NOT NULL,
    payment_id     UUID NOT NULL,
    booking_id     UUID NOT NULL,
    amount_minor   BIGINT NOT NULL CHECK (amount_minor > 0),
    currency       TEXT NOT NULL,
    capture        TEXT NOT NULL CHECK (capture IN ('now', 'later')),
    card           TEXT NOT NULL,
    state          TEXT NOT NULL,
    captured_minor BIGINT NOT NULL CHECK (captured_minor BETWEEN 0 AND amount_minor),
    fee_minor      BIGINT NOT NULL,
    failure        TEXT,
    created_at     TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS sandbox_charges_by_key ON sandbox_charges (call_key);
CREATE INDEX IF NOT EXISTS sandbox_charges_of_payment ON sandbox_charges (payment_id);

CREATE TABLE IF NOT EXISTS sandbox_book (
    call_key     TEXT PRIMARY KEY,
    kind         TEXT NOT NULL CHECK (kind IN ('try', 'capture', 'refund', 'refused_refund', 'dispute', 'won', 'lost', 'payout')),
    charge       TEXT,                         -- the reference of what it belongs to
    reference    TEXT NOT NULL,
    subject      UUID,                         -- our refund or payout, as it was named to the provider
    amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
    fee_minor    BIGINT NOT NULL CHECK (fee_minor >= 0),
    currency     TEXT NOT NULL,
    at           TIMESTAMPTZ NOT NULL
);
CREATE INDEX IF NOT EXISTS sandbox_book_of_charge ON sandbox_book (charge, call_key) WHERE charge IS NOT NULL;

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
CREATE INDEX IF NOT EXISTS reviews_of_author ON reviews (author_id, id) WHERE author_id IS NOT NULL;

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

-- Who did what, never changed (guards: src/platform/db/guards.rs). No references: an entry outlives what it speaks of.
CREATE TABLE IF NOT EXISTS audit (
    id           UUID PRIMARY KEY,
    at           TIMESTAMPTZ NOT NULL,
    actor        TEXT NOT NULL CHECK (actor IN ('user', 'nobody', 'console', 'system')),
    actor_id     UUID,
    on_behalf_of UUID,
    action       TEXT NOT NULL,               -- noun.verb, listed in src/platform/audit/actions.rs
    object_kind  TEXT,
    object_id    UUID,
    reason       TEXT,
    diff         TEXT NOT NULL,               -- JSON object; TEXT, because a hash needs the very bytes and JSONB rewrites them
    request_id   TEXT NOT NULL,
    address      TEXT,                        -- a network, 203.0.113.0/24 or 2001:db8:1::/48
    CHECK ((actor = 'user') = (actor_id IS NOT NULL)),
    CHECK ((object_kind IS NULL) = (object_id IS NULL))
);
CREATE INDEX IF NOT EXISTS audit_by_time ON audit (at, id);
CREATE INDEX IF NOT EXISTS audit_by_actor ON audit (actor_id, at, id) WHERE actor_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS audit_by_object ON audit (object_kind, object_id, at, id) WHERE object_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS audit_by_action ON audit (action, at, id);

-- Entries that have no seal yet.
CREATE TABLE IF NOT EXISTS audit_waiting (
    audit_id UUID PRIMARY KEY
);

-- The chain: hash = SHA-256(hash of seq - 1, entry). Inserted a moment after the entry was committed, never changed.
CREATE TABLE IF NOT EXISTS audit_seals (
    seq      BIGINT PRIMARY KEY,
    audit_id UUID NOT NULL,
    hash     BYTEA NOT NULL CHECK (length(hash) = 32)
);
CREATE UNIQUE INDEX IF NOT EXISTS audit_seals_of_entry ON audit_seals (audit_id);

-- Where the chain was cut off when old entries were deleted: the last deleted seal, signed.
CREATE TABLE IF NOT EXISTS audit_checkpoints (
    seq       BIGINT PRIMARY KEY,
    hash      BYTEA NOT NULL CHECK (length(hash) = 32),
    signature BYTEA NOT NULL CHECK (length(signature) = 32),
    at        TIMESTAMPTZ NOT NULL
);

-- The books (docs/RULES.md, "The ledger"): what happened, never changed. No references: postings are the hottest table there is, and the
-- check of the invariants finds what would be without its entry.
CREATE TABLE IF NOT EXISTS ledger_entries (
    id         UUID PRIMARY KEY,
    at         TIMESTAMPTZ NOT NULL,
    kind       TEXT NOT NULL,                 -- src/features/ledger/rules/entry.rs
    source     TEXT NOT NULL,                 -- what it follows from: the same again has no effect
    booking_id UUID,
    currency   TEXT NOT NULL CHECK (length(currency) = 3),
    reverses   UUID,                          -- the entry that this one takes back
    memo       TEXT NOT NULL,
    request_id TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS ledger_entries_of_source ON ledger_entries (source);
CREATE INDEX IF NOT EXISTS ledger_entries_of_booking ON ledger_entries (booking_id, at, id) WHERE booking_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS ledger_entries_by_time ON ledger_entries (at, id);
CREATE INDEX IF NOT EXISTS ledger_entries_by_kind ON ledger_entries (kind, at, id);

-- Where the money of an entry went: debits above zero, credits below, in sum nothing. Currency and instant are the entry's.
CREATE TABLE IF NOT EXISTS ledger_postings (
    entry_id UUID NOT NULL,
    line     BIGINT NOT NULL CHECK (line >= 0),
    account  TEXT NOT NULL,                   -- such as stay_escrow:{booking}
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    amount   BIGINT NOT NULL CHECK (amount <> 0),
    at       TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (entry_id, line)
);
CREATE INDEX IF NOT EXISTS ledger_postings_of_account ON ledger_postings (account, at, entry_id);

-- What accounts hold, so that nobody adds up millions of postings. Those of people are kept by whoever posts; those of the house, and sums by
-- sort for all others, by the sealer. Can be made anew from the postings.
CREATE TABLE IF NOT EXISTS ledger_balances (
    account  TEXT NOT NULL,
    currency TEXT NOT NULL,
    balance  BIGINT NOT NULL,
    PRIMARY KEY (account, currency)
);

-- Entries that have no seal, and so no number, yet.
CREATE TABLE IF NOT EXISTS ledger_waiting (
    entry_id UUID PRIMARY KEY
);

-- Their numbers, without gaps, and the chain: hash = SHA-256(hash of seq - 1, entry with its postings).
CREATE TABLE IF NOT EXISTS ledger_seals (
    seq      BIGINT PRIMARY KEY,
    entry_id UUID NOT NULL,
    hash     BYTEA NOT NULL CHECK (length(hash) = 32)
);
CREATE UNIQUE INDEX IF NOT EXISTS ledger_seals_of_entry ON ledger_seals (entry_id);

-- Where hosts want their money. The newest that was not removed counts, from active_at on.
CREATE TABLE IF NOT EXISTS payout_methods (
    id             UUID PRIMARY KEY,
    user_id        UUID NOT NULL REFERENCES users (id),
    kind           TEXT NOT NULL,              -- bank: paid by hand; else the name of a payment provider
    details_sealed TEXT NOT NULL,              -- holder and account; empty once it was removed and nothing is on its way there
    hint           TEXT NOT NULL,              -- the account's last characters
    active_at      TIMESTAMPTZ NOT NULL,
    failed_at      TIMESTAMPTZ,                -- money came back from it: it is not tried again
    removed_at     TIMESTAMPTZ,
    created_at     TIMESTAMPTZ NOT NULL
);
CREATE INDEX IF NOT EXISTS payout_methods_of_user ON payout_methods (user_id, id);

-- Money on its way to hosts. Its amount left host_payable when the row was made.
CREATE TABLE IF NOT EXISTS payouts (
    id           UUID PRIMARY KEY,
    host_id      UUID NOT NULL REFERENCES users (id),
    method_id    UUID NOT NULL REFERENCES payout_methods (id),
    kind         TEXT NOT NULL,                -- of the method
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    netted_minor BIGINT NOT NULL CHECK (netted_minor >= 0),    -- what the host owed, taken off before
    currency     TEXT NOT NULL CHECK (length(currency) = 3),
    state        TEXT NOT NULL CHECK (state IN ('created', 'sent', 'paid', 'failed', 'cancelled')),
    reference    TEXT,                         -- what the provider calls it
    failure      TEXT,                         -- a word for why it failed
    version      BIGINT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL,
    sent_at      TIMESTAMPTZ,                  -- the provider was asked, or staff took it out: nothing stops it any more
    ended_at     TIMESTAMPTZ
);
CREATE UNIQUE INDEX IF NOT EXISTS payouts_under_way ON payouts (host_id, currency) WHERE state IN ('created', 'sent');
CREATE INDEX IF NOT EXISTS payouts_of_host ON payouts (host_id, id);
CREATE INDEX IF NOT EXISTS payouts_by_state ON payouts (state, id);

-- Hosts whose payouts staff have stopped.
CREATE TABLE IF NOT EXISTS payout_holds (
    host_id    UUID PRIMARY KEY REFERENCES users (id),
    reason     TEXT NOT NULL,
    created_by UUID NOT NULL REFERENCES users (id),
    created_at TIMESTAMPTZ NOT NULL
);

-- Taxes of which one part is handed on at a time: whoever counts a row up has the turn until the transaction ends.
CREATE TABLE IF NOT EXISTS tax_remittance_turns (
    tax      TEXT NOT NULL,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    turns    BIGINT NOT NULL,
    PRIMARY KEY (tax, currency)
);

-- Work that must happen at least once. A finished job is deleted, a periodic one waits again, a hopeless one stays as dead.
CREATE TABLE IF NOT EXISTS jobs (
    id          UUID PRIMARY KEY,
    kind        TEXT NOT NULL,
    unique_key  TEXT,
    payload     JSONB NOT NULL,                -- object; sealed by whoever has secrets in it
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'dead')),
    run_at      TIMESTAMPTZ NOT NULL,
    attempts    BIGINT NOT NULL CHECK (attempts >= 0),
    lease       UUID,                          -- fencing token of whoever runs it
    lease_until TIMESTAMPTZ,
    last_error  TEXT,
    created_at  TIMESTAMPTZ NOT NULL,
    CHECK ((state = 'running') = (lease IS NOT NULL)),
    CHECK ((lease IS NULL) = (lease_until IS NULL))
);
CREATE UNIQUE INDEX IF NOT EXISTS jobs_unique ON jobs (kind, unique_key) WHERE unique_key IS NOT NULL AND state <> 'dead';
CREATE INDEX IF NOT EXISTS jobs_due ON jobs (kind, run_at, id) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS jobs_leased ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX IF NOT EXISTS jobs_dead ON jobs (id) WHERE state = 'dead';

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

-- Invoices and credit notes as they were issued, never changed (guards: src/platform/db/guards.rs). Numbers have no gaps in a series of issuer, kind and year.
CREATE TABLE IF NOT EXISTS issued_documents (
    id         UUID PRIMARY KEY,
    booking_id UUID NOT NULL REFERENCES bookings (id),
    kind       TEXT NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
    issuer     TEXT NOT NULL,                   -- whose series: platform, host:{id}
    year       BIGINT NOT NULL,
    number     BIGINT NOT NULL CHECK (number >= 1),
    source     TEXT NOT NULL,                   -- what it follows from; once
    from_role  TEXT NOT NULL CHECK (from_role IN ('host', 'platform')),
    to_role    TEXT NOT NULL CHECK (to_role IN ('guest', 'host')),
    content    JSONB NOT NULL,                  -- object: everything but who is who
    issued_at  TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS issued_documents_by_source ON issued_documents (source);
CREATE UNIQUE INDEX IF NOT EXISTS issued_documents_series ON issued_documents (issuer, kind, year, number);
CREATE INDEX IF NOT EXISTS issued_documents_of_booking ON issued_documents (booking_id, id);

-- Who issued a document, to whom, and what the home is called: apart, because names are erased and documents are not changed.
CREATE TABLE IF NOT EXISTS document_parties (
    document_id UUID NOT NULL REFERENCES issued_documents (id),
    role        TEXT NOT NULL CHECK (role IN ('guest', 'host', 'platform', 'home')),
    party       JSONB NOT NULL,                 -- object: name, lines, tax_id
    PRIMARY KEY (document_id, role)
);

-- The last number of each series. Whoever issues holds its row until the transaction ends.
CREATE TABLE IF NOT EXISTS document_series (
    issuer      TEXT NOT NULL,
    kind        TEXT NOT NULL,
    year        BIGINT NOT NULL,
    last_number BIGINT NOT NULL CHECK (last_number >= 0),
    PRIMARY KEY (issuer, kind, year)
);
