/** Fleets: tests that are sent to other hosts through PostgreSQL, and agents there that run them. */
export { Agent, type AgentSetting } from "./agent.ts";
export { type Ended, type Followed, follow } from "./follow.ts";
export { type AgentOptions, examineHost, type RegisteredAgent, registeredAgents } from "./registration.ts";
export { RIGHTS, type Right } from "./schema.ts";
export { FleetStore } from "./store.ts";
export { type Asked, type SentRun, submit } from "./submit.ts";
export { fetchTrace, findTraceOf } from "./traces.ts";
