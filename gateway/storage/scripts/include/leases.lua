-- A lease is `<token> <ends>`, or `<token> <ends> <woken>` where its subject was scheduled meanwhile; both times in ms.
local function lease_token(lease) return string.match(lease, '^%S+') end
local function lease_ends(lease) return tonumber(string.match(lease, '^%S+ (%d+)')) end
local function lease_woken(lease) return tonumber(string.match(lease, '^%S+ %S+ (%d+)$')) end
