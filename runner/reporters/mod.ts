/** Reporters: they render the events of a run and never influence it. */
export { forecastJson, forecastText } from "./forecast.ts";
export { jsonReporter } from "./json.ts";
export { styleFor } from "./style.ts";
export { terminalReporter } from "./terminal.ts";
