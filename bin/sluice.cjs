#!/usr/bin/env node
// Two settings are read once, when libuv and uWebSockets.js load: inside an ES module they would come too late.
process.env.UV_THREADPOOL_SIZE ??= '8';
process.env.UWS_HTTP_MAX_HEADERS_SIZE ??= '16384';
import('../dist/src/cli/main.js').catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
