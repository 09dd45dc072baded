-- The ledger's one script: every step of the contract as one atomic operation.
-- KEYS[1] is the prefix, in braces, so that a cluster keeps all keys in one slot.
-- ARGV[1] names the step, ARGV[2] is the time in seconds; the others depend on the step.
-- Amounts are decimal strings of pico-dollars. Lua's numbers are doubles, so amounts are computed
-- as {dollars, rest} with rest < 10^12: both parts stay below 2^53 and are exact.
local BASE = 1000000000000
local prefix, step, now = KEYS[1], ARGV[1], tonumber(ARGV[2])

local function parse(text)
  if not text then return {0, 0} end
  if #text <= 12 then return {0, tonumber(text)} end
  return {tonumber(string.sub(text, 1, -13)), tonumber(string.sub(text, -12))}
end
local function show(a)
  if a[1] == 0 then return string.format('%.0f', a[2]) end
  return string.format('%.0f%012.0f', a[1], a[2])
end
local function add(a, b)
  local rest = a[2] + b[2]
  if rest >= BASE then return {a[1] + b[1] + 1, rest - BASE} end
  return {a[1] + b[1], rest}
end
local function subtract(a, b)
  local rest = a[2] - b[2]
  if rest < 0 then return {a[1] - b[1] - 1, rest + BASE} end
  return {a[1] - b[1], rest}
end
local function over(a, b)
  return a[1] > b[1] or (a[1] == b[1] and a[2] > b[2])
end

local function account_key(account) return prefix .. ':a:' .. account end
local function hold_key(id) return prefix .. ':h:' .. id end
local LIVE, DONE, ACCOUNTS = prefix .. ':live', prefix .. ':done', prefix .. ':accounts'

local function bump(key, name, plus, minus)
  local value = add(parse(redis.call('HGET', key, name)), plus)
  if minus then value = subtract(value, minus) end
  redis.call('HSET', key, name, show(value))
end

-- What is posted and held in the buckets that still count. Amounts of older buckets with nothing
-- held are forgotten; 't', the account's sum of all time, still has them.
local function used(account, since)
  local key, posted, held = account_key(account), {0, 0}, {0, 0}
  local flat, fields = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  for name, value in pairs(fields) do
    local kind, bucket = string.sub(name, 1, 1), tonumber(string.sub(name, 2))
    if bucket and bucket >= since then
      if kind == 'p' then posted = add(posted, parse(value)) end
      if kind == 'h' then held = add(held, parse(value)) end
    elseif bucket and kind == 'p' then
      local open = fields['h' .. string.sub(name, 2)]
      if not open or open == '0' then
        redis.call('HDEL', key, name, 'h' .. string.sub(name, 2))
      end
    end
  end
  return posted, held
end

local function hold_of(id)
  local found = redis.call('HMGET', hold_key(id), 'scopes', 'buckets', 'amount', 'created',
    'expires', 'basis')
  if not found[1] then return nil end
  return found
end

local function post(id, amount, minus, released)
  local found = hold_of(id)
  local scopes, places = cjson.decode(found[1]), cjson.decode(found[2])
  for i, scope in ipairs(scopes) do
    local key = account_key(scope)
    bump(key, 'p' .. places[i], amount, minus)
    bump(key, 't', amount, minus)
    if released then
      bump(key, 'h' .. places[i], {0, 0}, released)
      bump(key, 'H', {0, 0}, released)
    end
  end
end

local function settle(id, basis, amount, detail)
  local found = hold_of(id)
  if not found or found[6] then return 0 end
  post(id, parse(amount), nil, parse(found[3]))
  redis.call('HSET', hold_key(id), 'basis', basis, 'posted', amount, 'settled', ARGV[2],
    'detail', detail)
  redis.call('ZREM', LIVE, id)
  redis.call('ZADD', DONE, now, id)
  return 1
end

