-- What a run was, as one line of JSON after a mark, for load.py.

function done(summary, latency, requests)
    local e = summary.errors

    io.write(string.format(
        'RESULT {"requests": %d, "duration_us": %d, "bytes": %d, '
        .. '"p50_us": %d, "p99_us": %d, "errors": %d}\n',
        summary.requests, summary.duration, summary.bytes,
        latency:percentile(50), latency:percentile(99),
        e.connect + e.read + e.write + e.status + e.timeout))
end
