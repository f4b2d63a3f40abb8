/** Who may write: tokens, in each of the ways that clients send them. */
import { hash, timingSafeEqual } from 'node:crypto';
import type { ErrorCode } from '../errors.js';

export interface Refusal {
  readonly code: ErrorCode;
  readonly detail: string;
}

export interface Authenticator {
  /**
   * Checks the credentials of a request.
   * @param authorization the Authorization header, '' when absent
   * @param p the query parameter `p` of the v1 endpoints, undefined elsewhere or when absent; when it is not empty the
   * header is not looked at
   * @returns null when they are good
   */
  check(authorization: string, p: string | undefined): Refusal | null;
}

const MISSING: Refusal = { code: 'unauthorized', detail: 'the request carries no token' };
const WRONG: Refusal = { code: 'unauthorized', detail: 'the token is not known' };
const MALFORMED: Refusal = {
  code: 'bad-authorization',
  detail: 'use Bearer TOKEN, Token TOKEN, or Basic with the token as password',
};

/** The password of a Basic credential (RFC 7617); null when it is malformed. */
function basicPassword(credential: string): string | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(credential)) return null;
  const text = Buffer.from(credential, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? null : text.slice(colon + 1);
}

/** What may be the token of an Authorization header, or what is wrong with the header. */
function candidates(authorization: string): readonly string[] | Refusal {
  const [scheme = '', credential = '', ...rest] = authorization.trim().split(/ +/);
  if (rest.length > 0) return MALFORMED;
  switch (scheme.toLowerCase()) {
    case '':
      return MISSING;
    case 'bearer':
    case 'token': {
      if (credential === '') return MISSING;
      // Clients of v1 know `Token user:password`.
      const colon = credential.indexOf(':');
      return colon < 0 ? [credential] : [credential, credential.slice(colon + 1)];
    }
    case 'basic': {
      if (credential === '') return MISSING;
      const password = basicPassword(credential);
      if (password === null) return MALFORMED;
      return password === '' ? MISSING : [password];
    }
    default:
      return MALFORMED;
  }
}

/** Accepted Authorization headers that are remembered. */
const ACCEPTED_MAX = 1000;

class TokenAuthenticator implements Authenticator {
  readonly #hashes: readonly Buffer[];
  /**
   * Headers found good before: hashing costs more than the rest of a small request. A lookup tells nothing of a token by
   * its time, since strings are compared only when their seeded hashes are equal.
   */
  readonly #accepted = new Set<string>();

  constructor(hashes: readonly string[]) {
    this.#hashes = hashes.map((hex) => {
      if (!/^[0-9a-f]{128}$/i.test(hex)) throw new Error(`a token hash is not the hex of a SHA-512: ${hex}`);
      return Buffer.from(hex, 'hex');
    });
  }

  check(authorization: string, p: string | undefined): Refusal | null {
    if (p) return this.#isKnown(p) ? null : WRONG;
    if (this.#accepted.has(authorization)) return null;
    const tokens = candidates(authorization);
    if ('code' in tokens) return tokens;
    if (!tokens.some((token) => this.#isKnown(token))) return WRONG;
    if (this.#accepted.size >= ACCEPTED_MAX) this.#accepted.clear();
    this.#accepted.add(authorization);
    return null;
  }

  #isKnown(token: string): boolean {
    const digest = hash('sha512', token, 'buffer');
    let known = false;
    // Every hash is compared, so that the time tells nothing.
    for (const one of this.#hashes) known = timingSafeEqual(one, digest) || known;
    return known;
  }
}

/**
 * Makes the check of credentials.
 * @param tokens hex SHA-512 of each valid token, or 'without-auth' to let everyone in
 * @throws Error when a hash is malformed
 */
export function makeAuthenticator(tokens: readonly string[] | 'without-auth'): Authenticator {
  return tokens === 'without-auth' ? { check: () => null } : new TokenAuthenticator(tokens);
}
