-- version: 3
CREATE SCHEMA treadle;
CREATE TABLE treadle.schema_versions (version bigint PRIMARY KEY, serves bigint NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now());
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

INSERT INTO treadle.schema_versions VALUES (1, 1);
-- serves: 1
-- The trips that are made most, each one call and one transaction: what is usual is done here, by the statements that the
-- rest of the engine uses too; whatever needs more is left to the engine, which is told so.
--
-- Functions keep their plans in the session of the server, whoever stands between. Their settings are set while they run:
-- plans are made once. That may be while a table is empty, so statements are such that no plan but the right one can be
-- made: what is known of rows comes by LATERAL or in an array, which leaves no other way than the index of what is asked;
-- and what would fit a partial index that is not meant is said so that it does not. Arrays are read by place: `unnest` of
-- many keeps each of them a second time.

-- Claims, a column each, so that a batch is one row.
CREATE TYPE treadle.claims AS (
  ids text[], domains text[], job_ids text[], queues text[], requires text[], priorities text[], tokens bigint[],
  failures integer[], losses integer[], solo_losses integer[], suspects boolean[], due_ats bigint[], created_ats bigint[],
  works bytea[], inputs bytea[], have_parents boolean[], stepped boolean[], lines bigint[], ranks bigint[], seqs bigint[]
);

-- Move running runs to the history, with their last events, each only under its token. Answers the places of those that
-- were moved. `plain` leaves out those whose end means more: a cancel was accepted, others wait for their slots, or they
-- have messages.
CREATE FUNCTION treadle.finish(
  event_batch bigint, first_ordinal integer, plain boolean,
  run_ids text[], run_tokens bigint[], ended_ats bigint[], began_ats bigint[], run_results bytea[],
  ways integer[], -- for each run the place of how it ended, in what follows
  final_states text[], run_errors text[], failed integer[], lost integer[], lost_alone integer[], doubtful boolean[],
  event_types text[], event_data bytea[]
) RETURNS integer[] LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
  moved integer[];
BEGIN
  WITH held AS MATERIALIZED (
    SELECT place, way, run.* FROM (
      SELECT run_ids[i] AS of_run, run_tokens[i] AS under, i AS place, ways[i] AS way FROM generate_series(1, cardinality(run_ids)) AS i
      ORDER BY of_run, place -- the order in which all lock runs
    ) AS done
    CROSS JOIN LATERAL (
      SELECT id, domain, job_id, job_version, queue, requires, priority, due_at, rank, created_at, token, failures, losses,
             cancel_at, worker_id, started_at, cause, schedule_id, slot, retry_of, limits, depends, work, inputs, seq, events
      FROM treadle.runs AS r
      WHERE r.id = of_run AND r.token = under AND r.state NOT IN ('ready', 'scheduled', 'blocked')
        AND (NOT plain OR r.cancel_at IS NULL AND r.gates IS NULL AND NOT EXISTS (
          SELECT 1 FROM treadle.messages AS m WHERE m.state = 'leased' AND m.run_id = r.id
        ))
      FOR UPDATE
    ) AS run
  ), gone AS (
    DELETE FROM treadle.runs WHERE seq = ANY (ARRAY (SELECT seq FROM held))
  ), told AS (
    INSERT INTO treadle.events (batch, ordinal, domain, type, subject, n, job_id, at, data)
    SELECT event_batch, first_ordinal + place - 1, domain, event_types[way], id, events + 1, job_id, ended_ats[place],
           event_data[way]
    FROM held
  ), tried AS ( -- of a first try the run itself tells all
    INSERT INTO treadle.attempts (run_id, domain, token, attempt, worker_id, started_at, finished_at, event, error)
    SELECT id, domain, token, failures + losses + 1, worker_id, began_ats[place], ended_ats[place], event_types[way],
           run_errors[way]
    FROM held WHERE token > 1
  ), kept AS (
    INSERT INTO treadle.history (id, domain, job_id, job_version, queue, requires, priority, state, due_at, rank,
                                 created_at, token, attempt, failures, losses, solo_losses, suspect, cancel_at, worker_id,
                                 started_at, finished_at, cause, schedule_id, slot, retry_of, limits, depends, error,
                                 result, work, inputs)
    SELECT id, domain, job_id, job_version, queue, requires, priority, final_states[way], due_at, rank,
           created_at, token, failures + losses + 1, failed[way], lost[way], lost_alone[way], doubtful[way],
           cancel_at, worker_id, coalesce(started_at, began_ats[place]), ended_ats[place], cause, schedule_id, slot,
           retry_of, limits, depends, run_errors[way], run_results[place], work, inputs
    FROM held
  )
  SELECT coalesce(array_agg(place), '{}') INTO moved FROM held;
  RETURN moved;
