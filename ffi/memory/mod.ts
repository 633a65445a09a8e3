/** Memory of this process that the kernel or machine code gets to see: buffers, mappings, segments, loaded code. */
export { NativeBuffer } from "./buffer.ts";
export { loadCode, mapCode } from "./code.ts";
export { type MapOptions, mmap, mprotect, munmap } from "./mapping.ts";
export { bounce, pathArgument, scratch } from "./scratch.ts";
export { SHM, SharedSegment } from "./shared-segment.ts";
