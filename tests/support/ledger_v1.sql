-- A ledger of schema 1, as the first release wrote it, with a few rows.
CREATE TABLE meta (
    name VARCHAR NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE runs (
    run_id VARCHAR NOT NULL,
    started_at INTEGER NOT NULL,
    counters TEXT NOT NULL,
    PRIMARY KEY (run_id)
);
CREATE TABLE servers (
    id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    simulated BOOLEAN NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (name)
);
CREATE TABLE counters (
    server INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (server, name),
    FOREIGN KEY(server) REFERENCES servers (id)
);
CREATE TABLE miners (
    id INTEGER NOT NULL,
    server INTEGER NOT NULL,
    miner_id VARCHAR NOT NULL,
    base_total TEXT,
    base_booked TEXT,
    base_at INTEGER,
    base_entry INTEGER,
    PRIMARY KEY (id),
    UNIQUE (server, miner_id),
    FOREIGN KEY(server) REFERENCES servers (id)
);
CREATE TABLE entries (
    id INTEGER NOT NULL,
    miner INTEGER NOT NULL,
    server INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    job_id VARCHAR,
    job_type VARCHAR NOT NULL,
    session_id VARCHAR NOT NULL,
    amount TEXT NOT NULL,
    confirmed BOOLEAN NOT NULL,
    evidence TEXT NOT NULL,
    booked_at INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(miner) REFERENCES miners (id),
    FOREIGN KEY(server) REFERENCES servers (id)
);
CREATE UNIQUE INDEX entries_job ON entries (server, job_id) WHERE job_id IS NOT NULL;
CREATE TABLE jobs (
    server INTEGER NOT NULL,
    job_id VARCHAR NOT NULL,
    miner INTEGER NOT NULL,
    session_id VARCHAR NOT NULL,
    job_type VARCHAR NOT NULL,
    road VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    attempt INTEGER NOT NULL,
    strikes INTEGER DEFAULT '0' NOT NULL,
    sends INTEGER DEFAULT '0' NOT NULL,
    mended BOOLEAN DEFAULT '0' NOT NULL,
    reward TEXT NOT NULL,
    timeout_s FLOAT NOT NULL,
    data TEXT,
    result TEXT,
    worker VARCHAR,
    kernel_version VARCHAR,
    compute_ms FLOAT,
    cause TEXT,
    assigned_at INTEGER NOT NULL,
    finished_at INTEGER,
    PRIMARY KEY (server, job_id),
    FOREIGN KEY(server) REFERENCES servers (id),
    FOREIGN KEY(miner) REFERENCES miners (id)
)
 WITHOUT ROWID;
CREATE INDEX jobs_open ON jobs (miner) WHERE finished_at IS NULL;
CREATE TABLE sessions (
    id INTEGER NOT NULL,
    miner INTEGER NOT NULL,
    session_id VARCHAR NOT NULL,
    opened_at INTEGER NOT NULL,
    beat_at INTEGER NOT NULL,
    beat_entry INTEGER NOT NULL,
    offset_nnet TEXT,
    closed_at INTEGER,
    cause TEXT,
    PRIMARY KEY (id),
    UNIQUE (miner, session_id),
    FOREIGN KEY(miner) REFERENCES miners (id)
);
CREATE TABLE sums (
    miner INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    job_type VARCHAR NOT NULL,
    hour INTEGER NOT NULL,
    payments INTEGER NOT NULL,
    unconfirmed INTEGER NOT NULL,
    amount TEXT NOT NULL,
    PRIMARY KEY (miner, kind, job_type, hour),
    FOREIGN KEY(miner) REFERENCES miners (id)
)
 WITHOUT ROWID;
INSERT INTO meta VALUES ('schema', '1');
INSERT INTO servers VALUES (1, 'neonet-main', 0), (2, 'http://other', 0);
INSERT INTO miners VALUES (1, 1, 'rig-a1', '10.5', '0', 1800000000000, 0), (2, 1, 'rig-b2', NULL, NULL, NULL, NULL), (3, 2, 'rig-a1', NULL, NULL, NULL, NULL);
INSERT INTO counters VALUES (1, 'assigned', 6), (1, 'accepted', 1), (1, 'already_completed', 1), (1, 'expired', 2), (1, 'rejected', 1);
INSERT INTO sessions VALUES (1, 1, 's1', 1800000000000, 1800000000000, 0, '0', NULL, NULL);
INSERT INTO jobs VALUES
  (1, 'j1', 1, 's1', 'data_hash', 'fetched', 'accepted', 1, 0, 1, 0, '0.1', 60, NULL, NULL, 'w@h', '1', 2.5, NULL, 1800000000000, 1800000000100),
  (1, 'j2', 1, 's1', 'data_hash', 'next', 'already_completed', 1, 0, 2, 0, '0.2', 60, NULL, NULL, 'w@h', '1', 2.5, NULL, 1800000000000, 1800000000100),
  (1, 'j3', 1, 's1', 'data_hash', 'next', 'expired', 1, 0, 2, 0, '0.3', 60, NULL, NULL, NULL, NULL, NULL, 'answer lost', 1800000000000, 1800000000100),
  (1, 'j4', 2, 's2', 'data_hash', 'next', 'expired', 1, 0, 0, 0, '0.4', 60, NULL, NULL, NULL, NULL, NULL, 'drained', 1800000000000, 1800000000100),
  (1, 'j5', 2, 's2', 'data_hash', 'next', 'rejected', 1, 0, 1, 0, '0.5', 60, NULL, NULL, NULL, NULL, NULL, 'PayloadError: layers', 1800000000000, 1800003600100),
  (1, 'j6', 2, 's2', 'data_hash', 'fetched', 'dispatched', 1, 0, 0, 0, '0.6', 60, '{"size":10}', NULL, NULL, NULL, NULL, NULL, 1800000000000, NULL);
INSERT INTO entries VALUES
  (1, 1, 1, 'job', 'j1', 'data_hash', 's1', '0.1', 1, '', 1800000000100),
  (2, 3, 2, 'heartbeat', NULL, '', 's9', '1E+1', 1, 'reward in the heartbeat''s answer', 1800000000100),
  (3, 1, 1, 'job', 'j2', 'data_hash', 's1', '0.2', 0, 'Task already completed', 1800000000100);
INSERT INTO sums VALUES
  (1, 'job', 'data_hash', 500000, 2, 1, '0.3'),
  (3, 'heartbeat', '', 500000, 1, 0, '10');
