/** uWebSockets.js: the only door to it. Its addon is loaded with this file. */
export { default as uws } from 'uWebSockets.js';
export type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket } from 'uWebSockets.js';
