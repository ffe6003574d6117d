package persistence

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"okolo/actors"
)

// Bounds of the connections to Redis. The runtime tries again by itself.
const (
	redisConns   = 4
	redisTimeout = 1500 * time.Millisecond
)

var errRedisAddress = errors.New("this is no address of Redis, which looks like redis://:password@host:6379/0")

// CheckRedisURL says whether url can be the address of a Redis server.
func CheckRedisURL(url string) error {
	if _, err := redis.ParseURL(url); err != nil {
		return errRedisAddress
	}
	return nil
}

// Redis keeps session snapshots in Redis, or in what speaks its protocol: Valkey, KeyDB.
type Redis struct {
	client *redis.Client
	ttl    time.Duration
}

// OpenRedis connects to the server at url, such as redis://:password@host:6379/0. Snapshots
// expire when they were not saved again for ttl. It fails when the server does not answer.
func OpenRedis(ctx context.Context, url string, ttl time.Duration) (*Redis, error) {
	o, err := redis.ParseURL(url)
	if err != nil { // which may hold the password
		return nil, errRedisAddress
	}
	o.PoolSize, o.MaxRetries = redisConns, -1
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = connectTimeout, redisTimeout, redisTimeout
	o.ContextTimeoutEnabled = true
	// What not every server with Redis's protocol has.
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	logging.Disable() // its errors come back to the caller, who logs them
	r := &Redis{client: redis.NewClient(o), ttl: ttl}
	if err := r.client.Ping(ctx).Err(); err != nil {
		_ = r.client.Close() // nothing was sent
		return nil, fmt.Errorf("connect to Redis: %w", err)
	}
	return r, nil
}

// Close ends all connections.
func (r *Redis) Close() error {
	if err := r.client.Close(); err != nil {
		return fmt.Errorf("close Redis: %w", err)
	}
	return nil
}

// Snapshots returns the snapshots of a bot.
func (r *Redis) Snapshots(bot int64) *RedisSnapshots {
	return &RedisSnapshots{redis: r, prefix: "okolo:" + strconv.FormatInt(bot, 10) + ":session:"}
}

// RedisSnapshots keeps the session snapshots of one bot, a string each. It implements
// [actors.SnapshotStore].
type RedisSnapshots struct {
	redis  *Redis
	prefix string // of the keys; the user's id follows
}

var _ actors.SnapshotStore = (*RedisSnapshots)(nil)

// A snapshot in Redis is a byte for this form, then epoch, incarnation and revision, eight
// bytes each with the most significant first, then the data.
const (
	redisForm   = 1
	redisHeader = 1 + 3*8
)

// saveNewer sets a snapshot, or deletes it where there is no new data, unless what is there has
// this form and is not older. It compares byte by byte: Lua's numbers are too short, and its
// strings compare by the server's locale.
var saveNewer = redis.NewScript(`
local old = redis.pcall('GETRANGE', KEYS[1], 0, 24)
local new = ARGV[1]
if type(old) == 'string' and #old == 25 and old:byte(1) == new:byte(1) then
	local newer = false
	for i = 2, 25 do
		local o, n = old:byte(i), new:byte(i)
		if o ~= n then
			newer = n > o
			break
		end
	end
	if not newer then
		return 0
	end
end
if #new == 25 then
	redis.call('DEL', KEYS[1])
else
	redis.call('SET', KEYS[1], new, 'PX', ARGV[2])
end
return 1`)

func (s *RedisSnapshots) key(user int64) string { return s.prefix + strconv.FormatInt(user, 10) }

// Load returns the snapshots of those users who have one. One in a form that is not known
// comes without the numbers, so that its data cannot be read either.
func (s *RedisSnapshots) Load(ctx context.Context, users []int64) ([]actors.Snapshot, error) {
	if len(users) == 0 {
		return nil, nil
	}
	keys := make([]string, len(users))
	for i, user := range users {
		keys[i] = s.key(user)
	}
	values, err := s.redis.client.MGet(ctx, keys...).Result()
	if err != nil {
		return nil, fmt.Errorf("load snapshots: %w", err)
	}
	var found []actors.Snapshot
	for i, v := range values {
		if text, ok := v.(string); ok {
			found = append(found, snapshotOf(users[i], text))
		}
	}
	return found, nil
}

func snapshotOf(user int64, text string) actors.Snapshot {
	raw := []byte(text)
	if len(raw) < redisHeader || raw[0] != redisForm {
		return actors.Snapshot{User: user}
	}
	number := func(i int) uint64 { return binary.BigEndian.Uint64(raw[1+8*i:]) }
	return actors.Snapshot{
		User: user, Epoch: number(0), Incarnation: number(1), Revision: number(2), Data: raw[redisHeader:],
	}
}

// Save stores a batch in one round trip. The newest of a user's snapshots stays, by epoch,
// incarnation and revision; what cannot be read is overwritten.
func (s *RedisSnapshots) Save(ctx context.Context, batch []actors.Snapshot) error {
	if len(batch) == 0 {
		return nil
	}
	err := s.save(ctx, batch)
	if redis.HasErrorPrefix(err, "NOSCRIPT") { // the first time, or the server was started anew
		if err = saveNewer.Load(ctx, s.redis.client).Err(); err == nil {
			err = s.save(ctx, batch)
		}
	}
	if err != nil {
		return fmt.Errorf("save snapshots: %w", err)
	}
	return nil
}

func (s *RedisSnapshots) save(ctx context.Context, batch []actors.Snapshot) error {
	ttl := s.redis.ttl.Milliseconds()
	_, err := s.redis.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range batch {
			saveNewer.EvalSha(ctx, p, []string{s.key(batch[i].User)}, redisValue(&batch[i]), ttl)
		}
		return nil
	})
	return err
}

func redisValue(s *actors.Snapshot) []byte {
	out := make([]byte, 0, redisHeader+len(s.Data))
	out = append(out, redisForm)
	for _, n := range [...]uint64{s.Epoch, s.Incarnation, s.Revision} {
		out = binary.BigEndian.AppendUint64(out, n)
	}
	return append(out, s.Data...)
}
