import { MemoryOutbox, MemoryRecordStore } from 'nestjs-server-tracking';
import { describeOutbox, describeRecordStore } from 'nestjs-server-tracking/testing';

describeOutbox('memory', {
  create: (clock, settings) => new MemoryOutbox(clock, settings),
});

describeRecordStore('memory', {
  create: (clock) => new MemoryRecordStore(clock),
});
