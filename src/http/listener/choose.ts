/** Chooses the maker of the listener. */
import type { Handler, Listener, ListenerOptions, MakeListener } from './listener.js';

export type ListenerKind = 'uws' | 'node';

/** Loads the maker on uWebSockets.js; rejects where the addon does not load. */
async function loadUws(): Promise<MakeListener> {
  return (await import('./uws.js')).makeUwsListener;
}

/**
 * Makes a listener of the kind asked for, or, with one warning, on node:http where uWebSockets.js does not load. Client
 * certificates need node:https: uWebSockets.js lets in who shows none.
 * @param load replaced by tests
 */
export async function makeListener(
  kind: ListenerKind,
  handler: Handler,
  options: ListenerOptions,
  log: { warn(message: string): void },
  load: () => Promise<MakeListener> = loadUws,
): Promise<Listener> {
  const clientsNeedCertificates = options.certificate !== null && options.certificate.clientCa !== null;
  const make = kind === 'uws' && !clientsNeedCertificates ? await load().catch((error: unknown) => {
    const reason = String(error).split('\n')[0];
    log.warn(`uWebSockets.js does not load on this machine, so node:http serves instead, more slowly (${reason})`);
    return null;
  }) : null;
  return (make ?? (await import('./node.js')).makeNodeListener)(handler, options);
}
