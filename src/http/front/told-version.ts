/** The versions of InfluxDB that clients are told, since they know no others: what they decide by them is in docs/compatibility.md. */
import type { Dialect } from '../../ingest/request.js';

/** X-Influxdb-Version of each dialect's endpoints. */
export const TOLD_VERSIONS: Readonly<Record<Dialect, string>> = { v1: '1.8.10', v2: '2.7.12', v3: '3.0.0' };
