-- Every request confirms another signature. Arguments: a file of paths, one a line; the first line to use.
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(arguments)
  paths, n = {}, 0
  local line = 0
  for path in io.lines(arguments[1]) do
    if line >= tonumber(arguments[2]) and line % 2 == number then
      paths[#paths + 1] = path
    end
    line = line + 1
  end
end

local headers = { ["content-type"] = "application/x-www-form-urlencoded" }

function request()
  n = n + 1
  local path = paths[n] or paths[#paths]
  local id = n * 2 + number
  headers["x-forwarded-for"] =
    string.format("10.%d.%d.%d", math.floor(id / 65536) % 256, math.floor(id / 256) % 256, id % 256)
  return wrk.format("POST", path, headers, "")
end
