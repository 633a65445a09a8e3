# Commands for gdb on a recording, which 'tickproof debug' defines.

# As many as the processor has; gdb watches more by single steps.
set remote hardware-watchpoint-limit 4
set remote hardware-watchpoint-length-limit 32

define when
  monitor when
end
document when
Show which event of the recording comes next.
end

define when-ticks
  monitor when-ticks
end
document when-ticks
Show how many ticks the thread has retired.
end

define seek
  monitor seek $arg0
  maintenance flush register-cache
  maintenance flush dcache
  # The program may have loaded libraries on the way, or not have done so yet.
  sharedlibrary
  frame
end
document seek
Go to a place: seek start, end, failure, EVENT, tick:N or signal:NAME.
end

define seek-ticks
  seek tick:$arg0
end
document seek-ticks
Go to where the first thread of the process has retired so many ticks.
end

define elapsed-time
  monitor elapsed-time
end
document elapsed-time
Show how much time had gone by in the recording, as far as the program was told.
end

# gdb has commands of these names for live programs alone: they are taken over without a question.
set confirm off

define checkpoint
  monitor checkpoint
end
document checkpoint
Mark this place of the recording, for restart.
end

define info checkpoints
  monitor checkpoints
end
document info checkpoints
Show the places of the recording that are marked.
end

define delete checkpoint
  monitor delete-checkpoint $arg0
end
document delete checkpoint
Forget a place of the recording that is marked: delete checkpoint N.
end

define restart
  monitor restart $arg0
  maintenance flush register-cache
  maintenance flush dcache
  sharedlibrary
  frame
end
document restart
Go to a place of the recording that is marked: restart N.
end

set confirm on