END
$$;

-- Claim the best runs of each line that no other claims at this moment, so many of each, with their events. Where there
-- are marks of lines, those runs that come after them.
CREATE FUNCTION treadle.claim(
  event_batch bigint, first_ordinal integer, worker text, at bigint, from_lines bigint[], most_of_each bigint[],
  mark_ranks bigint[], mark_seqs bigint[]
) RETURNS treadle.claims LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
  found treadle.claims;
BEGIN
  WITH picked AS MATERIALIZED (
    SELECT head.seq FROM unnest(from_lines, most_of_each, mark_ranks, mark_seqs) AS l (line, most, rank, seq) CROSS JOIN LATERAL (
      SELECT seq FROM treadle.runs
      WHERE state = 'ready' AND line = l.line AND (rank, seq) > (coalesce(l.rank, '-9223372036854775808'), coalesce(l.seq, 0))
      ORDER BY rank, seq LIMIT l.most
      FOR NO KEY UPDATE SKIP LOCKED -- whoever binds a child to a run does not keep it from being claimed
    ) AS head
  ), claimed AS (
    UPDATE treadle.runs AS r
    SET state = 'running', token = token + 1, worker_id = worker, claimed_at = claim.at, events = events + 1, reason = NULL
    WHERE seq = ANY (ARRAY (SELECT seq FROM picked))
    RETURNING id, domain, job_id, queue, requires, priority, token, failures, losses, solo_losses, suspect, due_at,
              created_at, work, inputs, depends IS NOT NULL AS has_parents, stepped, line, rank, seq, events
  ), sorted AS MATERIALIZED (
    SELECT * FROM claimed ORDER BY rank, seq
  ), told AS (
    INSERT INTO treadle.events (batch, ordinal, domain, type, subject, n, job_id, at, data)
    SELECT event_batch, first_ordinal - 1 + row_number() OVER (), domain, 'run.started', id, events, job_id, claim.at,
           convert_to('{"attempt":' || failures + losses + 1 || ',"token":' || token || '}', 'UTF8')
    FROM sorted
  )
  SELECT array_agg(id), array_agg(domain), array_agg(job_id), array_agg(queue), array_agg(requires), array_agg(priority),
         array_agg(token), array_agg(failures), array_agg(losses), array_agg(solo_losses), array_agg(suspect),
         array_agg(due_at), array_agg(created_at), array_agg(work), array_agg(inputs), array_agg(has_parents),
         array_agg(stepped), array_agg(line), array_agg(rank), array_agg(seq)
  INTO found FROM sorted;
  RETURN found;
END
$$;

-- The lines that have ready runs, by leaping over the index from line to line.
CREATE FUNCTION treadle.ready_lines() RETURNS bigint[] LANGUAGE sql
SET plan_cache_mode = force_generic_plan SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
  WITH RECURSIVE leap (line) AS (
    (SELECT line FROM treadle.runs WHERE state = 'ready' ORDER BY line LIMIT 1)
    UNION ALL
    SELECT (SELECT line FROM treadle.runs WHERE state = 'ready' AND line > leap.line ORDER BY line LIMIT 1)
    FROM leap WHERE leap.line IS NOT NULL
  )
  SELECT ARRAY (SELECT line FROM leap WHERE line IS NOT NULL)
