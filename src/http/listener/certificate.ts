/** The server's certificate: read from files, and checked before a listener gets it. */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { Clock } from '../../clock.js';
import type { TlsFiles } from '../../config.js';
import type { Disk } from '../../disk.js';

/** Certificate, key and roots of clients, as PEM, and the files they are from. */
export interface Certificate {
  readonly files: TlsFiles;
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa: Buffer | null;
  /** Sentences on what is odd but may be meant. */
  readonly warnings: readonly string[];
}

/** @throws Error with a sentence that names the file that is wrong */
export async function readCertificate(files: TlsFiles, disk: Disk, clock: Clock): Promise<Certificate> {
  const cert = await readPem(disk, 'certificate', files.cert);
  const key = await readPem(disk, 'private key', files.key);
  const clientCa = files.clientCa === null ? null : await readPem(disk, 'client root certificate', files.clientCa);
  const [own] = parseCertificates(files.cert, cert);
  if (!own!.checkPrivateKey(parseKey(files.key, key))) {
    throw new Error(`the private key ${files.key} does not belong to the certificate ${files.cert}`);
  }
  const all = [[files.cert, [own!]] as const, ...(clientCa === null ? [] : [[files.clientCa!, parseCertificates(files.clientCa!, clientCa)] as const])];
  return { files, cert, key, clientCa, warnings: all.flatMap(([file, certificates]) => oddDates(file, certificates, clock.nowMs())) };
}

async function readPem(disk: Disk, what: string, path: string): Promise<Buffer> {
  const text = await disk.readWhole(path).catch((error: Error) => {
    throw new Error(`the ${what} ${path} cannot be read: ${error.message}`, { cause: error });
  });
  if (text === null) throw new Error(`there is no ${what} ${path}`);
  return text;
}

/** All certificates of a PEM file, one at least. */
function parseCertificates(path: string, pem: Buffer): X509Certificate[] {
  const blocks = pem.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error(`${path} holds no certificate in PEM`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw new Error(`${path} holds a certificate that cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function parseKey(path: string, pem: Buffer): KeyObject {
  if (/ENCRYPTED/.test(pem.toString('latin1'))) throw new Error(`the private key ${path} is encrypted: take its passphrase away`);
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new Error(`${path} holds no private key in PEM: ${(error as Error).message}`, { cause: error });
  }
}

function oddDates(path: string, certificates: readonly X509Certificate[], nowMs: number): string[] {
  return certificates.flatMap(({ validFrom, validTo }) => {
    if (Date.parse(validTo) <= nowMs) return [`the certificate ${path} has been out of date since ${validTo}`];
    return Date.parse(validFrom) > nowMs ? [`the certificate ${path} is not good before ${validFrom}`] : [];
  });
}
