-- For wrk: books each quote of a file once, in its order, and prints one line at the end. One thread.
--   wrk -t1 … -s scripts/book.lua URL -- FILE keys|-
local thread_of_all

function setup(thread)
    thread_of_all = thread
end

function init(args)
    requests, statuses, shown = {}, {}, ""
    for line in io.lines(args[1]) do
        local token, quote = line:match("^(%S+) (%S+)$")
        local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. token }
        if args[2] == "keys" then headers["Idempotency-Key"] = quote end
        table.insert(requests, wrk.format("POST", "/api/v1/bookings", headers, '{"quote_id":"' .. quote .. '"}'))
    end
    sent, answered = 0, 0
end

function request()
    sent = sent + 1
    -- With too few quotes the last is asked for again, and refused: the line at the end says so.
    return requests[math.min(sent, #requests)]
end

function response(status, _, body)
    answered = answered + 1
    statuses[status] = (statuses[status] or 0) + 1
    if status ~= 201 and not first then first = body end
    if answered % 100 == 0 then
        shown = ""
        for code, times in pairs(statuses) do shown = shown .. code .. ":" .. times .. "," end
    end
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format("BOOK %d in %.2f s: %.0f a second, p50 %.2f, p90 %.2f, p99 %.2f, max %.1f ms; %s connect %d read %d write %d timeout %d\n",
        summary.requests, summary.duration / 1e6, summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1e3, latency:percentile(90) / 1e3,
        latency:percentile(99) / 1e3, latency.max / 1e3, thread_of_all:get("shown"), errors.connect, errors.read, errors.write, errors.timeout))
    local first = thread_of_all:get("first")
    if first then io.write("first refusal: " .. first:sub(1, 300) .. "\n") end
end
