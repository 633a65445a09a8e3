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
