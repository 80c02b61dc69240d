import { MemoryOutbox } from 'nestjs-server-tracking';
import { describeOutbox } from 'nestjs-server-tracking/testing';

describeOutbox('memory', {
  create: (clock, settings) => new MemoryOutbox(clock, settings),
});
