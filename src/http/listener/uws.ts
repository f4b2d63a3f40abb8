/**
 * The listener on uWebSockets.js. What it does by itself: it closes a connection 8 to 12 s after its last answer or
 * when a body comes slower than 16 KiB/s, answers `Expect`, refuses malformed requests, and closes the connection of a
 * client that sends its next request before it has the answer to the last one (pipelining).
 */
import type { Certificate } from './certificate.js';
import { hostAndPort } from '../../addresses.js';
import { IdleClients } from './idle-clients.js';
import type { Handler, Listener, ListenerOptions, MakeListener } from './listener.js';
import { claimPort } from './node.js';
import { UwsExchange } from './uws-exchange.js';
import { addressOf, uws, type TemplatedApp, type us_listen_socket } from './uws-library.js';

/** An app, whose certificate is for good, with the socket it listens on and its connections. */
interface App {
  readonly library: TemplatedApp;
  socket: us_listen_socket | null;
  connections: number;
}

class UwsListener implements Listener {
  readonly #handler: Handler;
  readonly #options: ListenerOptions;
  readonly #idleClients: IdleClients;
  /** The one that accepts comes last; the others have connections left. */
  #apps: readonly App[];
  #address = { host: '', port: 0 };
  #stopping = false;

  constructor(handler: Handler, options: ListenerOptions) {
    this.#handler = handler;
    this.#options = options;
    this.#idleClients = new IdleClients(options.idleLimits);
    this.#apps = [this.#makeApp(options.certificate)];
  }

  #makeApp(certificate: Certificate | null): App {
    const library = certificate === null ? uws.App() : makeSecureApp(certificate);
    const { clock } = this.#options;
    const app: App = { library, socket: null, connections: 0 };
    library.filter((response, change) => {
      app.connections += Number(change);
      if (Number(change) > 0) {
        if (this.#connections() > this.#options.connectionsMax) response.close();
        else this.#idleClients.connected(addressOf(response), clock.monotonicMs());
      }
      if (app.connections === 0 && app.socket === null && app !== this.#apps.at(-1)) this.#apps = this.#apps.filter((other) => other !== app);
    });
    const isStopping = () => this.#stopping;
    library.any('/*', (response, request) => {
      const connectsAnew = this.#idleClients.note(addressOf(response), clock.monotonicMs());
      const exchange = new UwsExchange(response, request, connectsAnew, isStopping);
      // At once, and without an answer: behind one, the library would go on to read what hides there.
      if (exchange.isAmbiguous) response.close();
      else this.#handler(exchange);
    });
    return app;
  }

  #connections(): number {
    return this.#apps.reduce((sum, { connections }) => sum + connections, 0);
  }

  async listen(host: string, port: number): Promise<{ host: string; port: number }> {
    // Sockets that ask for a port by its number share it, with any other process too: so it must be nobody's first.
    const fixed = port === 0 && this.#options.certificate === null ? 0 : await claimPort(host, port);
    const [app] = this.#apps;
    app!.socket = await listenOn(app!.library, host, fixed);
    this.#address = { host, port: uws.us_socket_local_port(app!.socket) };
    return this.#address;
  }

  /**
   * A second app shares the port with the first, which then stops to accept. A connection that the system accepted and
   * the first app has not seen is lost then: hence the moment right after it looked.
   */
  async renew(certificate: Certificate): Promise<void> {
    const { host, port } = this.#address;
    const app = this.#makeApp(certificate);
    app.socket = await listenOn(app.library, host, port);
    if (this.#stopping) {
      closeSocket(app);
      return;
    }
    const before = this.#apps.at(-1)!;
    this.#apps = [...this.#apps, app].filter((one) => one === app || one === before || one.connections > 0);
    await new Promise(setImmediate);
    closeSocket(before);
  }

  /** The library knows no idle connections: they end by its own time limit, at their next answer, or by `close`. */
  stopAccepting(): void {
    this.#stopping = true;
    this.#apps.forEach(closeSocket);
  }

  async close(): Promise<void> {
    this.#stopping = true;
    for (const app of this.#apps) {
      app.socket = null;
      app.library.close();
    }
  }
}

function closeSocket(app: App): void {
  if (app.socket !== null) uws.us_listen_socket_close(app.socket);
  app.socket = null;
}

/** The library reads the files itself. @throws Error when it cannot use them */
function makeSecureApp({ files }: Certificate): TemplatedApp {
  try {
    return uws.SSLApp({ cert_file_name: files.cert, key_file_name: files.key });
  } catch (error) {
    throw new Error(`uWebSockets.js cannot use the certificate ${files.cert} with the private key ${files.key}: ${(error as Error).message}`, { cause: error });
  }
}

/** @throws Error when the address cannot be had */
function listenOn(library: TemplatedApp, host: string, port: number): Promise<us_listen_socket> {
  return new Promise((resolve, reject) => {
    library.listen(host, port, (socket) => {
      if (socket === false) reject(new Error(`cannot listen on ${hostAndPort(host, port)}: the address is in use, not ours, or not allowed`));
      else resolve(socket);
    });
  });
}

export { uwsBuild } from './uws-library.js';

/** Makes a listener on uWebSockets.js. Loading this module throws where its addon does not load. */
export const makeUwsListener: MakeListener = (handler, options) => new UwsListener(handler, options);
