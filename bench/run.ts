/** `npm run bench`: prints one run's figures as Markdown, ready for RESULTS.md. Words after the command choose parts. */
import { cpus } from 'node:os';
import { endToEnd } from './end-to-end.js';
import { parseSpeeds } from './parse.js';

const wanted = process.argv.slice(2);
const runs = (part: string): boolean => wanted.length === 0 || wanted.includes(part);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const fixed = (value: number, digits = 0): string => value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });

say(`Node ${process.version}, ${cpus().length} × ${cpus()[0]!.model.trim()}, ${process.platform}`);
if (runs('parse')) {
  say('\n| parse: data | bytes | lines | WASM MB/s | oracle MB/s | ratio |\n|---|---|---|---|---|---|');
  for (const { data, bytes, lines, wasmMBps, oracleMBps } of parseSpeeds()) {
    say(`| ${data} | ${fixed(bytes)} | ${fixed(lines)} | ${fixed(wasmMBps)} | ${fixed(oracleMBps, 1)} | ${fixed(wasmMBps / oracleMBps)} |`);
  }
}
if (runs('end-to-end')) {
  say('\n| end to end: listener | lines / s of server CPU, acknowledged | … and sealed | CPU s | bare gunzip CPU s | × gunzip | wall s of writing |\n|---|---|---|---|---|---|---|');
  for (const http of ['uws', 'node']) {
    const { lines, gunzipCpuS, writeCpuS, serverCpuS, writeWallS } = await endToEnd(['--http', http]);
    say(`| ${http} | ${fixed(lines / writeCpuS)} | ${fixed(lines / serverCpuS)} | ${fixed(serverCpuS, 2)} | ${fixed(gunzipCpuS, 2)} | ${fixed(serverCpuS / gunzipCpuS, 2)} | ${fixed(writeWallS, 2)} |`);
  }
}
