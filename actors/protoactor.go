package actors

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	cmap "github.com/orcaman/concurrent-map"
)

// An actor system looks its actors up in 1024 maps under as many locks, each of which the library
// would divide by 32 again: 33,000 maps, 3 MB before there is any actor.
func init() { cmap.SHARD_COUNT = 1 }

// NewSystem starts an actor system that logs warnings and errors only. It is what a
// [Runtime] stands on, and fit for an application's other actors.
func NewSystem(log *slog.Logger) *actor.ActorSystem {
	quiet := slog.New(warnings{log.Handler()}).With(slog.String("lib", "protoactor"))
	return actor.NewActorSystem(
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return quiet }),
		// A dead letter starts a goroutine that lives for this long. Those that occur are
		// results of abandoned turns, of no interest to anyone.
		actor.WithDeadLetterThrottleInterval(time.Millisecond),
		actor.WithDeadLetterThrottleCount(1),
	)
}

// warnings is a handler that leaves out what is below a warning.
type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}

func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }

// resume is the last resort for a panic in the runtime's own code: the actor goes on with
// its next message, where a restart would lose its state and a stop its mailbox.
type resume struct{ log *slog.Logger }

// HandleFailure implements actor.SupervisorStrategy. It runs on the failed actor's
// goroutine, so the stack still shows the way to the panic.
func (r *resume) HandleFailure(_ *actor.ActorSystem, parent actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, why, _ any) {
	r.log.Error("an actor panicked and goes on", slog.String("actor", child.Id), slog.Any("panic", why),
		slog.String("stack", string(debug.Stack())))
	parent.ResumeChildren(child)
}

func spawnSupervisor(s *supervisor) (*actor.PID, error) {
	s.mailbox = actor.Unbounded()() // kept, for the statistics tell its length
	props := actor.PropsFromProducer(func() actor.Actor { return s }, actor.WithGuardian(&resume{s.log}),
		actor.WithMailbox(func() actor.Mailbox { return s.mailbox }))
	return s.root.SpawnNamed(props, "supervisor")
}

// sessionProps describes session actors. All share one description, because an actor keeps
// its own in memory; a producer has no arguments, but it runs within the supervisor's call
// that spawns, so it finds them there.
func sessionProps(produce func(*entry, uint64) actor.Actor, s *supervisor) *actor.Props {
	return actor.PropsFromProducer(
		func() actor.Actor { return produce(s.spawning, s.incarnation) },
		actor.WithGuardian(&resume{s.log}),
		actor.WithMailbox(func() actor.Mailbox { return &mailbox{pool: s.pool} }),
	)
}
