-- Live state. What is finished moves to `history`, so that claims never wade through it. Everything is in a schema of its
-- own, and named with it: the database may be shared, and no session's search path is relied on. Names and ids are
-- compared byte by byte, as Treadle does itself. Instants are microseconds since the epoch. JSON is kept as it came.

CREATE FUNCTION treadle.now() RETURNS bigint LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;

-- Which installation this is: no other database has its id.
CREATE TABLE treadle.installation (id text COLLATE "C" PRIMARY KEY);
INSERT INTO treadle.installation VALUES (gen_random_uuid());

-- A line is where ready runs wait: one per (domain, queue, requirement class). `solo` lines hold suspects, which run alone.
CREATE TABLE treadle.lines (
  id       bigint  PRIMARY KEY,
  domain   text    COLLATE "C" NOT NULL,
  queue    text    COLLATE "C" NOT NULL,
  requires text    COLLATE "C" NOT NULL,
  solo     boolean NOT NULL,
  UNIQUE (domain, queue, requires, solo)
);

-- How domains share workers that serve several: domain.sharing.
CREATE TABLE treadle.domains (
  name   text   COLLATE "C" PRIMARY KEY,
  weight bigint NOT NULL DEFAULT 1,
  turn   bigint NOT NULL DEFAULT 0
);

-- What queues were told. One without a row is open and has no limit.
CREATE TABLE treadle.queues (
  domain      text   COLLATE "C" NOT NULL,
  name        text   COLLATE "C" NOT NULL,
  state       text   NOT NULL,
  rate_runs   bigint,
  rate_window bigint,                      -- microseconds
  used_until  bigint,                      -- the state of the rate, domain.rates
  PRIMARY KEY (domain, name)
);

CREATE TABLE treadle.runs (
  seq          bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  line         bigint  NOT NULL,           -- lines.id; not declared so: a check per run costs, and lines are never removed
  rank         bigint  NOT NULL,
  due_at       bigint  NOT NULL,
  token        bigint  NOT NULL DEFAULT 0,
  claimed_at   bigint,
  started_at   bigint,                     -- of the first attempt
  cancel_at    bigint,
  created_at   bigint  NOT NULL,
  slot         bigint,
  job_version  bigint  NOT NULL,
  failures     integer NOT NULL DEFAULT 0,
  losses       integer NOT NULL DEFAULT 0,
  solo_losses  integer NOT NULL DEFAULT 0,
  events       integer NOT NULL DEFAULT 1, -- how many events the run has had; numbers the next
  suspect      boolean NOT NULL DEFAULT false,
  stepped      boolean NOT NULL DEFAULT false, -- whether there are steps of it
  waits_for    bigint,                     -- the gate before which it waits
  gates        bigint[],                   -- the ids of its lanes and rates in their order; NULL for none
  state        text    COLLATE "C" NOT NULL,
  id           text    COLLATE "C" NOT NULL,
  worker_id    text    COLLATE "C",
  domain       text    COLLATE "C" NOT NULL,
  job_id       text    COLLATE "C" NOT NULL,
  queue        text    COLLATE "C" NOT NULL,
  requires     text    COLLATE "C" NOT NULL,
  priority     text    COLLATE "C" NOT NULL,
  cause        text    COLLATE "C" NOT NULL,
  schedule_id  text    COLLATE "C",
  retry_of     text    COLLATE "C",
  limits       text,                       -- JSON, domain.limits.Limits
  depends      text,                       -- JSON, domain.dependencies.Depends
  reason       text,                       -- JSON
  error        text,                       -- JSON, of the last attempt
  work         bytea   NOT NULL,           -- JSON, domain.work.Work
  inputs       bytea   NOT NULL            -- JSON
);

CREATE UNIQUE INDEX runs_id ON treadle.runs (id);
CREATE INDEX runs_ready    ON treadle.runs (line, rank, seq) WHERE state = 'ready';
CREATE INDEX runs_due      ON treadle.runs (due_at)          WHERE state = 'scheduled';
CREATE INDEX runs_waiting  ON treadle.runs (line, state)     WHERE state IN ('scheduled', 'blocked');
CREATE INDEX runs_held     ON treadle.runs (worker_id, line) WHERE state = 'running';
-- Their conditions name no state, lest runs_held be taken for them.
CREATE INDEX runs_cancel   ON treadle.runs (worker_id)       WHERE cancel_at IS NOT NULL;
CREATE INDEX runs_suspect  ON treadle.runs (worker_id)       WHERE claimed_at IS NOT NULL AND suspect;
CREATE INDEX runs_gate     ON treadle.runs (waits_for, rank, seq) WHERE waits_for IS NOT NULL;
CREATE INDEX runs_schedule ON treadle.runs (schedule_id)     WHERE schedule_id IS NOT NULL;
CREATE INDEX runs_job      ON treadle.runs (domain, job_id, id);

