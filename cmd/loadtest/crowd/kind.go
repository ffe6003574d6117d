package crowd

// Kind is a kind of action, of which the latency is told apart.
type Kind uint8

// The kinds of actions.
const (
	Nothing Kind = iota
	Start
	Locate
	Nearby
	Page
	Radius
	Days
	Card
	Join
	Leave
	Back
	Create
	Answer // a question of the wizard
	Publish
	Discard
	Mine
	CallOff
	OldButton
	Burst

	kinds
)

var kindNames = [kinds]string{
	"nothing", "start", "locate", "nearby", "page", "radius", "days", "card", "join", "leave", "back",
	"create", "answer", "publish", "discard", "mine", "call_off", "old_button", "burst",
}

func (k Kind) String() string { return kindNames[k] }

// Persona is what a person is like.
type Persona uint8

// The personas.
const (
	Browser      Persona = iota // looks around, opens events, joins and leaves
	Organizer                   // makes events, and calls some off
	NightCrowd                  // browses, and comes in flocks
	DoubleTapper                // taps every important button twice or three times
	OldPresser                  // presses buttons on messages of earlier visits
	Leaver                      // leaves in the middle of the wizard, and goes on at the next visit
	Spammer                     // says many things at once, and expects the answers in order
	Walker                      // turns pages and changes the radius, and nothing else

	personas
)

var personaNames = [personas]string{
	"browser", "organizer", "night_crowd", "double_tapper", "old_presser", "leaver", "spammer", "walker",
}

func (p Persona) String() string { return personaNames[p] }

// Mix is how many of a hundred people, or of any other sum, are of each persona.
type Mix [personas]int

// Everybody is the usual mix; Walkers are people that any bot with a list can serve.
var (
	Everybody = Mix{Browser: 45, Organizer: 12, NightCrowd: 15, DoubleTapper: 10, OldPresser: 6, Leaver: 8, Spammer: 4}
	Walkers   = Mix{Walker: 1}
	Writers   = Mix{Organizer: 50, DoubleTapper: 25, Leaver: 10, Browser: 15}
)

// draw picks a persona by a number that is as good as random.
func (m Mix) draw(r uint64) Persona {
	sum := 0
	for _, n := range m {
		sum += n
	}
	k := int(r % uint64(max(sum, 1)))
	for p, n := range m {
		if k -= n; k < 0 {
			return Persona(p)
		}
	}
	return Browser
}
