-- Every request a new key.  With HC_BENCH_LAST, which fills a cache: so many of
-- them, then wrk ends at once.  What is in flight at the end is given time by
-- repeating the first keys.

local here = os.getenv('HC_BENCH_WRK')
local prefix = os.getenv('HC_BENCH_PREFIX')
local last = tonumber(os.getenv('HC_BENCH_LAST'))
local drain = 1024

dofile(here .. '/report.lua')

local head, tail
local i = -1

function init(args)
    local whole = wrk.format('GET', '@')
    local at = whole:find('@', 1, true)

    head, tail = whole:sub(1, at - 1) .. prefix, whole:sub(at + 1)
end

function request()
    i = i + 1

    if last and i >= last then
        if i >= last + drain then
            os.exit(0)
        end

        return head .. i % last .. tail
    end

    return head .. i .. tail
end