$$;

-- A worker's trip: settle what has ended for good, and claim the next. Nothing is done where its lease is not `alive`.
-- Whatever is not usual is left to the engine, which goes on where not all was done: `whole` says that it was.
CREATE FUNCTION treadle.step(
  event_batch bigint, worker text, told_now bigint,
  run_ids text[], run_tokens bigint[], ended_ats bigint[], began_ats bigint[], run_results bytea[], ways integer[],
  final_states text[], run_errors text[], failed integer[], lost integer[], lost_alone integer[], doubtful boolean[],
  event_types text[], event_data bytea[], -- see the function `finish`
  want bigint, -- how many runs to claim
  open_lines bigint[], shut_lines bigint[], -- the lines from which the worker may take, and those from which it may not
  mark_lines bigint[], mark_ranks bigint[], mark_seqs bigint[], -- open lines with marks: no others are looked at then
  OUT alive boolean, OUT whole boolean, OUT settled integer[], OUT any_follow boolean, OUT moment bigint,
  OUT next_due bigint, OUT cancels text[], OUT look_took bigint, -- microseconds; NULL where there were marks
  OUT front_lines bigint[], OUT front_ranks bigint[], -- where several lines had runs: the best rank of each before the claim
  OUT claimed treadle.claims
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
  ending integer := cardinality(run_ids);
  lease record;
  ready bigint[];
  counts bigint[];
BEGIN
  whole := false;
  settled := '{}';
  any_follow := false;
  moment := coalesce(told_now, treadle.now());
  SELECT state, lease_until INTO lease FROM treadle.workers WHERE id = worker;
  alive := FOUND AND lease.state IN ('online', 'draining', 'disabled') AND lease.lease_until > moment;
  IF NOT alive THEN
    RETURN;
  END IF;
  IF want > 0 THEN -- see the statement `claim_alone`
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('worker' || worker, 0));
  END IF;

  IF ending > 0 THEN
    settled := treadle.finish(event_batch, 0, true, run_ids, run_tokens, ended_ats, began_ats, run_results, ways,
                              final_states, run_errors, failed, lost, lost_alone, doubtful, event_types, event_data);
    -- Looked for once the runs are gone: whoever binds a child to one of them holds it meanwhile, or comes too late.
    IF EXISTS (SELECT 1 FROM treadle.dependents) THEN
      INSERT INTO treadle.resolutions (parent)
      SELECT run_ids[place] FROM unnest(settled) AS place
      WHERE EXISTS (SELECT 1 FROM treadle.edges WHERE parent = run_ids[place] AND verdict IS NULL);
    END IF;
    IF EXISTS (SELECT 1 FROM treadle.links WHERE follows) THEN
      INSERT INTO treadle.triggers (domain, job_id, upstream, run_id)
      SELECT h.domain, links.id, h.job_id, h.id
      FROM treadle.history AS h JOIN treadle.links ON links.domain = h.domain AND links.named = h.job_id AND follows
      WHERE h.id IN (SELECT run_ids[place] FROM unnest(settled) AS place) AND h.state = 'completed'
      ORDER BY h.finished_at, h.id;
      any_follow := FOUND;
    END IF;
  END IF;

  -- What came before may have waited for locks: nobody is to begin a run by the time of then, or under a lease of then.
  moment := coalesce(told_now, treadle.now());
  SELECT least((SELECT min(due_at) FROM treadle.runs WHERE state = 'scheduled'),
               (SELECT min(next_at) FROM treadle.rates WHERE next_at IS NOT NULL),
               (SELECT min(timeout_at) FROM treadle.waits WHERE timeout_at IS NOT NULL)),
         ARRAY (SELECT id FROM treadle.runs WHERE worker_id = worker AND cancel_at IS NOT NULL)
  INTO next_due, cancels;
  whole := cardinality(settled) = ending AND lease.state = 'online' AND lease.lease_until > moment
    AND coalesce(next_due > moment, true)
    AND NOT EXISTS (SELECT 1 FROM treadle.resolutions) AND NOT EXISTS (SELECT 1 FROM treadle.rates)
    AND NOT EXISTS (SELECT 1 FROM treadle.runs WHERE worker_id = worker AND claimed_at IS NOT NULL AND suspect);
  IF whole THEN
    ready := mark_lines;
    IF cardinality(mark_lines) = 0 THEN
      look_took := treadle.now();
      ready := treadle.ready_lines();
      look_took := treadle.now() - look_took;
      whole := ready <@ (open_lines || shut_lines);
      ready := ARRAY (SELECT unnest(ready) INTERSECT SELECT unnest(open_lines));
    END IF;
    IF EXISTS (SELECT 1 FROM treadle.queues) THEN
      whole := whole AND NOT EXISTS (
        SELECT 1 FROM treadle.lines JOIN treadle.queues ON queues.domain = lines.domain AND queues.name = lines.queue
        WHERE lines.id = ANY (ready)
      );
    END IF;
  END IF;
  IF whole AND want > 0 THEN
    counts := ARRAY[want];
    IF cardinality(ready) > 1 THEN
      SELECT array_agg(line), array_agg(most), array_agg(rank), array_agg(seq), array_agg(line), array_agg(front)
      INTO ready, counts, mark_ranks, mark_seqs, front_lines, front_ranks FROM (
        SELECT line, rank, seq, count(*) FILTER (WHERE place <= want) AS most, min(head_rank) AS front FROM (
          SELECT l.*, head.rank AS head_rank, row_number() OVER (ORDER BY head.rank, head.seq) AS place
          FROM unnest(ready, mark_ranks, mark_seqs) AS l (line, rank, seq) CROSS JOIN LATERAL (
            SELECT rank, seq FROM treadle.runs
            WHERE state = 'ready' AND line = l.line AND (rank, seq) > (coalesce(l.rank, '-9223372036854775808'), coalesce(l.seq, 0))
            ORDER BY rank, seq LIMIT want
          ) AS head
        ) AS heads GROUP BY line, rank, seq
      ) AS counted;
    END IF;
    IF cardinality(ready) > 0 THEN
      claimed := treadle.claim(event_batch, ending, worker, moment, ready, counts, mark_ranks, mark_seqs);
    END IF;
  END IF;
  IF cardinality(settled) > 0 OR claimed.ids IS NOT NULL THEN
    INSERT INTO treadle.event_batches (id) VALUES (event_batch); -- last of all
  END IF;
