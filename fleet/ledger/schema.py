"""The ledger's tables. Amounts are exact decimals as text (SQLite has no exact type); times are UTC milliseconds.

One file: tables refer to each other, and a migration is compared with all of them.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from fleet.ledger.column_types import Id

metadata = MetaData()

#: UTC milliseconds since 1970; they fit SQLite's integers, but not PostgreSQL's plain ones
Moment = BigInteger().with_variant(Integer, "sqlite")

#: checksum over the other columns of a row, of 63 bits
Seal = BigInteger().with_variant(Integer, "sqlite")

#: facts about the ledger itself, such as its schema's version
meta = Table("meta", metadata, Column("name", String, primary_key=True), Column("value", Text, nullable=False))

servers = Table(
    "servers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("simulated", Boolean, nullable=False),
)

#: observed habits of a server that the farm's next start needs
habits = Table(
    "habits",
    metadata,
    Column("server", ForeignKey("servers.id"), primary_key=True),
    #: a value of `fleet.domain.saved_state.Habit`
    Column("name", String, primary_key=True),
    Column("seen_at", Moment, nullable=False),
    Column("seal", Seal),
    sqlite_with_rowid=False,
)

miners = Table(
    "miners",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("server", ForeignKey("servers.id"), nullable=False),
    Column("miner_id", String, nullable=False),
    #: what reports show in place of the id; "" until a coordinator has named the miner
    Column("name", String, nullable=False, server_default=""),
    #: the server's total at the base, and the sum booked at that moment
    Column("base_total", Text),
    Column("base_booked", Text),
    Column("base_at", Moment),
    #: number of the last entry at that moment
    Column("base_entry", Integer),
    #: number of jobs that the server had counted at that moment
    Column("base_jobs", Integer),
    #: Unix second at which the server created the miner's record that holds the total
    Column("base_registered_at", Moment),
    #: the last total that the server stated, when, and the sum booked between the base and then
    Column("stated_total", Text),
    Column("stated_at", Moment),
    Column("stated_booked", Text),
    #: when the server was last asked for a total, whatever it answered, and the result of the comparison
    Column("asked_at", Moment),
    Column("verdict", Text),
    #: NNET in the wallet by the last answer that stated it, when, the total in that answer, and all booked by then
    Column("balance", Text),
    Column("balance_at", Moment),
    Column("balance_total", Text),
    Column("balance_booked", Text),
    Column("seal", Seal),
    UniqueConstraint("server", "miner_id"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("miner", ForeignKey("miners.id"), nullable=False),
    Column("session_id", Id, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("beat_at", Moment, nullable=False),
    #: number of the last entry before `beat_at`
    Column("beat_entry", Integer, nullable=False),
    #: NNET that the server counts for the session and this ledger does not hold
    Column("offset_nnet", Text),
    Column("closed_at", Moment),
    Column("cause", Text),
    Column("seal", Seal),
    UniqueConstraint("miner", "session_id"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("server", ForeignKey("servers.id"), primary_key=True),
    Column("job_id", Id, primary_key=True),
    Column("miner", ForeignKey("miners.id"), nullable=False),
    Column("session_id", Id, nullable=False),
    Column("job_type", String, nullable=False),
    Column("road", String, nullable=False),
    Column("state", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("strikes", Integer, nullable=False, server_default="0"),
    Column("sends", Integer, nullable=False, server_default="0"),
    Column("mended", Boolean, nullable=False, server_default="0"),
    Column("reward", Text, nullable=False),
    Column("timeout_s", Float, nullable=False),
    #: JSON, kept while the job is open
    Column("data", Text),
    Column("result", Text),
    Column("worker", String),
    Column("kernel_version", String),
    Column("compute_ms", Float),
    Column("cause", Text),
    #: why the job was not paid, of `fleet.domain.causes.Loss`; null for a paid job
    Column("loss", String),
    Column("assigned_at", Moment, nullable=False),
    Column("finished_at", Moment),
    #: the job's history, encoded as in `fleet.ledger.column_types`
    Column("events", Text),
    #: of what the server stated, while the job is open
    Column("seal", Seal),
    sqlite_with_rowid=False,
)
Index(
    "jobs_open", jobs.c.miner, sqlite_where=jobs.c.finished_at.is_(None), postgresql_where=jobs.c.finished_at.is_(None)
)

#: entries without a proof; SQLite uses the index only for this exact wording
UNSETTLED = text("NOT confirmed AND settled_by IS NULL")

entries = Table(
    "entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("miner", ForeignKey("miners.id"), nullable=False),
    Column("server", ForeignKey("servers.id"), nullable=False),
    Column("kind", String, nullable=False),
    Column("job_id", Id),
    Column("job_type", String, nullable=False),
    Column("session_id", Id, nullable=False),
    Column("amount", Text, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("booked_at", Moment, nullable=False),
    #: position in the server's chain, from 1
    Column("seq", Integer),
    #: SHA-256 of the request's body and of the answer's
    Column("sent", LargeBinary),
    Column("answered", LargeBinary),
    Column("worker", String),
    Column("kernel_version", String),
    #: SHA-256 of the job's data and of the submitted result
    Column("input_digest", LargeBinary),
    Column("result_digest", LargeBinary),
    #: `seq` of the entries that this one confirms or takes back, separated by commas
    Column("settles", Text),
    #: `seq` of the entry that settled this one; not in this entry's hash, but covered by the settling entry's `settles`
    Column("settled_by", Integer),
    #: SHA-256 over the previous entry's hash and this entry (`fleet.ledger.proof.chain`)
    Column("hash", LargeBinary),
)
Index("entries_seq", entries.c.server, entries.c.seq, unique=True)
#: covers the counts that a start makes for each miner, so that they need not read the entries
Index("entries_miner", entries.c.miner, entries.c.kind)
Index("entries_unsettled", entries.c.miner, sqlite_where=UNSETTLED, postgresql_where=UNSETTLED)
#: a job is paid only once
Index(
    "entries_job",
    entries.c.server,
    entries.c.job_id,
    unique=True,
    sqlite_where=text("job_id IS NOT NULL"),
    postgresql_where=text("job_id IS NOT NULL"),
)

#: exact sums of the entries, updated in the same transaction, so that a report reads hundreds of rows, not millions
sums = Table(
    "sums",
    metadata,
    Column("miner", ForeignKey("miners.id"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("job_type", String, primary_key=True),
    #: hours since 1970 UTC
    Column("hour", Integer, primary_key=True),
    Column("payments", Integer, nullable=False),
    Column("unconfirmed", Integer, nullable=False),
    Column("amount", Text, nullable=False),
    sqlite_with_rowid=False,
)

#: exact sums of the jobs that each worker host computed, by hour since 1970 UTC, updated with the entries
host_sums = Table(
    "host_sums",
    metadata,
    Column("server", ForeignKey("servers.id"), primary_key=True),
    Column("host", String, primary_key=True),
    Column("job_type", String, primary_key=True),
    Column("hour", Integer, primary_key=True),
    Column("jobs", Integer, nullable=False),
    Column("amount", Text, nullable=False),
    sqlite_with_rowid=False,
)

#: what each wallet held over time: the last balance that the server stated in each hour
balances = Table(
    "balances",
    metadata,
    Column("miner", ForeignKey("miners.id"), primary_key=True),
    #: hours since 1970 UTC
    Column("hour", Integer, primary_key=True),
    Column("stated_at", Moment, nullable=False),
    #: NNET
    Column("balance", Text, nullable=False),
    Column("seal", Seal),
    sqlite_with_rowid=False,
)

#: numbers of jobs ever assigned and of those that ended in each final state
counters = Table(
    "counters",
    metadata,
    Column("server", ForeignKey("servers.id"), primary_key=True),
    Column("name", String, primary_key=True),
    Column("value", Integer, nullable=False),
)

#: the counters when a run of the farm began, for a coordinator that is restarted within the run
runs = Table(
    "runs",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("started_at", Moment, nullable=False),
    Column("counters", Text, nullable=False),
    #: the server whose jobs the run computed
    Column("server", Integer),
    #: JSON: the sums booked at that moment, by kind of entry; amounts as text
    Column("sums", Text),
    Column("seal", Seal),
)

#: the last entry of each server's chain, stored apart from the entries so that a cut-off end shows
chains = Table(
    "chains",
    metadata,
    Column("server", ForeignKey("servers.id"), primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

#: exact sums of missed rewards by cause, updated in the same transaction as the jobs
losses = Table(
    "losses",
    metadata,
    Column("miner", ForeignKey("miners.id"), primary_key=True),
    Column("loss", String, primary_key=True),
    #: hours since 1970 UTC
    Column("hour", Integer, primary_key=True),
    Column("jobs", Integer, nullable=False),
    #: NNET that the server had offered for them
    Column("amount", Text, nullable=False),
    sqlite_with_rowid=False,
)

#: differences between the booked and the stated amounts, each with its class
findings = Table(
    "findings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("miner", ForeignKey("miners.id"), nullable=False),
    Column("found_at", Moment, nullable=False),
    #: a value of `fleet.domain.causes.Difference`
    Column("kind", String, nullable=False),
    #: NNET, the server's figure minus the ledger's
    Column("amount", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    #: JSON list of the ids of the jobs that explain it
    Column("job_ids", Text, nullable=False),
)
Index("findings_miner", findings.c.miner)
_ANSWER_LOST = text("loss = 'answer lost'")
Index("jobs_answer_lost", jobs.c.miner, sqlite_where=_ANSWER_LOST, postgresql_where=_ANSWER_LOST)
