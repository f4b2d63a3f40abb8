/** Texts cut into blocks of every size: the blocks are the text, and no cut stands inside a line. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineBlocks, type Block, type BlockOptions } from '../../src/cli/blocks.js';
import { parserModule } from '../../src/cli/parser.js';
import { WasmParser } from '../../src/worker/wasm/wasm.js';
import { splitLines } from '../oracle/lines.js';
import { readVectors } from '../oracle/vectors.js';

const scanner = new WasmParser(parserModule());
const ANY = 1 << 20;

async function blocksOf(text: Buffer, chunkBytes: number, options: Partial<BlockOptions> = {}): Promise<Block[]> {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < text.length; at += chunkBytes) yield text.subarray(at, at + chunkBytes);
  }
  const blocks: Block[] = [];
  const all = { blockBytes: 64, blockBytesMax: ANY, blockLinesMax: ANY, isApart: () => false, isPhysical: () => false, ...options };
  for await (const { bytes, ...rest } of lineBlocks(chunks(), scanner, all)) blocks.push({ bytes: Buffer.from(bytes), ...rest });
  assert.deepEqual(Buffer.concat(blocks.map(({ bytes }) => bytes)), text);
  return blocks;
}

const TEXT = Buffer.from([
  '# a comment with a " quote',
  'cpu,host=a note="one\n# no comment\n  two\n",v=1 1',
  '',
  '  \t',
  'cpu,host=b\\',
  '=c v=2 2\r',
  '   # comment again \\',
  'bad',
  'cpu note="a \\" b" 3',
  'cpu note="x" 4',
].join('\n'));

test('blocks of any size hold whole lines, and count them', async () => {
  const texts = [TEXT, Buffer.concat([Buffer.from('\ufeff'), TEXT]), ...readVectors().map(({ body }) => Buffer.from(body)).filter(({ length }) => length < 5000)];
  for (const text of texts) {
    const lines = splitLines(text);
    for (const blockBytes of [1, 2, 3, 7, 20, 64]) {
      let physicalLines = 0;
      for (const block of await blocksOf(text, 3, { blockBytes })) {
        const inIt = splitLines(block.bytes);
        assert.equal(block.lines, inIt.length);
        const [from, to] = [physicalLines, physicalLines + block.physicalLines];
        assert.deepEqual(inIt.map(({ number }) => number + from), lines.map(({ number }) => number).filter((number) => number > from && number <= to), JSON.stringify(text.toString()));
        physicalLines = to;
      }
    }
  }
});

test('a block has no more lines than it may', async () => {
  const blocks = await blocksOf(Buffer.from('a v=1\n'.repeat(100)), 64, { blockBytes: 300, blockLinesMax: 7 });
  assert.ok(blocks.every(({ lines }) => lines >= 1 && lines <= 7));
  assert.equal(blocks.reduce((sum, { lines }) => sum + lines, 0), 100);
});

test('a comment behind a byte order mark is one', async () => {
  const [first] = await blocksOf(Buffer.from('\ufeff# DML\nm f=1 1\n'), 64, { isApart: (text) => text === '# DML' });
  assert.deepEqual([first!.bytes.toString(), first!.lines, first!.physicalLines], ['\ufeff# DML\n', 0, 1]);
});

test('a comment that is wanted apart is a block, unless it stands in a string', async () => {
  const isApart = (text: string): boolean => text === '# mark';
  const blocks = await blocksOf(Buffer.from('# mark\na v="\n# mark\n"\n# other\n # mark\r\n\n# mark'), 5, { isApart });
  assert.deepEqual(blocks.map(({ bytes }) => bytes.toString()), ['# mark\n', 'a v="\n# mark\n"\n# other\n', ' # mark\r\n', '\n', '# mark']);
});

test('physical lines come one by one where they are asked for', async () => {
  let isPhysical = true;
  const isApart = (text: string): boolean => {
    isPhysical = text !== '# end';
    return true;
  };
  const text = 'CREATE DATABASE "a=b" WITH NAME "c"\n# end\na v="\n"\n';
  const options = { isApart, isPhysical: () => isPhysical };
  const blocks: string[] = [];
  for (const { bytes } of await blocksOf(Buffer.from(text), 9, options)) blocks.push(bytes.toString());
  assert.equal(blocks[0], 'CREATE DATABASE "a=b" WITH NAME "c"\n');
});

test('a string that stays open for longer than a block may be costs its first physical line', async () => {
  const text = Buffer.from(`a v=1\na v="open\n${'b v=1\n'.repeat(40)}c v=`);
  const blocks = await blocksOf(text, 10, { blockBytes: 20, blockBytesMax: 100 });
  assert.ok(blocks.every(({ bytes }) => bytes.length <= 100));
  assert.ok(blocks.some(({ bytes }) => bytes.toString() === 'a v="open\n'));
  const long = await blocksOf(Buffer.from(`a v="${'x'.repeat(500)}`), 10, { blockBytes: 20, blockBytesMax: 100 });
  assert.ok(long.every(({ bytes }) => bytes.length <= 100));
});
