/** Every rule of compatibility, on node:http. */
import { testConformance } from './listener.js';

testConformance('node');
