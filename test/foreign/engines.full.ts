/** Engines read a table of 3,000 commits, 100 of them as they were flushed; engines.long.ts asks more, of more. */
import { engineSuite } from './engine-suite.js';
import { ENGINES } from './engines.js';

engineSuite({
  commits: 3000, compactedFirst: 2900, engines: ENGINES.filter(({ title }) => title !== 'Spark 3.5'),
  // A question takes Spark half a second.
  conditionEvery: ({ name }) => (name === 'Spark' ? [40, 6] : [2, 1]),
});
