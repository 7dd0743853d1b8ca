-- Many keys, in the order of a file that has the number of a key a line.  Every
-- request is built beforehand: what is left per request is a look-up in a
-- table, the same for every peer.

local here = os.getenv('HC_BENCH_WRK')
local prefix, file = os.getenv('HC_BENCH_PREFIX'), os.getenv('HC_BENCH_KEYS')

dofile(here .. '/report.lua')

local requests, n, i = {}, 0, 0

function init(args)
    for key in io.lines(file) do
        n = n + 1
        requests[n] = wrk.format('GET', prefix .. key)
    end
end

function request()
    i = i % n + 1
    return requests[i]
end
