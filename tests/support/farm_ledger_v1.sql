-- A ledger of schema 1, written by a farm of that release on its simulator; the farm was killed while it mined.
BEGIN TRANSACTION;
CREATE TABLE counters (
	server INTEGER NOT NULL,
	name VARCHAR NOT NULL,
	value INTEGER NOT NULL,
	PRIMARY KEY (server, name),
	FOREIGN KEY(server) REFERENCES servers (id)
);
INSERT INTO "counters" VALUES(1,'assigned',22);
INSERT INTO "counters" VALUES(1,'accepted',20);
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
INSERT INTO "entries" VALUES(1,2,1,'job','78f2a697-8f89-4ef4-8d0b-53b4b4784f93','federated_learning','00d16bad-946f-47f3-8e9b-6b306fc9711a','10.0',1,'',1795667253634);
INSERT INTO "entries" VALUES(2,1,1,'job','0e079604-a688-471e-9118-dc76822b5e76','matrix_ops','947fb72e-3489-42ed-b033-8302441b2dcf','1.5',1,'',1795667253662);
INSERT INTO "entries" VALUES(3,2,1,'job','f30fee3e-288b-4ff1-9bda-49e9c67bc878','data_validation','00d16bad-946f-47f3-8e9b-6b306fc9711a','1.5',1,'',1795667253811);
INSERT INTO "entries" VALUES(4,1,1,'job','93d1f750-03d0-464a-962f-c26b2819082f','data_validation','947fb72e-3489-42ed-b033-8302441b2dcf','1.5',1,'',1795667253837);
INSERT INTO "entries" VALUES(5,2,1,'job','470f119b-0094-4b7f-95dd-124e8691429d','federated_learning','00d16bad-946f-47f3-8e9b-6b306fc9711a','5.0',1,'',1795667254702);
INSERT INTO "entries" VALUES(6,1,1,'job','169b08c2-5723-45c3-baae-0fed7d5aaf84','model_training','947fb72e-3489-42ed-b033-8302441b2dcf','4.0',1,'',1795667254727);
INSERT INTO "entries" VALUES(7,2,1,'job','c8ef57ee-548c-45f5-9c81-e28ad38c266a','inference','00d16bad-946f-47f3-8e9b-6b306fc9711a','2.0',1,'',1795667255549);
INSERT INTO "entries" VALUES(8,1,1,'job','8615c5b5-c213-4c39-b003-09cdd865d033','matrix_ops','947fb72e-3489-42ed-b033-8302441b2dcf','1.5',1,'',1795667255585);
INSERT INTO "entries" VALUES(9,2,1,'job','50acfc0c-51d6-47b4-895d-8739fd026a63','inference','00d16bad-946f-47f3-8e9b-6b306fc9711a','2.0',1,'',1795667256400);
INSERT INTO "entries" VALUES(10,1,1,'job','37d0f56b-c708-4676-99e1-f2ad9dd604a9','data_validation','947fb72e-3489-42ed-b033-8302441b2dcf','1.5',1,'',1795667256458);
INSERT INTO "entries" VALUES(11,2,1,'job','ae3c79b3-caf8-462a-91dd-afaf2028f447','inference','00d16bad-946f-47f3-8e9b-6b306fc9711a','2.0',1,'',1795667257251);
INSERT INTO "entries" VALUES(12,1,1,'job','82f30423-f40e-4437-a3f9-2276a126e602','federated_learning','947fb72e-3489-42ed-b033-8302441b2dcf','5.0',1,'',1795667257318);
INSERT INTO "entries" VALUES(13,2,1,'job','0ea03ddf-9847-49dd-8223-10c30450fae7','federated_learning','00d16bad-946f-47f3-8e9b-6b306fc9711a','5.0',1,'',1795667258090);
INSERT INTO "entries" VALUES(14,1,1,'job','8c7ec76d-cd0d-4021-b13a-6eccebbf422b','model_training','947fb72e-3489-42ed-b033-8302441b2dcf','4.0',1,'',1795667258186);
INSERT INTO "entries" VALUES(15,2,1,'job','1d1c1240-95b4-4d0a-a1d0-997fc350d479','inference','0e270142-56ef-4d63-9357-f9ab415e6f29','4.0',1,'',1795667271064);
INSERT INTO "entries" VALUES(16,1,1,'job','dbbbc09e-87df-407c-bbac-6cac7f568fd0','inference','ef817d02-20fc-4ce1-bdab-10c096ff42c4','2.0',1,'',1795667271081);
INSERT INTO "entries" VALUES(17,1,1,'job','9559ff78-88b3-4bec-ad18-1c7f13e62615','federated_learning','ef817d02-20fc-4ce1-bdab-10c096ff42c4','5.0',1,'',1795667271359);
INSERT INTO "entries" VALUES(18,2,1,'job','bfe19fcb-e497-445d-9573-165fe73030c6','inference','0e270142-56ef-4d63-9357-f9ab415e6f29','2.0',1,'',1795667271369);
INSERT INTO "entries" VALUES(19,1,1,'job','aa0f9b63-10de-4af2-aeda-66b8ed0b283f','matrix_ops','ef817d02-20fc-4ce1-bdab-10c096ff42c4','1.5',1,'',1795667272223);
INSERT INTO "entries" VALUES(20,2,1,'job','3e566c5a-148c-45c0-9611-9637ccdba310','gradient_compute','0e270142-56ef-4d63-9357-f9ab415e6f29','2.5',1,'',1795667272232);
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
 WITHOUT ROWID

