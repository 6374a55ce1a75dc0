-- Live state. What is finished moves to `history`, so that claims never wade through it.

-- A line is where ready runs wait: one per (domain, queue, requirement class). `solo` lines hold suspects, which run alone.
CREATE TABLE lines (
  id       INTEGER PRIMARY KEY,
  domain   TEXT    NOT NULL,
  queue    TEXT    NOT NULL,
  requires TEXT    NOT NULL,
  solo     INTEGER NOT NULL,
  UNIQUE (domain, queue, requires, solo)
) STRICT;

-- How domains share workers that serve several: domain.sharing.
CREATE TABLE domains (
  name   TEXT    PRIMARY KEY,
  weight INTEGER NOT NULL DEFAULT 1,
  turn   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- What queues were told. One without a row is open and has no limit.
CREATE TABLE queues (
  domain      TEXT    NOT NULL,
  name        TEXT    NOT NULL,
  state       TEXT    NOT NULL,
  rate_runs   INTEGER,
  rate_window INTEGER,                     -- microseconds
  used_until  INTEGER,                     -- the state of the rate, domain.rates
  PRIMARY KEY (domain, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  seq          INTEGER PRIMARY KEY,
  id           TEXT    NOT NULL UNIQUE,
  line         INTEGER NOT NULL,           -- lines.id; not declared so: a check per run costs, and lines are never removed
  state        TEXT    NOT NULL,
  rank         INTEGER NOT NULL,
  due_at       INTEGER NOT NULL,
  token        INTEGER NOT NULL DEFAULT 0,
  failures     INTEGER NOT NULL DEFAULT 0,
  losses       INTEGER NOT NULL DEFAULT 0,
  solo_losses  INTEGER NOT NULL DEFAULT 0,
  suspect      INTEGER NOT NULL DEFAULT 0,
  stepped      INTEGER NOT NULL DEFAULT 0, -- whether there are steps of it
  events       INTEGER NOT NULL DEFAULT 1, -- how many events the run has had; numbers the next
  worker_id    TEXT,
  claimed_at   INTEGER,
  started_at   INTEGER,                    -- of the first attempt
  cancel_at    INTEGER,
  created_at   INTEGER NOT NULL,
  domain       TEXT    NOT NULL,
  job_id       TEXT    NOT NULL,
  job_version  INTEGER NOT NULL,
  queue        TEXT    NOT NULL,
  requires     TEXT    NOT NULL,
  priority     TEXT    NOT NULL,
  cause        TEXT    NOT NULL,
  schedule_id  TEXT,
  slot         INTEGER,
  retry_of     TEXT,
  limits       TEXT,                       -- JSON, domain.limits.Limits
  depends      TEXT,                       -- JSON, domain.dependencies.Depends
  gates        TEXT,                       -- JSON, the ids of its lanes and rates in their order; NULL for none
  waits_for    INTEGER,                    -- before what it waits: the place of a lane, the id of a rate or of a line
  reason       TEXT,                       -- JSON
  error        TEXT,                       -- JSON, of the last attempt
  work         BLOB    NOT NULL,           -- JSON, domain.work.Work
  inputs       BLOB    NOT NULL            -- JSON
) STRICT;

CREATE INDEX runs_ready    ON runs (line, rank, seq)        WHERE state = 'ready';
CREATE INDEX runs_due      ON runs (due_at)                 WHERE state = 'scheduled';
CREATE INDEX runs_waiting  ON runs (line, state)            WHERE state IN ('scheduled', 'blocked');
CREATE INDEX runs_held     ON runs (worker_id, line)        WHERE state = 'running';
CREATE INDEX runs_suspect  ON runs (worker_id)              WHERE state = 'running' AND suspect = 1;
CREATE INDEX runs_cancel   ON runs (worker_id)              WHERE state = 'running' AND cancel_at IS NOT NULL;
CREATE INDEX runs_gate     ON runs (waits_for, rank)        WHERE waits_for IS NOT NULL;
CREATE INDEX runs_schedule ON runs (schedule_id)            WHERE schedule_id IS NOT NULL;
CREATE INDEX runs_job      ON runs (domain, job_id, id);

-- What runs wait for: one row per parent and child, kept as long as the child. No verdict: the parent has not ended, or
-- its end has not been worked off yet.
CREATE TABLE edges (
  parent    TEXT NOT NULL,
  child     TEXT NOT NULL,
  verdict   TEXT,
  condition TEXT,                          -- JSON, domain.conditions.Condition
  PRIMARY KEY (parent, child)
) STRICT, WITHOUT ROWID;
CREATE INDEX edges_pending ON edges (parent) WHERE verdict IS NULL;
CREATE INDEX edges_child   ON edges (child);

-- The runs that wait for parents, with how these stand.
CREATE TABLE dependents (
  child      TEXT    PRIMARY KEY,
  seq        INTEGER NOT NULL,
  join_on    TEXT    NOT NULL,
  on_failure TEXT    NOT NULL,
  pending    INTEGER NOT NULL,
  met        INTEGER NOT NULL DEFAULT 0,
  unmet      INTEGER NOT NULL DEFAULT 0,
  failed     INTEGER NOT NULL DEFAULT 0,
  failed_by  TEXT,                         -- the first by id
  unmet_by   TEXT
) STRICT, WITHOUT ROWID;

-- Ended parents whose children have not all been told: worked off a part at a time, so that no transaction is long.
CREATE TABLE resolutions (
  seq    INTEGER PRIMARY KEY,
  parent TEXT    NOT NULL UNIQUE
) STRICT;

-- What is still known of runs that were pruned soon after their end.
CREATE TABLE tombstones (
  id          TEXT    PRIMARY KEY,
  domain      TEXT    NOT NULL,
  state       TEXT    NOT NULL,
  error       TEXT,                        -- JSON
  finished_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tombstones_age ON tombstones (finished_at);
-- Gates: what lets only so many pass. Ids are hashes of what a gate is (admission.py).

-- Runs that wait for a lane stand in the index in the order of places, which lanes get as they come to be used: those that
-- come and go at the same time are near each other. In the order of ids, each hand-over would be in another part of the file.
CREATE TABLE lanes (
  place    INTEGER PRIMARY KEY,
  id       INTEGER NOT NULL UNIQUE,
  domain   TEXT    NOT NULL,
  key      TEXT    NOT NULL,
  declared INTEGER,                        -- the limit that jobs declare
  by_hand  INTEGER,                        -- the limit that somebody set: it goes before
  UNIQUE (domain, key)
) STRICT;

CREATE TABLE rates (
  id         INTEGER PRIMARY KEY,
  domain     TEXT    NOT NULL,
  key        TEXT    NOT NULL,
  runs       INTEGER NOT NULL,             -- so many per window
  window     INTEGER NOT NULL,             -- microseconds
  used_until INTEGER,                      -- the state of domain.rates
  next_at    INTEGER,                      -- when the first that waits may have a token
  UNIQUE (domain, key)
) STRICT;
CREATE INDEX rates_next ON rates (next_at) WHERE next_at IS NOT NULL;

-- Who holds a gate: of a lane the runs that are ready or running, of a rate those that are ready. In the order in which
-- they go: the one that is ready and goes last, of which a better one takes the slot, is found at the end.
CREATE TABLE slots (
  gate INTEGER NOT NULL,
  rank INTEGER NOT NULL,                   -- the run's, which does not change while it holds a slot
  run  INTEGER NOT NULL,                   -- runs.seq
  PRIMARY KEY (gate, rank, run)
) STRICT, WITHOUT ROWID;

-- Where the installation moves to, or has moved: engines/moving.py. One row at most.
CREATE TABLE moves (
  id     TEXT    PRIMARY KEY,
  target TEXT    NOT NULL,
  state  TEXT    NOT NULL,
  until  INTEGER NOT NULL DEFAULT 0        -- while it is closing: when that ends by itself
) STRICT, WITHOUT ROWID;

CREATE TABLE workers (
  id            TEXT    PRIMARY KEY,
  domains       TEXT    NOT NULL,          -- JSON list; "*" stands for all
  host          TEXT    NOT NULL,
  pid           INTEGER NOT NULL,
  slots         INTEGER NOT NULL,
  queues        TEXT    NOT NULL,          -- JSON list; empty means all
  requires      TEXT    NOT NULL,          -- JSON list
  version       TEXT    NOT NULL,
  role          TEXT    NOT NULL,
  traits        TEXT    NOT NULL,          -- JSON, domain.affinity.Traits
  state         TEXT    NOT NULL,
  registered_at INTEGER NOT NULL,          -- wall clock
  seen_at       INTEGER NOT NULL,          -- wall clock
  lease_until   INTEGER NOT NULL,          -- steady clock of the boot below
  boot          TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE keys (
  domain     TEXT    NOT NULL,
  scope      TEXT    NOT NULL,
  key        TEXT    NOT NULL,
  run_id     TEXT    NOT NULL,
  body_hash  TEXT    NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (domain, scope, key)
) STRICT, WITHOUT ROWID;
-- Those without an expiry (0) stand for as long as their runs say, and go with them.
CREATE INDEX keys_expiry ON keys (expires_at) WHERE expires_at > 0;
CREATE INDEX keys_run    ON keys (run_id)     WHERE expires_at = 0;

CREATE TABLE schedules (
  domain    TEXT    NOT NULL,
  id        TEXT    NOT NULL,
  job_id    TEXT    NOT NULL,
  enabled   INTEGER NOT NULL,
  next_at   INTEGER,
  last_slot INTEGER,
  body      BLOB    NOT NULL,              -- msgpack, domain.schedules.Schedule
  PRIMARY KEY (domain, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX schedules_due ON schedules (next_at) WHERE enabled = 1 AND next_at IS NOT NULL;
CREATE INDEX schedules_job ON schedules (domain, job_id);
CREATE INDEX schedules_next ON schedules (domain, next_at) WHERE enabled = 1 AND next_at IS NOT NULL;

CREATE TABLE documents (
  domain     TEXT    NOT NULL,
  kind       TEXT    NOT NULL,
  id         TEXT    NOT NULL,
  version    INTEGER NOT NULL,
  body       BLOB    NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (domain, kind, id)
) STRICT, WITHOUT ROWID;

-- Which definitions name which; `after` says that a completed run of the one named brings about one of the other.
CREATE TABLE links (
  domain TEXT    NOT NULL,
  kind   TEXT    NOT NULL,
  id     TEXT    NOT NULL,
  named  TEXT    NOT NULL,
  after  INTEGER NOT NULL,
  PRIMARY KEY (domain, kind, id, named, after)
) STRICT, WITHOUT ROWID;
CREATE INDEX links_named ON links (domain, named) WHERE after = 1;
CREATE INDEX links_back  ON links (domain, kind, named);

-- Completed runs after which jobs are to be run.
CREATE TABLE triggers (
  seq      INTEGER PRIMARY KEY AUTOINCREMENT,
  domain   TEXT    NOT NULL,
  job_id   TEXT    NOT NULL,
  upstream TEXT    NOT NULL,
  run_id   TEXT    NOT NULL
) STRICT;

CREATE TABLE document_versions (
  domain     TEXT    NOT NULL,
  kind       TEXT    NOT NULL,
  id         TEXT    NOT NULL,
  version    INTEGER NOT NULL,
  body       BLOB    NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (domain, kind, id, version)
) STRICT, WITHOUT ROWID;

-- The log of events. One writer at a time holds the file, so rowids come in the order of commits.
CREATE TABLE events (
  seq     INTEGER PRIMARY KEY,
  domain  TEXT    NOT NULL,
  type    TEXT    NOT NULL,
  subject TEXT    NOT NULL,
  n       INTEGER NOT NULL,                -- the number of this event among its run's; 0 for what is no run
  job_id  TEXT    NOT NULL,
  at      INTEGER NOT NULL,
  data    BLOB    NOT NULL                 -- JSON
) STRICT;

CREATE INDEX events_named ON events (domain, type) WHERE n = 0;

-- What runs have done for good; it goes with the run's history.
CREATE TABLE steps (
  seq    INTEGER PRIMARY KEY,
  run_id TEXT    NOT NULL,
  name   TEXT    NOT NULL,
  kind   TEXT    NOT NULL,
  token  INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  event  INTEGER,                          -- events.seq of the one that answered
  result BLOB    NOT NULL,                 -- JSON
  UNIQUE (run_id, name)
) STRICT;

-- Small values of jobs and runs: domain.kv.
CREATE TABLE kv (
  scope  TEXT    NOT NULL,
  owner  TEXT    NOT NULL,                 -- the id of a job or a run
  domain TEXT    NOT NULL,
  key    TEXT    NOT NULL,
  at     INTEGER NOT NULL,
  value  BLOB    NOT NULL,                 -- JSON
  PRIMARY KEY (scope, owner, domain, key)
) STRICT;

-- Blocked runs that wait for an event. A row goes when its run goes on.
CREATE TABLE waits (
  run        INTEGER PRIMARY KEY,          -- runs.seq
  domain     TEXT    NOT NULL,
  type       TEXT    NOT NULL,             -- of the event
  key        INTEGER NOT NULL,             -- domain.waits.match_key
  after      INTEGER NOT NULL,             -- the position up to which events were looked at
  step       TEXT    NOT NULL,
  match      TEXT    NOT NULL,             -- JSON
  timeout_at INTEGER
) STRICT;
CREATE INDEX waits_event   ON waits (domain, type, key, after);
CREATE INDEX waits_timeout ON waits (timeout_at) WHERE timeout_at IS NOT NULL;

-- Published events that more runs wait for than one transaction wakes.
CREATE TABLE deliveries (
  event INTEGER PRIMARY KEY                -- events.seq
) STRICT;

CREATE TABLE logs (
  seq     INTEGER PRIMARY KEY AUTOINCREMENT, -- readers resume from it: none is given out twice, whatever was pruned
  domain  TEXT    NOT NULL,
  run_id  TEXT    NOT NULL,
  token   INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  stream  TEXT    NOT NULL,
  level   TEXT    NOT NULL,
  message TEXT    NOT NULL,
  fields  BLOB                             -- JSON
) STRICT;
CREATE INDEX logs_run ON logs (run_id, seq);

-- Finished runs, in the order in which they finished.
CREATE TABLE history (
  seq          INTEGER PRIMARY KEY,
  id           TEXT    NOT NULL UNIQUE,
  domain       TEXT    NOT NULL,
  job_id       TEXT    NOT NULL,
  job_version  INTEGER NOT NULL,
  queue        TEXT    NOT NULL,
  requires     TEXT    NOT NULL,
  priority     TEXT    NOT NULL,
  state        TEXT    NOT NULL,
  due_at       INTEGER NOT NULL,
  rank         INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  token        INTEGER NOT NULL,
  attempt      INTEGER NOT NULL,
  failures     INTEGER NOT NULL,
  losses       INTEGER NOT NULL,
  solo_losses  INTEGER NOT NULL,
  suspect      INTEGER NOT NULL,
  cancel_at    INTEGER,
  worker_id    TEXT,
  started_at   INTEGER,
  finished_at  INTEGER NOT NULL,
  cause        TEXT    NOT NULL,
  schedule_id  TEXT,
  slot         INTEGER,
  retry_of     TEXT,
  limits       TEXT,                       -- JSON, domain.limits.Limits
  depends      TEXT,                       -- JSON, domain.dependencies.Depends
  error        TEXT,                       -- JSON
  resolution   TEXT,                       -- JSON, domain.letters.Resolution
  result       BLOB,                       -- JSON
  work         BLOB    NOT NULL,
  inputs       BLOB    NOT NULL
) STRICT;
CREATE INDEX history_finished ON history (finished_at);
CREATE INDEX history_job   ON history (domain, job_id, id);
-- Nearly all runs complete: only the others need an index to be found by state.
CREATE INDEX history_state ON history (domain, state, id) WHERE state <> 'completed';

-- Dead letters, by what they are asked for.
CREATE INDEX history_dead       ON history (domain, id)         WHERE state = 'failed' AND resolution IS NULL;
CREATE INDEX history_dead_job   ON history (domain, job_id, id) WHERE state = 'failed' AND resolution IS NULL;
CREATE INDEX history_dead_queue ON history (domain, queue, id)  WHERE state = 'failed' AND resolution IS NULL;

-- The values of inputs by which runs are found, live or finished: of those whose jobs declare any.
CREATE TABLE run_values (
  domain TEXT NOT NULL,
  path   TEXT NOT NULL,
  value  TEXT NOT NULL,
  run_id TEXT NOT NULL,
  PRIMARY KEY (domain, path, value, run_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_values_run ON run_values (run_id);

-- Tries that ended without ending their run.
CREATE TABLE attempts (
  seq         INTEGER PRIMARY KEY,
  run_id      TEXT    NOT NULL,
  domain      TEXT    NOT NULL,
  token       INTEGER NOT NULL,
  attempt     INTEGER NOT NULL,
  worker_id   TEXT,
  started_at  INTEGER,
  finished_at INTEGER NOT NULL,
  event       TEXT    NOT NULL,
  error       TEXT                         -- JSON
) STRICT;
CREATE INDEX attempts_run ON attempts (run_id, token);

-- What runs that have ended add up to: by domain, series (domain.stats), and spans of so many microseconds.
CREATE TABLE tallies (
  domain TEXT    NOT NULL,
  series TEXT    NOT NULL,
  step   INTEGER NOT NULL,
  at     INTEGER NOT NULL,                 -- the start of the span
  tally  TEXT    NOT NULL,                 -- JSON, domain.stats.Tally
  PRIMARY KEY (domain, series, step, at)
) STRICT, WITHOUT ROWID;
CREATE INDEX tallies_age ON tallies (step, at);

-- Up to which event the log was gone through for it: one row.
CREATE TABLE rollups (
  name     TEXT    PRIMARY KEY,
  position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Failures that are one and the same (domain.fingerprints), and what was said of them last.
CREATE TABLE failure_groups (
  domain   TEXT    NOT NULL,
  id       TEXT    NOT NULL,
  kind     TEXT    NOT NULL,
  place    TEXT    NOT NULL,
  title    TEXT    NOT NULL,
  count    INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at  INTEGER NOT NULL,
  run_id   TEXT    NOT NULL,               -- the newest
  state    TEXT    NOT NULL,
  said_at  INTEGER NOT NULL,
  until_at INTEGER,
  said_by  TEXT    NOT NULL,
  why      TEXT    NOT NULL,
  PRIMARY KEY (domain, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX failure_groups_last ON failure_groups (domain, last_at, id);
CREATE INDEX failure_groups_age  ON failure_groups (last_at);

CREATE TABLE failure_jobs (
  domain   TEXT    NOT NULL,
  group_id TEXT    NOT NULL,
  job_id   TEXT    NOT NULL,
  count    INTEGER NOT NULL,
  last_at  INTEGER NOT NULL,
  PRIMARY KEY (domain, group_id, job_id)
) STRICT, WITHOUT ROWID;

-- The inbox, in the order in which messages were put.
CREATE TABLE messages (
  seq          INTEGER PRIMARY KEY,
  id           TEXT    NOT NULL UNIQUE,
  domain       TEXT    NOT NULL,
  type         TEXT    NOT NULL,
  key          TEXT    NOT NULL,
  payload      BLOB    NOT NULL,           -- JSON
  created_at   INTEGER NOT NULL,
  state        TEXT    NOT NULL DEFAULT 'pending',
  attempts     INTEGER NOT NULL DEFAULT 0,
  max_attempts INTEGER,                    -- of the run that has it, or had it last; so are run_id and token
  error        TEXT,                       -- JSON, of the last try that failed
  run_id       TEXT,
  token        INTEGER,
  settled_at   INTEGER
) STRICT;
CREATE INDEX messages_pending ON messages (domain, type, seq) WHERE state = 'pending';
CREATE INDEX messages_leased  ON messages (run_id)            WHERE state = 'leased';
CREATE INDEX messages_busy    ON messages (domain, type, key) WHERE state = 'leased' AND key <> '';
CREATE INDEX messages_settled ON messages (settled_at)        WHERE settled_at IS NOT NULL;
CREATE INDEX messages_state   ON messages (domain, state, id);
CREATE INDEX messages_type    ON messages (domain, type, state, id);

-- Runs that were selected, by their ids. They are kept in parts, the oldest runs first.
CREATE TABLE selections (
  count      INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  id         TEXT PRIMARY KEY,
  domain     TEXT NOT NULL,
  who        TEXT NOT NULL,
  filter     TEXT NOT NULL,               -- JSON, domain.filters.RunsWanted
  sample     TEXT NOT NULL                -- ids, with blanks between
) STRICT, WITHOUT ROWID;
CREATE INDEX selections_expiry ON selections (expires_at);

CREATE TABLE selection_parts (
  number    INTEGER NOT NULL,
  selection TEXT NOT NULL,
  ids       TEXT NOT NULL,
  PRIMARY KEY (selection, number)
) STRICT, WITHOUT ROWID;

-- What is done to them. Parts before the position are done with.
CREATE TABLE bulk_actions (
  spread      INTEGER NOT NULL,           -- microseconds
  total       INTEGER NOT NULL,
  created_at  INTEGER NOT NULL,
  position    INTEGER NOT NULL,
  finished_at INTEGER,
  id          TEXT PRIMARY KEY,
  domain      TEXT NOT NULL,
  selection   TEXT NOT NULL,
  act         TEXT NOT NULL,
  who         TEXT NOT NULL,
  why         TEXT NOT NULL,
  tally       TEXT NOT NULL               -- JSON, domain.bulk_actions.Tally
) STRICT, WITHOUT ROWID;
CREATE INDEX bulk_actions_list ON bulk_actions (domain, id);
CREATE INDEX bulk_actions_open ON bulk_actions (id) WHERE finished_at IS NULL;

-- Definitions that the arrival of messages starts.
CREATE TABLE consumers (
  domain TEXT NOT NULL,
  kind   TEXT NOT NULL,
  id     TEXT NOT NULL,
  type   TEXT NOT NULL,
  PRIMARY KEY (domain, kind, id)
) STRICT, WITHOUT ROWID;

-- What callers are known by. Secrets are not here: `body` holds what they can be checked against.
CREATE TABLE credentials (
  expires_at INTEGER,
  used_at    INTEGER,
  revoked_at INTEGER,
  id         TEXT    PRIMARY KEY,
  kind       TEXT    NOT NULL,
  name       TEXT    NOT NULL,
  domain     TEXT   ,
  owner      TEXT    NOT NULL,
  body       BLOB    NOT NULL             -- JSON
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX credentials_user ON credentials (name, COALESCE(domain, '')) WHERE kind = 'user' AND revoked_at IS NULL;
CREATE INDEX credentials_kind  ON credentials (kind, id);
CREATE INDEX credentials_owner ON credentials (owner) WHERE owner <> '';

-- Who changed what.
CREATE TABLE audit (
  at       INTEGER NOT NULL,
  id       TEXT    PRIMARY KEY,
  domain   TEXT   ,
  who      TEXT    NOT NULL,
  action   TEXT    NOT NULL,
  target   TEXT    NOT NULL,
  trace_id TEXT    NOT NULL,
  before   BLOB   ,                     -- JSON
  after    BLOB                         -- JSON
) STRICT, WITHOUT ROWID;
