-- Every request is another person at another address.
-- Arguments: a number that no other run has used; how many forms in a hundred repeat an address.
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(arguments)
  run = tonumber(arguments[1])
  n = 0
end

local headers = { ["content-type"] = "application/x-www-form-urlencoded" }

function request()
  n = n + 1
  local id = (run * 2 + number) * 400000 + n
  headers["x-forwarded-for"] =
    string.format("10.%d.%d.%d", math.floor(id / 65536) % 256, math.floor(id / 256) % 256, id % 256)
  local body = "given_name=Marie-Th%C3%A9r%C3%A8se&family_name=Lef%C3%A8vre&email=personne" .. id
    .. "%40exemple.test&country=FR&postal_code=35000&display=initial&consent_signature=on&age_declared=on&comment="
  return wrk.format("POST", nil, headers, body)
end
