package persistence

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"

	"okolo/actors"
)

// Bounds of the connections to Redis. The runtime tries again by itself.
const (
	redisConns   = 4
	redisTimeout = 1500 * time.Millisecond
)

// redisIdle is how long a connection is taken for good without asking.
const redisIdle = time.Second

var errRedisAddress = errors.New("this is no address of Redis, which looks like redis://:password@host:6379/0")

// CheckRedisURL says whether url can be the address of a Redis server.
func CheckRedisURL(url string) error {
	reached := errors.New("it would be dialed")
	_, err := dialRedis(context.Background(), url, redis.DialContextFunc(
		func(context.Context, string, string) (net.Conn, error) { return nil, reached }))
	if !errors.Is(err, reached) { // err may hold the password
		return errRedisAddress
	}
	return nil
}

// dialRedis connects to redis://, rediss://, valkey://, valkeys:// or unix:///path.
func dialRedis(ctx context.Context, address string, options ...redis.DialOption) (redis.Conn, error) {
	options = append([]redis.DialOption{
		redis.DialConnectTimeout(connectTimeout), redis.DialTLSHandshakeTimeout(connectTimeout),
		redis.DialReadTimeout(redisTimeout), redis.DialWriteTimeout(redisTimeout),
	}, options...)
	if u, err := url.Parse(address); err == nil && u.Scheme == "unix" {
		return redis.DialContext(ctx, u.Scheme, u.Path, options...)
	}
	return redis.DialURLContext(ctx, address, options...)
}

// Redis keeps session snapshots in Redis, or in what speaks its protocol: Valkey, KeyDB.
//
// Its client is redigo, which sends any command by its name: a client with a method for each
// makes the program 8 MB larger, and three commands are needed.
type Redis struct {
	pool *redis.Pool
	ttl  time.Duration
}

// OpenRedis connects to the server at url, such as redis://:password@host:6379/0. Snapshots
// expire when they were not saved again for ttl. It fails when the server does not answer.
func OpenRedis(ctx context.Context, url string, ttl time.Duration) (*Redis, error) {
	if err := CheckRedisURL(url); err != nil {
		return nil, err
	}
	r := &Redis{ttl: ttl, pool: &redis.Pool{
		MaxActive: redisConns, MaxIdle: redisConns, Wait: true,
		DialContext: func(ctx context.Context) (redis.Conn, error) { return dialRedis(ctx, url) },
		TestOnBorrowContext: func(ctx context.Context, c redis.Conn, last time.Time) error {
			if time.Since(last) < redisIdle {
				return nil
			}
			_, err := redis.DoContext(c, ctx, "PING")
			return err
		},
	}}
	if _, err := r.do(ctx, "PING"); err != nil {
		_ = r.pool.Close() // nothing was sent
		return nil, fmt.Errorf("connect to Redis: %w", err)
	}
	return r, nil
}

// Close ends all connections.
func (r *Redis) Close() error {
	if err := r.pool.Close(); err != nil {
		return fmt.Errorf("close Redis: %w", err)
	}
	return nil
}

// do sends one command on a connection of the pool.
func (r *Redis) do(ctx context.Context, command string, args ...any) (any, error) {
	c, err := r.pool.GetContext(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }() // back to the pool, with what went wrong with it
	return redis.DoContext(c, ctx, command, args...)
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

// saveNewerText sets a snapshot, or deletes it where there is no new data, unless what is there has
// this form and is not older. It compares byte by byte: Lua's numbers are too short, and its
// strings compare by the server's locale.
const saveNewerText = `
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
return 1`

var saveNewer = redis.NewScript(1, saveNewerText)

func (s *RedisSnapshots) key(user int64) string { return s.prefix + strconv.FormatInt(user, 10) }

// Load returns the snapshots of those users who have one. One in a form that is not known
// comes without the numbers, so that its data cannot be read either.
func (s *RedisSnapshots) Load(ctx context.Context, users []int64) ([]actors.Snapshot, error) {
	if len(users) == 0 {
		return nil, nil
	}
	keys := make([]any, len(users))
	for i, user := range users {
		keys[i] = s.key(user)
	}
	values, err := redis.Values(s.redis.do(ctx, "MGET", keys...))
	if err != nil {
		return nil, fmt.Errorf("load snapshots: %w", err)
	}
	var found []actors.Snapshot
	for i, v := range values {
		if raw, ok := v.([]byte); ok {
			found = append(found, snapshotOf(users[i], raw))
		}
	}
	return found, nil
}

func snapshotOf(user int64, raw []byte) actors.Snapshot {
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
	if unknown := redis.Error(""); errors.As(err, &unknown) && strings.HasPrefix(string(unknown), "NOSCRIPT") {
		// The first time, or the server was started anew.
		if _, err = s.redis.do(ctx, "SCRIPT", "LOAD", saveNewerText); err == nil {
			err = s.save(ctx, batch)
		}
	}
	if err != nil {
		return fmt.Errorf("save snapshots: %w", err)
	}
	return nil
}

// save returns the first of the server's errors.
func (s *RedisSnapshots) save(ctx context.Context, batch []actors.Snapshot) error {
	c, err := s.redis.pool.GetContext(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // back to the pool, with what went wrong with it
	ttl := s.redis.ttl.Milliseconds()
	for i := range batch {
		if err := saveNewer.SendHash(c, s.key(batch[i].User), redisValue(&batch[i]), ttl); err != nil {
			return err
		}
	}
	answers, err := redis.Values(redis.DoContext(c, ctx, "")) // sends them, and waits for all
	if err != nil {
		return err
	}
	for _, a := range answers {
		if err, ok := a.(redis.Error); ok {
			return err
		}
	}
	return nil
}

func redisValue(s *actors.Snapshot) []byte {
	out := make([]byte, 0, redisHeader+len(s.Data))
	out = append(out, redisForm)
	for _, n := range [...]uint64{s.Epoch, s.Incarnation, s.Revision} {
		out = binary.BigEndian.AppendUint64(out, n)
	}
	return append(out, s.Data...)
}