END
$$;

-- Store new runs with their events, in their order. What several have in common comes once: `kinds` are the places of it.
-- Gates come as texts, each an array's: an array of arrays would have to be of equal lengths. Where an event's data is
-- missing, there is nothing to tell.
CREATE FUNCTION treadle.put_runs(
  event_batch bigint, first_ordinal integer,
  run_ids text[], run_ranks bigint[], due_ats bigint[], created_ats bigint[], run_inputs bytea[], kinds integer[],
  run_lines bigint[], run_states text[], run_domains text[], job_ids text[], job_versions bigint[], run_queues text[],
  all_require text[], priorities text[], causes text[], schedule_ids text[], slots bigint[], retries_of text[],
  run_limits text[], all_depend text[], run_gates text[], reasons text[], works bytea[], event_data bytea[]
) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET jit = off
AS $$
BEGIN
  INSERT INTO treadle.runs (id, line, state, rank, due_at, created_at, domain, job_id, job_version, queue, requires,
                            priority, cause, schedule_id, slot, retry_of, limits, depends, gates, reason, work, inputs)
  SELECT run_ids[i], run_lines[kinds[i]], run_states[kinds[i]], run_ranks[i], due_ats[i], created_ats[i],
         run_domains[kinds[i]], job_ids[kinds[i]], job_versions[kinds[i]], run_queues[kinds[i]], all_require[kinds[i]],
         priorities[kinds[i]], causes[kinds[i]], schedule_ids[kinds[i]], slots[kinds[i]], retries_of[kinds[i]],
         run_limits[kinds[i]], all_depend[kinds[i]], run_gates[kinds[i]]::bigint[], reasons[kinds[i]], works[kinds[i]],
         run_inputs[i]
  FROM generate_series(1, cardinality(run_ids)) AS i;
  INSERT INTO treadle.events (batch, ordinal, domain, type, subject, n, job_id, at, data)
  SELECT event_batch, first_ordinal + i - 1, run_domains[kinds[i]], 'run.queued', run_ids[i], 1, job_ids[kinds[i]],
         created_ats[i],
         coalesce(event_data[i], '{}')
  FROM generate_series(1, cardinality(run_ids)) AS i;
