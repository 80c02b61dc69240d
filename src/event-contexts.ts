import type { LoggerService } from '@nestjs/common';

import type { Clock } from './clock';
import type { ResolveConsent } from './consent.options';
import { datedBy } from './consent/dated-by';
import { mergeConsent } from './consent/merge-consent';
import { acceptContext } from './context/accept-context';
import type { ContextStore, KeptContext } from './context/context-store';
import type { RequestReader } from './context/request-reader';
import type { RequestScope } from './context/request-scope';
import { readSaveContextOptions, type SaveContextOptions } from './context/save-context.options';
import type { OutgoingResponse } from './context/visitor-cookies';
import { CONSENT_PURPOSES, type Consent } from './events/consent';
import { FieldReader } from './events/field-reader';
import { errorName, type Problem } from './events/problem';
import { readConsent } from './events/read-consent';
import type { ContextRef, IncomingRequest, RequestContext } from './events/request-context';
import type { ConsentRegister } from './privacy/consent-register';
import { isEmail, isVisitor, MAX_OWNERS, type Subjects } from './privacy/subjects';
import { atMost } from './records/at-most';
import { SealError } from './records/vault';

export interface EventContextParts {
  readonly contexts: ContextStore;
  readonly register: Pick<ConsentRegister, 'find'>;
  /** Remembers that these names are one person, `own` of them for certain. */
  readonly link: (names: readonly string[], own: readonly string[]) => Promise<unknown>;
  /** Whether the host's policy sends where nothing is known of consent. */
  readonly sendsUnknown: boolean;
  readonly contextTtlMs: number;
  readonly reader: RequestReader;
  readonly requests: RequestScope;
  readonly resolveConsent: ResolveConsent | undefined;
  /** Rejects where the storage, which holds their secret, is out of reach. */
  readonly subjects: () => Subjects | Promise<Subjects>;
  readonly clock: Clock;
  readonly logger: LoggerService;
}

/** Who visits, as our own cookies know them after the answer. */
export interface IdentifiedVisitor {
  readonly visitorId: string;
  /** When the session began, in Unix seconds; `undefined` where none can be begun any more. */
  readonly sessionId: string | undefined;
  /** It began with this request. */
  readonly isNewSession: boolean;
}

/** A context, and what it says of whose it is beside its visitor ID. */
export interface FoundContext {
  readonly context: RequestContext;
  /** It was kept by `saveContext`, for whom it names. */
  readonly keptFor?: readonly string[];
  readonly kept?: { readonly ref: string; readonly context: KeptContext };
  /** It is kept, and the storage does not give it now: the event has to come again. */
  readonly isAway?: true;
}

const NOTHING: FoundContext = { context: {} };

/** Refers to nothing: an event with it lives without a context and says so in its receipt. */
const NO_CONTEXT = 'none';

/**
 * Where an event's context comes from: the event, a request, the request being served, or what was kept at
 * checkout.
 */
export class EventContexts {
  private readonly resolved = new WeakMap<object, Promise<Consent | undefined>>();
  /** What the host has told of a request since: its resolver may have been asked before that. */
  private readonly told = new WeakMap<object, Consent>();

  constructor(private readonly parts: EventContextParts) {}

  /** Resolves later only where something has to be waited for: a kept context, a resolver of the host's. */
  of(input: unknown, problems: Problem[]): FoundContext | Promise<FoundContext> {
    const reader = new FieldReader(problems, input as object);
    const source = reader.raw('context');
    if (source === undefined) return this.ofCurrent(problems);
    if (typeof source !== 'object') {
      reader.note(
        'context',
        'invalid',
        'expected a request, what readRequest returns, or what saveContext returns',
      );
      return NOTHING;
    }
    const fields = new FieldReader(problems, source as object, 'context');
    if (!fields.keys().includes('contextRef')) return this.ofObject(source as object, fields);
    const ref = fields.text('contextRef', 200);
    if (ref !== undefined) return this.load(ref, problems);
    fields.note('contextRef', 'missing', 'expected what saveContext returned');
    return NOTHING;
  }

