/** The unit of timestamps. */
import { each, refusal, type Case } from './run.js';

const MU = ['%C2%B5', '%CE%BC'];
/** Spellings of a unit, and what 7 of it is. */
const UNITS: readonly (readonly [unit: string, spellings: readonly string[], seven: string])[] = [
  ['nanoseconds', ['ns', 'n', 'nanosecond'], '7ns'],
  ['microseconds', ['us', 'u', 'microsecond', ...MU, ...MU.map((mu) => `${mu}s`)], '7us'],
  ['milliseconds', ['ms', 'millisecond'], '7ms'],
  ['seconds', ['s', 'second'], '7s'],
  ['minutes', ['m', 'minute'], '420s'],
  ['hours', ['h', 'hour'], '25200s'],
];
/** What the size of a timestamp says, at both sides of each border. */
const SIZES: readonly (readonly [rule: string, sent: string, time: string])[] = [
  ['zero is seconds', '0', '0s'],
  ['up to 4999999999 is seconds', '4999999999', '4999999999s'],
  ['from 5000000000 is milliseconds', '5000000000', '5000000s'],
  ['up to 4999999999999 is milliseconds', '4999999999999', '4999999999999ms'],
  ['from 5000000000000 is microseconds', '5000000000000', '5000000s'],
  ['up to 4999999999999999 is microseconds', '4999999999999999', '4999999999999999us'],
  ['from 5000000000000000 is nanoseconds', '5000000000000000', '5000000s'],
  ['negative seconds', '-4999999999', '-4999999999s'],
  ['negative milliseconds', '-5000000000', '-5000000s'],
];

export const precision: readonly Case[] = each((d) => {
  const to = (more: string): string => `POST ${d.path}?${d.key}=$DB${more}`;
  return [
    ...UNITS.flatMap(([unit, spellings, seven]) => spellings.map((spelling): Case => ({ rule: `${d.name}: precision of ${unit}`, send: to(`&precision=${spelling}`), body: 'm v=1 7', status: 204, says: '', rows: [`m {"v":1.0} @${seven}`] }))),
    ...['', '&precision=', '&precision=auto'].flatMap((more) => SIZES.map(([rule, sent, time]): Case => ({ rule: `${d.name}: without a unit, ${rule}`, send: to(more), body: `m v=1 ${sent}`, status: 204, says: '', rows: [`m {"v":1.0} @${time}`] }))),
    ...['S', 'sec', 'min', 'seconds', 'NS', 'x', '0'].map((value): Case => ({ rule: `${d.name}: an unknown precision`, send: to(`&precision=${value}`), body: 'm v=1 7', status: 400, says: [refusal(d, 'bad-parameter'), /is none of auto, ns, us, ms, s, m, h/], rows: [] })),
    { rule: `${d.name}: units are told line by line`, send: to(''), body: 'm v=1 1735689600\nm v=2 1735689601000', status: 204, says: '', rows: ['m {"v":1.0} @1735689600s', 'm {"v":2.0} @1735689601s'] },
    { rule: `${d.name}: Telegraf means nanoseconds`, send: to(''), headers: { 'User-Agent': 'Telegraf/1.39.3 Go/1.26' }, body: 'm v=1 7', status: 204, says: '', rows: ['m {"v":1.0} @7ns'] },
    { rule: `${d.name}: Telegraf's own precision counts`, send: to('&precision=s'), headers: { 'User-Agent': 'Telegraf/1.39.3' }, body: 'm v=1 7', status: 204, says: '', rows: ['m {"v":1.0} @7s'] },
    { rule: `${d.name}: no timestamp is now`, send: to(''), body: 'm v=1', status: 204, says: '', rows: ['m {"v":1.0} @now'] },
    { rule: `${d.name}: a time out of range for its unit`, send: to('&precision=h'), body: 'm v=1 9999999999', status: 400, says: /timestamp-out-of-range/, rows: [] },
  ];
});
