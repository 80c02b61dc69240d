const FIRST_NAMES = 'Mary Jean-Luc Zoë Oliver Amélie Noah Siân Björn Lucía Grace Ravi Chloe'.split(
  ' ',
);
const LAST_NAMES =
  "Smith O'Brien Müller García Jones Kowalski Patel Nguyen Evans Dubois Rossi Hansen Clarke".split(
    ' ',
  );
const CITIES = [
  ['London', 'Greater London', 'GB'],
  ['New York', 'New York', 'US'],
  ['Leeds', 'West Yorkshire', 'GB'],
  ['San Francisco', 'CA', 'US'],
  ['Cardiff', 'Wales', 'GB'],
];
const GOODS = ['Mug', 'Tea pot', 'Plate', 'Bowl', 'Carafe', 'Spoon', 'Tray'];

/**
 * One purchase as a host knows it: full user data, three items, a visit with the click IDs of every
 * platform. Every index is another visitor, so that nothing can be shared or remembered.
 */
export function purchase(index) {
  const number = String(10_000_000 + index);
  const firstName = FIRST_NAMES[index % FIRST_NAMES.length];
  const lastName = LAST_NAMES[index % LAST_NAMES.length];
  const [city, state, country] = CITIES[index % CITIES.length];
  const items = [0, 1, 2].map((place) => ({
    id: `SKU-${(index + place) % 997}`,
    name: GOODS[(index + place) % GOODS.length],
    category: 'Kitchen',
    brand: 'Acme',
    price: 4.5 + ((index + place) % 40),
    quantity: 1 + place,
  }));
  const value = items.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
  return {
    orderId: `order-${number}`,
    value: Number(value.toFixed(2)),
    currency: 'EUR',
    tax: 9,
    shipping: 4,
    coupon: 'AUTUMN',
    items,
    user: {
      id: `user_${number}`,
      email: ` Customer.${number}@Example.com`,
      phone: country === 'US' ? `+1 (650) ${number.slice(-7)}` : `+44 79${number}`,
      firstName,
      lastName,
      dateOfBirth: `19${70 + (index % 29)}-0${1 + (index % 9)}-1${index % 10}`,
      gender: index % 2 === 0 ? 'female' : 'male',
      city,
      state,
      postalCode: country === 'US' ? '94035-1234' : `LS${1 + (index % 20)} 4DY`,
      country,
    },
    context: {
      ip: `203.0.${(index >> 8) & 255}.${index & 255}`,
      userAgent: `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${120 + (index % 20)}.0.0.0 Safari/537.36`,
      url: 'https://shop.example.com/checkout/thanks',
      referrer: 'https://shop.example.com/checkout',
      language: 'en-GB',
      clickIds: {
        fbp: `fb.1.1759990000000.${number}`,
        fbc: `fb.1.1759990000000.IwAR0abcDEF${number}`,
        ttclid: `E.C.P.example${number}`,
        ttp: `2F7h37YkS1j57AYSKTI7I${number}`,
        gclid: `Cj0KCQexample${number}`,
      },
      gaClientId: `${number}.1749482504`,
      gaSessions: { EXAMPLE1: '1760000000' },
    },
    consent: {
      adStorage: 'granted',
      adUserData: 'granted',
      adPersonalization: 'granted',
      analyticsStorage: 'granted',
    },
  };
}

export function purchases(from, count) {
  return Array.from({ length: count }, (_unused, index) => purchase(from + index));
}
