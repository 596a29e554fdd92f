-- For wrk: asks the paths of a file in random order, and prints one line that scripts/load reads.
--   wrk … -s scripts/load.lua URL -- FILE SEED
local threads, count = {}, 0

function setup(thread)
    count = count + 1
    thread:set("number", count)
    table.insert(threads, thread)
end

function init(args)
    math.randomseed(tonumber(args[2] or "1") * 1000 + number)
    requests = {}
    statuses = {}
    for path in io.lines(args[1]) do
        table.insert(requests, wrk.format("GET", path))
    end
end

function request()
    return requests[math.random(#requests)]
end

function response(status)
    if status ~= 200 then
        statuses[status] = (statuses[status] or 0) + 1
        shown = ""
        for code, times in pairs(statuses) do
            shown = shown .. code .. ":" .. times .. ","
        end
    end
end

function done(summary, latency)
    local refused = {}
    for _, thread in ipairs(threads) do
        local shown = thread:get("shown")
        if shown then table.insert(refused, shown) end
    end
    local errors = summary.errors
    io.write(string.format(
        "LOAD requests=%d seconds=%.3f bytes=%d p50=%.3f p90=%.3f p99=%.3f max=%.3f connect=%d read=%d write=%d timeout=%d statuses=%s\n",
        summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50) / 1e3, latency:percentile(90) / 1e3,
        latency:percentile(99) / 1e3, latency.max / 1e3, errors.connect, errors.read, errors.write, errors.timeout,
        #refused > 0 and table.concat(refused) or "200"))
end
