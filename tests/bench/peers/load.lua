-- Load for wrk: one GraphQL operation, each request as one of the benchmark's users. Settings, in the environment:
-- OPERATION, its text; USERS, requests are sent as users 1 to this; ORDER: `random`, or `once`, each user at most once in a
-- shuffled order, until all are answered; EXPECTED, a text of each right reply; CHECKED=1 reads each reply, which costs
-- the load generator CPU time; SKIP, the number of users of the order who had their turn; PAUSE in milliseconds of a connection
-- before each request.
local ffi = require("ffi")
ffi.cdef [[
typedef struct { long seconds, nanoseconds; } moment;
int clock_gettime(int clock, moment *now);
]]

local function now()
    local moment = ffi.new("moment")
    ffi.C.clock_gettime(1, moment)
    return tonumber(moment.seconds) + tonumber(moment.nanoseconds) / 1e9
end

local worker

function setup(thread)
    worker = thread
end

function init()
    local escaped = os.getenv("OPERATION"):gsub('["\\]', "\\%0")
    local body = '{"query":"' .. escaped .. '"}'
    before = "POST /graphql HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port .. "\r\nContent-Type: application/json\r\n" ..
        "Accept: application/json\r\nContent-Length: " .. #body .. "\r\nAuthorization: Bearer bench-session-"
    after = "\r\n\r\n" .. body
    users, expected = tonumber(os.getenv("USERS")), os.getenv("EXPECTED")
    begun, wrong, example = now(), 0, ""
    skipped, pause = tonumber(os.getenv("SKIP")), tonumber(os.getenv("PAUSE"))
    sent, taken, received = skipped, skipped, 0
    math.randomseed(os.getenv("ORDER") == "once" and 1 or os.time())
    if os.getenv("ORDER") == "once" then
        order = {}
        for user = 1, users do
            local place = math.random(user)
            order[user] = order[place]
            order[place] = user
        end
    end
end

function request()
    local user
    if order then
        -- wrk makes a first request that it does not send.
        user = order[sent] or order[1]
        sent = sent + 1
    else
        user = math.random(users)
    end
    return string.format("%s%07d%s", before, user, after)
end

-- Milliseconds before the next request of a connection, an hour when each user has one.
if os.getenv("ORDER") == "once" or os.getenv("PAUSE") ~= "0" then
    function delay()
        if order and taken == users then
            return 3600000
        end
        taken = taken + 1
        return pause
    end
end

if os.getenv("CHECKED") == "1" then
    function response(status, _, body)
        if status ~= 200 or body:find('"errors":[{', 1, true) or not body:find(expected, 1, true) then
            wrong, example = wrong + 1, body:sub(1, 300)
        end
        received = received + 1
        if order and received == users - skipped then
            ended = now()
            wrk.thread:stop()
        end
    end
end

function done(summary, latency)
    local errors = summary.errors
    local seconds = summary.duration / 1e6
    local ended = worker:get("ended")
    if ended then
        seconds = ended - worker:get("begun")
    end
    io.write(string.format(
        '{"requests":%d,"seconds":%.3f,"p50":%.3f,"p99":%.3f,"bytes":%d,"failed":%d,"wrong":%d,"example":"%s"}\n',
        summary.requests, seconds, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, summary.bytes,
        errors.connect + errors.read + errors.write + errors.timeout + errors.status, worker:get("wrong"),
        worker:get("example"):gsub('[%c"\\]', "'")))
end
