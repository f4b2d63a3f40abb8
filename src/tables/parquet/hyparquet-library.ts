/** The library that decodes Parquet of any writer, in JavaScript, and its unpacking of what the format allows: the one door to it. */
export { parquetMetadata, parquetRead, parquetReadObjects, parquetSchema, type SchemaElement } from 'hyparquet';
export { compressors } from 'hyparquet-compressors';
export { parquetWriteBuffer } from 'hyparquet-writer';
