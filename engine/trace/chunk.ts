/**
 * Chunks: the unit that is compressed, checked, and appended with one write, so that a recorder that is
 * killed loses the events since the last chunk and nothing else.
 */
import { MalformedError } from "./byte-reader.ts";
import { MIN_EVENT_BYTES } from "./layout.ts";
import { MAX_CHUNK_BYTES, MAX_PAYLOAD_BYTES } from "./limits.ts";

/** "TPCK" in file order. */
const MAGIC = 0x4b435054;

/** Bytes before the payload. */
export const CHUNK_HEAD_BYTES = 24;

/** Bytes after the payload: the checksum. */
export const CHUNK_TAIL_BYTES = 8;

/** Offset of the header's own checksum, which covers the bytes before it. */
const HEAD_CHECK_AT = 20;

/** Level 1: at recording speed the time counts, and higher levels gain some percent only. */
const LEVEL = 1;

/** What a chunk says of itself. */
export interface ChunkHead {
  /** Number of the chunk in the file, from 0. */
  index: number;
  /** Events in it. */
  events: number;
  /** Bytes of these events. */
  rawBytes: number;
  /** Bytes of the compressed payload. */
  payloadBytes: number;
}

/** Compresses events into a whole chunk. */
export function packChunk(index: number, events: number, raw: Uint8Array): Uint8Array {
  const payload = Bun.zstdCompressSync(raw, { level: LEVEL });
  const chunk = new Uint8Array(CHUNK_HEAD_BYTES + payload.length + CHUNK_TAIL_BYTES);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, index, true);
  view.setUint32(8, events, true);
  view.setUint32(12, raw.length, true);
  view.setUint32(16, payload.length, true);
  view.setUint32(HEAD_CHECK_AT, Bun.hash.crc32(chunk.subarray(0, HEAD_CHECK_AT)), true);
  chunk.set(payload, CHUNK_HEAD_BYTES);
  const tailAt = chunk.length - CHUNK_TAIL_BYTES;
  view.setBigUint64(tailAt, Bun.hash.xxHash64(chunk.subarray(0, tailAt)), true);
  return chunk;
}

/**
 * Reads the header of the chunk that should be number `index`.
 *
 * @throws {MalformedError} If it is no header, is damaged, is out of order, or announces absurd sizes.
 */
export function parseChunkHead(head: Uint8Array, index: number): ChunkHead {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (view.getUint32(0, true) !== MAGIC) throw new MalformedError("no chunk starts here");
  if (view.getUint32(HEAD_CHECK_AT, true) !== Bun.hash.crc32(head.subarray(0, HEAD_CHECK_AT))) {
    throw new MalformedError("the checksum of the chunk's header does not match");
  }
  const found = view.getUint32(4, true);
  if (found !== index) throw new MalformedError(`chunk ${found} is where chunk ${index} should be`);
  const events = view.getUint32(8, true);
  const rawBytes = view.getUint32(12, true);
  const payloadBytes = view.getUint32(16, true);
  if (rawBytes > MAX_CHUNK_BYTES || payloadBytes > MAX_PAYLOAD_BYTES) {
    throw new MalformedError(`a chunk of ${rawBytes} bytes (${payloadBytes} compressed) is too large`);
  }
  if (events === 0 || events * MIN_EVENT_BYTES > rawBytes) {
    throw new MalformedError(`${events} events cannot be in ${rawBytes} bytes`);
  }
  return { index, events, rawBytes, payloadBytes };
}

/** Whether bytes that are too few for a header could be the beginning of one. */
export function startsLikeChunk(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 4).every((byte, i) => byte === ((MAGIC >>> (8 * i)) & 0xff));
}

/**
 * Checks and decompresses a whole chunk.
 *
 * @throws {MalformedError} If the checksum or the size does not match, or it cannot be decompressed.
 */
export function unpackChunk(chunk: Uint8Array, head: ChunkHead): Uint8Array {
  const tailAt = chunk.length - CHUNK_TAIL_BYTES;
  const expected = new DataView(chunk.buffer, chunk.byteOffset, chunk.length).getBigUint64(tailAt, true);
  if (Bun.hash.xxHash64(chunk.subarray(0, tailAt)) !== expected) {
    throw new MalformedError(`the checksum of chunk ${head.index} does not match`);
  }
  const raw = decompress(chunk.subarray(CHUNK_HEAD_BYTES, tailAt), head);
  if (raw.length !== head.rawBytes) {
    throw new MalformedError(`chunk ${head.index} holds ${raw.length} bytes instead of ${head.rawBytes}`);
  }
  return raw;
}

function decompress(payload: Uint8Array, head: ChunkHead): Uint8Array {
  try {
    // Not Bun.zstdDecompressSync: that one has no bound, and a checksum does not keep out a crafted payload.
    // Loaded when a trace is read: it brings streams with it, which would delay the start of every recording.
    const { constants, zstdDecompressSync } = process.getBuiltinModule("node:zlib");
    return zstdDecompressSync(payload, {
      maxOutputLength: head.rawBytes,
      chunkSize: Math.max(head.rawBytes, constants.Z_MIN_CHUNK),
    });
  } catch (error) {
    throw new MalformedError(`chunk ${head.index} cannot be decompressed: ${String(error)}`);
  }
}
