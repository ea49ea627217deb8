import { text } from 'node:stream/consumers';
import { DiskRecordStore } from '../../src/records/record-store.ts';

// A process that writes the records it is told, all at once, as a launch on a cluster does.
const [root = ''] = process.argv.slice(2);
const records = JSON.parse(await text(process.stdin));
const store = new DiskRecordStore(root, () => undefined);
await Promise.all(records.map((record: never) => store.write(record)));
