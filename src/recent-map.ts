/** A map with bounds, in entries and in what they weigh: over one, what was used least lately goes. The only importer of lru-cache. */
export { LRUCache as RecentMap } from 'lru-cache';
