/** Credentials and paths of the three platforms at the stub; the same for every subject. */
export function accounts(stubUrl) {
  return {
    meta: {
      pixelId: '1234567890123456',
      accessToken: 'EAAtokenexample',
      baseUrl: stubUrl,
      url: `${stubUrl}/v25.0/1234567890123456/events`,
    },
    tiktok: {
      pixelId: 'C0EXAMPLEPIXEL',
      accessToken: 'tiktok-token-example',
      baseUrl: `${stubUrl}/open_api`,
      url: `${stubUrl}/open_api/v1.3/event/track/`,
    },
    ga4: {
      measurementId: 'G-EXAMPLE1',
      apiSecret: 'ga4-secret-example',
      baseUrl: stubUrl,
      url: `${stubUrl}/mp/collect?measurement_id=G-EXAMPLE1&api_secret=ga4-secret-example`,
    },
  };
}

/** The platforms of each set-up. */
export const PLATFORMS = {
  one: ['meta'],
  two: ['meta', 'tiktok'],
  three: ['meta', 'tiktok', 'ga4'],
};