;
INSERT INTO "jobs" VALUES(1,'0e079604-a688-471e-9118-dc76822b5e76',1,'947fb72e-3489-42ed-b033-8302441b2dcf','matrix_ops','initial','accepted',1,0,1,0,'1.5',60.0,NULL,NULL,'worker@vm','1',15.611,NULL,1795667252971,1795667253662);
INSERT INTO "jobs" VALUES(1,'0ea03ddf-9847-49dd-8223-10c30450fae7',2,'00d16bad-946f-47f3-8e9b-6b306fc9711a','federated_learning','fetched','accepted',1,0,1,0,'5.0',60.0,NULL,NULL,'worker@vm','1',0.559,NULL,1795667257659,1795667258090);
INSERT INTO "jobs" VALUES(1,'169b08c2-5723-45c3-baae-0fed7d5aaf84',1,'947fb72e-3489-42ed-b033-8302441b2dcf','model_training','fetched','accepted',1,0,1,0,'4.0',60.0,NULL,NULL,'worker@vm','1',5.386,NULL,1795667254260,1795667254727);
INSERT INTO "jobs" VALUES(1,'1d1c1240-95b4-4d0a-a1d0-997fc350d479',2,'0e270142-56ef-4d63-9357-f9ab415e6f29','inference','initial','accepted',1,0,1,0,'4.0',60.0,NULL,NULL,'worker@vm','1',5.821,NULL,1795667270433,1795667271064);
INSERT INTO "jobs" VALUES(1,'37d0f56b-c708-4676-99e1-f2ad9dd604a9',1,'947fb72e-3489-42ed-b033-8302441b2dcf','data_validation','fetched','accepted',1,0,1,0,'1.5',60.0,NULL,NULL,'worker@vm','1',0.475,NULL,1795667256013,1795667256458);
INSERT INTO "jobs" VALUES(1,'3e566c5a-148c-45c0-9611-9637ccdba310',2,'0e270142-56ef-4d63-9357-f9ab415e6f29','gradient_compute','fetched','accepted',1,0,1,0,'2.5',60.0,NULL,NULL,'worker@vm','1',0.46,NULL,1795667271797,1795667272232);
INSERT INTO "jobs" VALUES(1,'470f119b-0094-4b7f-95dd-124e8691429d',2,'00d16bad-946f-47f3-8e9b-6b306fc9711a','federated_learning','fetched','accepted',1,0,1,0,'5.0',60.0,NULL,NULL,'worker@vm','1',10.97,NULL,1795667254246,1795667254702);
INSERT INTO "jobs" VALUES(1,'50acfc0c-51d6-47b4-895d-8739fd026a63',2,'00d16bad-946f-47f3-8e9b-6b306fc9711a','inference','fetched','accepted',1,0,1,0,'2.0',60.0,NULL,NULL,'worker@vm','1',0.347,NULL,1795667255971,1795667256400);
INSERT INTO "jobs" VALUES(1,'78f2a697-8f89-4ef4-8d0b-53b4b4784f93',2,'00d16bad-946f-47f3-8e9b-6b306fc9711a','federated_learning','initial','accepted',1,0,1,0,'10.0',60.0,NULL,NULL,'worker@vm','1',14.994,NULL,1795667252941,1795667253634);
INSERT INTO "jobs" VALUES(1,'82f30423-f40e-4437-a3f9-2276a126e602',1,'947fb72e-3489-42ed-b033-8302441b2dcf','federated_learning','fetched','accepted',1,0,1,0,'5.0',60.0,NULL,NULL,'worker@vm','1',0.467,NULL,1795667256882,1795667257318);
INSERT INTO "jobs" VALUES(1,'8615c5b5-c213-4c39-b003-09cdd865d033',1,'947fb72e-3489-42ed-b033-8302441b2dcf','matrix_ops','fetched','accepted',1,0,1,0,'1.5',60.0,NULL,NULL,'worker@vm','1',0.568,NULL,1795667255150,1795667255585);
INSERT INTO "jobs" VALUES(1,'8c7ec76d-cd0d-4021-b13a-6eccebbf422b',1,'947fb72e-3489-42ed-b033-8302441b2dcf','model_training','fetched','accepted',1,0,1,0,'4.0',60.0,NULL,NULL,'worker@vm','1',0.714,NULL,1795667257729,1795667258186);
INSERT INTO "jobs" VALUES(1,'93d1f750-03d0-464a-962f-c26b2819082f',1,'947fb72e-3489-42ed-b033-8302441b2dcf','data_validation','fetched','accepted',1,0,1,0,'1.5',60.0,NULL,NULL,'worker@vm','1',0.419,NULL,1795667253405,1795667253837);
INSERT INTO "jobs" VALUES(1,'9559ff78-88b3-4bec-ad18-1c7f13e62615',1,'ef817d02-20fc-4ce1-bdab-10c096ff42c4','federated_learning','fetched','accepted',1,0,1,0,'5.0',60.0,NULL,NULL,'worker@vm','1',0.734,NULL,1795667270936,1795667271359);
INSERT INTO "jobs" VALUES(1,'a74d8450-75e3-44b0-b50d-308fcc3d7211',2,'0e270142-56ef-4d63-9357-f9ab415e6f29','data_validation','fetched','submitting',1,0,1,0,'1.5',60.0,'{"records":448}','{"integrity_score":0.9776785714285714,"records_checked":448,"records_failed":10,"failed_by":{"altered":1,"amount_not_finite":1,"amount_negative":5,"sequence_repeated":2,"time_backwards":1},"records_hash":"862d066c05343e2d3dc003a3f2c76a17d2d4a091f6f2541b16a0ff7a13ce13a3","synthetic":true,"compute_time_ms":0.714}','worker@vm','1',0.714,NULL,1795667272642,NULL);
INSERT INTO "jobs" VALUES(1,'aa0f9b63-10de-4af2-aeda-66b8ed0b283f',1,'ef817d02-20fc-4ce1-bdab-10c096ff42c4','matrix_ops','fetched','accepted',1,0,1,0,'1.5',60.0,NULL,NULL,'worker@vm','1',2.265,NULL,1795667271797,1795667272223);
INSERT INTO "jobs" VALUES(1,'acf419d4-5e81-4b5d-9391-3ad3961a33e7',1,'ef817d02-20fc-4ce1-bdab-10c096ff42c4','inference','fetched','submitting',1,0,1,0,'2.0',60.0,'{"model_id":"fraud_detector_v1","input_size":64,"batch_size":11}','{"output_hash":"5e198afd0309822530fe1c09541193eaf765cff1fab217fabb0895ae131322fd","model_hash":"02bef9d599a5d53eed18bdc79dc05b6d24446651740edf376b219e7605426315","output_shape":[11,16],"output_mean":-0.016221175139600582,"synthetic":true,"compute_time_ms":0.356}','worker@vm','1',0.356,NULL,1795667272627,NULL);
INSERT INTO "jobs" VALUES(1,'ae3c79b3-caf8-462a-91dd-afaf2028f447',2,'00d16bad-946f-47f3-8e9b-6b306fc9711a','inference','fetched','accepted',1,0,1,0,'2.0',60.0,NULL,NULL,'worker@vm','1',0.3,NULL,1795667256815,1795667257251);
INSERT INTO "jobs" VALUES(1,'bfe19fcb-e497-445d-9573-165fe73030c6',2,'0e270142-56ef-4d63-9357-f9ab415e6f29','inference','fetched','accepted',1,0,1,0,'2.0',60.0,NULL,NULL,'worker@vm','1',0.304,NULL,1795667270936,1795667271369);
INSERT INTO "jobs" VALUES(1,'c8ef57ee-548c-45f5-9c81-e28ad38c266a',2,'00d16bad-946f-47f3-8e9b-6b306fc9711a','inference','fetched','accepted',1,0,1,0,'2.0',60.0,NULL,NULL,'worker@vm','1',0.432,NULL,1795667255118,1795667255549);
INSERT INTO "jobs" VALUES(1,'dbbbc09e-87df-407c-bbac-6cac7f568fd0',1,'ef817d02-20fc-4ce1-bdab-10c096ff42c4','inference','initial','accepted',1,0,1,0,'2.0',60.0,NULL,NULL,'worker@vm','1',0.28,NULL,1795667270505,1795667271081);
INSERT INTO "jobs" VALUES(1,'f30fee3e-288b-4ff1-9bda-49e9c67bc878',2,'00d16bad-946f-47f3-8e9b-6b306fc9711a','data_validation','fetched','accepted',1,0,1,0,'1.5',60.0,NULL,NULL,'worker@vm','1',0.677,NULL,1795667253378,1795667253811);
CREATE TABLE meta (
	name VARCHAR NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (name)
);
INSERT INTO "meta" VALUES('schema','1');
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
INSERT INTO "miners" VALUES(1,1,'miner-1f1155db-01','0','19.0',1795667270021,14);
INSERT INTO "miners" VALUES(2,1,'miner-1f1155db-02','0','27.5',1795667269996,14);
CREATE TABLE runs (
	run_id VARCHAR NOT NULL,
	started_at INTEGER NOT NULL,
	counters TEXT NOT NULL,
	PRIMARY KEY (run_id)
);
INSERT INTO "runs" VALUES('58eaf8d66fdeb3f6',1795667252032,'{"assigned": 0}');
INSERT INTO "runs" VALUES('861e6ee9cf381a20',1795667269434,'{"accepted": 14, "assigned": 14}');
CREATE TABLE servers (
	id INTEGER NOT NULL,
	name VARCHAR NOT NULL,
	simulated BOOLEAN NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (name)
);
INSERT INTO "servers" VALUES(1,'simulator',1);
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
INSERT INTO "sessions" VALUES(1,2,'00d16bad-946f-47f3-8e9b-6b306fc9711a',1795667252941,1795667252941,0,'0',1795667258511,'stopped');
INSERT INTO "sessions" VALUES(2,1,'947fb72e-3489-42ed-b033-8302441b2dcf',1795667252971,1795667252971,0,'0',1795667258608,'stopped');
INSERT INTO "sessions" VALUES(3,2,'0e270142-56ef-4d63-9357-f9ab415e6f29',1795667270433,1795667270433,14,'0',NULL,NULL);
INSERT INTO "sessions" VALUES(4,1,'ef817d02-20fc-4ce1-bdab-10c096ff42c4',1795667270505,1795667270505,14,'0',NULL,NULL);
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
 WITHOUT ROWID

;
INSERT INTO "sums" VALUES(1,'job','data_validation',498796,2,0,'3.0');
INSERT INTO "sums" VALUES(1,'job','federated_learning',498796,2,0,'10.0');
INSERT INTO "sums" VALUES(1,'job','inference',498796,1,0,'2.0');
INSERT INTO "sums" VALUES(1,'job','matrix_ops',498796,3,0,'4.5');
INSERT INTO "sums" VALUES(1,'job','model_training',498796,2,0,'8.0');
INSERT INTO "sums" VALUES(2,'job','data_validation',498796,1,0,'1.5');
INSERT INTO "sums" VALUES(2,'job','federated_learning',498796,3,0,'20.0');
INSERT INTO "sums" VALUES(2,'job','gradient_compute',498796,1,0,'2.5');
INSERT INTO "sums" VALUES(2,'job','inference',498796,5,0,'12.0');
CREATE INDEX jobs_open ON jobs (miner) WHERE finished_at IS NULL;
CREATE UNIQUE INDEX entries_job ON entries (server, job_id) WHERE job_id IS NOT NULL;
COMMIT;
