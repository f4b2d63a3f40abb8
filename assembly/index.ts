export { defineTable, defineColumn, dropTable, setSealedTo, tableAt } from './columns/catalog';
export { removeSpans } from './columns/remove';
export { builderBytes } from './columns/space';
