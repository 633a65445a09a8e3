# Commands for gdb on a recording, which 'tickproof debug' defines.

# There are none: gdb watches by single steps.
set can-use-hw-watchpoints 0

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
