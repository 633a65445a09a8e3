/** What a trace is made of: files in its folder and in one below (`engine/trace/layout.ts`). */

/** The folder of the contents of mapped files. */
export const FILES_FOLDER = "files";

/** Whether a file of a trace may be called so. Nothing else gets in or out of a packed one. */
export function isMember(name: string): boolean {
  return /^(?:files\/)?[\w][\w.-]*$/.test(name) && name !== FILES_FOLDER;
}