  /** Never rejects: what could not be kept is in the log, and the reference then refers to nothing. */
  async save(
    key: string,
    source: RequestContext | IncomingRequest | ContextRef | undefined,
    options: SaveContextOptions,
  ): Promise<ContextRef> {
    const { contextTtlMs, logger } = this.parts;
    try {
      // Without a key of its own, every visitor would replace the one before.
      const name = typeof key === 'number' || typeof key === 'bigint' ? String(key) : key;
      if (typeof name !== 'string' || name.trim() === '')
        return this.nothingKept('saveContext needs a key such as the order ID');
      const problems: Problem[] = [];
      const found = await this.of({ context: source }, problems);
      const isReference = found !== NOTHING && problems.some(({ field }) => field === 'context');
      if (found === NOTHING || isReference)
        return this.nothingKept(
          source === undefined
            ? 'saveContext was given no request and none is captured (context.captureRequests)'
            : 'what saveContext was given could not be read',
        );
      const told = readSaveContextOptions(options, problems);
      for (const { field, message } of problems)
        logger.warn(`tracking: saveContext: ${field} ${message}`);
      const subjects = await this.parts.subjects();
      const context = this.datedNow(withConsent(found.context, told.consent));
      const contextRef = subjects.reference(name);
      const names = subjects.of(told.user ?? {}, context.visitorId);
      const owners = [...new Set([...names, ...(found.keptFor ?? [])])].slice(0, MAX_OWNERS);
      if (told.user?.id !== undefined || told.user?.email !== undefined)
        await this.parts.link(
          context.visitorId === undefined ? names : [...names, subjects.visitor(context.visitorId)],
          names.filter((one) => !isEmail(one)),
        );
      const expiresAtMs = this.parts.clock.now() + (told.ttlMs ?? contextTtlMs);
      const isKept = await this.keep(contextRef, { context, subjects: owners, expiresAtMs });
      return { contextRef: isKept ? contextRef : NO_CONTEXT };
    } catch (error) {
      logger.warn(`tracking: a context could not be kept: ${errorName(error)}`);
      return { contextRef: NO_CONTEXT };
    }
  }

  /**
   * Remembers whose event a kept context was joined with, so that it is erased and exported with them. Rejects where
   * the storage is out of reach.
   */
  noteUse({ kept }: FoundContext, names: readonly string[]): Promise<void> | undefined {
    if (kept?.context.expiresAtMs === undefined) return undefined;
    if (withUse(kept.context, names) === undefined) return undefined;
    const { clock, logger } = this.parts;
    const change = this.change(kept.ref, (context) => withUse(context, names));
    change.catch((error: unknown) => {
      logger.warn(`tracking: whose a kept context is could not be noted: ${errorName(error)}`);
    });
    return atMost(clock, MAX_CHANGE_MS, change);
  }

  /** @returns whether it is there and is kept for so long. Never rejects. */
  async extend(ref: ContextRef | null | undefined, ttlMs: number): Promise<boolean> {
    const { logger } = this.parts;
    try {
      const { contextRef } = (ref ?? {}) as Partial<ContextRef>;
      if (typeof contextRef !== 'string' || !Number.isFinite(ttlMs) || ttlMs <= 0) {
        logger.warn(
          'tracking: extendContext needs what saveContext returned, and milliseconds above 0; nothing was changed',
        );
        return false;
      }
      const expiresAtMs = this.parts.clock.now() + ttlMs;
      return await this.change(contextRef, (kept) => ({ ...kept, expiresAtMs }));
    } catch (error) {
      logger.warn(`tracking: a context could not be kept for longer: ${errorName(error)}`);
      return false;
    }
  }

