/** Telegraf's four ways to write to sluice, as sections of its configuration. */
import type { Section } from './toml.js';

export const OUTPUTS = ['influxdb', 'influxdb_v2', 'influxdb_v3', 'http'] as const;
export type Output = (typeof OUTPUTS)[number];

export interface Target {
  readonly url: string;
  readonly database: string;
  readonly token?: string;
  readonly encoding?: 'gzip' | 'identity';
  /** File of the certificate to trust. */
  readonly ca?: string | undefined;
  /** Tells outputs of one kind apart in the log. */
  readonly alias?: string;
  /** More options, or others. */
  readonly more?: Section[1];
}

/** The output's own way to show a token; http has two, the header and the password. */
function credentials(output: Output, token: string): Section[1] {
  switch (output) {
    case 'influxdb':
      return { username: 'telegraf', password: token };
    case 'influxdb_v2':
    case 'influxdb_v3':
      return { token };
    case 'http':
      return { headers: { Authorization: `Bearer ${token}` } };
  }
}

function place(output: Output, url: string, database: string): Section[1] {
  switch (output) {
    case 'influxdb':
      return { urls: [url], database, influx_uint_support: true };
    case 'influxdb_v2':
      return { urls: [url], organization: 'acme', bucket: database, influx_uint_support: true };
    case 'influxdb_v3':
      return { urls: [url], database };
    case 'http':
      return {
        url: `${url}/api/v3/write_lp?db=${database}`, data_format: 'influx', influx_uint_support: true,
        // Without it one bad line blocks this output for ever.
        non_retryable_statuscodes: [400, 413, 422],
      };
  }
}

/** A section that writes to a target. */
export function outputSection(output: Output, { url, database, token, encoding = 'gzip', ca, alias, more }: Target): Section {
  return [`[[outputs.${output}]]`, {
    ...place(output, url, database),
    ...(token === undefined ? {} : credentials(output, token)),
    content_encoding: encoding,
    ...(ca === undefined ? {} : { tls_ca: ca }),
    ...(alias === undefined ? {} : { alias }),
    ...more,
  }];
}
