/** The live page: a history served to a team, with runs in progress */
export { makeDemo } from "./demo.ts";
export { bundleLivePage } from "./live-page.ts";
export { type PlaceOptions, placeOf } from "./place.ts";
export { type ServeOptions, type Serving, startServer } from "./server.ts";