  /**
   * Recognises the visitor with the consent that the host tells, or its resolver, or the request's cookies, and
   * writes what that allows. Never rejects.
   */
  async identify(
    request: object,
    response: OutgoingResponse,
    told: unknown,
  ): Promise<IdentifiedVisitor | undefined> {
    const { requests, reader, resolveConsent, logger } = this.parts;
    const problems: Problem[] = [];
    try {
      if (!requests.isGreeting) {
        logger.warn('tracking: identifyVisitor needs the option context.visitor; nobody is known');
        return undefined;
      }
      const own = requests.known(request)?.request ?? request;
      const said =
        told === undefined ? undefined : readConsent(new FieldReader(problems, { consent: told }));
      const host = said ?? (resolveConsent && (await this.resolve(resolveConsent, own, problems)));
      for (const { field, message } of problems) logger.warn(`tracking: ${field} ${message}`);
      const consent = mergeConsent(host, reader.consent(request));
      const visitor = requests.greet(request, response, consent);
      if (said !== undefined)
        for (const one of [this.capturedAs(request), request]) this.told.set(one, said);
      if (visitor?.visitorId === undefined) return undefined;
      const { visitorId, sessionId, isNewSession } = visitor;
      return { visitorId, sessionId, isNewSession };
    } catch (error) {
      logger.warn(`tracking: a visitor could not be recognised: ${errorName(error)}`);
      return undefined;
    }
  }

  /** What a request can tell, and what was written to its answer. */
  read(request: object): RequestContext {
    const { requests, reader, clock } = this.parts;
    try {
      const known = requests.known(request);
      if (known?.isGreeted === true) return known.context;
    } catch {
      // What throws when it is looked at is no request of ours.
    }
    return reader.read(request, clock.now());
  }

  private async keep(ref: string, kept: KeptContext): Promise<boolean> {
    await this.parts.contexts.put(ref, kept);
    return this.mayStay(ref, kept);
  }

  /** @returns whether it is kept. */
  private async change(
    ref: string,
    changed: (kept: KeptContext) => KeptContext | undefined,
  ): Promise<boolean> {
    const kept = await this.parts.contexts.change(ref, changed);
    return kept !== undefined && this.mayStay(ref, kept);
  }

  /** Nothing is kept of a person who was erased, were it in this very moment. */
  private async mayStay(ref: string, kept: KeptContext): Promise<boolean> {
    const { contexts, register } = this.parts;
    const withdrawal = await register.find([...kept.subjects, ...(kept.usedBy ?? [])]);
    if (withdrawal?.erasedAtMs === undefined) return true;
    await contexts.remove(ref);
    return false;
  }

  /** What is dated later than now would have become the past when it is loaded. */
  private datedNow(context: RequestContext): RequestContext {
    const { consent } = context;
    return consent === undefined
      ? context
      : { ...context, consent: datedBy(this.parts.clock.now(), consent) };
  }

  private nothingKept(reason: string): ContextRef {
    this.parts.logger.warn(`tracking: ${reason}; nothing was kept`);
    return { contextRef: NO_CONTEXT };
  }

  private ofCurrent(problems: Problem[]): FoundContext | Promise<FoundContext> {
    const current = this.parts.requests.current();
    return current === undefined
      ? NOTHING
      : this.withResolved(current.context, current.request, problems);
  }

  private ofObject(source: object, fields: FieldReader): FoundContext | Promise<FoundContext> {
    const isRequest = ['headers', 'req', 'request', 'switchToHttp'].some(
      (key) => fields.raw(key) !== undefined,
    );
    if (!isRequest) return { context: acceptContext(fields) };
    const current = this.parts.requests.current();
    // The request being served was read already.
    const context = current?.request === source ? current.context : this.read(source);
    return this.withResolved(context, source, fields.problems);
  }

