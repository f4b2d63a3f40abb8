/** Which database clients of InfluxDB 1 and 2 mean by the names they send. Pure. */

/** Retention policy names that mean the default one. */
function isDefaultPolicy(rp: string): boolean {
  return ['', "''", 'autogen', 'default'].includes(rp.toLowerCase());
}

/** The database of v1's `db` and `rp`, which is put in lower case, as InfluxDB 3 does. */
export function joinPolicy(db: string, rp: string): string {
  return isDefaultPolicy(rp) ? db : `${db}/${rp.toLowerCase()}`;
}

/** The database of a bucket: `name/autogen` is the one that v1 writes to as `db=name&rp=autogen`. */
export function bucketDatabase(bucket: string): string {
  const slash = bucket.indexOf('/');
  const isDefault = slash > 0 && slash < bucket.length - 1 && isDefaultPolicy(bucket.slice(slash + 1));
  return isDefault ? bucket.slice(0, slash) : bucket;
}
