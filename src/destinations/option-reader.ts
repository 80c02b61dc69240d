import { kindOf, type Problem } from '../events/problem';
import { TOKEN_FORM, type AccessToken } from './access-token';

/** Reads one group of options, noting everything that is wrong with them. */
export class OptionReader {
  private readonly source: Readonly<Record<string, unknown>>;

  constructor(
    readonly path: string,
    source: unknown,
    readonly problems: Problem[],
  ) {
    const isGroup = kindOf(source) === 'an object';
    if (!isGroup && source !== undefined && source !== null) {
      problems.push({
        field: path === '' ? 'options' : path,
        code: 'invalid',
        message: `expected an object, got ${kindOf(source)}`,
      });
    }
    this.source = isGroup ? (source as Record<string, unknown>) : {};
  }

  /**
   * Whether the destination is enabled: all of its credentials are there. None of them means disabled;
   * some of them is an error that names the missing ones.
   *
   * @param env the environment variable of each option, for the message.
   */
  hasCredentials(
    keys: readonly string[],
    env: Readonly<Record<string, string | undefined>>,
  ): boolean {
    const missing = keys.filter((key) => isAbsent(this.source[key]));
    if (missing.length > 0 && missing.length < keys.length) {
      const present = keys.filter((key) => !missing.includes(key)).join(' and ');
      for (const key of missing) {
        this.note(
          key,
          `is missing while ${present} is set; set it (${env[key] ?? key}), or remove ${present}`,
          'missing',
        );
      }
    }
    return missing.length === 0;
  }

  /** Text of the given form. `hint` says what was expected; the value itself is never shown. */
  text(key: string, form: RegExp, hint: string): string | undefined {
    const value = this.source[key];
    if (isAbsent(value)) return undefined;
    if (typeof value !== 'string') {
      this.note(key, `expected ${hint}, got ${kindOf(value)}`);
      return undefined;
    }
    const text = value.trim();
    if (form.test(text)) return text;
    this.note(key, `expected ${hint}, got other text`);
    return undefined;
  }

  /** A token: printable, no spaces. */
  secret(key: string): string | undefined {
    return this.text(key, TOKEN_FORM, 'a token without spaces, as the platform shows it');
  }

  /** A token, or the function that fetches it. */
  accessToken(key: string): AccessToken | undefined {
    const value = this.source[key];
    return typeof value === 'function' ? (value as () => string) : this.secret(key);
  }

  /** An http(s) URL without query; returned without a trailing slash. */
  url(key: string): string | undefined {
    const text = this.text(key, /^https?:\/\/[^\s?#]+$/i, 'an http(s) URL without query');
    if (text === undefined) return undefined;
    if (URL.canParse(text) && new URL(text).username === '') return text.replace(/\/+$/, '');
    this.note(key, 'expected an http(s) URL without credentials');
    return undefined;
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.source[key];
    if (isAbsent(value)) return fallback;
    if (typeof value === 'boolean') return value;
    this.note(key, `expected true or false, got ${kindOf(value)}`);
    return fallback;
  }

  oneOf<Choice extends string>(key: string, choices: readonly Choice[], fallback: Choice): Choice {
    const value = this.source[key];
    if (isAbsent(value)) return fallback;
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) this.note(key, `expected one of ${choices.join(', ')}`);
    return choice ?? fallback;
  }

  /** The same without a default, for what may be set elsewhere too. */
  optionalOneOf<Choice extends string>(
    key: string,
    choices: readonly Choice[],
  ): Choice | undefined {
    const [first] = choices;
    return isAbsent(this.source[key]) || first === undefined
      ? undefined
      : this.oneOf(key, choices, first);
  }

  optionalFlag(key: string): boolean | undefined {
    return isAbsent(this.source[key]) ? undefined : this.flag(key, false);
  }

  isFlag(key: string): boolean {
    return typeof this.source[key] === 'boolean';
  }

  /** An array of texts of the given form. */
  texts(key: string, form: RegExp, hint: string): readonly string[] | undefined {
    const value = this.source[key];
    if (isAbsent(value)) return undefined;
    const isText = (element: unknown): element is string =>
      typeof element === 'string' && form.test(element);
    if (Array.isArray(value) && value.every(isText)) return value;
    this.note(key, `expected an array of ${hint}`);
    return undefined;
  }

  /** An array of some of the choices. */
  choices<Choice extends string>(
    key: string,
    choices: readonly Choice[],
  ): readonly Choice[] | undefined {
    const texts = this.texts(key, /^/, choices.join(', '));
    if (texts === undefined) return undefined;
    const unknown = texts.some((text) => !choices.includes(text as Choice));
    if (unknown) this.note(key, `expected an array of ${choices.join(', ')}`);
    return unknown ? undefined : (texts as readonly Choice[]);
  }

  /** A whole number within bounds. */
  integer(key: string, min: number, max: number): number | undefined {
    const value = this.source[key];
    if (isAbsent(value)) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max)
      return value;
    this.note(key, `expected a whole number from ${min} to ${max}`);
    return undefined;
  }

  /** Names a key that no option has, because a misspelt option would be silently ignored. */
  rejectUnknown(known: readonly string[]): void {
    for (const key of Object.keys(this.source)) {
      if (known.includes(key) || this.source[key] === undefined) continue;
      this.note(key, `is not an option; known are ${known.join(', ')}`);
    }
  }

  note(key: string, message: string, code: Problem['code'] = 'invalid'): void {
    this.problems.push({ field: this.path === '' ? key : `${this.path}.${key}`, code, message });
  }
}

/** An empty environment variable is one that is not set. */
function isAbsent(value: unknown): boolean {
  return (
    value === undefined || value === null || (typeof value === 'string' && value.trim() === '')
  );
}
