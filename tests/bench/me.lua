-- The whole `me` query, each request as a random one of the benchmark's users.
math.randomseed(os.time())

local query = [[{"query":"{ me { newbeeAwards { id item type amount coinId targetId status createdAt updatedAt } todayAwards { id item type amount coinId targetId status createdAt updatedAt } invitation { code class parentId parentCode boundAt } children(first: 20) { totalCount nodes { id name portraitUri } } } }"}]]
local users = 100000

function request()
    local headers = {
        ["Content-Type"] = "application/json",
        ["Authorization"] = string.format("Bearer bench-session-%06d", math.random(1, users)),
    }
    return wrk.format("POST", "/graphql", headers, query)
end

function response(status, _, body)
    if status ~= 200 or body:find('"errors"', 1, true) or not body:find('"totalCount"', 1, true) then
        io.stderr:write("unexpected reply: ", status, " ", body:sub(1, 300), "\n")
        os.exit(1)
    end
end
