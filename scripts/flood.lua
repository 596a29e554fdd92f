-- For wrk: logins with wrong passwords, for five hundred addresses in turn. docs/PERFORMANCE.md says what must hold meanwhile.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

local tried = 0
request = function()
  tried = tried + 1
  return wrk.format(nil, "/api/v1/auth/login", nil, '{"email": "ada' .. (tried % 500) .. '@example.org", "password": "a wrong guess ' .. tried .. '"}')
end
