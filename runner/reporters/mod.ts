/** Reporters: they render the events of a run and never influence it. */

export { REPORTERS, reportersFor } from "./destinations.ts";
export { forecastJson, forecastText } from "./forecast.ts";
export { jsonReporter } from "./json.ts";
export { listTests } from "./list.ts";
export { styleFor } from "./style.ts";
export { terminalReporter } from "./terminal.ts";
