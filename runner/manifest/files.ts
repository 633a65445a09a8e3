/** The files that a program finds in its working folder: `files`, each by its path in there. */
import { normalize } from "node:path";
import { z } from "zod";

const path = z
  .string()
  .min(1)
  .refine((text) => !/^\/|\/$|\0/.test(text) && !/^\.\.?(\/|$)/.test(normalize(text)), {
    error: "a file's path stays in the working folder: no / at its ends, and no way out by ..",
  });

export const filesSchema = z
  .record(
    path,
    z.union([
      z.string().describe("its contents"),
      z.strictObject({
        copy: z.string().describe("the file that it is a copy of, relative to the manifest"),
      }),
    ]),
  )
  .describe("files of a working folder of its own, made anew for each of native run, record and replay");

/** The files, by their paths in the working folder. */
export type Files = z.infer<typeof filesSchema>;
