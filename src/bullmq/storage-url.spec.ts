import { readStorageUrl } from './storage-url';

describe('readStorageUrl', () => {
  it.each([
    ['redis://127.0.0.1', 'redis', 'redis://127.0.0.1:6379/0', 'tracking'],
    ['rediss://user:secret@cache:6380/2?prefix=shop', 'redis', 'rediss://cache:6380/2', 'shop'],
    [
      'postgres://user:secret@db/shop?prefix=eu&sslmode=require&options=-c%20statement_timeout%3D9',
      'postgres',
      'postgres://db:5432/shop',
      'eu',
    ],
  ])('reads %s, and describes it without its secrets', (url, server, description, prefix) => {
    expect(readStorageUrl(url)).toMatchObject({ server, description, prefix });
    expect(readStorageUrl(url).connection).not.toContain('prefix=');
  });

  it.each([
    ['redis://127.0.0.1?prefx=shop', /redis: knows no parameter "prefx"; known are prefix/],
    ['postgres://db/shop?sslmod=require', /knows no parameter "sslmod"/],
    ['redis://127.0.0.1?prefix=1-2', /expected a prefix of letters/],
    ['mysql://db/shop', /expected a URL like redis:/],
  ])('does not take %s', (url, message) => {
    expect(() => readStorageUrl(url)).toThrow(message);
  });
});