  private withResolved(
    context: RequestContext,
    request: object,
    problems: Problem[],
  ): FoundContext | Promise<FoundContext> {
    const { resolveConsent } = this.parts;
    if (resolveConsent === undefined) return { context };
    return this.resolve(resolveConsent, request, problems).then((consent) => ({
      context: withConsent(
        withConsent(context, consent),
        this.told.get(request) ?? this.told.get(this.capturedAs(request)),
      ),
    }));
  }

  /** The request itself, of whatever holds it. */
  private capturedAs(source: object): object {
    try {
      return this.parts.requests.known(source)?.request ?? source;
    } catch {
      return source;
    }
  }

  private resolve(
    resolver: ResolveConsent,
    request: object,
    problems: Problem[],
  ): Promise<Consent | undefined> {
    let resolved = this.resolved.get(request);
    if (resolved === undefined) {
      resolved = this.askHost(resolver, request, problems);
      this.resolved.set(request, resolved);
    }
    return resolved;
  }

  /** A resolver that fails has said nothing, and what was said cannot be known: nothing is allowed. */
  private async askHost(
    resolver: ResolveConsent,
    request: object,
    problems: Problem[],
  ): Promise<Consent | undefined> {
    let cancel: (() => void) | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      cancel = this.parts.clock.after(RESOLVER_TIMEOUT_MS, () => {
        reject(new Error('late'));
      });
    });
    try {
      const consent: unknown = await Promise.race([
        (async () => resolver(request as IncomingRequest))(),
        late,
      ]);
      return readConsent(new FieldReader(problems, { consent }));
    } catch {
      problems.push({
        field: 'consent',
        code: 'unreadable',
        message: `consent.resolve failed, or took over ${RESOLVER_TIMEOUT_MS} ms; taken as denied`,
      });
      return allDenied();
    } finally {
      cancel?.();
    }
  }

  private async load(ref: string, problems: Problem[]): Promise<FoundContext> {
    try {
      const kept = await this.parts.contexts.load(ref);
      if (kept !== undefined)
        return { context: kept.context, keptFor: kept.subjects, kept: { ref, context: kept } };
      problems.push({
        field: 'context',
        code: 'missing',
        message: `nothing is kept under this reference, or no longer${this.lostConsent()}`,
      });
    } catch (error) {
      const isLost = error instanceof SealError;
      problems.push({
        field: 'context',
        code: 'storage_unavailable',
        message: `could not be loaded: ${errorName(error)}${isLost ? this.lostConsent() : ''}`,
      });
      if (!isLost) return { context: {}, isAway: true };
    }
    // What the visitor allowed was kept there, and nobody can know it any more.
    return this.parts.sendsUnknown ? NOTHING : { context: { consent: allDenied() } };
  }

  private lostConsent(): string {
    return this.parts.sendsUnknown ? '' : '; what was allowed there counts as denied';
  }
}

function allDenied(): Consent {
  const denied: Consent = {};
  for (const purpose of CONSENT_PURPOSES) denied[purpose] = 'denied';
  return denied;
}

function withConsent(context: RequestContext, consent: Consent | undefined): RequestContext {
  return consent === undefined
    ? context
    : { ...context, consent: mergeConsent(consent, context.consent) };
}

/** @returns `undefined`: nothing more is to be remembered. */
function withUse(kept: KeptContext, names: readonly string[]): KeptContext | undefined {
  const { subjects, usedBy = [] } = kept;
  const known = new Set([...subjects, ...usedBy]);
  const more = names.filter((name) => !isVisitor(name) && !known.has(name));
  if (more.length === 0 || usedBy.length + more.length > MAX_USERS) return undefined;
  return { ...kept, usedBy: [...usedBy, ...more] };
}

/** An event waits no longer for its turn at a kept context; a process that died there holds it for a while. */
const MAX_CHANGE_MS = 500;
/** So many names of people whose events one context is joined with are remembered. */
const MAX_USERS = 16;

/** A track call waits no longer for the host's word. */
const RESOLVER_TIMEOUT_MS = 1_000;
