/** What the kernel does to counters while tests run: lines of its log, and settings that change. */
export { type LogReader, type LogSource, LogWatch } from "./log-watch.ts";
export { readSettings, type SettingChange, type Settings, settingChanges } from "./settings.ts";
