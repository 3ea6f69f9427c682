-- A run store of schema version 1 as `sqlite3`'s dump wrote it; the version itself is the pragma at the end.
BEGIN TRANSACTION;
CREATE TABLE blocks (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        step INTEGER NOT NULL,
        steps BLOB NOT NULL,
        losses BLOB NOT NULL,
        accuracies BLOB NOT NULL,
        seconds BLOB NOT NULL,
        learning_rates BLOB NOT NULL,
        speeds BLOB NOT NULL
    );
INSERT INTO "blocks" VALUES(1,'aaaaaaaaa2',4,X'01000000020000000300000004000000',X'00001040000000400000E03F0000C03F',X'0000003F0000003F0000003F0000003F',X'0000003E0000803E0000C03E0000003F',X'CDCCCC3DCDCCCC3DCDCCCC3DCDCCCC3D',X'00007A4500007A4500007A4500007A45');
INSERT INTO "blocks" VALUES(2,'aaaaaaaaa2',6,X'0500000006000000',X'0000104000000040',X'0000003F0000003F',X'0000403F0000803F',X'CDCCCC3DCDCCCC3D',X'00007A4500007A45');
INSERT INTO "blocks" VALUES(3,'bbbbbbbbb3',2,X'0100000002000000',X'0000104000000040',X'0000003F0000003F',X'0000803E0000003F',X'CDCCCC3DCDCCCC3D',X'00007A4500007A45');
CREATE TABLE events (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        data TEXT NOT NULL
    );
INSERT INTO "events" VALUES(1,'aaaaaaaaa2','{"version":1,"step":0,"epoch":0.0,"seconds":0.0,"kind":"started","total_steps":469,"steps_per_epoch":469,"parameters":61706,"train_images":60000,"test_images":10000,"device":"cpu","device_name":"a processor","precision":"float32","threads":2,"channels_last":false,"fused_optimizer":false,"resumed":false,"versions":{"python":"3.11.2","torch":"2.14.1","cnnviz":"0.1.0"},"data_md5":{}}');
INSERT INTO "events" VALUES(2,'aaaaaaaaa2','{"version":1,"step":0,"epoch":0.0,"seconds":0.0,"kind":"checkpoint","file":"last.safetensors","bytes":9}');
INSERT INTO "events" VALUES(3,'aaaaaaaaa2','{"version":1,"step":6,"epoch":0.01279317697228145,"seconds":1.1,"kind":"evaluated","test_loss":1.5,"test_accuracy":0.75,"train_loss":1.4,"train_accuracy":0.5,"learning_rate":0.1,"images_per_second":4000.0,"test_images":10000}');
INSERT INTO "events" VALUES(4,'aaaaaaaaa2','{"version":1,"step":6,"epoch":0.0,"seconds":1.2,"kind":"finished","reason":"completed","train_loss":null,"train_accuracy":null,"test_loss":null,"test_accuracy":0.75,"images_per_second":null,"learning_rate":null}');
INSERT INTO "events" VALUES(5,'bbbbbbbbb3','{"version":1,"step":0,"epoch":0.0,"seconds":0.0,"kind":"started","total_steps":938,"steps_per_epoch":938,"parameters":61706,"train_images":60000,"test_images":10000,"device":"cpu","device_name":"a processor","precision":"float32","threads":2,"channels_last":false,"fused_optimizer":false,"resumed":false,"versions":{"python":"3.11.2","torch":"2.14.1","cnnviz":"0.1.0"},"data_md5":{}}');
INSERT INTO "events" VALUES(6,'bbbbbbbbb3','{"version":1,"step":2,"epoch":0.0,"seconds":0.0,"kind":"controlled","action":"learning_rate","learning_rate":0.01}');
INSERT INTO "events" VALUES(7,'bbbbbbbbb3','{"version":1,"step":2,"epoch":0.0,"seconds":0.0,"kind":"failed","code":"worker_lost","parameters":{"step":0},"detail":"killed"}');
CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        instance TEXT NOT NULL,
        owner TEXT NOT NULL,
        "group" TEXT,
        name TEXT NOT NULL,
        config TEXT NOT NULL,
        state TEXT NOT NULL,
        created REAL NOT NULL,
        started REAL,
        finished REAL,
        step INTEGER NOT NULL DEFAULT 0,
        total_steps INTEGER NOT NULL DEFAULT 0,
        epoch REAL NOT NULL DEFAULT 0,
        seconds REAL NOT NULL DEFAULT 0,
        train_loss REAL,
        train_accuracy REAL,
        test_loss REAL,
        test_accuracy REAL,
        best_test_accuracy REAL,
        images_per_second REAL,
        learning_rate REAL,
        choices TEXT NOT NULL DEFAULT '{}',
        failure TEXT,
        schema_version INTEGER NOT NULL
    );
