-- Predictions by POST and by GET, and a page, in turn; at the end one line of JSON. Argument: Host.
-- PAUSE in the environment: milliseconds that each connection waits between two requests.
local requests, counter = {}, 0
local pause = tonumber(os.getenv("PAUSE") or 0)

if pause > 0 then
  function delay()
    return pause
  end
end

function init(args)
  wrk.headers["Host"] = args[1]
  local row = '{"estudio": 6.0, "sueno": 8.0}'
  local json = { ["Host"] = args[1], ["Content-Type"] = "application/json" }
  requests = {
    wrk.format("POST", "/modelo", json, row),
    wrk.format("GET", "/api/v1/models/exam/prediction?estudio=6&sueno=8"),
    wrk.format("POST", "/api/v1/models/exam/predictions", json, row),
    wrk.format("GET", "/health"),
  }
end

function request()
  counter = counter + 1
  return requests[counter % #requests + 1]
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('{"requests": %d, "us": %d, "p50": %d, "p99": %d, "most": %d, "failed": %d, "broken": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max, e.status,
    e.connect + e.read + e.write + e.timeout))
end