END
$$;

-- A submit of runs that depend on nothing, have no limits and no keys, and whose lines are there. Answers false, and stores
-- nothing, where one of their queues drains.
CREATE FUNCTION treadle.submit(
  event_batch bigint,
  run_ids text[], run_ranks bigint[], due_ats bigint[], created_ats bigint[], run_inputs bytea[], kinds integer[],
  run_lines bigint[], run_states text[], run_domains text[], job_ids text[], job_versions bigint[], run_queues text[],
  all_require text[], priorities text[], causes text[], schedule_ids text[], slots bigint[], retries_of text[],
  run_limits text[], all_depend text[], run_gates text[], reasons text[], works bytea[]
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM treadle.queues
    WHERE state = 'draining' AND (domain, name) IN (SELECT * FROM unnest(run_domains, run_queues))
  ) THEN
    RETURN false;
  END IF;
  PERFORM treadle.put_runs(event_batch, 0, run_ids, run_ranks, due_ats, created_ats, run_inputs, kinds, run_lines,
                           run_states, run_domains, job_ids, job_versions, run_queues, all_require, priorities, causes,
                           schedule_ids, slots, retries_of, run_limits, all_depend, run_gates, reasons, works, '{}');
  INSERT INTO treadle.event_batches (id) VALUES (event_batch); -- last of all
  RETURN true;
END
$$;

INSERT INTO treadle.schema_versions VALUES (2, 1);
-- serves: 1
-- What people look at directly: docs/sql.md. In a schema of its own, so that readers can be let in here and nowhere else.
-- Live and finished runs are one; moments are timestamps, and JSON is jsonb (which cannot hold the character 0).

