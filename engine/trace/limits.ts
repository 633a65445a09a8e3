/**
 * Bounds that every trace keeps to. The writer refuses to exceed them, so the reader can reject whatever
 * does before it allocates a byte for it: a trace is untrusted input.
 */

/** Most bytes of encoded events in one chunk, and so the most that one event can take. */
export const MAX_CHUNK_BYTES = 64 * 1024 * 1024;

/** Most bytes of a chunk's payload: zstd's own bound on incompressible data, rounded up. */
export const MAX_PAYLOAD_BYTES = MAX_CHUNK_BYTES + MAX_CHUNK_BYTES / 256 + 64;

/** Most bytes of `meta.json`. A command line and environment are at most 2 MiB by default; JSON can double that. */
export const MAX_META_BYTES = 16 * 1024 * 1024;

/** Most bytes of `files.jsonl`. */
export const MAX_FILE_LIST_BYTES = 64 * 1024 * 1024;

/** Most bytes of `hostlog.json`, and most lines of it. */
export const MAX_HOST_LOG_BYTES = 4 * 1024 * 1024;
export const MAX_HOST_LOG_LINES = 10_000;

/** Most mapped files of a trace. */
export const MAX_FILES = 1 << 17;

/**
 * Most mappings, and most memory writes, of one event. A process has 65,530 mappings at most by default
 * (vm.max_map_count); the calls with the most buffers, recvmmsg and process_vm_readv, write to some thousand.
 */
export const MAX_MAPPINGS = 1 << 18;
export const MAX_WRITES = 1 << 18;

/** Raw bytes after which the writer's `maybeFlush` cuts a chunk. */
export const CUT_BYTES = 1024 * 1024;

/** Milliseconds after which the writer's `maybeFlush` cuts a chunk, so that a killed recorder loses little. */
export const CUT_MILLISECONDS = 250;

/** Raw bytes of chunks after which a recording gets a thread that compresses and writes the further ones. */
export const BACKGROUND_AFTER_BYTES = CUT_BYTES;

/**
 * Raw bytes that may wait for that thread, or one chunk if it is larger, before the recorder waits for it: a
 * killed recorder loses them too.
 */
export const BACKLOG_BYTES = 8 * CUT_BYTES;
