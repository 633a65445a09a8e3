/** The report: one HTML page that shows a history and a trace, and needs nothing else. */
export { bundleApp, bundlePage } from "./bundle.ts";
export { pageHtml } from "./html.ts";
export type { PageData, Timeline } from "./page-data.ts";
export { preparePage } from "./prepare.ts";
export { readTimeline } from "./timeline.ts";
