import { SettlementListeners } from './settlement-listeners';

describe('SettlementListeners', () => {
  it('tell all, whatever one of them throws', () => {
    const listeners = new SettlementListeners();
    const heard: string[] = [];
    listeners.add('a', () => {
      throw new Error('a fault of the listener');
    });
    listeners.add('a', ({ kind }) => heard.push(kind));
    listeners.tell('a', { kind: 'delivered' });
    listeners.tell('a', { kind: 'delivered' });
    expect(heard).toEqual(['delivered']);
  });
});
