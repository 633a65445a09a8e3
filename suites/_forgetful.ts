/**
 * Records a program with a table of system calls that lacks what one of them writes: shows that the check of effects finds
 * it. Usage: _forgetful.ts NAME DIRECTORY COMMAND…; prints the result as JSON.
 */
import { syscallSpec } from "../engine/kernel/mod.ts";
import { record } from "../engine/mod.ts";
import { SYSCALLS, type SyscallName } from "../ffi/mod.ts";

const [name, directory, ...command] = process.argv.slice(2);
if (name === undefined || directory === undefined) throw new Error("Usage: NAME DIRECTORY COMMAND…");
const spec = syscallSpec(SYSCALLS[name as SyscallName]);
if (!spec) throw new Error(`There is no system call ${name}`);
Object.assign(spec, { writes: [], writesAlways: [] });
const { outcome, message } = record({ command, directory, quiet: true, checkEffects: true });
process.stderr.write(`${JSON.stringify({ outcome, message })}\n`);
