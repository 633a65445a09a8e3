/** The thread that reads the end of one trace. */
import { TraceError } from "../../engine/trace/mod.ts";
import { readTimeline } from "../report-page/mod.ts";
import type { TimelineAnswer } from "./traces.ts";

declare const self: Worker;

/** Events that are shown of a trace. */
const MOST_EVENTS = 2000;

function answer(path: string): TimelineAnswer {
  try {
    return { timeline: readTimeline(path, { most: MOST_EVENTS, fromEnd: true }) };
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    return { damage: error.message };
  }
}

self.onmessage = ({ data }: MessageEvent<string>) => self.postMessage(answer(data));
