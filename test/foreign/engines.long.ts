/** All engines read a table of 3,000 commits, 1,000 of them as they were flushed, and the same after compaction. */
import { engineSuite } from './engine-suite.js';
import { ENGINES, TRINO } from './engines.js';

engineSuite({ commits: 3000, compactedFirst: 2000, engines: [...ENGINES, TRINO], conditionEvery: ({ name }) => (name === 'Spark' || name === 'Trino' ? [40, 1] : [8, 1]) });