-- What runs wait for: one row per parent and child, kept as long as the child. No verdict: the parent has not ended, or
-- its end has not been worked off yet.
CREATE TABLE treadle.edges (
  parent    text COLLATE "C" NOT NULL,
  child     text COLLATE "C" NOT NULL,
  verdict   text COLLATE "C",
  condition text,                          -- JSON, domain.conditions.Condition
  PRIMARY KEY (parent, child)
);
CREATE INDEX edges_pending ON treadle.edges (parent) WHERE verdict IS NULL;
CREATE INDEX edges_child   ON treadle.edges (child);

-- The runs that wait for parents, with how these stand.
CREATE TABLE treadle.dependents (
  child      text    COLLATE "C" PRIMARY KEY,
  seq        bigint  NOT NULL,
  join_on    text    COLLATE "C" NOT NULL,
  on_failure text    COLLATE "C" NOT NULL,
  pending    integer NOT NULL,
  met        integer NOT NULL DEFAULT 0,
  unmet      integer NOT NULL DEFAULT 0,
  failed     integer NOT NULL DEFAULT 0,
  failed_by  text    COLLATE "C",          -- the first by id
  unmet_by   text    COLLATE "C"
);

-- Ended parents whose children have not all been told: worked off a part at a time, so that no transaction is long. A
-- parent may stand here twice: whoever binds a child to one that has ended adds it, and waits for nobody who works it off.
CREATE TABLE treadle.resolutions (
  seq    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  parent text   COLLATE "C" NOT NULL
);

-- What is still known of runs that were pruned soon after their end.
CREATE TABLE treadle.tombstones (
  id          text   COLLATE "C" PRIMARY KEY,
  domain      text   COLLATE "C" NOT NULL,
  state       text   COLLATE "C" NOT NULL,
  error       text,                        -- JSON
  finished_at bigint NOT NULL
);
CREATE INDEX tombstones_age ON treadle.tombstones (finished_at);

-- Gates: what lets only so many pass. Ids are hashes of what a gate is.
CREATE TABLE treadle.lanes (
  id       bigint PRIMARY KEY,
  domain   text   COLLATE "C" NOT NULL,
  key      text   COLLATE "C" NOT NULL,
  declared bigint,                         -- the limit that jobs declare
  by_hand  bigint,                         -- the limit that somebody set: it goes before
  UNIQUE (domain, key)
);

CREATE TABLE treadle.rates (
  id         bigint PRIMARY KEY,
  domain     text   COLLATE "C" NOT NULL,
  key        text   COLLATE "C" NOT NULL,
  runs       bigint NOT NULL,              -- so many per span
  span       bigint NOT NULL,              -- microseconds
  used_until bigint,                       -- the state of domain.rates
  next_at    bigint,                       -- when the first that waits may have a token
  UNIQUE (domain, key)
);
CREATE INDEX rates_next ON treadle.rates (next_at) WHERE next_at IS NOT NULL;

-- Who holds a gate: of a lane the runs that are ready or running, of a rate those that are ready. In the order in which
-- they go: the one that is ready and goes last, of which a better one takes the slot, is found at the end.
CREATE TABLE treadle.slots (
  gate bigint NOT NULL,
  rank bigint NOT NULL,                    -- the run's, which does not change while it holds a slot
  run  bigint NOT NULL,                    -- runs.seq
  PRIMARY KEY (gate, rank, run)
);

-- The installation that was moved here, or is being moved: engines/moving.py. Without a report it is not complete.
CREATE TABLE treadle.moves (
  id     text COLLATE "C" PRIMARY KEY,
  report text
);

