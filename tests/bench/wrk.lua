-- One request again and again; at the end one line of JSON. Arguments: method, Host, body's file.
function init(args)
  wrk.method = args[1]
  wrk.headers["Host"] = args[2]
  if args[3] then
    local file = io.open(args[3])
    wrk.body = file:read("*a")
    file:close()
    wrk.headers["Content-Type"] = "application/json"
  end
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('{"requests": %d, "us": %d, "p50": %d, "p99": %d, "errors": %d}\n', summary.requests,
    summary.duration, latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