-- Rows older than is asked to be kept become part of their accounts' folded sum, a few a step.
local function fold(retention, most)
  local old = redis.call('ZRANGEBYSCORE', DONE, '-inf', now - retention, 'LIMIT', 0, most)
  for _, id in ipairs(old) do
    local found = redis.call('HMGET', hold_key(id), 'scopes', 'posted', 'truth')
    for _, scope in ipairs(cjson.decode(found[1])) do
      if redis.call('EXISTS', account_key(scope)) == 1 then
        bump(account_key(scope), 'f', parse(found[3] or found[2]))
      else
        redis.call('SREM', ACCOUNTS, scope)
      end
    end
    redis.call('DEL', hold_key(id))
    redis.call('ZREM', DONE, id)
  end
end

local function sweep(most)
  local ids = redis.call('ZRANGEBYSCORE', LIVE, '-inf', now, 'LIMIT', 0, most)
  local swept = {}
  for _, id in ipairs(ids) do
    local found = hold_of(id)
    settle(id, 'expired', found[3], '')
    swept[#swept + 1] = {id, redis.call('HGET', hold_key(id), 'json'), found[3], found[4],
      found[5]}
  end
  return swept
end

if step == 'reserve' then
  -- 3 id, 4 amount, 5 expires, 6 scopes as JSON for the reader, 7 claims, 8 retention
  local id, amount = ARGV[3], parse(ARGV[4])
  sweep(16)
  fold(tonumber(ARGV[8]), 16)
  local found = hold_of(id)
  if found then return {found[6] and 'settled' or 'known', found[4], found[5], found[3]} end
  local claims, names, places = cjson.decode(ARGV[7]), {}, {}
  for i, claim in ipairs(claims) do
    local posted, held = used(claim.account, claim.since)
    if claim.limit then
      local limit = parse(claim.limit)
      if claim.limit == '0' or over(add(add(posted, held), amount), limit) then
        return {'refused', tostring(i), show(posted), show(held)}
      end
    end
    names[i], places[i] = claim.account, claim.bucket
  end
  for i, claim in ipairs(claims) do
    local key = account_key(claim.account)
    bump(key, 'h' .. claim.bucket, amount)
    bump(key, 'H', amount)
    redis.call('SADD', ACCOUNTS, claim.account)
    -- An account of a window that is over is of no use once its rows are folded; one without a
    -- window is never over.
    if claim.until_s then redis.call('EXPIREAT', key, claim.until_s) end
  end
  local scopes = #names > 0 and cjson.encode(names) or '[]'
  local buckets = #places > 0 and cjson.encode(places) or '[]'
  redis.call('HSET', hold_key(id), 'scopes', scopes, 'buckets', buckets, 'amount', ARGV[4],
    'created', ARGV[2], 'expires', ARGV[5], 'json', ARGV[6])
  redis.call('ZADD', LIVE, tonumber(ARGV[5]), id)
  return {'held', ARGV[2], ARGV[5], ARGV[4]}
elseif step == 'settle' then
  -- 3 id, 4 basis, 5 amount, 6 detail
  return settle(ARGV[3], ARGV[4], ARGV[5], ARGV[6])
elseif step == 'renew' then
  -- 3 id, 4 expires
  local found = hold_of(ARGV[3])
  if not found or found[6] then return 0 end
  redis.call('HSET', hold_key(ARGV[3]), 'expires', ARGV[4])
  redis.call('ZADD', LIVE, tonumber(ARGV[4]), ARGV[3])
  return 1
elseif step == 'sweep' then
  return sweep(256)
elseif step == 'reconcile' then
  -- 3 id, 4 basis, 5 amount, 6 detail
  local found = hold_of(ARGV[3])
  local truth = redis.call('HGET', hold_key(ARGV[3]), 'truth')
  if not found or found[6] ~= 'expired' or truth then return 0 end
  post(ARGV[3], parse(ARGV[5]), parse(found[3]), nil)
  redis.call('HSET', hold_key(ARGV[3]), 'truth', ARGV[5], 'truth_basis', ARGV[4],
    'truth_detail', ARGV[6], 'truth_settled', ARGV[2])
  return 1
elseif step == 'summary' then
  -- 3 account, 4 since
  local posted, held = used(ARGV[3], tonumber(ARGV[4]))
  return {show(posted), show(held)}
end
return redis.error_reply('unknown step ' .. step)
