/** Who asks: tokens, in each of the ways that clients send them. */
import { clientAddress, type Networks } from '../../addresses.js';
import { makePrincipal, type Permission, type Principal } from '../../auth/principal.js';
import type { TokenStore } from '../../auth/token-store.js';
import { hashToken, isExpired, type TokenEntry } from '../../auth/token.js';
import type { Clock } from '../../clock.js';
import { SluiceError } from '../../errors.js';
import { FailedAttempts, FAILURE_LIMITS } from './failed-attempts.js';
import type { Exchange } from '../listener/listener.js';
import { RecentMap } from '../../recent-map.js';

/** What a check needs to see of a request. */
export type Caller = Pick<Exchange, 'header' | 'headerLines' | 'peer'>;

export interface Authenticator {
  /**
   * Finds out who asks.
   * @param p the query parameter `p` of the v1 endpoints (/write, /query), undefined elsewhere or when absent; when it
   * is not empty the Authorization header is not looked at
   * @throws SluiceError unauthorized for no, an unknown or an expired token; bad-authorization for a malformed header
   */
  authenticate(caller: Caller, p: string | undefined): Principal;
}

interface AuthenticatorParts {
  readonly tokens: TokenStore;
  readonly clock: Clock;
  /** Proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: Networks;
  readonly log: { warn(message: string): void };
}

/** @throws SluiceError forbidden when the principal may not do so in the database */
export function demand(principal: Principal, permission: Permission, database: string): void {
  if (principal.may(permission, database)) return;
  // The words of InfluxDB 1, by which influxdb-java gives the batch up.
  const action = permission === 'write' ? 'write to' : 'read from';
  throw new SluiceError('forbidden', `the token's user is not authorized to ${action} database ${JSON.stringify(database)} (token ${JSON.stringify(principal.name)})`);
}

/** For what names every database. @throws SluiceError forbidden when the principal may not read all of them */
export function demandSight(principal: Principal): void {
  if (principal.mayEverywhere('read')) return;
  throw new SluiceError('forbidden', `this shows names of every database, and token ${JSON.stringify(principal.name)} may not read all: use an admin token, or one for --database '*' with --permission read`);
}

/** @throws SluiceError forbidden when the principal is no admin */
export function demandAdmin(principal: Principal): void {
  if (!principal.isAdmin) throw new SluiceError('forbidden', `this needs an admin token; ${JSON.stringify(principal.name)} is none`);
}

/** The password of a Basic credential (RFC 7617). @throws SluiceError bad-authorization when it is malformed */
function basicPassword(credential: string): string {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(credential)) throw malformed();
  const text = Buffer.from(credential, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) throw malformed();
  return text.slice(colon + 1);
}

/** What may be the token of an Authorization header; nothing when it carries none. @throws SluiceError bad-authorization */
function candidates(authorization: string): readonly string[] {
  const [scheme = '', credential = '', ...rest] = authorization.trim().split(/ +/);
  if (rest.length > 0) throw malformed();
  switch (scheme.toLowerCase()) {
    case '':
      return [];
    case 'bearer':
    case 'token': {
      if (credential === '') return [];
      // Clients of v1 know `Token user:password`.
      const colon = credential.indexOf(':');
      return colon < 0 ? [credential] : [credential, credential.slice(colon + 1)];
    }
    case 'basic': {
      const password = credential === '' ? '' : basicPassword(credential);
      return password === '' ? [] : [password];
    }
    default:
      throw malformed();
  }
}

function malformed(): SluiceError {
  return new SluiceError('bad-authorization', 'use Bearer TOKEN, Token TOKEN, or Basic with the token as password');
}

/** Credentials found good that are remembered, and their characters: a good token may stand in a long header. */
const ACCEPTED_MAX = 1000;
const ACCEPTED_CHARACTERS_MAX = 1024 * 1024;

interface Accepted {
  readonly entry: TokenEntry;
  readonly principal: Principal;
}

class TokenAuthenticator implements Authenticator {
  readonly #parts: AuthenticatorParts;
  readonly #failedAttempts: FailedAttempts;
  /**
   * Headers found good before: hashing costs more than the rest of a small request. A lookup tells nothing of a token by
   * its time, since strings are compared only when their seeded hashes are equal; nor does one in the store, which
   * compares SHA-512 hashes.
   */
  readonly #accepted = new RecentMap<string, Accepted>({
    max: ACCEPTED_MAX, maxSize: ACCEPTED_CHARACTERS_MAX, sizeCalculation: (_, sent) => sent.length,
  });

  constructor(parts: AuthenticatorParts) {
    this.#parts = parts;
    this.#failedAttempts = new FailedAttempts(FAILURE_LIMITS, parts.clock);
    parts.tokens.onChange(() => {
      this.#accepted.clear();
      this.#failedAttempts.forget();
    });
  }

  authenticate(caller: Caller, p: string | undefined): Principal {
    // No header holds a NUL.
    const sent = p ? `\0${p}` : caller.header('authorization');
    const accepted = this.#accepted.get(sent);
    if (accepted !== undefined && !isExpired(accepted.entry, this.#parts.clock.nowMs())) return accepted.principal;
    const hashes = (p ? [p] : candidates(sent)).map(hashToken);
    if (hashes.length === 0) throw new SluiceError('unauthorized', 'the request carries no token');
    const { principal, entry } = this.#lookUp(caller, hashes);
    this.#accepted.set(sent, { principal, entry });
    return principal;
  }

  /** @throws SluiceError unauthorized */
  #lookUp(caller: Caller, hashes: readonly string[]): Accepted {
    const { tokens, clock, trustedProxies } = this.#parts;
    const address = clientAddress(caller.peer, caller.headerLines('x-forwarded-for'), trustedProxies);
    const pair = `${address} ${hashes[0]}`;
    const refusedForMs = this.#failedAttempts.refusedForMs(pair);
    if (refusedForMs > 0) {
      throw new SluiceError('unauthorized', `this token failed too often from ${address}: it is not looked at for ${Math.ceil(refusedForMs / 1000)} s`);
    }
    const entry = hashes.map((hash) => tokens.find(hash)).find((found) => found !== undefined);
    if (entry === undefined) throw this.#failed(pair, address, 'the token is not known');
    if (isExpired(entry, clock.nowMs())) throw this.#failed(pair, address, `the token ${JSON.stringify(entry.name)} is expired`);
    return { entry, principal: makePrincipal(entry.name, entry.rights) };
  }

  /** Counts a failure and says so once a window. */
  #failed(pair: string, address: string, why: string): SluiceError {
    this.#failedAttempts.note(pair);
    if (this.#failedAttempts.shallSay(address)) this.#parts.log.warn(`authorization failed for a request from ${address}: ${why}`);
    return new SluiceError('unauthorized', why);
  }
}

/** Lets everyone in, as an admin. */
export const WITHOUT_AUTH: Authenticator = (() => {
  const anyone = makePrincipal('anyone', 'admin');
  return { authenticate: () => anyone };
})();

/** Makes the check of credentials; it follows every change of the tokens. */
export function makeAuthenticator(parts: AuthenticatorParts): Authenticator {
  return new TokenAuthenticator(parts);
}
