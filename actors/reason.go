package actors

// reason says why a session leaves memory.
type reason uint8

const (
	// reasonIdle: it had no input for its idle life.
	reasonIdle reason = iota
	// reasonSize: someone else needs its room.
	reasonSize
	// reasonMemory: the memory guard purges.
	reasonMemory
	// reasonOperator: an operator purges.
	reasonOperator
	// reasonShutdown: the program stops.
	reasonShutdown
	// reasonRefused: it was never let in, or its snapshot could not be loaded. This is no
	// passivation.
	reasonRefused
	reasons // how many there are
)

// String returns the word of the statistics.
func (r reason) String() string {
	return [reasons]string{"idle", "size", "memory", "operator", "shutdown", "refused"}[r]
}
