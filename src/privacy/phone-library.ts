import type * as PhoneLibrary from 'libphonenumber-js/min';

let library: typeof PhoneLibrary | undefined;

/** The numbering plans of the world. They take some 15 ms to load, which an import does not have to pay. */
export function phoneLibrary(): typeof PhoneLibrary {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded when it is used, by those who are not async
  library ??= require('libphonenumber-js/min') as typeof PhoneLibrary;
  return library;
}