CREATE FUNCTION treadle.at(bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN timestamptz '1970-01-01 00:00:00+00' + $1 * interval '1 microsecond';

CREATE FUNCTION treadle.parse_json(text) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN replace($1, '\u0000', '\ufffd')::jsonb;

CREATE FUNCTION treadle.parse_json(bytea) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN treadle.parse_json(convert_from($1, 'UTF8'));

CREATE SCHEMA treadle_view;

CREATE VIEW treadle_view.jobs AS
SELECT id AS job_id, domain, version, job.body #>> '{spec,type}' AS type,
       coalesce(nullif(job.body #>> '{spec,name}', ''), id) AS name,
       job.body #>> '{spec,description}' AS description,
       coalesce((job.body #>> '{spec,enabled}')::boolean, true) AS enabled,
       job.body ->> 'source' AS source, job.body -> 'spec' AS spec,
       treadle.at(created_at) AS created_at, treadle.at(updated_at) AS updated_at
FROM treadle.documents CROSS JOIN LATERAL (SELECT treadle.parse_json(documents.body) AS body) AS job
WHERE kind = 'job';

CREATE VIEW treadle_view.runs AS
SELECT id, domain, job_id, job_version, state, queue, priority,
       failures + losses + CASE state WHEN 'running' THEN 1 ELSE 0 END AS attempt, failures, losses,
       treadle.parse_json(inputs) AS inputs, NULL::jsonb AS result, treadle.parse_json(error) AS error,
       treadle.parse_json(reason) AS reason, treadle.parse_json(depends) -> 'parents' AS depends_on,
       treadle.at(created_at) AS created_at, treadle.at(due_at) AS due_at,
       treadle.at(coalesce(started_at, claimed_at)) AS started_at, NULL::timestamptz AS finished_at,
       treadle.at(cancel_at) AS cancel_requested_at, worker_id, cause, schedule_id, treadle.at(slot) AS slot, retry_of,
       treadle.parse_json(work) AS work
FROM treadle.runs
UNION ALL
SELECT id, domain, job_id, job_version, state, queue, priority, attempt, failures, losses,
       treadle.parse_json(inputs), treadle.parse_json(result), treadle.parse_json(error), NULL,
       treadle.parse_json(depends) -> 'parents', treadle.at(created_at), treadle.at(due_at), treadle.at(started_at),
       treadle.at(finished_at), treadle.at(cancel_at), worker_id, cause, schedule_id, treadle.at(slot), retry_of,
       treadle.parse_json(work)
FROM treadle.history;

CREATE VIEW treadle_view.dead_letters AS
SELECT id, domain, job_id, queue, attempt, treadle.parse_json(inputs) AS inputs, treadle.parse_json(error) AS error,
       treadle.at(created_at) AS created_at, treadle.at(finished_at) AS finished_at
FROM treadle.history WHERE state = 'failed' AND resolution IS NULL;

CREATE VIEW treadle_view.attempts AS
SELECT run_id, domain, attempt, worker_id, event, treadle.parse_json(error) AS error, treadle.at(started_at) AS started_at,
       treadle.at(finished_at) AS finished_at
FROM treadle.attempts;

CREATE VIEW treadle_view.logs AS
SELECT seq, run_id, domain, attempt, treadle.at(at) AS at, stream, level, message, treadle.parse_json(fields) AS fields
FROM treadle.logs;

CREATE VIEW treadle_view.events AS
SELECT position << 20 | ordinal AS seq, domain, type, subject, job_id, treadle.at(at) AS at, treadle.parse_json(data) AS data
FROM treadle.event_batches JOIN treadle.events ON batch = id;

CREATE VIEW treadle_view.schedules AS
SELECT id, domain, job_id, enabled, treadle.at(next_at) AS next_at, treadle.at(last_slot) AS last_slot FROM treadle.schedules;

CREATE VIEW treadle_view.queues AS
SELECT name, domain, state, rate_runs, rate_window * interval '1 microsecond' AS rate_window FROM treadle.queues;

CREATE VIEW treadle_view.lanes AS
SELECT key, domain, coalesce(by_hand, declared) AS "limit", by_hand IS NOT NULL AS by_hand,
       (SELECT count(*) FROM treadle.slots WHERE gate = lanes.id) AS held,
       (SELECT count(*) FROM treadle.runs WHERE waits_for = lanes.id) AS waiting
FROM treadle.lanes;

CREATE VIEW treadle_view.workers AS
SELECT id, host, pid, state, slots, domains, queues, requires, version, treadle.at(registered_at) AS registered_at,
       treadle.at(seen_at) AS seen_at, treadle.at(lease_until) AS lease_until
FROM treadle.workers;

CREATE VIEW treadle_view.messages AS
SELECT id, domain, type, key, state, attempts, run_id, treadle.parse_json(payload) AS payload,
       treadle.parse_json(error) AS error, treadle.at(created_at) AS created_at, treadle.at(settled_at) AS settled_at
FROM treadle.messages;

-- The two tables of the Taiat job manager, by its names and columns. A run is its job, and a job is what names it.

CREATE VIEW treadle_view.taiat_jobs AS
SELECT runs.id::varchar AS id, coalesce(jobs.type, runs.work #>> '{executor,type}')::varchar AS job_type,
       coalesce(jobs.name, runs.job_id)::varchar AS name, jobs.description, runs.inputs AS payload,
       coalesce(runs.depends_on, '[]') AS dependencies, coalesce((runs.work #>> '{retry,max_retries}')::integer, 3) AS max_retries,
       runs.failures AS retry_count, CASE runs.state WHEN 'running' THEN 'running' ELSE 'pending' END::varchar AS status,
       runs.error ->> 'message' AS error_message, runs.result, runs.started_at AT TIME ZONE 'UTC' AS started_at,
       runs.finished_at AT TIME ZONE 'UTC' AS completed_at, runs.created_at AT TIME ZONE 'UTC' AS created_at,
       greatest(runs.created_at, runs.started_at, runs.cancel_requested_at) AT TIME ZONE 'UTC' AS updated_at
FROM treadle_view.runs LEFT JOIN treadle_view.jobs ON jobs.domain = runs.domain AND jobs.job_id = runs.job_id
WHERE runs.state IN ('scheduled', 'blocked', 'ready', 'running');

CREATE VIEW treadle_view.taiat_job_history AS
SELECT runs.id::varchar AS id, runs.id::varchar AS job_id,
       coalesce(jobs.type, runs.work #>> '{executor,type}')::varchar AS job_type,
       coalesce(jobs.name, runs.job_id)::varchar AS name, jobs.description, runs.inputs AS payload,
       coalesce(runs.depends_on, '[]') AS dependencies,
       CASE runs.state WHEN 'skipped' THEN 'cancelled' ELSE runs.state END::varchar AS status,
       runs.error ->> 'message' AS error_message, runs.result, runs.started_at AT TIME ZONE 'UTC' AS started_at,
       runs.finished_at AT TIME ZONE 'UTC' AS completed_at,
       floor(extract(epoch FROM runs.finished_at - runs.started_at))::integer AS duration_seconds,
       runs.created_at AT TIME ZONE 'UTC' AS created_at
FROM treadle_view.runs LEFT JOIN treadle_view.jobs ON jobs.domain = runs.domain AND jobs.job_id = runs.job_id
WHERE runs.state IN ('completed', 'failed', 'cancelled', 'skipped');

INSERT INTO treadle.schema_versions VALUES (3, 1);
CREATE TABLE treadle.history_20261123 (LIKE treadle.history INCLUDING ALL);
ALTER TABLE treadle.history ATTACH PARTITION treadle.history_20261123
  FOR VALUES FROM (1795392000000000) TO (1795996800000000);
CREATE TABLE treadle.history_20261130 (LIKE treadle.history INCLUDING ALL);
ALTER TABLE treadle.history ATTACH PARTITION treadle.history_20261130
  FOR VALUES FROM (1795996800000000) TO (1796601600000000);
CREATE TABLE treadle.history_20261207 (LIKE treadle.history INCLUDING ALL);
ALTER TABLE treadle.history ATTACH PARTITION treadle.history_20261207
  FOR VALUES FROM (1796601600000000) TO (1797206400000000);
CREATE TABLE treadle.history_20261214 (LIKE treadle.history INCLUDING ALL);
ALTER TABLE treadle.history ATTACH PARTITION treadle.history_20261214
  FOR VALUES FROM (1797206400000000) TO (1797811200000000);
CREATE TABLE treadle.history_20261221 (LIKE treadle.history INCLUDING ALL);
ALTER TABLE treadle.history ATTACH PARTITION treadle.history_20261221
  FOR VALUES FROM (1797811200000000) TO (1798416000000000);
