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