CREATE TABLE treadle.workers (
  id            text    COLLATE "C" PRIMARY KEY,
  domains       text[]  COLLATE "C" NOT NULL, -- "*" stands for all
  host          text    NOT NULL,
  pid           bigint  NOT NULL,
  slots         integer NOT NULL,
  queues        text[]  COLLATE "C" NOT NULL, -- empty means all
  requires      text[]  COLLATE "C" NOT NULL,
  version       text    NOT NULL,
  role          text    COLLATE "C" NOT NULL,
  traits        text    NOT NULL,             -- JSON, domain.affinity.Traits
  state         text    COLLATE "C" NOT NULL,
  registered_at bigint  NOT NULL,
  seen_at       bigint  NOT NULL,
  lease_until   bigint  NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE treadle.keys (
  domain     text   COLLATE "C" NOT NULL,
  scope      text   COLLATE "C" NOT NULL,
  key        text   COLLATE "C" NOT NULL,
  run_id     text   COLLATE "C" NOT NULL,
  body_hash  text   COLLATE "C" NOT NULL,
  expires_at bigint NOT NULL,
  PRIMARY KEY (domain, scope, key)
);
-- Those without an expiry (0) stand for as long as their runs say, and go with them.
CREATE INDEX keys_expiry ON treadle.keys (expires_at) WHERE expires_at > 0;
CREATE INDEX keys_run    ON treadle.keys (run_id)     WHERE expires_at = 0;

CREATE TABLE treadle.schedules (
  domain    text    COLLATE "C" NOT NULL,
  id        text    COLLATE "C" NOT NULL,
  job_id    text    COLLATE "C" NOT NULL,
  enabled   boolean NOT NULL,
  next_at   bigint,
  last_slot bigint,
  body      bytea   NOT NULL,              -- msgpack, domain.schedules.Schedule
  PRIMARY KEY (domain, id)
);
CREATE INDEX schedules_due ON treadle.schedules (next_at) WHERE enabled AND next_at IS NOT NULL;
CREATE INDEX schedules_job ON treadle.schedules (domain, job_id);
CREATE INDEX schedules_next ON treadle.schedules (domain, next_at) WHERE enabled AND next_at IS NOT NULL;

CREATE TABLE treadle.documents (
  domain     text   COLLATE "C" NOT NULL,
  kind       text   COLLATE "C" NOT NULL,
  id         text   COLLATE "C" NOT NULL,
  version    bigint NOT NULL,
  body       bytea  NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  PRIMARY KEY (domain, kind, id)
);

CREATE TABLE treadle.document_versions (
  domain     text   COLLATE "C" NOT NULL,
  kind       text   COLLATE "C" NOT NULL,
  id         text   COLLATE "C" NOT NULL,
  version    bigint NOT NULL,
  body       bytea  NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  PRIMARY KEY (domain, kind, id, version)
);

-- Which definitions name which; `follows` says that a completed run of the one named brings about one of the other.
CREATE TABLE treadle.links (
  domain  text    COLLATE "C" NOT NULL,
  kind    text    COLLATE "C" NOT NULL,
  id      text    COLLATE "C" NOT NULL,
  named   text    COLLATE "C" NOT NULL,
  follows boolean NOT NULL,
  PRIMARY KEY (domain, kind, id, named, follows)
);
CREATE INDEX links_named ON treadle.links (domain, named) WHERE follows;
CREATE INDEX links_back  ON treadle.links (domain, kind, named);

-- Completed runs after which jobs are to be run.
CREATE TABLE treadle.triggers (
  seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  domain   text   COLLATE "C" NOT NULL,
  job_id   text   COLLATE "C" NOT NULL,
  upstream text   COLLATE "C" NOT NULL,
  run_id   text   COLLATE "C" NOT NULL
);

-- The log of events. A transaction's events are a batch. Batches get their position from a sequencer once they are
-- committed: a late commit comes later in the log, so that no reader passes it by, and an open one holds nobody up.
CREATE SEQUENCE treadle.batch_ids INCREMENT 1000; -- an engine takes a thousand at a time
CREATE SEQUENCE treadle.commits;
CREATE SEQUENCE treadle.positions MINVALUE 0 START 0;

CREATE TABLE treadle.event_batches (
  id       bigint PRIMARY KEY,
  ended    bigint NOT NULL DEFAULT nextval('treadle.commits'), -- taken last of all: who saw a transaction comes after it
  position bigint
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX event_batches_position ON treadle.event_batches (position) WHERE position IS NOT NULL;
CREATE INDEX event_batches_new ON treadle.event_batches (ended) WHERE position IS NULL;

CREATE TABLE treadle.events (
  batch   bigint  NOT NULL,
  ordinal integer NOT NULL,
  n       integer NOT NULL,                -- the number of this event among its run's; 0 for what is no run
  at      bigint  NOT NULL,
  domain  text    COLLATE "C" NOT NULL,
  type    text    COLLATE "C" NOT NULL,
  subject text    COLLATE "C" NOT NULL,
  job_id  text    COLLATE "C" NOT NULL,
  data    bytea   NOT NULL,                -- JSON
  PRIMARY KEY (batch, ordinal)
);

CREATE INDEX events_named ON treadle.events (domain, type) WHERE n = 0;

-- What runs have done for good; it goes with the run's history.
CREATE TABLE treadle.steps (
  seq    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  token  bigint NOT NULL,
  at     bigint NOT NULL,
  event  bigint,                           -- the position of the one that answered
  run_id text   COLLATE "C" NOT NULL,
  name   text   COLLATE "C" NOT NULL,
  kind   text   COLLATE "C" NOT NULL,
  result bytea  NOT NULL,                  -- JSON
  UNIQUE (run_id, name)
);

-- Small values of jobs and runs: domain.kv.
CREATE TABLE treadle.kv (
  at     bigint NOT NULL,
  scope  text   COLLATE "C" NOT NULL,
  owner  text   COLLATE "C" NOT NULL,      -- the id of a job or a run
  domain text   COLLATE "C" NOT NULL,
  key    text   COLLATE "C" NOT NULL,
  value  bytea  NOT NULL,                  -- JSON
  PRIMARY KEY (scope, owner, domain, key)
);

-- Blocked runs that wait for an event. A row goes when its run goes on.
CREATE TABLE treadle.waits (
  run        bigint PRIMARY KEY,           -- runs.seq
  key        bigint NOT NULL,              -- domain.waits.match_key
  after      bigint NOT NULL,              -- the position up to which events were looked at
  timeout_at bigint,
  domain     text   COLLATE "C" NOT NULL,
  type       text   COLLATE "C" NOT NULL,  -- of the event
  step       text   COLLATE "C" NOT NULL,
  match      bytea  NOT NULL               -- JSON
);
CREATE INDEX waits_event   ON treadle.waits (domain, type, key, after);
CREATE INDEX waits_timeout ON treadle.waits (timeout_at) WHERE timeout_at IS NOT NULL;

-- Published events that are on their way to the runs that wait for them.
CREATE TABLE treadle.deliveries (
  batch   bigint  NOT NULL,
  ordinal integer NOT NULL,
  PRIMARY KEY (batch, ordinal)
);

CREATE TABLE treadle.logs (
  seq     bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  token   bigint  NOT NULL,
  at      bigint  NOT NULL,
  attempt integer NOT NULL,
  domain  text    COLLATE "C" NOT NULL,
  run_id  text    COLLATE "C" NOT NULL,
  stream  text    NOT NULL,
  level   text    NOT NULL,
  message text    NOT NULL,
  fields  bytea                            -- JSON
);
CREATE INDEX logs_run ON treadle.logs (run_id, seq);

-- Finished runs: a table for each week, made ahead and dropped whole, and one for what finishes in none of these. No index
-- can keep an id unique over all of them: a run comes here once, out of `runs`, where it is.
CREATE TABLE treadle.history (
  due_at       bigint  NOT NULL,
  rank         bigint  NOT NULL,
  created_at   bigint  NOT NULL,
  token        bigint  NOT NULL,
  cancel_at    bigint,
  started_at   bigint,
  finished_at  bigint  NOT NULL,
  slot         bigint,
  job_version  bigint  NOT NULL,
  attempt      integer NOT NULL,
  failures     integer NOT NULL,
  losses       integer NOT NULL,
  solo_losses  integer NOT NULL,
  suspect      boolean NOT NULL,
  id           text    COLLATE "C" NOT NULL,
  domain       text    COLLATE "C" NOT NULL,
  job_id       text    COLLATE "C" NOT NULL,
  queue        text    COLLATE "C" NOT NULL,
  requires     text    COLLATE "C" NOT NULL,
  priority     text    COLLATE "C" NOT NULL,
  state        text    COLLATE "C" NOT NULL,
  worker_id    text    COLLATE "C",
  cause        text    COLLATE "C" NOT NULL,
  schedule_id  text    COLLATE "C",
  retry_of     text    COLLATE "C",
  limits       text,                       -- JSON, domain.limits.Limits
  depends      text,                       -- JSON, domain.dependencies.Depends
  error        text,                       -- JSON
  resolution   text,                       -- JSON, domain.letters.Resolution
  result       bytea,                      -- JSON
  work         bytea   NOT NULL,
  inputs       bytea   NOT NULL
) PARTITION BY RANGE (finished_at);
CREATE TABLE treadle.history_rest PARTITION OF treadle.history DEFAULT;

CREATE INDEX history_id       ON treadle.history (id);
CREATE INDEX history_finished ON treadle.history (finished_at);
CREATE INDEX history_job        ON treadle.history (domain, job_id, id);
-- Nearly all runs complete: only the others need an index to be found by state.
CREATE INDEX history_state    ON treadle.history (domain, state, id) WHERE state <> 'completed';

-- Dead letters, by what they are asked for.
CREATE INDEX history_dead       ON treadle.history (domain, id)         WHERE state = 'failed' AND resolution IS NULL;
CREATE INDEX history_dead_job   ON treadle.history (domain, job_id, id) WHERE state = 'failed' AND resolution IS NULL;
CREATE INDEX history_dead_queue ON treadle.history (domain, queue, id)  WHERE state = 'failed' AND resolution IS NULL;

-- The values of inputs by which runs are found, live or finished: of those whose jobs declare any.
CREATE TABLE treadle.run_values (
  domain text COLLATE "C" NOT NULL,
  path   text COLLATE "C" NOT NULL,
  value  text COLLATE "C" NOT NULL,
  run_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (domain, path, value, run_id)
);
CREATE INDEX run_values_run ON treadle.run_values (run_id);

-- Tries that ended without ending their run.
CREATE TABLE treadle.attempts (
  seq         bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  token       bigint  NOT NULL,
  started_at  bigint,
  finished_at bigint  NOT NULL,
  attempt     integer NOT NULL,
  run_id      text    COLLATE "C" NOT NULL,
  domain      text    COLLATE "C" NOT NULL,
  worker_id   text    COLLATE "C",
  event       text    COLLATE "C" NOT NULL,
  error       text                         -- JSON
);
CREATE INDEX attempts_run ON treadle.attempts (run_id, token);

-- What runs that have ended add up to: by domain, series (domain.stats), and spans of so many microseconds.
CREATE TABLE treadle.tallies (
  domain text   COLLATE "C" NOT NULL,
  series text   COLLATE "C" NOT NULL,
  step   bigint NOT NULL,
  at     bigint NOT NULL,                  -- the start of the span
  tally  text   NOT NULL,                  -- JSON, domain.stats.Tally
  PRIMARY KEY (domain, series, step, at)
);
CREATE INDEX tallies_age ON treadle.tallies (step, at);

-- Up to which event the log was gone through for it: one row.
CREATE TABLE treadle.rollups (
  name     text   COLLATE "C" PRIMARY KEY,
  position bigint NOT NULL
);

-- Failures that are one and the same (domain.fingerprints), and what was said of them last.
CREATE TABLE treadle.failure_groups (
  domain   text   COLLATE "C" NOT NULL,
  id       text   COLLATE "C" NOT NULL,
  kind     text   COLLATE "C" NOT NULL,
  place    text   COLLATE "C" NOT NULL,
  title    text   NOT NULL,
  count    bigint NOT NULL,
  first_at bigint NOT NULL,
  last_at  bigint NOT NULL,
  run_id   text   COLLATE "C" NOT NULL,    -- the newest
  state    text   COLLATE "C" NOT NULL,
  said_at  bigint NOT NULL,
  until_at bigint,
  said_by  text   COLLATE "C" NOT NULL,
  why      text   NOT NULL,
  PRIMARY KEY (domain, id)
);
CREATE INDEX failure_groups_last ON treadle.failure_groups (domain, last_at, id);
CREATE INDEX failure_groups_age  ON treadle.failure_groups (last_at);

CREATE TABLE treadle.failure_jobs (
  domain   text   COLLATE "C" NOT NULL,
  group_id text   COLLATE "C" NOT NULL,
  job_id   text   COLLATE "C" NOT NULL,
  count    bigint NOT NULL,
  last_at  bigint NOT NULL,
  PRIMARY KEY (domain, group_id, job_id)
);

-- The inbox, in the order in which messages were put.
CREATE TABLE treadle.messages (
  seq          bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  created_at   bigint  NOT NULL,
  settled_at   bigint,
  token        bigint,
  attempts     integer NOT NULL DEFAULT 0,
  max_attempts integer,                    -- of the run that has it, or had it last; so are run_id and token
  id           text    COLLATE "C" NOT NULL,
  domain       text    COLLATE "C" NOT NULL,
  type         text    COLLATE "C" NOT NULL,
  key          text    COLLATE "C" NOT NULL,
  state        text    COLLATE "C" NOT NULL DEFAULT 'pending',
  run_id       text    COLLATE "C",
  error        text,                       -- JSON, of the last try that failed
  payload      bytea   NOT NULL            -- JSON
);
CREATE UNIQUE INDEX messages_id ON treadle.messages (id);
CREATE INDEX messages_pending ON treadle.messages (domain, type, seq) WHERE state = 'pending';
CREATE INDEX messages_leased  ON treadle.messages (run_id)            WHERE state = 'leased';
CREATE INDEX messages_busy    ON treadle.messages (domain, type, key) WHERE state = 'leased' AND key <> '';
CREATE INDEX messages_settled ON treadle.messages (settled_at)        WHERE settled_at IS NOT NULL;
CREATE INDEX messages_state   ON treadle.messages (domain, state, id);
CREATE INDEX messages_type    ON treadle.messages (domain, type, state, id);

-- Runs that were selected, by their ids. They are kept in parts, the oldest runs first.
CREATE TABLE treadle.selections (
  count      bigint  NOT NULL,
  created_at bigint  NOT NULL,
  expires_at bigint  NOT NULL,
  id         text COLLATE "C" PRIMARY KEY,
  domain     text COLLATE "C" NOT NULL,
  who        text COLLATE "C" NOT NULL,
  filter     text NOT NULL,               -- JSON, domain.filters.RunsWanted
  sample     text NOT NULL                -- ids, with blanks between
);
CREATE INDEX selections_expiry ON treadle.selections (expires_at);

CREATE TABLE treadle.selection_parts (
  number    bigint  NOT NULL,
  selection text COLLATE "C" NOT NULL,
  ids       text NOT NULL,
  PRIMARY KEY (selection, number)
);

-- What is done to them. Parts before the position are done with.
CREATE TABLE treadle.bulk_actions (
  spread      bigint  NOT NULL,           -- microseconds
  total       bigint  NOT NULL,
  created_at  bigint  NOT NULL,
  position    bigint  NOT NULL,
  finished_at bigint ,
  id          text COLLATE "C" PRIMARY KEY,
  domain      text COLLATE "C" NOT NULL,
  selection   text COLLATE "C" NOT NULL,
  act         text COLLATE "C" NOT NULL,
  who         text COLLATE "C" NOT NULL,
  why         text NOT NULL,
  tally       text NOT NULL               -- JSON, domain.bulk_actions.Tally
);
CREATE INDEX bulk_actions_list ON treadle.bulk_actions (domain, id);
CREATE INDEX bulk_actions_open ON treadle.bulk_actions (id) WHERE finished_at IS NULL;

-- Definitions that the arrival of messages starts.
CREATE TABLE treadle.consumers (
  domain text COLLATE "C" NOT NULL,
  kind   text COLLATE "C" NOT NULL,
  id     text COLLATE "C" NOT NULL,
  type   text COLLATE "C" NOT NULL,
  PRIMARY KEY (domain, kind, id)
);

-- What callers are known by. Secrets are not here: `body` holds what they can be checked against.
CREATE TABLE treadle.credentials (
  expires_at bigint ,
  used_at    bigint ,
  revoked_at bigint ,
  id         text    COLLATE "C" PRIMARY KEY,
  kind       text    COLLATE "C" NOT NULL,
  name       text    COLLATE "C" NOT NULL,
  domain     text    COLLATE "C",
  owner      text    COLLATE "C" NOT NULL,
  body       bytea   NOT NULL             -- JSON
);
CREATE UNIQUE INDEX credentials_user ON treadle.credentials (name, COALESCE(domain, '')) WHERE kind = 'user' AND revoked_at IS NULL;
CREATE INDEX credentials_kind  ON treadle.credentials (kind, id);
CREATE INDEX credentials_owner ON treadle.credentials (owner) WHERE owner <> '';

-- Who changed what.
CREATE TABLE treadle.audit (
  at       bigint  NOT NULL,
  id       text    COLLATE "C" PRIMARY KEY,
  domain   text    COLLATE "C",
  who      text    COLLATE "C" NOT NULL,
  action   text    COLLATE "C" NOT NULL,
  target   text    COLLATE "C" NOT NULL,
  trace_id text    COLLATE "C" NOT NULL,
  before   bytea  ,                     -- JSON
  after    bytea                        -- JSON
);
