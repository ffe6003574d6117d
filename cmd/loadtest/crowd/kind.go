package crowd

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

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
	Returner                    // sends a location, and at each later visit presses one button of that list

	personas
)

var personaNames = [personas]string{
	"browser", "organizer", "night_crowd", "double_tapper", "old_presser", "leaver", "spammer", "walker", "returner",
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

// ParseMix makes a mix of shares by the names of personas.
func ParseMix(shares map[string]int) (Mix, error) {
	var m Mix
	for name, n := range shares {
		i := slices.Index(personaNames[:], name)
		if i < 0 {
			return m, fmt.Errorf("nobody is a %s: there are %s", name, strings.Join(personaNames[:], ", "))
		}
		if n < 0 || n > maxShare {
			return m, fmt.Errorf("the share of %s is not within 0 and %d", name, maxShare)
		}
		m[i] = n
	}
	if m == (Mix{}) {
		return m, errors.New("nobody is of any persona")
	}
	return m, nil
}

// maxShare bounds the share of a persona.
const maxShare = 1_000_000

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
