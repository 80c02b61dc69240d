import { createRequire } from 'node:module';

import { accounts } from '../accounts.mjs';
import { inParallel } from './in-parallel.mjs';

const sdk = createRequire(import.meta.url)('facebook-nodejs-business-sdk');

/** Meta's SDK as its documentation shows it: one `EventRequest` per event. It hashes by itself. */
export function start(stubUrl) {
  const { pixelId, accessToken } = accounts(stubUrl).meta;
  Object.defineProperty(sdk.FacebookAdsApi, 'GRAPH', { configurable: true, get: () => stubUrl });
  return {
    deliver: (orders) =>
      inParallel(orders, (order) =>
        new sdk.EventRequest(accessToken, pixelId).setEvents([serverEvent(order)]).execute(),
      ),
    stop: () => undefined,
  };
}

function serverEvent(order) {
  const { user, context, items } = order;
  const userData = new sdk.UserData()
    .setEmail(user.email)
    .setPhone(user.phone)
    .setFirstName(user.firstName)
    .setLastName(user.lastName)
    .setDateOfBirth(user.dateOfBirth.replaceAll('-', ''))
    .setGender(user.gender.charAt(0))
    .setCity(user.city)
    .setState(user.state)
    .setZip(user.postalCode)
    .setCountry(user.country)
    .setExternalId(user.id)
    .setClientIpAddress(context.ip)
    .setClientUserAgent(context.userAgent)
    .setFbc(context.clickIds.fbc)
    .setFbp(context.clickIds.fbp);
  const contents = items.map(({ id, name, category, brand, price, quantity }) =>
    new sdk.Content()
      .setId(id)
      .setQuantity(quantity)
      .setItemPrice(price)
      .setTitle(name)
      .setCategory(category)
      .setBrand(brand),
  );
  const customData = new sdk.CustomData()
    .setValue(order.value)
    .setCurrency(order.currency)
    .setContentIds(items.map(({ id }) => id))
    .setContents(contents)
    .setContentType('product')
    .setNumItems(items.reduce((sum, { quantity }) => sum + quantity, 0))
    .setOrderId(order.orderId);
  return new sdk.ServerEvent()
    .setEventName('Purchase')
    .setEventTime(Math.floor(Date.now() / 1_000))
    .setEventId(`purchase:${order.orderId}`)
    .setActionSource('website')
    .setEventSourceUrl(context.url)
    .setUserData(userData)
    .setCustomData(customData);
}
