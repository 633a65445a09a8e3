/** How a program is compiled: `build`, the long form of `program`. */
import { z } from "zod";
import { LANGUAGES } from "../programs/compiler.ts";
import { listOf } from "./shorthand.ts";

/** Words that reach the compiler; one that begins with @ would be a file of further ones. */
const flag = z.string().regex(/^[^@\0][^\0]*$/, "a flag is a word that does not begin with @");

export const buildSchema = z
  .strictObject({
    sources: listOf(z.string()).describe("sources in C, C++ or assembly, relative to the manifest"),
    flags: listOf(flag)
      .optional()
      .describe("flags behind those of the language; -I is relative to the manifest"),
    libraries: listOf(z.string().regex(/^[\w.+-]+$/, "a library is named without -l, such as m"))
      .optional()
      .describe("libraries to link, such as m or rt"),
    language: z
      .enum(LANGUAGES)
      .optional()
      .describe("the language of all sources, whatever their names end in"),
  })
  .describe("a program to compile, on first use; it is kept by the content of all that it depends on");

/** How a program is compiled. */
export type Build = z.infer<typeof buildSchema>;
