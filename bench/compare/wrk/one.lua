-- One key: wrk builds the request once.

local here = os.getenv('HC_BENCH_WRK')

dofile(here .. '/report.lua')
