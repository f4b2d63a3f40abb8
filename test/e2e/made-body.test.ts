/** Values and names at their edges, from the request to two readers, through a kill -9. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBody } from '../oracle/line-protocol.js';
import { Model } from '../oracle/model.js';
import { SchemaOracle } from '../oracle/schema.js';
import { write, type Shape } from './client.js';
import { compareDatabase } from './compare.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

const CJK_29 = '测量温度湿度压力风速方向雨量日照能见度云高露点气候站点记录'.slice(0, 29);
const MiB = 1024 * 1024;
const SHAPE: Shape = { endpoint: '/api/v3/write_lp', gzip: true, chunked: true };

const BODIES: readonly string[] = [
  [
    'numbers u0=0u,umax=18446744073709551615u,imin=-9223372036854775808i,imax=9223372036854775807i -1',
    'numbers zero=0,minus_zero=-0,small=5e-324,smaller=2.2250738585072011e-308,large=1.7976931348623157e308,minus_large=-1.7976931348623157e308 0',
    'numbers u0=1u,f=0.1,t=true,b=F 1',
    'numbers f=1e-7 -9223372036854775808',
    'numbers f=1e21 9223372036854775807',
    'numbers imax=1i 999',
    'numbers imax=2i 1000',
    'numbers imax=3i -1000',
    'numbers imax=4i -1001',
  ],
  [
    `strings empty="",long="${'x'.repeat(MiB)}",quoted="say \\"hi\\" and \\\\ back",lines="one\ntwo\n" 1`,
    'strings empty="now full" 2',
    'strings,tag=only\\ here other="with , and = and  spaces" 3',
  ],
  [
    `${CJK_29},${CJK_29}=${CJK_29} ${CJK_29.slice(1)}=1i 1`,
    '.. v=1i 1',
    '. v=1i 1',
    'Case v=1i 1',
    'case v=2i 1',
    'CASE v=3i 1',
    'with\\ space\\,comma=equals,a\\ tag\\,\\=x=a\\ value\\,\\=y a\\ field\\,\\=z=1i 1',
    'cases,Host=a,host=b,HOST=c Value=1i,value=2i,VALUE=3i 1',
    'own Time=1i,TIME="t",sluice_seq=2i,sluice_ns=3.5,SLUICE_SEQ=true 1',
    'own,sluice_time=x Time=2i 2',
    'braces a;b=1i,c{d}=2i,e(f)=3i,g%20h=4i,i.j=5i,"k"=6i,l`m=7i 1',
    `wide ${'k'.repeat(300)}=1i,${'k'.repeat(299)}l=2i,${'é'.repeat(150)}=3i 1`,
  ],
  // Telegraf's system input sends several lines for one point: in one body, and in two.
  ['system,host=a load1=0.5,n_cpus=8i 1700000000000000000', 'system,host=a uptime=12345i 1700000000000000000', 'system,host=a uptime_format="3:25" 1700000000000000000'],
  ['system,host=a load1=0.75 1700000000000000000', 'system,host=a users=3i 1700000000000000000', 'system,host=a load1=0.8 1700000000000000000'],
  ['sparse,a=1 x=1i 1', 'sparse,b=2 y=2i 1', 'sparse z=3i 1', 'sparse,a=1,b=2 x=4i,y=5i,z=6i 1', 'sparse,a=1 y=7i 1'],
].map((lines) => `${lines.join('\n')}\n`);

test('a made body with every edge is read back as it was written', async () => {
  const dataDir = makeDataDir();
  const schema = new SchemaOracle();
  const model = new Model();
  try {
    const first = await TestServer.start(dataDir);
    for (const [i, body] of BODIES.entries()) {
      const { points, errors } = schema.write(parseBody(Buffer.from(body), { precision: 'ns', defaultTimeNs: 0n }));
      assert.deepEqual(errors, []);
      model.write(i + 1, points);
      const { status, body: answer } = await write(first.url, 'made', Buffer.from(body), SHAPE, 'ns');
      assert.equal(status, 204, answer);
    }
    await first.kill();
    const second = await TestServer.start(dataDir);
    const flush = sluice(['flush', '--data-dir', dataDir]);
    assert.equal(flush.code, 0, flush.stderr);
    await compareDatabase(dataDir, 'made', model, ['hyparquet', 'query']);
    assert.equal(await second.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});
