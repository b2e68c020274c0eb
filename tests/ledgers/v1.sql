-- A ledger of schema 1 as leadctl 0.1.0 left it: of five rows two delivered, one rejected
-- and two failed, as the key was refused. Its own key is 32 times the letter k; @FOLDER@
-- stands for the folder of leads.csv.
PRAGMA application_id = 1818583396;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE batches (
    number INTEGER PRIMARY KEY, run INTEGER NOT NULL, file INTEGER NOT NULL,
    id BLOB NOT NULL, rows TEXT NOT NULL, size INTEGER NOT NULL, state TEXT NOT NULL,
    doubted INTEGER NOT NULL, attempts INTEGER NOT NULL,
    created INTEGER NOT NULL DEFAULT 0, accepted INTEGER NOT NULL DEFAULT 0
);
INSERT INTO "batches" VALUES(1,1,0,X'3ECBD0D27CF047A6B41FEAB9874214D4','1-2',2,'settled',0,1,2,0);
INSERT INTO "batches" VALUES(2,1,0,X'4465A33A71F34A459A90794C02F98A69','',2,'settled',0,1,0,0);
CREATE TABLE delivered (digest BLOB PRIMARY KEY) WITHOUT ROWID;
INSERT INTO "delivered" VALUES(X'6DA7CA772F0324E11C04729E9267014B');
INSERT INTO "delivered" VALUES(X'F55C58A1605941B277B913FFC4F2C961');
CREATE TABLE exchanges (account TEXT NOT NULL, moment REAL NOT NULL);
CREATE TABLE files (
    run INTEGER NOT NULL, ordinal INTEGER NOT NULL, path TEXT NOT NULL,
    fingerprint TEXT NOT NULL, rejects_file TEXT, PRIMARY KEY (run, ordinal)
) WITHOUT ROWID;
INSERT INTO "files" VALUES(1,0,'leads.csv','f8f070000f405df255da46a97d5a64cb','leads.rejects.csv');
CREATE TABLE findings (
    run INTEGER NOT NULL, file INTEGER NOT NULL, first INTEGER NOT NULL,
    rows TEXT NOT NULL, count INTEGER NOT NULL, status TEXT NOT NULL,
    code TEXT NOT NULL, field TEXT NOT NULL, reason INTEGER NOT NULL,
    PRIMARY KEY (run, file, first)
) WITHOUT ROWID;
INSERT INTO "findings" VALUES(1,0,3,'3-4',2,'failed','not_processed','',2);
INSERT INTO "findings" VALUES(1,0,5,'5',1,'rejected','phone_invalid','phone',1);
CREATE TABLE in_doubt (
    digest BLOB NOT NULL, run INTEGER NOT NULL, file INTEGER NOT NULL,
    row INTEGER NOT NULL, PRIMARY KEY (digest, run)
) WITHOUT ROWID;
CREATE TABLE pace (scope TEXT PRIMARY KEY, next REAL NOT NULL) WITHOUT ROWID;
INSERT INTO "pace" VALUES('voiso/3',1.79518542848236155513e+09);
CREATE TABLE reasons (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
INSERT INTO "reasons" VALUES(1,'no country code: write it with +, or give --region');
INSERT INTO "reasons" VALUES(2,'Voiso answered HTTP 401: Unauthorized');
CREATE TABLE runs (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, provider TEXT NOT NULL,
    account TEXT NOT NULL, campaign TEXT NOT NULL, options TEXT NOT NULL,
    started_at TEXT NOT NULL, finished_at TEXT, requests INTEGER NOT NULL DEFAULT 0,
    exit_code INTEGER, error TEXT
);
INSERT INTO "runs" VALUES(1,'20261120-143704-d99d','voiso','voiso','3','{"files": ["@FOLDER@/leads.csv"], "provider": "voiso", "campaign": "3", "account": "voiso", "profile": null, "region": null, "phone_check": "possible", "constants": [], "tags": [], "format": null, "encoding": null, "delimiter": null, "header": true, "batch_size": 2, "limit": null, "skip": 0, "max_rejects": null, "rejects": null, "acknowledge_compliance": false, "resend_delivered": false, "config": null, "sandbox": false, "snapshot": null, "spool": null}','2026-11-20T14:37:04.469Z','2026-11-20T14:37:06.485Z',2,4,'{"code": "access_denied", "message": "Voiso answered HTTP 401: Unauthorized", "hint": "check the key of account voiso: LEADCTL_VOISO_API_KEY"}');
CREATE INDEX batches_of_run ON batches (run);
CREATE INDEX in_doubt_of_run ON in_doubt (run);
COMMIT;
