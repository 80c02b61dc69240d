import { MemoryOutbox } from 'nestjs-server-tracking';
import { describeOutbox } from 'nestjs-server-tracking/testing';

describeOutbox('memory', {
  create: (clock, maxPendingEntries) => new MemoryOutbox(clock, { maxPendingEntries }),
});
