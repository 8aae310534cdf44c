-- The verb `still`: 1 when a token that was granted at a time may be used, 0 when not: meanwhile an
-- answer may have said that nothing more is welcome, or somebody paused the location.

now = clock()
return pause.allows(ARGV[OWN], arg(OWN + 1))
