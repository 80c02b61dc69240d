import { createHash } from 'node:crypto';

/**
 * What a careful developer writes by hand: each field brought to its normal form and hashed once, and the
 * bodies that the platforms document. They hold the same information as ours.
 */
export function hashUser({ user }, sha256 = sha256OfText) {
  const country = user.country.toLowerCase();
  const letters = (text) => text.toLowerCase().replace(/[\s\p{P}\p{S}]/gu, '');
  const e164 = `+${user.phone.replace(/\D/g, '')}`;
  const email = user.email.trim().toLowerCase();
  const zip = letters(user.postalCode);
  const state = letters(user.state);
  return {
    externalId: sha256(user.id),
    email: sha256(email),
    phoneDigits: sha256(e164.slice(1)),
    phoneE164: sha256(e164),
    firstName: sha256(letters(user.firstName)),
    lastName: sha256(letters(user.lastName)),
    dateOfBirth: sha256(user.dateOfBirth.replaceAll('-', '')),
    gender: sha256(user.gender.charAt(0)),
    city: sha256(letters(user.city)),
    state: sha256(country === 'us' && state === 'newyork' ? 'ny' : state),
    zip: sha256(country === 'us' ? zip.slice(0, 5) : zip),
    country: sha256(country),
  };
}

export function metaEvent(order, hashes, nowMs) {
  const { context, items } = order;
  return {
    event_name: 'Purchase',
    event_time: Math.floor(nowMs / 1_000),
    event_id: `purchase:${order.orderId}`,
    action_source: 'website',
    event_source_url: context.url,
    referrer_url: context.referrer,
    user_data: {
      em: [hashes.email],
      ph: [hashes.phoneDigits],
      fn: [hashes.firstName],
      ln: [hashes.lastName],
      db: [hashes.dateOfBirth],
      ge: [hashes.gender],
      ct: [hashes.city],
      st: [hashes.state],
      zp: [hashes.zip],
      country: [hashes.country],
      external_id: [hashes.externalId],
      client_ip_address: context.ip,
      client_user_agent: context.userAgent,
      fbc: context.clickIds.fbc,
      fbp: context.clickIds.fbp,
    },
    custom_data: {
      value: order.value,
      currency: order.currency,
      content_ids: items.map(({ id }) => id),
      contents: items.map(({ id, name, category, brand, price, quantity }) => ({
        id,
        quantity,
        item_price: price,
        title: name,
        category,
        brand,
      })),
      content_type: 'product',
      num_items: items.reduce((sum, { quantity }) => sum + quantity, 0),
      order_id: order.orderId,
    },
  };
}

function metaBody({ accessToken }, order, hashes, nowMs) {
  return JSON.stringify({
    data: [metaEvent(order, hashes, nowMs)],
    access_token: accessToken,
  });
}

export function tiktokEvent(order, hashes, nowMs) {
  const { context, items } = order;
  return {
    event: 'Purchase',
    event_time: Math.floor(nowMs / 1_000),
    event_id: `purchase:${order.orderId}`,
    user: {
      email: [hashes.email],
      phone: [hashes.phoneE164],
      external_id: [hashes.externalId],
      first_name: hashes.firstName,
      last_name: hashes.lastName,
      zip_code: hashes.zip,
      country: order.user.country.toLowerCase(),
      ttclid: context.clickIds.ttclid,
      ttp: context.clickIds.ttp,
      ip: context.ip,
      user_agent: context.userAgent,
      locale: context.language,
    },
    page: { url: context.url, referrer: context.referrer },
    properties: {
      currency: order.currency,
      value: order.value,
      content_type: 'product',
      contents: items.map(({ id, name, category, brand, price, quantity }) => ({
        content_id: id,
        content_name: name,
        content_category: category,
        brand,
        price,
        quantity,
      })),
      order_id: order.orderId,
    },
  };
}

function tiktokBody({ pixelId }, order, hashes, nowMs) {
  return JSON.stringify({
    event_source: 'web',
    event_source_id: pixelId,
    data: [tiktokEvent(order, hashes, nowMs)],
  });
}

function ga4Body(_account, order, hashes, nowMs) {
  const { context, items } = order;
  return JSON.stringify({
    client_id: context.gaClientId,
    user_id: order.user.id,
    user_data: {
      sha256_email_address: [hashes.email],
      sha256_phone_number: [hashes.phoneE164],
      address: [
        {
          sha256_first_name: hashes.firstName,
          sha256_last_name: hashes.lastName,
          country: order.user.country,
        },
      ],
    },
    consent: { ad_user_data: 'GRANTED', ad_personalization: 'GRANTED' },
    timestamp_micros: nowMs * 1_000,
    events: [
      {
        name: 'purchase',
        timestamp_micros: nowMs * 1_000,
        params: {
          session_id: context.gaSessions.EXAMPLE1,
          engagement_time_msec: 1,
          transaction_id: order.orderId,
          value: order.value,
          currency: order.currency,
          tax: order.tax,
          shipping: order.shipping,
          coupon: order.coupon,
          items: items.map(({ id, name, category, brand, price, quantity }, index) => ({
            item_id: id,
            item_name: name,
            item_brand: brand,
            item_category: category,
            price,
            quantity,
            index,
          })),
          page_location: context.url,
          page_referrer: context.referrer,
        },
      },
    ],
  });
}

export const BODIES = { meta: metaBody, tiktok: tiktokBody, ga4: ga4Body };

export const HEADERS = {
  meta: () => ({ 'Content-Type': 'application/json' }),
  tiktok: ({ accessToken }) => ({
    'Content-Type': 'application/json',
    'Access-Token': accessToken,
  }),
  ga4: () => ({ 'Content-Type': 'application/json' }),
};

function sha256OfText(text) {
  return createHash('sha256').update(text).digest('hex');
}
