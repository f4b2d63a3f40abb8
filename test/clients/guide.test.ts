/** What InfluxDB's write compatibility guide prints for curl and Node.js, run as it stands there. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { root } from '../root.js';
import { endpoints, fill, HOME, homeQuery, portProblem, snippets } from './guide.js';
import { CA_FILE, Place, SCHEMES } from './place.js';

const curls = snippets('sh').filter((snippet) => snippet.startsWith('curl '));
const urls = snippets('sh').filter((snippet) => snippet.startsWith('https://'));
const headers = snippets('http');
const WRITES = [...curls, ...urls, ...headers].length;

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: string, args: readonly string[]): Promise<Ran> {
  const env = { ...process.env, CURL_CA_BUNDLE: CA_FILE, NODE_EXTRA_CA_CERTS: CA_FILE };
  return new Promise((resolve) => {
    execFile(command, args, { cwd: root, env }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }));
  });
}

test('the guide has as many snippets as are run', () => {
  assert.deepEqual([curls.length, urls.length, headers.length, endpoints().length], [6, 1, 5, 2]);
  assert.deepEqual((['js', 'py', 'toml'] as const).map((language) => snippets(language).length), [1, 1, 1]);
});

for (const scheme of SCHEMES) {
  describe(`the guide's curl commands over ${scheme}`, () => {
    let place: Place;
    let writes = 0;
    before(async () => {
      place = await Place.open(scheme);
    });
    after(() => place?.close());

    /** The snippet against this server, and a database of its own. */
    const ready = (snippet: string): string => {
      const host = `localhost:${place.port}`;
      return fill(snippet, { host, database: `guide${writes++}`, token: place.token }).replaceAll('https://', `${scheme}://`);
    };

    async function expect204(script: string): Promise<void> {
      const { stdout, stderr } = await run('bash', ['-c', script]);
      assert.match(stdout, /^HTTP\/1\.1 204 No Content\r\n/, `${script}\n${stdout}${stderr}`);
    }

    test('each command, URL and header is answered 204, and its point is stored', async () => {
      for (const curl of curls) await expect204(ready(curl));
      for (const url of urls) {
        await expect204(`curl -i "${ready(url)}&db=guide${writes - 1}&precision=s" --data-binary 'home,room=kitchen temp=72 1641024000'`);
      }
      for (const [i, header] of headers.entries()) {
        const path = i < 2 ? '/api/v2/write?bucket=DATABASE_NAME&precision=s' : '/write?db=DATABASE_NAME&precision=s';
        await expect204(ready(`curl -i "https://{{< influxdb/host >}}${path}" --header "${header}" --data-binary 'home,room=kitchen temp=72 1641024000'`));
      }
      assert.equal(writes, WRITES);
      const rows = Array.from({ length: writes }, (_, i) => homeQuery(`guide${i}`));
      assert.deepEqual(place.query('guide0', rows.join(' UNION ALL ')).split('\n'), rows.map(() => HOME));
    });

    test('each endpoint that it shows takes a write', async () => {
      for (const endpoint of endpoints()) {
        await expect204(ready(`curl -i "https://{{< influxdb/host >}}${endpoint}" --user "any:DATABASE_TOKEN" --data-binary 'home v=1i ${writes}'`));
      }
      assert.equal(place.query('mydb', 'SELECT count(*) FROM home'), '2');
    });
  });
}

test("the guide's node-influx client writes", async (t) => {
  const problem = await portProblem(443);
  if (problem !== null) return t.skip(problem);
  const place = await Place.open('https', [], 443);
  try {
    const [snippet] = snippets('js');
    const write = "client.writePoints([{ measurement: 'home', tags: { room: 'kitchen' }, fields: { temp: 72 }, timestamp: new Date(1641024000000) }])";
    const program = `${fill(snippet!, { host: place.host, database: 'guide', token: place.token })}\n${write}`;
    const { code, stderr } = await run(process.execPath, ['--input-type=commonjs', '--eval', program]);
    assert.equal(code, 0, stderr);
    assert.equal(place.query('guide', homeQuery('guide')), HOME);
  } finally {
    await place.close();
  }
});
