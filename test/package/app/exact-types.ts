import type * as main from 'nestjs-server-tracking';
import { TrackingModule, type ServerTrackingService } from 'nestjs-server-tracking';
import type * as testing from 'nestjs-server-tracking/testing';

type AnyMembers<M> = { [K in keyof M]: 0 extends 1 & M[K] ? K : never }[keyof M];
type None<T extends never> = T;

/** Each of these is an error as soon as one member has become `any`. */
export type Exact = [
  None<AnyMembers<typeof main>>,
  None<AnyMembers<typeof testing>>,
  None<AnyMembers<main.ServerTrackingService>>,
  None<AnyMembers<main.MetaConversionsService>>,
  None<AnyMembers<Required<main.TrackingModuleOptions>>>,
  None<AnyMembers<Required<main.MetaOptions>>>,
  None<AnyMembers<Required<main.PurchaseInput>>>,
  None<AnyMembers<main.TrackReceipt>>,
  None<AnyMembers<Required<main.Outbox>>>,
  None<AnyMembers<Required<main.Destination>>>,
];

/** Compiled, never run. */
export async function misuse(tracking: ServerTrackingService, stub: testing.PlatformStub) {
  // @ts-expect-error: a value is a number
  await tracking.trackPurchase({ orderId: '10001', value: '49.90', currency: 'EUR' });
  // @ts-expect-error: a purchase has an order
  await tracking.trackPurchase({ value: 49.9, currency: 'EUR' });
  // @ts-expect-error: there is no such event
  await tracking.track({ name: 'sale', value: 49.9, currency: 'EUR' });
  // @ts-expect-error: a pixel ID is text
  TrackingModule.forRoot({ meta: { pixelId: 1234567890123456, accessToken: 'EAAtoken' } });
  // @ts-expect-error: there is no such destination
  TrackingModule.forRoot({ snapchat: { pixelId: '1234567890123456' } });
  // @ts-expect-error: there is no such platform
  stub.behave('snapchat', { kind: 'success' });

  const receipt = await tracking.trackPurchase({ orderId: '10001', value: 49.9, currency: 'EUR' });
  // @ts-expect-error: there is no such status
  return receipt.status === 'lost';
}