INSERT INTO "runs" VALUES('aaaaaaaaa2','0123456789abcdef','ana','race','first run','{"architecture":{"key":"lenet_bn","in_channels":1,"num_classes":10,"image_size":28,"channels":[6,16],"kernel_size":5,"stride":1,"padding":0,"hidden":[120,84],"activation":"sigmoid","pooling":"average","norm":"before","norm_layers":"all","norm_kind":"standard","norm_affine":true,"conv_bias":true,"dropout":0.0,"width":1.0},"epochs":1,"batch_size":128,"optimizer":"sgd","learning_rate":0.1,"schedule":"constant","momentum":0.0,"weight_decay":0.0,"train_images":60000,"test_images":10000,"initialization":"xavier","evaluations":10,"seed":7,"augmentation":null,"device":"auto","precision":"auto","threads":0}','finished',1760000001.0,1760000002.0,1760000003.0,6,469,0.0,1.2,1.4,0.5,1.5,0.75,0.75,4000.0,0.1,'{"steps_per_epoch":469,"parameters":61706,"train_images":60000,"test_images":10000,"device":"cpu","device_name":"a processor","precision":"float32","threads":2,"channels_last":false,"fused_optimizer":false,"resumed":false,"versions":{"python":"3.11.2","torch":"2.14.1","cnnviz":"0.1.0"},"data_md5":{}}',NULL,1);
INSERT INTO "runs" VALUES('bbbbbbbbb3','0123456789abcdef','ben',NULL,'','{"architecture":{"key":"vgg11_small","in_channels":1,"num_classes":10,"image_size":224,"convolutions":[1,1,2,2,2],"channels":[16,32,64,128,128],"kernel_size":3,"activation":"relu","pooling":"max","norm":"none","norm_layers":"convolutions","head":"dense","hidden":[4096,4096],"dropout":0.5,"width":1.0},"epochs":2,"batch_size":128,"optimizer":"sgd","learning_rate":0.1,"schedule":"constant","momentum":0.0,"weight_decay":0.0,"train_images":60000,"test_images":10000,"initialization":"xavier","evaluations":10,"seed":1,"augmentation":null,"device":"auto","precision":"auto","threads":0}','failed',1760000004.0,1760000005.0,1760000006.0,2,938,0.0,0.0,1.5,0.5,NULL,NULL,NULL,4000.0,0.01,'{"steps_per_epoch":938,"parameters":61706,"train_images":60000,"test_images":10000,"device":"cpu","device_name":"a processor","precision":"float32","threads":2,"channels_last":false,"fused_optimizer":false,"resumed":false,"versions":{"python":"3.11.2","torch":"2.14.1","cnnviz":"0.1.0"},"data_md5":{}}','{"code": "worker_lost", "parameters": {"step": 0}, "detail": "killed"}',1);
INSERT INTO "runs" VALUES('ccccccccc4','0123456789abcdef','cam',NULL,'50% off_','{"architecture":{"key":"lenet_bn","in_channels":1,"num_classes":10,"image_size":28,"channels":[6,16],"kernel_size":5,"stride":1,"padding":0,"hidden":[120,84],"activation":"sigmoid","pooling":"average","norm":"before","norm_layers":"all","norm_kind":"standard","norm_affine":true,"conv_bias":true,"dropout":0.0,"width":1.0},"epochs":1,"batch_size":128,"optimizer":"sgd","learning_rate":0.1,"schedule":"constant","momentum":0.0,"weight_decay":0.0,"train_images":60000,"test_images":10000,"initialization":"xavier","evaluations":10,"seed":7,"augmentation":null,"device":"auto","precision":"auto","threads":0}','queued',1760000007.0,NULL,NULL,0,469,0.0,0.0,NULL,NULL,NULL,NULL,NULL,NULL,0.1,'{}',NULL,1);
CREATE INDEX runs_by_owner ON runs (owner, created);
CREATE INDEX runs_by_state ON runs (state, created);
CREATE INDEX events_of_run ON events (run_id, sequence);
CREATE INDEX blocks_of_run ON blocks (run_id, step);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('events',7);
INSERT INTO "sqlite_sequence" VALUES('blocks',3);
COMMIT;
PRAGMA user_version = 1;
