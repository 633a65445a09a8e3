/**
 * Ends what a run has started if the runner itself is killed (kill -9, the OOM killer), when it can't do so any more: a
 * small shell knows the processes, and notices by the end of a pipe that the runner is gone.
 */

/**
 * Reads "+PID" and "-PID" lines; at their end it kills each process with all below it, and its group. Children are found
 * before their parent is killed; a recorder takes its tracees with it (PTRACE_O_EXITKILL).
 */
const SCRIPT = `
trap '' INT TERM HUP
live=' '
while read -r op pid; do
  case $op in
    +) live="$live$pid " ;;
    -) live="\${live%% $pid *} \${live#* $pid }" ;;
  esac
done
end() {
  set -- "$1" $(cat /proc/"$1"/task/*/children 2>/dev/null)
  kill -KILL "$1" 2>/dev/null
  shift
  for child; do end "$child"; done
}
for pid in $live; do
  end "$pid"
  kill -KILL -- "-$pid" 2>/dev/null
done
`;

let shell: Bun.Subprocess<"pipe", "ignore", "ignore"> | undefined;

function tell(line: string): void {
  shell ??= Bun.spawn(["/bin/sh", "-c", SCRIPT], {
    stdio: ["pipe", "ignore", "ignore"],
    // A group of its own: a signal to the runner's is not for it.
    detached: true,
  });
  shell.unref();
  shell.stdin.write(`${line}\n`);
  void shell.stdin.flush();
}

/**
 * Has a process ended with all below it, should this one be killed.
 *
 * @param pid It leads a group of its own.
 * @returns To be called when it has ended.
 */
export function guardFromKill(pid: number): () => void {
  tell(`+ ${pid}`);
  return () => tell(`- ${pid}`);
}
