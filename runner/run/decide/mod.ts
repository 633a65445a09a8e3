/** What is to be done with tests on a host: by which engine, or why not. */
export { decide, type HostFacts, needsEmbedded } from "./decide.ts";
export { factsOf, namedCapabilities } from "./facts.ts";
export { type Forecast, type ForecastSpec, forecast, type Prospect } from "./forecast.ts";
export { judgeAttempt } from "./judge.ts";
export { type Plan, type PreparedTest, prepare, type Surroundings } from "./prepare.ts";
export { notRun, parseRequired } from "./required.ts";
export { type Asked, forecastOn, surroundings } from "./surroundings.ts";
