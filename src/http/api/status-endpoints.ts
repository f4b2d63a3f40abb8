/** /ping, /health and /ready: the endpoints that need no token. Pure. */
import type { Answer } from '../listener/listener.js';

/** How the server is. */
export interface HealthState {
  readonly status: 'pass' | 'fail';
  readonly message: string;
  /** What is worth knowing, warnings too: recovery, quarantine, disk. */
  readonly checks: readonly { readonly name: string; readonly status: 'pass' | 'fail'; readonly message: string }[];
}

const JSON_TYPE = ['Content-Type', 'application/json'] as const;

/**
 * The answer to /ping: 204, or 200 with the version for who asks for it.
 * @param verbose the query parameter, undefined when absent
 * @param accept the Accept header
 */
export function pingAnswer(version: string, verbose: string | undefined, accept: string): Answer {
  const wantsBody = !['', '0', 'false', undefined].includes(verbose) || accept.includes('application/json');
  if (!wantsBody) return { status: 204, headers: [], body: '' };
  return { status: 200, headers: [JSON_TYPE], body: JSON.stringify({ version }) };
}

/** What is said to someone who may not know the names of databases and tables: that something is wrong, and where it stands. */
export function withoutNames({ status, message, checks }: HealthState): HealthState {
  if (checks.length === 0) return { status, message, checks };
  const what = checks.length === 1 ? 'one thing is' : `${checks.length} things are`;
  const sentence = `${what} wrong: the log of the server says what, and /health to a token that may read every database`;
  return { status, message, checks: [{ name: 'storage', status: 'fail', message: sentence }] };
}

/** The answer to /health, in the shape of InfluxDB 2: 200, or 503 when the server cannot do its work. */
export function healthAnswer(version: string, health: HealthState, retryAfterS: number): Answer {
  const { status, message, checks } = health;
  const body = JSON.stringify({ name: 'sluice', message, status, checks, version });
  if (status === 'pass') return { status: 200, headers: [JSON_TYPE], body };
  return { status: 503, headers: [JSON_TYPE, ['Retry-After', String(retryAfterS)]], body };
}

/**
 * The answer to /ready, in the shape of InfluxDB 2: 200, or 503 when writes are refused.
 * @param started ISO time
 * @param upMs milliseconds since then
 */
export function readyAnswer(started: string, upMs: number, health: HealthState, retryAfterS: number): Answer {
  // A duration as Go writes it.
  const up = `${(upMs / 1000).toFixed(3)}s`;
  if (health.status === 'pass') return { status: 200, headers: [JSON_TYPE], body: JSON.stringify({ status: 'ready', started, up }) };
  const body = JSON.stringify({ status: 'not ready', started, up, code: 'unavailable', message: health.message });
  return { status: 503, headers: [JSON_TYPE, ['Retry-After', String(retryAfterS)]], body };
}
