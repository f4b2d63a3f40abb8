/** The certificates of test/data/tls. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.js';
import type { TlsFiles } from '../../src/config.js';
import { systemDisk } from '../../src/disk.js';
import { readCertificate, type Certificate } from '../../src/http/listener/certificate.js';
import { root } from '../root.js';

/** Path of a file of test/data/tls. */
export function tlsPath(name: string): string {
  return join(root, 'test/data/tls', name);
}

export function tlsText(name: string): string {
  return readFileSync(tlsPath(name), 'utf8');
}

/** Files of a server's certificate by its name. */
export function tlsFiles(name: string, clientCa: string | null = null): TlsFiles {
  return { cert: tlsPath(`${name}.pem`), key: tlsPath(`${name}.key`), clientCa: clientCa === null ? null : tlsPath(clientCa) };
}

/** A server's certificate by its name. */
export function testCertificate(name: string, clientCa: string | null = null): Promise<Certificate> {
  return readCertificate(tlsFiles(name, clientCa), systemDisk, systemClock);
}
